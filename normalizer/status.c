/* What `buildbus status` shows: a map, built from memory and a few indexed reads. */
/* SPDX-License-Identifier: MIT */
#include "common/schema.h"
#include "normalizer/lease.h"
#include "normalizer/numbers.h"
#include "normalizer/problems.h"
#include "normalizer/replay.h"
#include "normalizer/targets.h"

#define ROWS_MAX   10000
#define STATUS_MAX (WIRE_HEAD_MAX - 8192) /* no row is bigger than the rest */

/* INT_NULL: null. */
static void put_pair(struct wire_head *head, const char *key, int64_t value)
{
	wire_put_string(head, key);
	value == INT_NULL ? wire_put_nil(head) : wire_put_int(head, value);
}

static int64_t or_null(int64_t value)
{
	return value < 0 ? INT_NULL : value;
}

static void put_string(struct wire_head *head, const char *key, const char *value)
{
	wire_put_string(head, key);
	wire_put_string(head, value);
}

static void put_truth(struct wire_head *head, const char *key, bool value)
{
	wire_put_string(head, key);
	wire_put_bool(head, value);
}

static struct lease *lease_on(struct hub *hub, struct text target)
{
	for (size_t i = 0; i < hub->lease_count; i++) {
		if (text_is(target, hub->leases[i].target)) {
			return &hub->leases[i];
		}
	}
	return NULL;
}

static void put_lease(struct wire_head *head, const struct lease *lease)
{
	wire_put_string(head, "lease");
	if (!lease) {
		wire_put_nil(head);
		return;
	}
	wire_put_map(head, 4);
	wire_put_string(head, "worker");
	wire_put_string(head, lease->worker);
	put_pair(head, "fence", lease->fence);
	put_pair(head, "last", lease->last);
	put_pair(head, "age_ms", wall_ms() - lease->since_ms);
}

static void put_target(struct hub *hub, struct wire_head *head, sqlite3_stmt *row)
{
	struct text name = db_text(row, 0);

	wire_put_map(head, 7);
	wire_put_string(head, "target");
	wire_put_text(head, name);
	wire_put_string(head, "due_in_ms");
	if (sqlite3_column_type(row, 1) == SQLITE_NULL) {
		wire_put_nil(head);
	} else {
		wire_put_int(head, sqlite3_column_int64(row, 1) - wall_ms());
	}
	wire_put_string(head, "visited_ms_ago");
	if (sqlite3_column_type(row, 2) == SQLITE_NULL) {
		wire_put_nil(head);
	} else {
		wire_put_int(head, wall_ms() - sqlite3_column_int64(row, 2));
	}
	put_pair(head, "open", sqlite3_column_int64(row, 3));
	put_pair(head, "cursor_bytes", sqlite3_column_int64(row, 4));
	wire_put_string(head, "last_error");
	wire_put_text(head, db_text(row, 5));
	put_lease(head, lease_on(hub, name));
}

static void put_sink(struct wire_head *head, const struct sink_state *sink)
{
	wire_put_map(head, 12);
	put_string(head, "name", sink->name);
	put_truth(head, "attached", sink->attached);
	put_pair(head, "position", sink->position);
	put_pair(head, "lag_records", sink->lag_records);
	put_pair(head, "lag_ms", sink->lag_ms);
	put_pair(head, "seen_ms_ago", sink->seen_ms_ago);
	put_truth(head, "lapsed", sink->lapsed);
	put_pair(head, "dead", sink->dead);
	put_truth(head, "configured", sink->configured);
	put_pair(head, "still_ms", sink->still_ms);
	put_pair(head, "lapsed_ms_ago", sink->lapsed ? sink->lapsed_ms_ago : INT_NULL);
	put_pair(head, "missed_versions", sink->missed);
}

static void put_sinks(struct wire_head *head, const struct overview *overview)
{
	wire_put_string(head, "sinks");
	wire_put_array(head, (uint32_t)overview->sink_count);
	for (size_t i = 0; i < overview->sink_count; i++) {
		put_sink(head, &overview->sinks[i]);
	}
}

