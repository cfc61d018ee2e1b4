/* What the hub keeps and for how long: superseded versions, the raw archive, sinks that are away. Every ten
 * seconds, in slices of a few ms. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "normalizer/batch.h"
#include "normalizer/hub.h"
#include "normalizer/upkeep.h"

#include <sys/stat.h>

#define EVERY_MS         10000
#define SLICE_ROWS_LEAST 25
#define SLICE_MS         5
#define SLICE_FRAMES     10 /* of the raw archive: up to 1 MiB before compression each */
#define SLICE_PAUSE_MS   20
#define SETTLE_TTLS      4   /* no sink lapses so soon after the start */
#define SLICE_PAGES      128 /* given back to the file system */
#define SPARE_PART       5   /* more than a fifth of hub.db is free inside: give it back soon */
#define WAL_MAX          (64 << 20)
#define WAL_MAX_SHORT    (16 << 20) /* while the disk is short */

/* Nothing from before a jump of the wall clock is older for it, until what is kept longest is over anyway. */
static int64_t retain_now(struct hub *hub)
{
	const struct bus_config *bus = &hub->context->config.bus;
	int64_t longest = bus->log_retention_ms, now = wall_ms();

	longest = bus->raw_retention_ms > longest ? bus->raw_retention_ms : longest;
	longest = bus->absent_max_ms > longest ? bus->absent_max_ms : longest;
	if (now - hub->jump.at > longest) {
		hub->jump.ms = 0;
	}
	return now - hub->jump.ms;
}

static int64_t log_cutoff(struct hub *hub)
{
	return retain_now(hub) - hub->context->config.bus.log_retention_ms;
}

/* Who is attached isn't absent. */
static enum status see_attached(struct hub *hub, struct err *err)
{
	enum sql which = hub->taking ? SQL_SINK_BACK : SQL_SINK_SEEN;
	enum status status = OK;

	for (size_t i = 0; i < hub->session_count && status == OK; i++) {
		if (hub->sessions[i].name) {
			status =
				db_run(&hub->db, which, err, "it", wall_ms(), text_of(hub->sessions[i].name));
		}
	}
	return status;
}

/* While the disk is short: up to here everything could be trimmed if no sink were in the way; else 0. */
static enum status wanted_floor(struct hub *hub, int64_t *floor, struct err *err)
{
	enum status status;
	sqlite3_stmt *row;

	*floor = 0;
	if (hub->taking || passed_ms() - hub->short_ms < hub->ttl_ms) {
		return OK;
	}
	status = db_query(&hub->db, SQL_TRIM_NEWEST, &row, err, "ii", log_cutoff(hub), (int64_t)SLICE_ROWS);
	*floor = row ? sqlite3_column_int64(row, 0) : 0;
	db_done(&hub->db, SQL_TRIM_NEWEST);
	return status;
}

/* *name: the next one whose time is over, in hub->arena; at NULL: none. */
static enum status lapsing(struct hub *hub, int64_t floor, struct text *name, struct err *err)
{
	int64_t cutoff = retain_now(hub) - hub->context->config.bus.absent_max_ms;
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_SINK_LAPSING, &row, err, "iiii", cutoff, hub->opened_ms,
				      hub->away_ms, floor);

	*name = (struct text){0};
	if (row) {
		struct text found = db_text(row, 0);

		*name = (struct text){arena_text(&hub->arena, found.at, found.size), found.size};
		log_warn("hub.sink_lapsed", STR("sink", name->at),
			 NUM("position", sqlite3_column_int64(row, 1)),
			 NUM("seen_ms_ago", wall_ms() - sqlite3_column_int64(row, 2)),
			 STR("why", hub->taking ? "absent" : "disk"));
	}
	db_done(&hub->db, SQL_SINK_LAPSING);
	return status;
}

/* A sink that is absent longer than absent_max, or in the way when the disk runs short, lapses: trimming no
 * longer waits for it. It loses intermediate versions only. */
