/* What a sink is: one destination for records, as one struct (docs/adding-a-sink.md).
 *
 * The engine (sinks/engine.c) owns the feed, credit, order per id, batches, concurrency, back-off, dead
 * letters, drain, logging, exit. A sink applies batches and says for each record what became of it. All
 * callbacks run on the loop's thread.
 *
 * A record may come more than once: after a crash, a restart or a lost connection everything that was not
 * acknowledged comes again. Every effect must therefore be idempotent, and must not let an older version
 * of a build overwrite a newer one. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/check.h"
#include "common/config.h"
#include "common/record.h"
#include "common/wire.h"

#include <czmq.h>

struct engine;

enum verdict {
	VERDICT_NONE,    /* not said: counts as RETRY when the batch ends */
	VERDICT_DONE,    /* the destination confirmed it durably */
	VERDICT_RETRY,   /* not now: again after a back-off */
	VERDICT_WAIT,    /* not before its time, of which nobody is to blame: no failure, no dead letter */
	VERDICT_REJECT,  /* never: to the dead letters, with the reason */
	VERDICT_SUSPECT, /* the destination refused the batch because of some record, and this may be it: the
			    engine tries the suspects again in halves until it is alone */
};

/* What a write that is done changed at the destination. */
enum effect { EFFECT_UNCHANGED, EFFECT_CREATED, EFFECT_UPDATED };

/* One record of a batch. Lives as long as the batch. */
struct sink_record {
	int64_t seq;
	struct text bytes;  /* packed, as it came */
	struct build build; /* texts point into bytes, lists into the batch's arena */
	/* Set by the sink with the functions below. */
	enum verdict verdict;
	enum effect effect; /* DONE */
	int64_t retry_ms;   /* RETRY: not before; 0: the engine's back-off alone. WAIT: then */
	char *reason;       /* REJECT, RETRY, SUSPECT: heap, owned by the engine */
};

/* Records in the order of their seqs; versions of one build in order too. Owned by the engine; the sink may
 * use it from `write` until the batch has ended. */
struct sink_batch {
	struct engine *engine;
	struct sink_record *records;
	size_t count;
	int64_t epoch;      /* of all seqs: (epoch, first seq, last seq) names the batch */
	bool in_order;      /* what is not done holds up all of its pipeline that comes after it */
	struct arena arena; /* scratch memory that dies with the batch */
	void *user;         /* the sink's own, NULL at first */
};

/* Say what became of a record; the last word counts. format: a sentence for people, no secrets. */
void sink_done(struct sink_record *record, enum effect effect);
void sink_retry(struct sink_record *record, int64_t after_ms, const char *format, ...) PRINTF(3, 4);
void sink_wait(struct sink_record *record, int64_t after_ms);
void sink_reject(struct sink_record *record, const char *format, ...) PRINTF(2, 3);
void sink_suspect(struct sink_record *record, const char *format, ...) PRINTF(2, 3);
/* The same for all of a batch. */
void sink_all_retry(struct sink_batch *batch, int64_t after_ms, const char *why);
void sink_all_suspect(struct sink_batch *batch, const char *why);

/* What a sink has at hand from open to close. Owned by the engine. */
struct sink_context {
	const char *name; /* `name:` of the destination */
	zloop_t *loop;
	const struct bus_config *bus;
	const struct config *file; /* the whole configuration; NULL in tests */
	struct engine *engine;
};

enum sink_write {
	WRITE_ENDED,   /* all verdicts are said */
	WRITE_PENDING, /* the sink keeps the batch and calls sink_batch_done later */
};

/* A batch that was kept has ended. Only from the loop, never from inside `write`; the batch is gone after. */
void sink_batch_done(struct sink_batch *batch);

/* Keeps note (opaque, at most 64 KiB, copied) for this sink at the hub and calls `kept` once it is durable
 * there: an intent that must survive a crash before the effect it announces. Notes are kept in the order of
 * the calls; the newest is what `attached` gets after a restart. ERR_SYS: out of memory. */
enum status sink_note(struct sink_context *context, struct text note, void (*kept)(void *user),
		      void *user) MUST_CHECK;

/* The next batch ends with the record `seq`, which may be on its way still: what was announced with a note
 * before a crash is done again exactly so. Of a gapless sink; 0: as it comes. */
void sink_until(struct sink_context *context, int64_t seq);
/* Nothing up to there waits any more: what is left of it is in the batch in hand. */
bool sink_until_is_taken(const struct sink_context *context);
/* No batch starts before at_ms (clock of now_ms). */
void sink_not_before(struct sink_context *context, int64_t at_ms);

/* What sink_not_before said is over: look at once. */
void sink_wake(struct sink_context *context);
/* The destination lost what it had: the newest version of every build comes again, then what follows. */
void sink_anew(struct sink_context *context);

