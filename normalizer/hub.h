/* The hub: one thread, one loop, one database. Its parts share this struct; each part is a file:
 *
 *   batch.c    group commit: what is promised in one transaction, answered after it
 *   intake.c   an envelope → records → log and latest states (records.c), dead letters
 *   archive.c  the raw archive
 *   identity.c the id of a build of a renamed or remade pipeline
 *   details.c  what finished builds still owe: asked for after they are published
 *   targets.c  which targets exist and when each is due
 *   share.c    how workers divide a source's request budget
 *   lease.c    who visits which target: fences, expiry
 *   due.c      when it is due again
 *   live.c     the live walk of an organization, which stands in for the visits of its pipelines
 *   due_keys.c which builds a visit should ask for
 *   ingest.c   the commands of fetchers
 *   session.c  the readers of the feed
 *   pump.c     what they get and when
 *   feed.c     the commands of sinks and of `buildbus`
 *   seek.c     where the log was at a time
 *   tap.c      records for whoever listens
 *   chain.c    which record of a pipeline came before
 *   dead.c     the dead letters, for people
 *   forget.c   a sink that will not come back
 *   retry.c    the same once more
 *   resend.c   records that one sink gets once more
 *   replay.c   all that one sink gets once more, step by step
 *   renew.c    records made anew of the raw archive
 *   restore.c  whether this hub.db is a copy that was restored
 *   upkeep.c   free space, clocks, silent holders
 *   retain.c   retention, absent sinks
 *   numbers.c   metrics
 *   minute.c   what happened in the last minute
 *   overview.c how everything is, for the next two and the metrics
 *   problems.c what is stuck, and where
 *   runs.c     builds as metrics
 *   status.c   the map that `buildbus status` prints
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "common/process.h"
#include "common/wire.h"
#include "normalizer/archive.h"
#include "normalizer/chain.h"
#include "normalizer/db.h"
#include "normalizer/door.h"
#include "normalizer/known.h"
#include "normalizer/minute.h"
#include "normalizer/tap.h"

enum port { PORT_INGEST, PORT_FEED };

/* An answer that waits for the commit of what it promises. */
struct reply {
	enum port port;
	zmq_msg_t identity;
	struct wire_message message;
	int64_t fence; /* goes into the error if the commit fails; 0: none */
};

#define BATCH_RECORDS_MAX 256 /* group commit at 256 records or 2 ms */
#define BATCH_LINGER_MS   2

struct batch {
	bool open;      /* a transaction runs */
	bool broken;    /* a statement failed: the commit will roll back instead */
	bool failed;    /* the last commit did */
	struct err why; /* of broken */
	int timer;      /* zloop timer, 0: none */
	size_t records;
	struct reply *replies;
	size_t reply_count, reply_capacity;
};

/* The newest records, as the feed sends them: a sink that keeps up never makes the hub read its database. */
#define RECENT_MAX 1024
struct recent {
	zmq_msg_t records[RECENT_MAX]; /* of seq s at s % RECENT_MAX; empty: one that is sent again */
	int64_t first, next; /* seqs held: first … next - 1; those from head + 1 aren't committed yet */
	size_t bytes;
};

struct lease {
	int64_t fence, last, since_ms; /* since: wall clock, for people */
	int64_t alive_ms;              /* monotonic: last sign of its holder */
	int64_t moved_ms;              /* passed_ms(): its last publish, or its grant */
	int64_t fresh;                 /* records that changed since this hub began */
	char *target, *worker, *source, *provider;
};

/* A worker's part of a source's request budget. */
struct share {
	char *worker;
	int64_t per_min;  /* as it was told last; -1: not by this hub, it may take everything */
	int64_t alive_ms; /* when it last held a lease */
};

