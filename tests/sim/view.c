/* What shows of a build at one moment: the words of the API from laid-out times. Pure. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/build.h"
#include "tests/sim/when.h"

#include <string.h>

/* A job is assigned and accepted shortly before it starts, and times out for a while before it is stopped. */
enum { ASSIGNED_MS = 1500, ACCEPTED_MS = 500, TIMING_OUT_MS = 5000 };

const char *build_state_word(enum build_state state)
{
	static const char *const words[BUILD_STATES] = {
		[BUILD_CREATING] = "creating",   [BUILD_SCHEDULED] = "scheduled", [BUILD_RUNNING] = "running",
		[BUILD_FAILING] = "failing",     [BUILD_PASSED] = "passed",       [BUILD_FAILED] = "failed",
		[BUILD_CANCELING] = "canceling", [BUILD_CANCELED] = "canceled",   [BUILD_SKIPPED] = "skipped",
		[BUILD_NOT_RUN] = "not_run",     [BUILD_BLOCKED] = "blocked",
	};

	return words[state];
}

bool job_shows(const struct build *build, int j, int64_t now)
{
	return build->jobs[j].created <= now;
}

bool job_superseded(const struct build *build, int j, int64_t now)
{
	int next = build->jobs[j].next;

	return next >= 0 && build->jobs[next].created <= now;
}

static bool is_failure(const struct job *job)
{
	return job->ends == OUTCOME_TIMED_OUT || job->ends == OUTCOME_EXPIRED ||
	       (job->ends == OUTCOME_FAILED && !job->soft_failed);
}

static const char *done_word(const struct job *job)
{
	static const char *const words[] = {
		[OUTCOME_PASSED] = "passed",       [OUTCOME_FAILED] = "failed",
		[OUTCOME_TIMED_OUT] = "timed_out", [OUTCOME_EXPIRED] = "expired",
		[OUTCOME_CANCELED] = "canceled",   [OUTCOME_BROKEN] = "broken",
	};

	if (job->step->type == JOB_MANUAL && job->ends == OUTCOME_PASSED) {
		return "unblocked";
	}
	return words[job->ends];
}

static const char *running_word(const struct build *build, const struct job *job, int64_t now)
{
	if (job->ends == OUTCOME_CANCELED && build->cancel_at <= now) {
		return "canceling";
	}
	if (job->ends == OUTCOME_TIMED_OUT && job->finished - TIMING_OUT_MS <= now) {
		return "timing_out";
	}
	return "running";
}

/* Releases share a concurrency group, macOS machines are few, and a stack reserves what it starts machines
 * for. */
static const char *queued_word(const struct job *job)
{
	static const struct {
		const char *of, *word;
	} words[] = {{"release", "limited"},
		     {"upload", "limiting"},
		     {"wheel", "reserved"},
		     {"image", "platform_limited"}};

	for (size_t i = 0; job->step->key && i < sizeof words / sizeof *words; i++) {
		if (strcmp(job->step->key, words[i].of) == 0) {
			return words[i].word;
		}
	}
	return "scheduled";
}

static const char *runnable_word(const struct job *job, int64_t now)
{
	if (job->step->type == JOB_MANUAL) {
		return "blocked";
	}
	if (job->step->type == JOB_SCRIPT && job->started != NEVER && job->started - ASSIGNED_MS <= now) {
		return job->started - ACCEPTED_MS <= now ? "accepted" : "assigned";
	}
	return queued_word(job);
}

/* A stage before it is not passed yet; once the build failed there, it waits in vain. */
static const char *waiting_word(const struct build *build, const struct job *job)
{
	bool in_vain = build->view.state == BUILD_FAILED && !build->view.blocked;

	if (job->step->type == JOB_MANUAL) {
		return in_vain ? "blocked_failed" : "waiting";
	}
	return in_vain ? "waiting_failed" : "waiting";
}

const char *job_state_word(const struct build *build, int j, int64_t now)
{
	const struct job *job = &build->jobs[j];

	if (job->done <= now) {
		return done_word(job);
	}
	if (job->started <= now) {
		return running_word(build, job, now);
	}
	return job->runnable <= now ? runnable_word(job, now) : waiting_word(build, job);
}