static enum status lapse(struct hub *hub, struct err *err)
{
	int64_t floor;
	struct text name;
	enum status status = see_attached(hub, err);

	/* The time that the hub itself was away is nobody's absence. */
	if (status != OK || passed_ms() - hub->opened_passed_ms < SETTLE_TTLS * hub->ttl_ms) {
		return status;
	}
	arena_reset(&hub->arena);
	status = wanted_floor(hub, &floor, err);
	while (status == OK && (status = lapsing(hub, floor, &name, err)) == OK && name.at) {
		status = db_run(&hub->db, SQL_SINK_LAPSE, err, "it", wall_ms(), name);
	}
	return status;
}

static enum status trim_one(struct hub *hub, int64_t seq, struct err *err)
{
	enum status status = db_run(&hub->db, SQL_TRIM_LOG, err, "i", seq);

	if (status == OK) {
		status = db_run(&hub->db, SQL_TRIM_SUPERSEDED, err, "i", seq);
	}
	return status == OK ? db_run(&hub->db, SQL_SINK_MISSED, err, "i", seq) : status;
}

/* *full: there may be more. */
static enum status trim_log(struct hub *hub, int64_t floor, bool *full, struct err *err)
{
	int64_t seqs[SLICE_ROWS];
	size_t count = 0;
	sqlite3_stmt *row;
	enum status status =
		db_query(&hub->db, SQL_TRIM_LIST, &row, err, "iii", log_cutoff(hub), hub->slice_rows, floor);

	while (status == OK && row && (int64_t)count < hub->slice_rows) {
		seqs[count++] = sqlite3_column_int64(row, 0);
		status = db_next(&hub->db, &row, err);
	}
	db_done(&hub->db, SQL_TRIM_LIST);
	for (size_t i = 0; status == OK && i < count; i++) {
		status = trim_one(hub, seqs[i], err);
	}
	*full |= (int64_t)count == hub->slice_rows;
	return status;
}

static enum status trim_floor(struct hub *hub, int64_t *floor, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_SINK_FLOOR, &row, err, "");

	/* No sink at all: nobody to wait for. */
	*floor = row && sqlite3_column_type(row, 0) != SQLITE_NULL ? sqlite3_column_int64(row, 0) : hub->head;
	db_done(&hub->db, SQL_SINK_FLOOR);
	return status;
}

static enum status trim(struct hub *hub, bool *full, struct err *err)
{
	int64_t frames = 1 + hub->slice_rows * SLICE_FRAMES / SLICE_ROWS, floor;
	enum status status = trim_floor(hub, &floor, err);

	if (status == OK) {
		status = trim_log(hub, floor, full, err);
	}
	if (status == OK) {
		status = db_run(&hub->db, SQL_RAW_TRIM, err, "ii",
				retain_now(hub) - hub->context->config.bus.raw_retention_ms, frames);
		*full |= status == OK && db_changes(&hub->db) == frames;
	}
	return status;
}

static enum status store_clock(struct hub *hub, struct err *err)
{
	enum status status = db_meta_set(&hub->db, "clock", hub->clock_ms, err);

	if (status == OK) {
		status = db_meta_set(&hub->db, "jump", hub->jump.ms, err);
	}
	return status == OK ? db_meta_set(&hub->db, "jumped", hub->jump.at, err) : status;
}

/* The longest one of a minute stays in sight for that long. */
static void note_length(struct hub *hub, int64_t ms)
{
	if (ms >= *hub->counts.slice || now_ms() - hub->slice_ms >= 60000) {
		*hub->counts.slice = ms;
		hub->slice_ms = now_ms();
	}
}

static int on_slice(zloop_t *loop, int timer, void *arg);

/* Trimming needs room itself, in the WAL: what does not fit is tried in smaller pieces, and so is what takes
 * long. */
