/* A build of the simulated world: its plan (what will happen, when) and its view (what shows at one moment).
 *
 * The plan holds the whole life of the build from the start, so the state at any time is a pure function of
 * plan and time, and it makes no difference whether the clock goes on in one step or in a thousand. An action
 * of a test changes the plan from now on and lays it out again. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UUID_SIZE = 37 };

enum job_type { JOB_SCRIPT, JOB_WAITER, JOB_MANUAL, JOB_TRIGGER };

/* How a job ends unless something comes in between. */
enum outcome {
	OUTCOME_PASSED,
	OUTCOME_FAILED,
	OUTCOME_TIMED_OUT,
	OUTCOME_EXPIRED,  /* no agent ever took it */
	OUTCOME_CANCELED, /* set by layout for what a cancellation cuts */
	OUTCOME_BROKEN,   /* its conditions exclude it: never runs, counts as passed */
};

enum retry_kind { RETRY_NONE, RETRY_AUTOMATIC, RETRY_MANUAL };

/* One step of a pipeline; parallel and matrix steps give several jobs. Lives in the world's pool. */
struct step {
	enum job_type type;
	const char *name, *key, *group, *command, *queue;
	const char *matrix[5];    /* up to the first NULL */
	int stage;                /* stages run one after the other */
	int parallel;             /* 0: not parallel */
	int64_t queue_ms, run_ms; /* typical */
	bool soft_fail, default_branch_only, async;
	int flaky; /* so many of 1000 fail for no reason; the demo's */
	const struct pipeline *triggers;
};

struct job {
	/* plan */
	char uuid[UUID_SIZE];
	const struct step *step;
	const char *matrix;
	int parallel_index;
	int stage;
	int attempt;        /* from 1 */
	int previous, next; /* attempts of the same work, as indexes into build.jobs; -1: none */
	enum retry_kind retry;
	int64_t retry_at; /* RETRY_MANUAL: when somebody presses the button; NEVER: dropped */
	int64_t queue_ms,
		run_ms; /* NEVER: waits, runs until it is told; JOB_MANUAL: run_ms until unblocked */
	int64_t start_at, end_at; /* set by actions, 0: as planned */
	enum outcome outcome;
	int exit_status;
	const char *signal_reason; /* NULL, "agent_stop" … (with exit status -1) */
	bool soft_failed;
	const char *agent;
	struct build *triggered;
	const struct person *unblocked_by;
	/* laid out; NEVER where it does not happen */
	int64_t created, runnable, started, finished;
	int64_t done;      /* terminal from here on, with or without finished */
	enum outcome ends; /* outcome, unless it was cut */
};

enum build_state {
	BUILD_CREATING,
	BUILD_SCHEDULED,
	BUILD_RUNNING,
	BUILD_FAILING,
	BUILD_PASSED,
	BUILD_FAILED,
	BUILD_CANCELING,
	BUILD_CANCELED,
	BUILD_SKIPPED,
	BUILD_NOT_RUN,
	BUILD_BLOCKED, /* a filter's word only: a blocked build shows its last state and `blocked: true` */
	BUILD_STATES,
};

/* What shows at a time in [from, until). */
struct view {
	int64_t from, until;
	uint64_t generation; /* counts the computations: what was made of an older one is stale */
	enum build_state state;
	bool blocked;
	int64_t started, finished, failing; /* 0: null */
};

struct artifact {
	char uuid[UUID_SIZE];
	const char *job_uuid, *path, *mime_type;
	const char *state;    /* finished */
	const char *body;     /* what its download gives; NULL: zeros */
	const char *redirect; /* "outside", "here", "loop", "none", or an address */
	int64_t size_bytes;
	struct artifact *next;
};

struct build {
	struct pipeline *pipeline;
	int64_t number;
	char uuid[UUID_SIZE];
	char commit[41];
	const char *branch, *message, *tag, *source, *cancel_reason;
	const struct person *creator;
	int64_t pull_request; /* 0: none */
	struct build *rebuilt_from, *triggered_from;
	struct change *change; /* what it builds; NULL: not of the demo */
	struct artifact *artifacts;
	/* plan */
	int64_t created, creating_ms;
	int64_t cancel_at, cancel_grace_ms; /* cancel_at 0: never */
	int64_t skip_at;                    /* 0: never; a skipped build has no jobs */
	bool not_run, deleted;
	enum build_state blocked_state; /* passed, failed or running: what shows while it is blocked */
	struct job *jobs;
	int job_count, job_capacity, stage_count;

	struct view view;
	/* Rendered JSON of the view, or NULL; render.c keeps it. */
	char *json;
	size_t json_size;
	unsigned json_form;
	uint64_t json_generation;
};

/* Words of the API. */
const char *build_state_word(enum build_state state);
/* It exists at `now`. */
bool job_shows(const struct build *build, int j, int64_t now);
/* The state of a job that shows. */
const char *job_state_word(const struct build *build, int j, int64_t now);
/* A later attempt exists at `now`. */
bool job_superseded(const struct build *build, int j, int64_t now);

/* Adds a job (zeroed but for its links); indexes stay, pointers into build.jobs do not. */
struct job *build_add_job(struct build *build);
/* Computes the laid-out times from the plan. Call after each change of the plan. */
void build_lay_out(struct build *build);
/* Brings build.view to `now`; cheap while nothing has changed. */
void build_look(struct build *build, int64_t now);
/* When the last planned thing happens; NEVER where it waits for somebody. */
int64_t build_settles(const struct build *build);
void build_fini(struct build *build);