struct source {
	char *name, *provider;
	char *live; /* the target that is its live walk; NULL: it has one pipeline */
	int64_t poll_ms;
	bool details;           /* its finished builds are asked for more */
	int64_t budget_per_min; /* as last reported; -1 unknown */
	int64_t claimed_ms;     /* passed_ms(): a worker of its provider asked for work; 0: none has */
	struct share *shares;
	size_t share_count;
};

struct session {
	int64_t number;
	char *name; /* NULL: anonymous */
	zmq_msg_t identity;
	char owner[WIRE_SENDER_SIZE]; /* its public key, where the bus uses CURVE */
	int64_t position;             /* acknowledged */
	int64_t sent;                 /* last seq sent */
	int64_t fresh_to;             /* up to here superseded versions are skipped */
	int64_t credit;
	int64_t alive_ms;
	int64_t moved_ms; /* passed_ms(): its position, last */
	bool resends;     /* it may get records once more (resend.c) */
	bool stalled;     /* its queue is full or it is gone: nothing is tried before its next sign */
};

#define HELD_MAX 64
struct held {
	zmq_msg_t identities[HELD_MAX];
	size_t count;
};

struct hub {
	struct process_context *context;
	struct db db;
	zsock_t *ingest, *feed;
	struct door door;
	int64_t epoch, counter; /* counter: fences and sessions */
	int64_t head;           /* newest committed seq */
	int64_t next;           /* seq of the next record */
	int64_t builds;
	int64_t beat, restored_at; /* restore.c; 0: never */
	struct batch batch;
	struct recent recent;
	struct archive archive;
	struct chain chain;
	struct tap tap;
	struct lease *leases;
	size_t lease_count, lease_capacity;
	struct session *sessions;
	size_t session_count, session_capacity;
	struct replay *replays; /* replay.h */
	size_t replay_count;
	int replay_timer; /* a step that waits for no sink; 0: none */
	int pump_timer;   /* there is more to send than one turn may; 0: none */
	struct source *sources;
	size_t source_count;
	struct known known; /* at the destinations of a sync */
	const char
		*known_path; /* where that is told, before the first claim; NULL: nowhere, or it was read */
	bool held;           /* sinks wait until `release`: everything is fetched first, then put in order */
	bool released;       /* that has happened: nothing more is fetched */
	struct held waiting; /* for that */
	struct arena arena;  /* of the raw record at hand */
	msgpack_sbuffer packed; /* the record at hand */
	struct wire_message in; /* the message at hand */
	bool taking;            /* false: below min_free or the disk refused */
	bool unread;            /* there may be dead letters of builds that could not be read */
	bool targets_pending;   /* a reload's targets are not stored yet */
	int64_t ttl_ms;         /* of leases and sessions: WIRE_LEASE_TTL_MS, less in tests */
	int64_t upkeep_ms;      /* monotonic: the last turn of upkeep */
	int64_t clock_ms;       /* wall clock then */
	int64_t passed_ms;      /* passed_ms() then; 0: before the first */
	int64_t slice_rows;     /* rows that a slice of retention may trim */
	int64_t slice_ms;       /* monotonic: when the slice in counts.slice ended */
	int64_t retained_ms;    /* passed_ms() at the last turn of retention */
	struct {
		int64_t ms, at; /* the wall clock went forward by so much, last at */
	} jump;
	int64_t opened_ms, opened_passed_ms, away_ms; /* the start on both clocks; away so long before */
	int64_t short_ms;                             /* passed_ms(): since when it is not taking */
	int trim_timer;                               /* there is more to trim than one slice; 0: none */
	char not_taking[256];                         /* why, for people */
	int64_t started_ms;
	struct minute minute;
	struct refusals refusals;
	int64_t refused;    /* requests answered with an error */
	struct hub_counts { /* metrics */
		int64_t *publishes, *changed, *unchanged, *stale, *dead, *commits, *rollbacks, *sent, *acked,
			*unknown_words, *unreadable, *given_up, *owed, *head, *builds, *leases, *sessions,
			*taking, *tapped, *open, *orphans, *letters, *stuck, *free, *min_free, *db, *wal,
			*spare, *slice;
	} counts;
};

