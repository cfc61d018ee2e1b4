/* Who visits which target. A lease is a row (so that n and the cursor are one transaction) and an entry in
 * memory (for its ttl, which is monotonic and starts anew with the hub). */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "normalizer/hub.h"

#include <stdlib.h>

#define IDLE_MIN_MS 50
#define IDLE_MAX_MS 1000

static void lease_fini(struct lease *lease)
{
	free(lease->target);
	free(lease->worker);
	free(lease->source);
	free(lease->provider);
}

static char *copy(struct text text)
{
	return text.at ? strndup(text.at, text.size) : strdup("");
}

static struct lease *add(struct hub *hub, const struct lease *values)
{
	if (hub->lease_count == hub->lease_capacity) {
		size_t capacity = hub->lease_capacity ? hub->lease_capacity * 2 : 16;
		struct lease *leases = realloc(hub->leases, capacity * sizeof *leases);
		if (!leases) {
			return NULL;
		}
		hub->leases = leases;
		hub->lease_capacity = capacity;
	}
	hub->leases[hub->lease_count] = *values;
	return &hub->leases[hub->lease_count++];
}

static void keep_alive(struct hub *hub, const struct lease *old, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct lease *lease = lease_of(hub, old[i].fence);
		if (lease) {
			lease->alive_ms = old[i].alive_ms;
		}
	}
}

static enum status load(struct hub *hub, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_LEASE_ALL, &row, err, "");

	while (status == OK && row) {
		struct lease lease = {.fence = sqlite3_column_int64(row, 0),
				      .last = sqlite3_column_int64(row, 2),
				      .since_ms = sqlite3_column_int64(row, 4),
				      .alive_ms = now_ms(),
				      .target = copy(db_text(row, 1)),
				      .worker = copy(db_text(row, 3)),
				      .source = copy(db_text(row, 5)),
				      .provider = copy(db_text(row, 6))};
		if (!lease.target || !lease.worker || !lease.source || !lease.provider || !add(hub, &lease)) {
			lease_fini(&lease);
			status = err_set(err, ERR_SYS, "out of memory for the leases");
			break;
		}
		status = db_next(&hub->db, &row, err);
	}
	db_done(&hub->db, SQL_LEASE_ALL);
	return status;
}

static void forget(struct lease *leases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		lease_fini(&leases[i]);
	}
	free(leases);
}

enum status lease_load(struct hub *hub, struct err *err)
{
	struct lease *old = hub->leases;
	size_t count = hub->lease_count;
	enum status status;

	hub->leases = NULL;
	hub->lease_count = hub->lease_capacity = 0;
	status = load(hub, err);
	keep_alive(hub, old, count);
	forget(old, count);
	return status;
}

void lease_forget_all(struct hub *hub)
{
	forget(hub->leases, hub->lease_count);
	hub->leases = NULL;
	hub->lease_count = hub->lease_capacity = 0;
}

struct lease *lease_of(struct hub *hub, int64_t fence)
{
	for (size_t i = 0; i < hub->lease_count; i++) {
		if (hub->leases[i].fence == fence) {
			return &hub->leases[i];
		}
	}
	return NULL;
}

static enum status idle_for(struct hub *hub, struct text provider, int64_t *retry_ms, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_TARGET_NEXT_DUE, &row, err, "t", provider);
	int64_t wait = row ? sqlite3_column_int64(row, 0) - wall_ms() : IDLE_MAX_MS;

	db_done(&hub->db, SQL_TARGET_NEXT_DUE);
	*retry_ms = wait < IDLE_MIN_MS ? IDLE_MIN_MS : wait > IDLE_MAX_MS ? IDLE_MAX_MS : wait;
	return status;
}

