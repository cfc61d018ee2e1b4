/* buildbus-normalizer: the hub between fetchers and sinks, with a durable log. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "normalizer/batch.h"
#include "normalizer/lease.h"
#include "normalizer/numbers.h"
#include "normalizer/recent.h"
#include "normalizer/replay.h"
#include "normalizer/session.h"
#include "normalizer/socket.h"
#include "normalizer/targets.h"
#include "normalizer/upkeep.h"

#include <stdlib.h>

#define RAW_ARENA_MAX (64 << 20) /* one envelope of 8 MiB, its JSON tree and its records */

/* Messages that one peer may have waiting. In: they may be big, and who sends faster than the hub commits is
 * held up, not dropped. Out of the feed: ranges of 64 KiB; a reader that doesn't read is fed from the log
 * later. Answers of ingest are small. */
static const struct socket_plan ingest_plan = {
	.key = "ingest",
	.type = ZMQ_ROUTER,
	.in_max = 64,
	.out_max = 1000,
	.message_max = WIRE_MESSAGE_MAX,
};
static const struct socket_plan feed_plan = {
	.key = "feed",
	.type = ZMQ_ROUTER,
	.in_max = 1000,
	.out_max = 500,
	.message_max = WIRE_MESSAGE_MAX,
};

static enum status load_state(struct hub *hub, struct err *err)
{
	enum status status = load_head(hub, err);
	sqlite3_stmt *row;

	if (status != OK || (status = db_meta_get(&hub->db, "epoch", &hub->epoch, err)) != OK ||
	    (status = db_meta_get(&hub->db, "counter", &hub->counter, err)) != OK ||
	    (status = db_meta_get(&hub->db, "builds", &hub->builds, err)) != OK ||
	    (status = db_meta_get(&hub->db, "clock", &hub->clock_ms, err)) != OK ||
	    (status = db_meta_get(&hub->db, "jump", &hub->jump.ms, err)) != OK ||
	    (status = db_meta_get(&hub->db, "jumped", &hub->jump.at, err)) != OK ||
	    (status = upkeep_opened(hub, err)) != OK) {
		return status;
	}
	status = db_query(&hub->db, SQL_DEAD_UNREAD, &row, err, "");
	hub->unread = row != NULL;
	db_done(&hub->db, SQL_DEAD_UNREAD);
	if (status == OK) {
		status = replay_load(hub, err);
	}
	return status == OK ? lease_load(hub, err) : status;
}

/* Tests of expiry shorten it; nothing else should. */
static int64_t ttl_ms(void)
{
	const char *text = getenv("BUILDBUS_TEST_LEASE_TTL_MS");
	long value = text ? strtol(text, NULL, 10) : 0;

	return value > 0 && value < WIRE_LEASE_TTL_MS ? value : WIRE_LEASE_TTL_MS;
}

static enum status hub_open(void *state, struct process_context *context, struct err *err)
{
	struct hub *hub = state;
	const struct bus_config *bus = &context->config.bus;
	enum status status;

	hub->context = context;
	hub->db.lock_fd = -1;
	hub->taking = true;
	hub->started_ms = hub->upkeep_ms = now_ms();
	hub->ttl_ms = ttl_ms();
	numbers_open(hub);
	arena_init(&hub->arena, RAW_ARENA_MAX);
	hub->known_path = getenv("BUILDBUS_SYNC_KNOWN");
	hub->held = hub->known_path != NULL;
	hub->db.temporary = bus->temporary;
	if ((status = archive_init(&hub->archive, err)) != OK ||
	    (status = db_open(&hub->db, bus->hub_dir, err)) != OK ||
	    (status = restore_check(hub, err)) != OK || (status = load_state(hub, err)) != OK ||
	    (status = targets_load(hub, &context->config, err)) != OK) {
		return status;
	}
	upkeep_disk(hub);
	if ((status = door_open(hub, bus, err)) != OK ||
	    (status = socket_bind(&hub->door, &hub->ingest, &ingest_plan, bus->ingest, err)) != OK ||
	    (status = socket_bind(&hub->door, &hub->feed, &feed_plan, bus->feed, err)) != OK ||
	    (status = tap_open(hub, err)) != OK) {
		return status;
	}
	zloop_reader(context->loop, hub->ingest, on_ingest, hub);
	zloop_reader(context->loop, hub->feed, on_feed, hub);
	zloop_timer(context->loop, UPKEEP_MS, 0, on_upkeep, hub);
	log_info("hub.open", STR("state_dir", bus->hub_dir), NUM("head", hub->head),
		 NUM("builds", hub->builds), NUM("leases", hub->lease_count));
	return OK;
}

static void hub_reload(void *state, struct config *fresh)
{
	struct hub *hub = state;
	struct err err = {0};

	batch_end(hub, NULL);
	door_reload(hub, &fresh->bus);
	if (targets_load(hub, fresh, &err) != OK) {
		log_error("hub.reload_failed", STR("why", err.text));
		hub->targets_pending = true;
	}
}

static void hub_drain(void *state)
{
	struct hub *hub = state;
	struct err err = {0};

	if (batch_begin(hub, &err) != OK || restore_beat(hub, &err) != OK) {
		batch_break(hub, &err);
	}
	if (batch_end(hub, NULL) == OK) {
		restore_witness(hub);
	}
	process_stop(hub->context, OK, NULL);
}

static void hub_close(void *state)
{
	struct hub *hub = state;

	if (!hub->context) {
		return;
	}
	socket_close(&hub->door, &hub->ingest);
	socket_close(&hub->door, &hub->feed);
	socket_close(&hub->door, &hub->tap.socket);
	tap_fini(&hub->tap);
	door_close(&hub->door);
	chain_forget(&hub->chain);
	recent_cut(&hub->recent, hub->recent.first);
	session_forget_all(hub);
	held_fini(&hub->waiting);
	lease_forget_all(hub);
	replay_fini(hub);
	targets_fini(hub);
	known_fini(&hub->known);
	batch_fini(hub);
	wire_fini(&hub->in);
	arena_fini(&hub->arena);
	msgpack_sbuffer_destroy(&hub->packed);
	archive_fini(&hub->archive);
	db_close(&hub->db);
}

static const struct process normalizer = {
	.name = "normalizer",
	.summary = "the hub: takes raw builds from fetchers, keeps them, feeds records to sinks",
	.state_size = sizeof(struct hub),
	.open = hub_open,
	.drain = hub_drain,
	.reload = hub_reload,
	.close = hub_close,
};

int main(int argc, char **argv)
{
	return process_main(&normalizer, argc, argv);
}