/* batch.c */

/* Opens the transaction if there is none. Call before the first statement of a request. */
enum status batch_begin(struct hub *hub, struct err *err) MUST_CHECK;
/* Marks the open transaction as lost: nothing of it will be committed, everyone who waits gets an error to
 * retry. Without one: nothing. */
void batch_break(struct hub *hub, const struct err *err);
/* Commits now if it is full. Called between messages. */
void batch_check(struct hub *hub);
/* Ends the transaction: commits, answers everyone, feeds the sessions; or rolls back and answers with errors:
 * then *err, if given, says why. OK too without one. */
enum status batch_end(struct hub *hub, struct err *err);
/* Answers a request: after the commit if a transaction runs, else at once. Takes message's frames. */
void reply_send(struct hub *hub, enum port port, const zmq_msg_t *identity, struct wire_message *message,
		int64_t fence);
/* Answers error{code, retry, detail, fence}; retry_ms < 0: nil; detail NULL: nil; fence 0: nil. */
void reply_error(struct hub *hub, enum port port, const zmq_msg_t *identity, const char *code,
		 int64_t retry_ms, const char *detail, int64_t fence);
void batch_fini(struct hub *hub);
/* Sets head and next to what the log holds. */
enum status load_head(struct hub *hub, struct err *err) MUST_CHECK;

/* intake.c, records.c */

enum change { CHANGE_NEW, CHANGE_NONE, CHANGE_STALE };
struct intake {
	int64_t fresh, unchanged, stale;
};
/* Takes one envelope of a publish into the open transaction. Unreadable ones become dead letters. Only a
 * failing database is an error. */
enum status intake_envelope(struct hub *hub, const struct lease *lease, struct text bytes,
			    struct intake *counts, struct err *err) MUST_CHECK;
/* The same for one that was kept, in hub->arena, as it came under such a lease. key: by which it is known, at
 * NULL: its own. */
enum status intake_kept(struct hub *hub, const struct lease *lease, struct text key, struct text bytes,
			struct intake *counts, struct err *err) MUST_CHECK;
struct build;
struct observation {
	struct text target, key;
	int64_t observed_at;
	int64_t poll_ms;    /* of the source: open builds aren't visited more often */
	const char *source; /* whose finished builds owe details; NULL: nobody asks for them */
	int64_t archived;   /* made anew from the raw archive, where its record had this seq; 0: it is new */
	bool derived;       /* not made of a raw record of the build */
};
/* Compares build with the latest state of its id and logs it if it is new. Sets version, may change id
 * (`~uid`). ERR_DATA: this build can't be kept; nothing was written. */
enum status record_apply(struct hub *hub, struct build *build, const struct observation *seen,
			 enum change *change, struct err *err) MUST_CHECK;
/* A state that was observed after this, as seen from one observed at observed_at, was dated by a clock that
 * ran ahead: it must not make everything stale until its time has come. Where this clock itself is behind, so
 * that both seem to lie ahead, only their order counts: INT64_MAX. */
int64_t record_trusted_to(int64_t observed_at);
/* Finishes the build whose latest record is at seq: the provider doesn't know it any more. */
enum status record_gone(struct hub *hub, int64_t seq, const struct observation *seen, enum change *change,
			struct err *err) MUST_CHECK;

/* The record at seq, which must be there; its texts live in hub->arena. */
enum status record_load(struct hub *hub, int64_t seq, struct build *build, struct err *err) MUST_CHECK;

/* identity.c */

#define FORMER_MAX 15
/* The ids that a build would have under the names that its pipeline had before. */
struct former {
	struct text ids[FORMER_MAX];
	size_t count;
};
/* For a build whose id is not there, or is another build's. Notes the name that its pipeline has now. */
enum status identity_former(struct hub *hub, const struct build *build, const struct observation *seen,
			    struct former *former, struct err *err) MUST_CHECK;