/* The most overdue target, its names copied into lease, its cursor into hub->arena. */
static enum status pick(struct hub *hub, struct text provider, struct lease *lease, struct text *cursor,
			struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_TARGET_CLAIM, &row, err, "ti", provider, wall_ms());

	*cursor = (struct text){0};
	if (row) {
		struct text old = db_text(row, 2);
		lease->target = copy(db_text(row, 0));
		lease->source = copy(db_text(row, 1));
		lease->provider = copy(provider);
		if (old.at) {
			*cursor = (struct text){arena_text(&hub->arena, old.at, old.size), old.size};
		}
		if (!lease->target || !lease->source || !lease->provider || (old.at && !cursor->at)) {
			status = err_set(err, ERR_SYS, "out of memory for a lease");
		}
	}
	db_done(&hub->db, SQL_TARGET_CLAIM);
	return status;
}

static enum status store(struct hub *hub, struct lease *lease, struct err *err)
{
	enum status status = db_run(&hub->db, SQL_TARGET_TAKE, err, "t", text_of(lease->target));

	if (status == OK) {
		status = db_run(&hub->db, SQL_LEASE_PUT, err, "itti", lease->fence, text_of(lease->target),
				text_of(lease->worker), lease->since_ms);
	}
	return status == OK ? db_meta_set(&hub->db, "counter", hub->counter, err) : status;
}

enum status lease_grant(struct hub *hub, struct text provider, struct text worker, struct lease **out,
			struct text *cursor, int64_t *retry_ms, struct err *err)
{
	struct lease lease = {.alive_ms = now_ms(), .since_ms = wall_ms()};
	enum status status;

	*out = NULL;
	arena_reset(&hub->arena);
	status = pick(hub, provider, &lease, cursor, err);
	if (status == OK && !lease.target) {
		return idle_for(hub, provider, retry_ms, err);
	}
	if (status == OK && (status = batch_begin(hub, err)) == OK) {
		lease.fence = ++hub->counter;
		lease.worker = copy(worker);
		status = lease.worker ? store(hub, &lease, err)
				      : err_set(err, ERR_SYS, "out of memory for a lease");
	}
	if (status == OK && !(*out = add(hub, &lease))) {
		status = err_set(err, ERR_SYS, "out of memory for a lease");
	}
	if (status != OK) {
		lease_fini(&lease);
		batch_break(hub, err);
	}
	return status;
}

static enum status due_at(struct hub *hub, const struct lease *lease, int64_t next_due_ms, int64_t *due,
			  struct err *err)
{
	sqlite3_stmt *row;
	enum status status;

	*due = wall_ms() + next_due_ms;
	if (details_lease(lease)) {
		*due += next_due_ms > 0 ? 0 : hub_poll_ms(hub, lease->source);
		return next_due_ms > 0 ? OK : details_next_due(hub, lease, due, err);
	}
	status = db_query(&hub->db, SQL_BUILD_NEXT_DUE, &row, err, "t", text_of(lease->target));
	if (row && sqlite3_column_int64(row, 0) < *due) {
		*due = sqlite3_column_int64(row, 0);
	}
	db_done(&hub->db, SQL_BUILD_NEXT_DUE);
	return status;
}

enum status lease_end(struct hub *hub, struct lease *lease, int64_t next_due_ms, struct text why,
		      struct err *err)
{
	int64_t due;
	enum status status = due_at(hub, lease, next_due_ms, &due, err);

	if (status == OK) {
		status = db_run(&hub->db, SQL_LEASE_END, err, "i", lease->fence);
	}
	if (status == OK) {
		status = db_run(&hub->db, SQL_TARGET_DUE, err, "iitt", due, wall_ms(), why,
				text_of(lease->target));
	}
	if (status == OK) {
		lease_fini(lease);
		*lease = hub->leases[--hub->lease_count];
	}
	return status;
}

void lease_expire(struct hub *hub)
{
	struct text why = text_of("the worker fell silent in the middle of the visit");
	int64_t now = now_ms();
	struct err err = {0};

	for (size_t i = hub->lease_count; i-- > 0;) {
		struct lease *lease = &hub->leases[i];
		if (now - lease->alive_ms < hub->ttl_ms) {
			continue;
		}
		log_warn("lease.expired", STR("target", lease->target), STR("worker", lease->worker),
			 NUM("fence", lease->fence));
		if (batch_begin(hub, &err) != OK || lease_end(hub, lease, 0, why, &err) != OK) {
			batch_break(hub, &err);
			return;
		}
	}
}