/* Of a sink that is ready_later: it can be used, or that can't be known for the time being. */
void sink_ready(struct sink_context *context);

/* The sink can't go on: ERR_CONFIG when an operator must act, else the process is to be restarted. What is
 * not acknowledged comes again. */
void sink_stop(struct sink_context *context, enum status status, const struct err *err);

/* What the destination has of one pipeline ("acme/web"; NULL: of the only one there is): when the newest
 * build that it knows finished (ms; INT_NULL: none did), and the keys of those that may have gone on since.
 */
void sink_known(struct sink_context *context, const char *pipeline, int64_t finished_to);
void sink_known_open(struct sink_context *context, const char *pipeline, const char *key);
/* Of a finished build whose coverage need not be read again: when it finished, and its coverage (REAL_NULL:
 * it has none). */
void sink_known_whole(struct sink_context *context, const char *pipeline, const char *key,
		      int64_t finished_at, double coverage);
void sink_known_end(struct sink_context *context);
/* Of a `buildbus sync`: everything is at the hub, nothing more will come. */
bool sink_sync_is_fetched(const struct sink_context *context);
/* So many builds were updated. */
void sink_settled(struct sink_context *context, int64_t updated);

/* `--check`: a sink without its engine, which asks its destination what writing will need. */
struct sink_check {
	struct sink_context context; /* engine: NULL */
	char place[CHECK_PLACE_SIZE];
	bool bad;
	struct process_context *process; /* of sink_main */
};
/* A line of common/check.h about this destination. */
void sink_tell(struct sink_check *check, enum check_word word, const char *format, ...) PRINTF(3, 4);
/* Everything is said. */
void sink_check_end(struct sink_check *check);

struct sink_checker {
	size_t state_size; /* zeroed */
	/* Must change nothing there. May block for files, not for networks. An error is said like CHECK_BAD
	 * and ends the check. */
	enum status (*start)(void *state, struct sink_check *check, const void *config, struct err *err);
	void (*stop)(void *state); /* accepts half-opened state; NULL: nothing is held */
};

/* How records come to `write`. */
struct sink_shape {
	size_t batch_records, batch_bytes, concurrency;
	int64_t batch_age_ms;
	size_t hold_bytes; /* of records that are on their way here or in hand */
	bool gapless;      /* a batch is all that is not done up to its last record; one at a time */
};

struct sink {
	const char *name;    /* the kind in `destinations:`; the process is buildbus-sink-<name> */
	const char *summary; /* one line for --help */
	const struct config_row *rows;
	size_t config_size; /* of the struct that rows fill */
	size_t state_size;  /* the engine allocates it, zeroed */

	size_t batch_records; /* at most so many records a batch; 0: 256 */
	size_t batch_bytes;   /* and about so many packed bytes; 0: 4 MiB */
	int64_t batch_age_ms; /* wait so long for a batch to fill; 0: write what is there */
	size_t concurrency;   /* batches in flight; 0: one */
	bool one_version;     /* at most one version of a build in a batch */
	/* Changes what is above, and what else there is, by the configuration; before `open`. NULL: it stays.
	 */
	void (*shape)(const void *config, const struct bus_config *bus, struct sink_shape *shape);

	bool ready_later; /* the process is ready when the sink calls sink_ready, not when it is open */

	/* Before anything else, once. config lives until close. May block (files, not networks). ERR_CONFIG:
	 * an operator must act, the sentence says how. */
	enum status (*open)(void *state, struct sink_context *context, const void *config, struct err *err);
	/* At each new session, before its first batch: the note that the hub keeps (null: none; lives during
	 * the call) and the position acknowledged. May not block. NULL: not interested. */
	void (*attached)(void *state, struct text note, struct position position);
	/* Once a session: all that was at the hub when it began is confirmed; what comes now is news. NULL:
	 * not interested. */
	void (*current)(void *state);
	/* A batch to apply; never empty. May block for one local transaction; whatever waits for a network
	 * must return WRITE_PENDING. Must be idempotent. */
	enum sink_write (*write)(void *state, struct sink_batch *batch);
	/* Both for `buildbus sync`, and both may be NULL. Without --state, before anything is fetched: says
	 * with sink_known what the destination has already, then sink_known_end. */
	void (*known)(void *state);
	/* After all that was fetched is confirmed, and only when nothing failed: ends what can't end
	 * otherwise, then sink_settled. */
	void (*settle)(void *state);

	const struct sink_checker *checker; /* NULL: it can't be asked */
	/* Everything ended or was given up: pending batches must be forgotten. Accepts half-opened state. */
	void (*close)(void *state);
};

/* The whole program. Returns the exit code. */
int sink_main(const struct sink *sink, int argc, char **argv);
