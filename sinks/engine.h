/* The engine of every sink: takes records from the feed, hands them to the sink in batches, acts on its
 * verdicts. A sink's author reads sinks/sink.h instead. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/denial.h"
#include "common/feed_client.h"
#include "sinks/health.h"
#include "sinks/sink.h"
#include "sinks/window.h"

struct engine_options {
	const struct sink *sink;
	const char *name; /* of the destination, and of the sink at the hub */
	const void *config;
	const struct bus_config *bus;
	const struct config *file; /* for the sink; NULL: unknown */
	zloop_t *loop;
	int64_t retry_for_ms; /* 0: RETRY_FOR_MS */
	/* The engine ended: OK after engine_drain, else why. Called once, from the loop. */
	void (*ended)(void *owner, enum status status, const struct err *err);
	/* sink_ready was called. NULL: nobody asks. */
	void (*ready)(void *owner);
	void *owner;
};

/* A batch in flight: what the sink sees first, so that the one is found from the other. */
struct flight {
	struct sink_batch batch;
	zmq_msg_t *frames;   /* share the bytes of the window's records: they outlive a reset of the window */
	unsigned generation; /* of the window */
	bool active, fresh;  /* fresh: some record is tried for the first time */
};

struct engine_note {
	struct engine_note *next;
	void (*kept)(void *user);
	void *user;
	bool asked; /* in this session */
	size_t size;
	char bytes[];
};

/* docs/metrics.md says what each is. */
struct engine_numbers {
	int64_t *records, *effects[EFFECT_UPDATED + 1], *done, *rejected, *retried, *batches, *sessions;
	int64_t *window, *window_bytes, *flying, *position, *outage;
};

struct engine {
	struct engine_options options;
	struct sink_context context;
	struct sink_shape shape;
	void *state; /* the sink's */
	struct feed_client *feed;
	struct window window;
	struct health health;
	struct arena scratch; /* one record is checked at a time */
	int64_t epoch, session;
	int64_t head;        /* of the hub when the session began */
	bool current;        /* all up to there is confirmed */
	unsigned generation; /* another epoch is another generation */
	uint64_t probe_from; /* in an outage: where in the window the next batch starts */
	struct flight *flights;
	size_t flying, refused;
	size_t large_bytes; /* how big records are at present, rather too much than too little */
	struct engine_note *notes;
	struct denial denial;
	char waiting[128]; /* why, as logged last */
	int wake_timer;    /* -1: none */
	int64_t wake_ms;
	bool draining, ended;
	bool asked; /* what the destination has */
	/* A record that waits holds up those of its pipeline after it (normalizer/sorted.c says why). */
	bool in_order;
	bool one_version; /* of a build in a batch */
	int64_t until;    /* where the next batch ends; 0: anywhere */
	int64_t gate_ms;  /* no batch before */
	bool anew;        /* the next session is another generation */
	struct engine_numbers numbers;
};

/* engine is zeroed. Accepted by engine_close in any case. */
enum status engine_open(struct engine *engine, const struct engine_options *options,
			struct err *err) MUST_CHECK;
/* Whether this run of `buildbus sync` wants to know what the destination has. */
bool engine_asks(const struct sink *sink);
/* Whether it has fetched everything. */
bool sync_is_complete(const struct bus_config *bus);
/* Finishes the batches in flight, acknowledges, detaches, then calls `ended`. */
void engine_drain(struct engine *engine);
void engine_close(struct engine *engine);

/* Between engine.c, dispatch.c, notes.c and numbers.c. */
void numbers_open(struct engine *engine);
/* Notes in the order of sink_note: say those that the hub was not yet asked to keep; a new session: ask again
 * for all; the first is durable. */
void notes_tell(struct engine *engine);
void notes_ask_again(struct engine *engine);
void notes_kept(struct engine *engine);
void notes_close(struct engine *engine);
enum status dispatch_open(struct engine *engine, struct err *err) MUST_CHECK;
void dispatch_close(struct engine *engine);
/* Writes what is ready, then tells the hub: rejects, position, credit. */
void engine_turn(struct engine *engine);
/* What it does with what the hub says (engine_feed.c). */
extern const struct feed_events engine_feed_events;
void engine_end(struct engine *engine, enum status status, const struct err *err);
void engine_refuse(struct engine *engine, struct entry *entry, const char *reason);
/* credit.c: lets come what there is room for. */
void engine_grant(struct engine *engine);
/* outcome.c: of a batch that has ended. */
void outcome_take(struct engine *engine, const struct flight *flight);
/* Writes batches as far as the sink takes them. True: more may be ready at once. */
bool dispatch_some(struct engine *engine);
/* When something will be due, on the clock of now_ms; INT64_MAX: nothing waits for its time. */
int64_t dispatch_next_ms(const struct engine *engine);