static void keep_least(int64_t *least, int64_t at, int64_t now)
{
	if (at > now && at < *least) {
		*least = at;
	}
}

/* The next time at which anything may look different. */
static int64_t next_change(const struct build *build, int64_t now)
{
	int64_t least = NEVER;

	keep_least(&least, build->created + build->creating_ms, now);
	keep_least(&least, build->skip_at, now);
	keep_least(&least, build->cancel_at, now);
	for (int i = 0; i < build->job_count; i++) {
		const struct job *job = &build->jobs[i];

		keep_least(&least, job->created, now);
		keep_least(&least, job->runnable, now);
		keep_least(&least, job->started, now);
		keep_least(&least, job->done, now);
		if (job->started != NEVER) {
			keep_least(&least, job->started - ASSIGNED_MS, now);
			keep_least(&least, job->started - ACCEPTED_MS, now);
		}
		if (job->ends == OUTCOME_TIMED_OUT && job->finished != NEVER) {
			keep_least(&least, job->finished - TIMING_OUT_MS, now);
		}
	}
	return least;
}

struct tally {
	int active, canceling, manual, failed, canceled, waiting;
	int64_t started, last_done, failing;
};

static void tally_job(const struct build *build, int j, int64_t now, struct tally *t)
{
	const struct job *job = &build->jobs[j];
	bool newest = !job_superseded(build, j, now);

	if (job->started <= now && (!t->started || job->started < t->started)) {
		t->started = job->started;
	}
	if (job->done > now) {
		bool runnable = job->runnable <= now;

		t->manual += runnable && job->step->type == JOB_MANUAL;
		t->active += runnable && job->step->type != JOB_MANUAL;
		t->canceling += job->ends == OUTCOME_CANCELED && build->cancel_at <= now;
		t->waiting += !runnable;
		return;
	}
	if (job->ends != OUTCOME_BROKEN && job->done > t->last_done) {
		t->last_done = job->done;
	}
	t->canceled += newest && job->ends == OUTCOME_CANCELED;
	if (newest && is_failure(job)) {
		t->failed++;
		t->failing = t->failing && t->failing < job->done ? t->failing : job->done;
	}
}

static void judge(const struct build *build, const struct tally *t, struct view *view)
{
	view->started = t->started;
	view->failing = t->failing;
	if (t->active || (t->waiting && !t->failed && !t->canceled && !t->manual)) {
		view->state = t->canceling ? BUILD_CANCELING
			      : t->failed  ? BUILD_FAILING
			      : t->started ? BUILD_RUNNING
					   : BUILD_SCHEDULED;
		return;
	}
	view->finished = t->last_done ? t->last_done : build->created + build->creating_ms;
	if (t->manual && !t->failed && !t->canceled) {
		view->blocked = true;
		view->state = build->blocked_state;
		view->finished = build->blocked_state == BUILD_RUNNING ? 0 : view->finished;
		return;
	}
	view->state = t->canceled ? BUILD_CANCELED : t->failed ? BUILD_FAILED : BUILD_PASSED;
}

static void look_at_jobs(struct build *build, int64_t now)
{
	struct view *view = &build->view;
	struct tally tally = {0};

	for (int i = 0; i < build->job_count; i++) {
		if (job_shows(build, i, now)) {
			tally_job(build, i, now, &tally);
		}
	}
	judge(build, &tally, view);
}

void build_look(struct build *build, int64_t now)
{
	struct view *view = &build->view;

	if (now >= view->from && now < view->until) {
		return;
	}
	*view = (struct view){
		.from = now, .until = next_change(build, now), .generation = view->generation + 1};
	if (build->skip_at && build->skip_at <= now) {
		view->state = BUILD_SKIPPED;
	} else if (now < build->created + build->creating_ms) {
		view->state = BUILD_CREATING;
	} else if (build->not_run) {
		view->state = BUILD_NOT_RUN;
		view->finished = build->created + build->creating_ms;
	} else if (build->skip_at) {
		view->state = BUILD_SCHEDULED;
	} else {
		look_at_jobs(build, now);
	}
}
