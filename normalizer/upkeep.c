/* Once a second: silent holders, free space, clocks, retention (retain.c). Each turn is bounded to a few ms.
 */
/* SPDX-License-Identifier: MIT */
#include "normalizer/upkeep.h"
#include "common/log.h"
#include "normalizer/batch.h"
#include "normalizer/lease.h"
#include "normalizer/numbers.h"
#include "normalizer/replay.h"
#include "normalizer/session.h"
#include "normalizer/targets.h"

#include <sys/statvfs.h>

#define CLOCK_STEP_MS 2000 /* further than that is no correction by degrees */
#define DRAIN_TURNS   16   /* each reads a bounded number of messages, fairly among the peers */
#define LATE_MS       1000 /* a turn that comes later than this was held up: a suspended or starved hub */

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
		hub->short_ms = passed_ms();
		log_error("hub.full", STR("why", hub->not_taking), NUM("free_bytes", room));
	}
	hub->taking = taking;
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

/* The wall clock went forward by itself: nothing is older for it. */
static void notice_jump(struct hub *hub, int64_t ahead)
{
	if (ahead > CLOCK_STEP_MS) {
		log_warn("hub.clock_forward", NUM("ms", ahead));
		hub->jump.ms += ahead;
		hub->jump.at = wall_ms();
	} else if (ahead < -CLOCK_STEP_MS) {
		hub->jump.ms = hub->jump.ms + ahead > 0 ? hub->jump.ms + ahead : 0;
	}
}

enum status upkeep_clock(struct hub *hub, struct err *err)
{
	int64_t now = wall_ms(), step = now - hub->clock_ms, passed = passed_ms();
	enum status status;

	if (hub->passed_ms > 0) {
		notice_jump(hub, step - (passed - hub->passed_ms));
	}
	hub->passed_ms = passed;
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

enum status upkeep_opened(struct hub *hub, struct err *err)
{
	hub->opened_ms = wall_ms();
	hub->opened_passed_ms = passed_ms();
	numbers_note(hub);
	hub->slice_rows = SLICE_ROWS;
	if (hub->clock_ms > 0 && hub->opened_ms > hub->clock_ms) {
		hub->away_ms = hub->opened_ms - hub->clock_ms;
	}
	return upkeep_clock(hub, err);
}

int on_upkeep(zloop_t *loop, int timer, void *arg)
{
	struct hub *hub = arg;
	struct err err = {0};

	(void)timer;
	expire(hub, loop);
	batch_check(hub); /* an expiry that failed ends its transaction now */
	retry_targets(hub);
	replay_turn(hub);
	upkeep_disk(hub);
	if (upkeep_clock(hub, &err) != OK) {
		log_error("hub.clock_failed", STR("why", err.text)); /* again in a second */
	}
	retain(hub);
	wal_bound(hub);
	numbers_note(hub);
	batch_check(hub);
	return 0;
}