static void fit_slice(struct hub *hub, bool kept, int64_t ms)
{
	int64_t rows = hub->slice_rows;

	if (!kept) {
		rows = rows / 4 > 0 ? rows / 4 : 1;
	} else if (ms > SLICE_MS) {
		rows = rows / 2 > SLICE_ROWS_LEAST ? rows / 2 : rows;
	} else {
		rows = rows * 2 < SLICE_ROWS ? rows * 2 : SLICE_ROWS;
	}
	hub->slice_rows = rows;
}

static int64_t count_pages(struct hub *hub, const char *pragma)
{
	sqlite3_stmt *row = NULL;
	int64_t count = 0;

	if (sqlite3_prepare_v2(hub->db.write, pragma, -1, &row, NULL) == SQLITE_OK &&
	    sqlite3_step(row) == SQLITE_ROW) {
		count = sqlite3_column_int64(row, 0);
	}
	sqlite3_finalize(row);
	return count;
}

/* Gives free pages back to the file system. True: there are too many of them to wait ten seconds. */
static bool give_back(struct hub *hub)
{
	int64_t spare = count_pages(hub, "PRAGMA freelist_count");
	char sql[64];

	if (spare == 0) {
		return false;
	}
	snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%d)",
		 (int)(4 + hub->slice_rows * SLICE_PAGES / SLICE_ROWS));
	sqlite3_exec(hub->db.write, sql, NULL, NULL, NULL); /* where that fails the commit fails, too */
	return !hub->taking || spare > count_pages(hub, "PRAGMA page_count") / SPARE_PART;
}

/* Without waiting for anybody. */
static void checkpoint(struct hub *hub, int mode)
{
	sqlite3_busy_timeout(hub->db.write, 0);
	sqlite3_wal_checkpoint_v2(hub->db.write, NULL, mode, NULL, NULL);
	sqlite3_busy_timeout(hub->db.write, DB_BUSY_MS);
}

/* One slice in a transaction of its own; the next one follows soon where there is more, or what comes in
 * faster than that would fill the disk. */
static void slice(struct hub *hub)
{
	struct err err = {0};
	bool full = false, kept;
	int64_t began = now_ms(), worked;

	if (!hub->taking && !hub->batch.open) {
		checkpoint(hub, SQLITE_CHECKPOINT_RESTART); /* the next pages go where the WAL is already */
	}
	if (batch_begin(hub, &err) != OK || lapse(hub, &err) != OK || trim(hub, &full, &err) != OK ||
	    store_clock(hub, &err) != OK || restore_beat(hub, &err) != OK) {
		batch_break(hub, &err);
	}
	full |= give_back(hub);
	worked = now_ms() - began; /* the commit takes what any commit takes */
	kept = batch_end(hub, NULL) == OK;
	if (kept) {
		restore_witness(hub);
	}
	fit_slice(hub, kept, worked);
	note_length(hub, worked);
	if (kept && full && !hub->trim_timer) {
		hub->trim_timer = zloop_timer(hub->context->loop, SLICE_PAUSE_MS, 1, on_slice, hub);
	}
}

static int on_slice(zloop_t *loop, int timer, void *arg)
{
	struct hub *hub = arg;

	(void)loop, (void)timer;
	hub->trim_timer = 0;
	slice(hub);
	return 0;
}

void retain(struct hub *hub)
{
	int64_t now = hub->passed_ms;

	if (!hub->taking || now - hub->retained_ms >= EVERY_MS) {
		hub->retained_ms = now;
		slice(hub);
	}
}

int64_t wal_bytes(const struct hub *hub)
{
	struct stat info;

	return stat(sqlite3_filename_wal(sqlite3_db_filename(hub->db.write, "main")), &info) == 0
		       ? info.st_size
		       : 0;
}

/* A reader that stays in one transaction (a backup, a shell) keeps the WAL from beginning anew. Once it has
 * gone the file is cut; while it is there nothing waits for it. */
void wal_bound(struct hub *hub)
{
	if (!hub->batch.open && wal_bytes(hub) > (hub->taking ? WAL_MAX : WAL_MAX_SHORT)) {
		checkpoint(hub, SQLITE_CHECKPOINT_TRUNCATE);
	}
}