static void put_workers(struct wire_head *head, const struct source *source)
{
	wire_put_string(head, "workers");
	wire_put_array(head, (uint32_t)source->share_count);
	for (size_t i = 0; i < source->share_count; i++) {
		wire_put_map(head, 2);
		put_string(head, "worker", source->shares[i].worker);
		put_pair(head, "budget_per_min", or_null(source->shares[i].per_min));
	}
}

static void put_source(struct wire_head *head, const struct source_state *state)
{
	wire_put_map(head, 11);
	put_string(head, "name", state->source->name);
	put_string(head, "provider", state->source->provider);
	put_pair(head, "targets", state->targets);
	put_pair(head, "visits", state->visits);
	put_pair(head, "due", state->due);
	put_pair(head, "overdue_ms", state->overdue_ms);
	put_pair(head, "failing", state->failing);
	put_pair(head, "open", state->open);
	put_pair(head, "asked_ms_ago", state->asked_ms_ago);
	put_pair(head, "budget_per_min", or_null(state->source->budget_per_min));
	put_workers(head, state->source);
}

static void put_sources(struct wire_head *head, const struct overview *overview)
{
	wire_put_string(head, "sources");
	wire_put_array(head, (uint32_t)overview->source_count);
	for (size_t i = 0; i < overview->source_count; i++) {
		put_source(head, &overview->sources[i]);
	}
}

static void put_problems(struct hub *hub, struct wire_head *head, const struct overview *overview)
{
	struct problems problems;

	problems_find(hub, overview, &problems);
	wire_put_string(head, "problems");
	wire_put_array(head, (uint32_t)problems.count);
	for (size_t i = 0; i < problems.count; i++) {
		const struct problem *problem = &problems.list[i];

		wire_put_map(head, 5);
		put_truth(head, "stuck", problem->stuck);
		put_string(head, "code", problem->code);
		put_string(head, "where", problem->where);
		put_pair(head, "for_ms", or_null(problem->for_ms));
		put_string(head, "text", problem->text);
	}
}

static void put_refusing(struct hub *hub, struct wire_head *head)
{
	wire_put_string(head, "refused");
	wire_put_array(head, (uint32_t)hub->refusals.count);
	for (int i = 0; i < hub->refusals.count; i++) {
		const struct refusal *refusal = &hub->refusals.list[i];

		wire_put_map(head, 4);
		put_string(head, "code", refusal->code);
		put_pair(head, "count", refusal->count);
		put_pair(head, "last_ms_ago", wall_ms() - refusal->at_ms);
		put_string(head, "detail", refusal->detail[0] ? refusal->detail : NULL);
	}
}

static void put_minute(struct hub *hub, struct wire_head *head)
{
	static const char *const names[MINUTE_COUNTS] = {"publishes", "changed", "unchanged", "stale",
							 "sent",      "acked",   "rollbacks"};
	int64_t growth[MINUTE_COUNTS];

	numbers_minute(hub, growth);
	wire_put_string(head, "last_minute");
	wire_put_map(head, MINUTE_COUNTS);
	for (int i = 0; i < MINUTE_COUNTS; i++) {
		put_pair(head, names[i], growth[i]);
	}
}

/* Rows are packed aside and counted: there may be more than a head may hold. */
static enum status put_targets(struct hub *hub, struct wire_head *head, bool *cut, struct err *err)
{
	struct wire_head rows;
	uint32_t count = 0;
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_READ_TARGETS, &row, err, "i", (int64_t)ROWS_MAX);

	msgpack_sbuffer_init(&rows.buffer);
	msgpack_packer_init(&rows.packer, &rows.buffer, msgpack_sbuffer_write);
	while (status == OK && row && head->buffer.size + rows.buffer.size < STATUS_MAX) {
		put_target(hub, &rows, row);
		count++;
		status = db_next(&hub->db, &row, err);
	}
	*cut |= row != NULL || count == ROWS_MAX;
	db_done(&hub->db, SQL_READ_TARGETS);
	wire_put_string(head, "targets");
	wire_put_array(head, count);
	msgpack_sbuffer_write(&head->buffer, rows.buffer.data, rows.buffer.size);
	msgpack_sbuffer_destroy(&rows.buffer);
	return status;
}