enum status dead_letter(struct hub *hub, const char *stage, struct text target, struct text key,
			const char *reason, struct text body, struct err *err) MUST_CHECK;
int64_t hub_poll_ms(const struct hub *hub, const char *source);

/* details.c */

/* A lease on what finished builds owe, not on a pipeline. */
bool details_lease(const struct lease *lease);
/* build has just been applied: owes its details unless they were asked for at this finish (owed_for). */
enum status details_owe(struct hub *hub, const struct build *build, int64_t owed_for,
			const struct observation *seen, struct err *err) MUST_CHECK;
/* Packs the keys of a lease on details, and whether they are of back-filled builds: those come last. */
enum status details_put_keys(struct hub *hub, struct wire_head *head, const struct lease *lease,
			     bool *backfill, struct err *err) MUST_CHECK;
/* When the next ones are due; *due stays when none are owed. */
enum status details_next_due(struct hub *hub, const struct lease *lease, int64_t *due,
			     struct err *err) MUST_CHECK;
struct raw;
/* Takes an envelope of kind details or later. *changed: the build has a new record. */
enum status details_take(struct hub *hub, const struct lease *lease, const struct raw *raw,
			 struct intake *counts, bool *changed, struct err *err) MUST_CHECK;

/* recent.c */

/* Puts a copy of the packed record of seq there. */
enum status recent_put(struct recent *recent, int64_t seq, struct text bytes) MUST_CHECK;
/* NULL: not held any more. */
zmq_msg_t *recent_get(struct recent *recent, int64_t seq);
/* Forgets seq and everything after it (a rollback). */
void recent_cut(struct recent *recent, int64_t seq);

/* targets.c */

/* Makes the targets table what the configuration says. */
enum status targets_load(struct hub *hub, const struct config *config, struct err *err) MUST_CHECK;
void targets_fini(struct hub *hub);
#define FOUND_BODIES_MAX 64
/* What a discovery found: lists of slugs. */
struct found {
	const msgpack_object_array *lists[FOUND_BODIES_MAX + 1];
	msgpack_unpacked bodies[FOUND_BODIES_MAX];
	size_t list_count, body_count, slugs;
};
/* Replaces what the discovery target found. Counts: fresh = added, unchanged = known, stale = removed. */
enum status targets_found(struct hub *hub, const struct lease *lease, const struct found *found,
			  struct intake *counts, struct err *err) MUST_CHECK;

/* found.c */

/* The list in the head and those in the bodies; slugs: how many in all. False: malformed. found_fini in any
 * case, before the message goes. */
bool found_read(struct found *found, const msgpack_object_array *first, const struct wire_message *message);
void found_fini(struct found *found);
/* Of a discovery that knew so many targets: whether their end is to be believed, which takes an hour. */
enum status found_nothing(struct hub *hub, const struct lease *lease, int64_t known, bool *believe,
			  struct err *err) MUST_CHECK;
enum status found_something(struct hub *hub, const struct lease *lease, struct err *err) MUST_CHECK;
struct source *source_named(struct hub *hub, struct text name);

/* lease.c */

/* Reads them anew. Those that were there keep their last sign of life, others get a full ttl. */
enum status lease_load(struct hub *hub, struct err *err) MUST_CHECK;
/* Whoever holds one is refused by its fence. */
enum status lease_end_all(struct hub *hub, struct err *err) MUST_CHECK;
struct lease *lease_of(struct hub *hub, int64_t fence);
/* Gives the most overdue target of provider to worker. *lease NULL: none is due, *retry_ms says when one may
 * be. *cursor is a copy in hub->arena. */
enum status lease_grant(struct hub *hub, struct text provider, struct text worker, struct lease **lease,
			struct text *cursor, int64_t *retry_ms, struct err *err) MUST_CHECK;
