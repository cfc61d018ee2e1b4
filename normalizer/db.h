/* hub.db: one SQLite database over log, latest states, targets, leases, sinks, dead letters and the raw
 * archive, so that records and cursors are one transaction. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "common/text.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Every statement of the hub; the texts are in db_sql.c. */
enum sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_META_GET,
	SQL_META_SET,
	SQL_BUILD_GET,
	SQL_BUILD_REPLACED,
	SQL_BUILD_PUT,
	SQL_BUILD_SEEN,
	SQL_BUILD_ADOPT,
	SQL_BUILD_MISSED,
	SQL_BUILD_GONE,
	SQL_BUILD_DUE_KEYS,
	SQL_BUILD_HANDED_OUT,
	SQL_BUILD_MOVE,
	SQL_PIPELINE_NAMES,
	SQL_PIPELINE_PUT,
	SQL_CHAIN_GET,
	SQL_CHAIN_PUT,
	SQL_LOG_ADD, /* each with chain_add */
	SQL_LOG_HEAD,
	SQL_LOG_GET,
	SQL_SUPERSEDED_ADD,
	SQL_TRIM_LIST,
	SQL_TRIM_NEWEST,
	SQL_TRIM_LOG,
	SQL_TRIM_SUPERSEDED,
	SQL_RAW_ADD,
	SQL_RAW_TRIM,
	SQL_TARGET_PUT,
	SQL_TARGET_DOUBT,
	SQL_TARGET_RETIRE_DOUBTED,
	SQL_TARGET_RETIRE_ORPHANS,
	SQL_TARGET_DOUBT_FOUND,
	SQL_TARGET_RETIRE_UNFOUND,
	SQL_TARGET_KEEP_UNFOUND,
	SQL_TARGET_IS_ACTIVE,
	SQL_TARGET_CLAIM,
	SQL_TARGET_CLAIM_NAMED,
	SQL_TARGET_TAKE,
	SQL_TARGET_CURSOR,
	SQL_TARGET_DUE,
	SQL_TARGET_SETTLED,
	SQL_TARGET_COUNT,
	SQL_TARGET_HISTORY,
	SQL_LIVE_HISTORY,
	SQL_LIVE_DUE_KEYS,
	SQL_LIVE_RELIEVE,
	SQL_TARGET_NEXT_DUE,
	SQL_LEASE_PUT,
	SQL_LEASE_LAST,
	SQL_LEASE_END,
	SQL_LEASE_ALL,
	SQL_SINK_GET,
	SQL_SINK_COUNT,
	SQL_SINK_ADD,
	SQL_SINK_ACK,
	SQL_SINK_BACK,
	SQL_SINK_ANEW,
	SQL_SINK_SEEN,
	SQL_SINK_LAPSING,
	SQL_SINK_LAPSE,
	SQL_SINK_FLOOR,
	SQL_SINK_MISSED,
	SQL_SINK_FORGET,
	SQL_SINK_FORGET_DEAD,
	SQL_SINK_FORGET_RESEND,
	SQL_LEASE_END_ALL,
	SQL_RESTORE_SINKS,
	SQL_RESTORE_BUILDS,
	SQL_RESTORE_RESEND,
	SQL_RESTORE_DEAD,
	SQL_RESTORE_REPLAY,
	SQL_DUE_TARGETS,
	SQL_DUE_BUILDS,
	SQL_BUILD_MOVED,
	SQL_CLOCK_TARGETS,
	SQL_CLOCK_BUILDS,
	SQL_CLOCK_SINKS,
	SQL_CLOCK_OWED,
	SQL_CLOCK_DEAD,
	SQL_OWED_PUT,
	SQL_OWED_GET,
	SQL_OWED_KEYS,
	SQL_OWED_HANDED_OUT,
	SQL_OWED_NEXT_DUE,
	SQL_OWED_LATER,
	SQL_OWED_END,
	SQL_BUILD_OWES,
	SQL_BUILD_DETAILED,
	SQL_TARGET_SOONER,
	SQL_DEAD_PUT,
	SQL_DEAD_COUNT,
	SQL_DEAD_UNREAD,
	SQL_DEAD_READ,
	SQL_DEAD_DUE_KEYS,
	SQL_DEAD_LIVE_DUE_KEYS,
	SQL_DEAD_HANDED_OUT,
	SQL_DEAD_GET,
	SQL_DEAD_DROP,
	SQL_DEAD_RESENT,
	SQL_DEAD_DELIVERED,
	SQL_RESEND_ADD,
	SQL_REPLAY_PUT,
	SQL_REPLAY_MOVE,
	SQL_REPLAY_ALL,
	SQL_REPLAY_DROP,
	SQL_DEAD_NEXT_RAW,
	SQL_RESEND_GET,
	SQL_RESEND_DONE,
	SQL_RESEND_ANY,
	SQL_READ_REPLAY, /* what the open batch has counts too */
	/* From here on for the read connection, which sees committed rows only. */
	SQL_READ_FEED,
	SQL_READ_FEED_FRESH,
	SQL_READ_FEED_RESENT,
	SQL_READ_RAW,
	SQL_READ_AT,
	SQL_SORT_LIST,
	SQL_READ_TARGETS,
	SQL_READ_SINKS,
	SQL_READ_SOURCES,
	SQL_READ_OPEN,
	SQL_READ_OPEN_IDS,
	SQL_READ_OWED,
	SQL_READ_DEAD,
	SQL_READ_DEAD_OF,
	SQL_COUNT,
};