static void put_disk(struct hub *hub, struct wire_head *head, const struct overview *overview)
{
	wire_put_string(head, "disk");
	wire_put_map(head, 7);
	put_pair(head, "free_bytes", overview->free_bytes);
	put_pair(head, "min_free_bytes", hub->context->config.bus.min_free_bytes);
	put_truth(head, "taking", hub->taking);
	put_pair(head, "db_bytes", overview->db_bytes);
	put_string(head, "why", hub->taking ? NULL : hub->not_taking);
	put_pair(head, "wal_bytes", overview->wal_bytes);
	put_pair(head, "spare_bytes", overview->spare_bytes);
}

static void put_counts(struct hub *hub, struct wire_head *head)
{
	wire_put_string(head, "since_start");
	wire_put_map(head, 9);
	put_pair(head, "publishes", *hub->counts.publishes);
	put_pair(head, "changed", *hub->counts.changed);
	put_pair(head, "unchanged", *hub->counts.unchanged);
	put_pair(head, "stale", *hub->counts.stale);
	put_pair(head, "sent", *hub->counts.sent);
	put_pair(head, "acked", *hub->counts.acked);
	put_pair(head, "commits", *hub->counts.commits);
	put_pair(head, "rollbacks", *hub->counts.rollbacks);
	put_pair(head, "errors", hub->refused);
}

static void put_hub(struct hub *hub, struct wire_head *head, const struct overview *overview)
{
	put_string(head, "version", BUILDBUS_VERSION);
	put_pair(head, "epoch", hub->epoch);
	put_pair(head, "head", hub->head);
	put_pair(head, "uptime_ms", now_ms() - hub->started_ms);
	put_pair(head, "restored_at", hub->restored_at ? hub->restored_at : INT_NULL);
	put_pair(head, "builds", hub->builds);
	put_pair(head, "open", overview->open);
	put_pair(head, "dead", overview->dead);
	put_disk(hub, head, overview);
	put_counts(hub, head);
}

static void put_replays(struct hub *hub, struct wire_head *head)
{
	wire_put_string(head, "replays");
	wire_put_array(head, (uint32_t)hub->replay_count);
	for (size_t i = 0; i < hub->replay_count; i++) {
		replay_put(hub, head, &hub->replays[i]);
	}
}

static enum status put_all(struct hub *hub, struct wire_head *head, const struct overview *overview,
			   struct err *err)
{
	bool cut = false;
	enum status status;

	wire_put_map(head, 20);
	put_hub(hub, head, overview);
	put_sinks(head, overview);
	put_sources(head, overview);
	put_problems(hub, head, overview);
	put_minute(hub, head);
	put_refusing(hub, head);
	put_replays(hub, head);
	put_pair(head, "orphans", overview->orphans);
	put_pair(head, "owed", overview->owed);
	status = put_targets(hub, head, &cut, err);
	put_truth(head, "cut", cut);
	return status;
}

enum status status_map(struct hub *hub, struct wire_message *out, struct err *err)
{
	struct overview overview;
	struct wire_head head;
	enum status status = overview_read(hub, &overview, err);

	if (status != OK) {
		overview_fini(&overview);
		return status;
	}
	wire_begin(&head, "status", 1);
	status = put_all(hub, &head, &overview, err);
	overview_fini(&overview);
	if (status != OK) {
		msgpack_sbuffer_destroy(&head.buffer);
		return status;
	}
	return wire_end(&head, out) == OK ? OK : err_set(err, ERR_SYS, "out of memory for the status");
}