/* What a worker says at the end of a visit. */
struct ending {
	int64_t next_due_ms;
	struct text why; /* it failed, for people; at NULL: it did not */
	bool settled;    /* nothing is left to read but what will be new */
};
/* Ends it: when the target is due again is the matter of due.c. */
enum status lease_end(struct hub *hub, struct lease *lease, const struct ending *ending,
		      struct err *err) MUST_CHECK;
/* Ends those whose holder is silent. Sockets must have been drained. */
void lease_expire(struct hub *hub);
void lease_forget_all(struct hub *hub);

/* due.c */

/* What the end of a visit leaves in the target's row; INT_NULL: null. */
struct due {
	int64_t at, news_at, settled_from, net_at;
};
enum status due_after(struct hub *hub, const struct lease *lease, const struct ending *ending,
		      struct due *due, struct err *err) MUST_CHECK;

/* due_keys.c */
/* Puts the keys of the builds that are to be asked for by the visit, and won't be due again before that is
 * over. */
enum status due_keys_put(struct hub *hub, struct wire_head *head, const struct lease *lease,
			 struct err *err) MUST_CHECK;
/* sorted.c: the newest version of each build, once more, in the order of their ends. */
enum status sort_by_finish(struct hub *hub, struct err *err) MUST_CHECK;

/* live.c */

bool live_is(const char *target);
/* Under its lease a build's key is `<last part of the slug>#<key>`: finds the target that the build belongs
 * to (in hub->arena) and cuts the key to what it is there. ERR_DATA: it isn't of that form. */
enum status live_route(struct hub *hub, const struct lease *lease, struct text *key, struct text *target,
		       struct err *err) MUST_CHECK;
/* That form, in hub->arena. */
struct text live_key(struct hub *hub, struct text target, struct text key);
/* Whether builds of target are wanted: it is visited, or a discovery may find it yet. The latter: hurry is
 * the discovery's name, else at NULL. */
enum status live_follows(struct hub *hub, const struct lease *lease, struct text target, bool *yes,
			 struct text *hurry, struct err *err) MUST_CHECK;
/* Whether nobody has visited the walk for so long that it should not read all of that, but begin anew: the
 * others are due by now, and read it. */
enum status live_anew(struct hub *hub, const struct lease *lease, bool *anew, struct err *err) MUST_CHECK;
/* After a visit that left no gap: the other targets of the source that were whole since are due later. */
enum status live_relieve(struct hub *hub, const struct lease *lease, const struct due *due,
			 struct err *err) MUST_CHECK;
/* share.c */

/* What the lease's worker may ask of the provider in a minute; -1: nobody knows yet. */
int64_t share_of(struct hub *hub, const struct lease *lease);
/* A visit told what the provider's headers said; -1 unknown. per_min: what is allowed in a minute in all. */
void share_learn(struct hub *hub, const struct lease *lease, int64_t remaining, int64_t reset_ms,
		 int64_t per_min);
/* The shares of old become those of source. */
void share_move(struct source *source, struct source *old);
void share_fini(struct source *source);

/* ingest.c, feed.c: drain the socket, up to a bounded number of messages a turn. */

int on_ingest(zloop_t *loop, zsock_t *socket, void *arg);
int on_feed(zloop_t *loop, zsock_t *socket, void *arg);

/* session.c */

struct session *session_of(struct hub *hub, int64_t number);
struct session *session_named(struct hub *hub, struct text name);
/* Opens a session; name NULL: anonymous, after from or fresh. *busy_ms > 0: the name is taken (or there are
 * too many anonymous ones), *session NULL. ERR_DATA: too many names. */
enum status session_open(struct hub *hub, struct text name, int64_t old, const struct position *from,
			 const zmq_msg_t *identity, struct session **session, struct text *note,
			 int64_t *busy_ms, struct err *err) MUST_CHECK;
