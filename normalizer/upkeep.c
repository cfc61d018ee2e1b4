/* Once a second: silent holders, free space, absent sinks, retention. Each turn is bounded to a few ms. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "normalizer/hub.h"

#include <sys/statvfs.h>

#define SLICE_ROWS     200 /* rows trimmed a turn: under 5 ms */
#define SLICE_FRAMES   20  /* of the raw archive: up to 1 MiB before compression each */
#define SLICE_PAUSE_MS 20
#define CLOCK_STEP_MS  2000 /* further back than that is no correction by degrees */
#define SETTLE_TTLS    4    /* no sink lapses so soon after the start */
#define DRAIN_TURNS    16   /* each reads a bounded number of messages, fairly among the peers */
#define LATE_MS        1000 /* a turn that comes later than this was held up: a suspended or starved hub */
#define FREE_PAGES     "PRAGMA incremental_vacuum(256)"

static int64_t disk_free_bytes(const struct hub *hub)
{
	struct statvfs disk;

	if (statvfs(hub->context->config.bus.hub_dir, &disk) != 0) {
		return -1;
	}
	return (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
}

void upkeep_disk(struct hub *hub)
{
	int64_t room = disk_free_bytes(hub), least = hub->context->config.bus.min_free_bytes;
	bool taking = room < 0 || room >= least;

	if (!taking) {
		snprintf(hub->not_taking, sizeof hub->not_taking,
			 "%s has %lld MiB free, under bus.min_free (%lld MiB): nothing is taken until there "
			 "is room again",
			 hub->context->config.bus.hub_dir, (long long)room >> 20, (long long)least >> 20);
	}
	if (taking && !hub->taking) {
		log_info("hub.taking", NUM("free_bytes", room));
	} else if (!taking && hub->taking) {
		log_error("hub.full", STR("why", hub->not_taking), NUM("free_bytes", room));
	}
	hub->taking = taking;
}

/* A sink that is absent longer than absent_max, or in the way when the disk runs short, lapses: trimming no
 * longer waits for it. It loses intermediate versions only. */
static enum status lapse(struct hub *hub, struct err *err)
{
	/* The time that the hub itself was away is nobody's absence. */
	bool settled = now_ms() - hub->started_ms >= SETTLE_TTLS * hub->ttl_ms;
	const struct bus_config *bus = &hub->context->config.bus;
	int64_t absent_max = hub->taking ? bus->absent_max_ms : hub->ttl_ms;

	for (size_t i = 0; i < hub->session_count; i++) { /* who is attached isn't absent */
		if (hub->sessions[i].name) {
			enum status status = db_run(&hub->db, SQL_SINK_SEEN, err, "it", wall_ms(),
						    text_of(hub->sessions[i].name));
			if (status != OK) {
				return status;
			}
		}
	}
	return settled ? db_run(&hub->db, SQL_SINK_LAPSE, err, "ii", wall_ms(), wall_ms() - absent_max) : OK;
}

/* *full: there may be more. */
static enum status trim_log(struct hub *hub, int64_t floor, bool *full, struct err *err)
{
	int64_t seqs[SLICE_ROWS];
	size_t count = 0;
	sqlite3_stmt *row;
	enum status status =
		db_query(&hub->db, SQL_TRIM_LIST, &row, err, "iii",
			 wall_ms() - hub->context->config.bus.log_retention_ms, (int64_t)SLICE_ROWS, floor);

	while (status == OK && row && count < SLICE_ROWS) {
		seqs[count++] = sqlite3_column_int64(row, 0);
		status = db_next(&hub->db, &row, err);
	}
	db_done(&hub->db, SQL_TRIM_LIST);
	for (size_t i = 0; status == OK && i < count; i++) {
		status = db_run(&hub->db, SQL_TRIM_LOG, err, "i", seqs[i]);
		if (status == OK) {
			status = db_run(&hub->db, SQL_TRIM_SUPERSEDED, err, "i", seqs[i]);
		}
	}
	*full |= count == SLICE_ROWS;
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
	int64_t floor;
	enum status status = trim_floor(hub, &floor, err);

	if (status == OK) {
		status = trim_log(hub, floor, full, err);
	}
	if (status == OK) {
		status = db_run(&hub->db, SQL_RAW_TRIM, err, "ii",
				wall_ms() - hub->context->config.bus.raw_retention_ms, (int64_t)SLICE_FRAMES);
		*full |= status == OK && db_changes(&hub->db) == SLICE_FRAMES;
	}
	return status;
}

/* Every ten seconds, every second while the disk is short. */
static bool retention_due(struct hub *hub)
{
	int64_t seconds = (now_ms() - hub->started_ms) / 1000;

	return !hub->taking || seconds % 10 == 0;
}

static int64_t later(int64_t at, int64_t by, int64_t limit)
{
	return at + by < limit ? at + by : limit;
}

/* Time in which the hub could not listen is held against nobody. */
static void forgive_late(struct hub *hub)
{
	int64_t now = now_ms(), late = now - hub->upkeep_ms - UPKEEP_MS;

	hub->upkeep_ms = now;
	if (late < LATE_MS) {
		return;
	}
	log_warn("hub.late", NUM("ms", late));
	for (size_t i = 0; i < hub->lease_count; i++) {
		hub->leases[i].alive_ms = later(hub->leases[i].alive_ms, late, now);
	}
	for (size_t i = 0; i < hub->session_count; i++) {
		hub->sessions[i].alive_ms = later(hub->sessions[i].alive_ms, late, now);
	}
}

/* What already waits in the sockets counts as a sign of life. */
static void expire(struct hub *hub, zloop_t *loop)
{
	forgive_late(hub);
	for (int i = 0; i < DRAIN_TURNS; i++) {
		on_ingest(loop, hub->ingest, hub);
		on_feed(loop, hub->feed, hub);
	}
	lease_expire(hub);
	session_expire(hub);
}

static void retry_targets(struct hub *hub)
{
	struct err err = {0};

	if (hub->targets_pending && targets_load(hub, &hub->context->config, &err) == OK) {
		log_info("hub.reloaded", STR("config", hub->context->config.path));
	}
}

static int on_trim(zloop_t *loop, int timer, void *arg);

/* One slice in a transaction of its own; the next one follows soon where there is more, or what comes in
 * faster than that would fill the disk. */
static void retain(struct hub *hub)
{
	struct err err = {0};
	bool full = false;

	if (batch_begin(hub, &err) != OK || lapse(hub, &err) != OK || trim(hub, &full, &err) != OK ||
	    db_meta_set(&hub->db, "clock", hub->clock_ms, &err) != OK) {
		batch_break(hub, &err);
	}
	if (batch_end(hub, NULL) == OK && full && !hub->trim_timer) {
		hub->trim_timer = zloop_timer(hub->context->loop, SLICE_PAUSE_MS, 1, on_trim, hub);
	}
	sqlite3_exec(hub->db.write, FREE_PAGES, NULL, NULL, NULL); /* best effort: it is tried again */
}

static int on_trim(zloop_t *loop, int timer, void *arg)
{
	struct hub *hub = arg;

	(void)loop, (void)timer;
	hub->trim_timer = 0;
	retain(hub);
	return 0;
}

enum status upkeep_clock(struct hub *hub, struct err *err)
{
	int64_t now = wall_ms(), step = now - hub->clock_ms;
	enum status status;

	if (step >= -CLOCK_STEP_MS) {
		hub->clock_ms = now;
		return OK;
	}
	log_warn("hub.clock_back", NUM("ms", -step));
	if ((status = batch_begin(hub, err)) != OK ||
	    (status = db_run(&hub->db, SQL_CLOCK_TARGETS, err, "i", step)) != OK ||
	    (status = db_run(&hub->db, SQL_CLOCK_BUILDS, err, "i", step)) != OK ||
	    (status = db_run(&hub->db, SQL_CLOCK_OWED, err, "i", step)) != OK ||
	    (status = db_run(&hub->db, SQL_CLOCK_DEAD, err, "i", step)) != OK ||
	    (status = db_run(&hub->db, SQL_CLOCK_SINKS, err, "i", step)) != OK ||
	    (status = db_meta_set(&hub->db, "clock", now, err)) != OK) {
		batch_break(hub, err);
		batch_end(hub, NULL);
		return status;
	}
	status = batch_end(hub, err);
	hub->clock_ms = status == OK ? now : hub->clock_ms;
	return status;
}

int on_upkeep(zloop_t *loop, int timer, void *arg)
{
	struct hub *hub = arg;
	struct err err = {0};

	(void)timer;
	expire(hub, loop);
	batch_check(hub); /* an expiry that failed ends its transaction now */
	retry_targets(hub);
	upkeep_disk(hub);
	if (upkeep_clock(hub, &err) != OK) {
		log_error("hub.clock_failed", STR("why", err.text)); /* again in a second */
	}
	if (retention_due(hub)) {
		retain(hub);
	}
	batch_check(hub);
	return 0;
}