#define DB_RESTORED "restored" /* key in meta: this file is a backup, made by `buildbus backup` */

extern const char *const db_sql[SQL_COUNT];
extern const char db_schema[]; /* version 1 */
extern const char db_schema_pipeline[];
extern const char db_schema_owed[];
extern const char db_schema_frames[];
extern const char db_schema_settled[];
extern const char db_schema_dead[];
extern const char db_schema_again[];
extern const char db_schema_sinks[];
extern const char db_schema_state[];
extern const char db_schema_chain[];
#define DB_APPLICATION_ID 0x62627573 /* "bbus" */
#define DB_SCHEMA_VERSION 11

#define DB_BUSY_MS 5000

struct db {
	sqlite3 *write, *read;
	sqlite3_stmt *statements[SQL_COUNT]; /* NULL: not used yet */
	bool temporary;                      /* set before db_open: it need not survive this process */
	int lock_fd;                         /* -1: not locked */
};

/* Locks state_dir (made with mode 0700), opens or makes hub.db (0600), migrates it, prepares everything.
 * ERR_CONFIG: unwritable, locked by another normalizer, damaged, made by a newer version. */
enum status db_open(struct db *db, const char *state_dir, struct err *err) MUST_CHECK;
/* Accepts zeroed and half-opened (lock_fd must be -1 before db_open). */
void db_close(struct db *db);

/* Draws the epoch, 48 bits: exact in every language that a tapper may use. The counter of fences and sessions
 * starts anywhere too: a worker that still holds one of another hub.db must not hit a lease of this one. */
enum status db_draw_epoch(struct db *db, struct err *err) MUST_CHECK;

/* Binds and runs one statement to its end. types: one letter a value: i int64_t, t struct text (null: NULL),
 * b struct text as BLOB, in the order of the parameters. Texts need only live during the call. */
enum status db_run(struct db *db, enum sql which, struct err *err, const char *types, ...) MUST_CHECK;
/* Binds and steps once: *row is the statement on its first row, or NULL when there is none. The caller steps
 * on with db_next and MUST end with db_done (also after NULL: harmless). */
enum status db_query(struct db *db, enum sql which, sqlite3_stmt **row, struct err *err, const char *types,
		     ...) MUST_CHECK;
/* *row becomes NULL at the end. */
enum status db_next(struct db *db, sqlite3_stmt **row, struct err *err) MUST_CHECK;
void db_done(struct db *db, enum sql which);
/* Text or blob of a column; valid until the next step. NULL column: null. */
struct text db_text(sqlite3_stmt *row, int column);
/* Rows changed by the last db_run. */
int db_changes(struct db *db);

enum status db_meta_get(struct db *db, const char *key, int64_t *value,
			struct err *err) MUST_CHECK; /* absent: 0 */
enum status db_meta_set(struct db *db, const char *key, int64_t value, struct err *err) MUST_CHECK;
