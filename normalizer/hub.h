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
#include "normalizer/batch.h"
#include "normalizer/chain.h"
#include "normalizer/db.h"
#include "normalizer/door.h"
#include "normalizer/known.h"
#include "normalizer/minute.h"
#include "normalizer/recent.h"
#include "normalizer/session.h"
#include "normalizer/tap.h"

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

/* ingest.c, feed.c: drain the socket, up to a bounded number of messages a turn. */

int on_ingest(zloop_t *loop, zsock_t *socket, void *arg);
int on_feed(zloop_t *loop, zsock_t *socket, void *arg);