void session_close(struct hub *hub, struct session *session);
/* Whether a reader of that name is attached, and its connection is still there. */
bool session_holds(struct hub *hub, struct text name);
void session_expire(struct hub *hub);
void session_forget_all(struct hub *hub);
/* After a rollback: sessions of the lost transaction end, the others have their position of the database. */
void session_roll_back(struct hub *hub);

/* resend.c */

/* The record `of` goes to that sink once more, as the next seq, which nobody else gets anything for. */
enum status resend_add(struct hub *hub, struct text sink, int64_t of, int64_t *seq,
		       struct err *err) MUST_CHECK;
/* The sink has confirmed everything up to position: dead letters that it got again are no more. */
enum status resend_acked(struct hub *hub, struct session *session, int64_t position,
			 struct err *err) MUST_CHECK;
/* Sets session->resends. */
enum status resend_look(struct hub *hub, struct session *session, struct err *err) MUST_CHECK;
/* A copy of a record, marked as sent again. */
enum status resend_mark(struct hub *hub, struct text record, struct text *marked, struct err *err) MUST_CHECK;

/* pump.c */

/* Sends what credit allows to every session. Called after each commit and each credit. */
void feed_pump(struct hub *hub);

/* seek.c */

/* *seq: of the newest record that was logged before ms; 0: none was. */
enum status seek_time(struct hub *hub, int64_t ms, int64_t *seq, struct err *err) MUST_CHECK;

/* tap.c */

/* Binds the socket, except in a sync. */
enum status tap_open(struct hub *hub, struct err *err) MUST_CHECK;
/* Ends all connections: those who may still listen come back, and see what they missed. */
void tap_renew(struct hub *hub);
/* build is the record seq of the open transaction, prev the one of its pipeline before. */
enum status tap_add(struct tap *tap, const struct build *build, int64_t seq, int64_t prev,
		    struct err *err) MUST_CHECK;
/* After the commit: sends what was added. */
void tap_publish(struct hub *hub);

/* restore.c */

/* Before anything is read of it: a restored copy gets another epoch. */
enum status restore_check(struct hub *hub, struct err *err) MUST_CHECK;
/* Now and then, in a transaction: what a copy of hub.db does not have, once restore_witness was called after
 * its commit. */
enum status restore_beat(struct hub *hub, struct err *err) MUST_CHECK;
void restore_witness(const struct hub *hub);

/* upkeep.c */

#define UPKEEP_MS 1000
int on_upkeep(zloop_t *loop, int timer, void *arg);

/* retain.c */

#define SLICE_ROWS 100 /* rows that retention trims in a turn, at most */

/* One slice, if it is time. */
void retain(struct hub *hub);
int64_t wal_bytes(const struct hub *hub);
/* Cuts the WAL where it has grown beyond its bound and nobody reads it. */
void wal_bound(struct hub *hub);

/* Looks at the wall clock. Where it went back, now or while the hub was away, what is due goes back with it;
 * where it went forward by itself, nothing grows older by that. */
enum status upkeep_clock(struct hub *hub, struct err *err) MUST_CHECK;
/* The first look, when hub->clock_ms is the last of the hub before. */
enum status upkeep_opened(struct hub *hub, struct err *err) MUST_CHECK;
/* Looks at the disk now; sets hub->taking. */
void upkeep_disk(struct hub *hub);

/* numbers.c */

void numbers_open(struct hub *hub);
/* detail: for people, may be NULL. */
void numbers_error(struct hub *hub, const char *code, const char *detail);
/* Once a second; what was counted in the last minute. */
void numbers_note(struct hub *hub);
void numbers_minute(const struct hub *hub, int64_t growth[static MINUTE_COUNTS]);
void numbers_collect(void *context);

/* status.c */
enum status status_map(struct hub *hub, struct wire_message *out, struct err *err) MUST_CHECK;

/* held.c: who waits for the release of a sync. */
void held_add(struct held *held, const zmq_msg_t *identity);
void held_wake(struct hub *hub);
void held_fini(struct held *held);
