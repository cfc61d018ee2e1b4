/* Who visits which target. A lease is a row (so that n and the cursor are one transaction) and an entry in
 * memory (for its ttl, which is monotonic and starts anew with the hub). */
/* SPDX-License-Identifier: MIT */
#include "normalizer/lease.h"
#include "common/log.h"
#include "normalizer/batch.h"
#include "normalizer/hub.h"
#include "normalizer/targets.h"

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
			lease->moved_ms = old[i].moved_ms;
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
				      .moved_ms = passed_ms(),
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

enum status lease_end_all(struct hub *hub, struct err *err)
{
	enum status status = db_run(&hub->db, SQL_LEASE_END_ALL, err, "");

	return status == OK ? lease_load(hub, err) : status;
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

/* There is one: it asks for work, or has just ended some. */
static void note_worker(struct hub *hub, struct text provider)
{
	for (size_t i = 0; i < hub->source_count; i++) {
		if (text_is(provider, hub->sources[i].provider)) {
			hub->sources[i].claimed_ms = passed_ms();
		}
	}
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

/* A target's names copied into lease, its cursor into hub->arena. which takes first and the time. */
static enum status pick(struct hub *hub, enum sql which, struct text first, struct text provider,
			struct lease *lease, struct text *cursor, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, which, &row, err, "ti", first, wall_ms());

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
	db_done(&hub->db, which);
	return status;
}

/* Live walks, then the most overdue target: what is new doesn't wait for the back-fill of a hundred
 * pipelines. */
static enum status pick_any(struct hub *hub, struct text provider, struct lease *lease, struct text *cursor,
			    struct err *err)
{
	for (size_t i = 0; i < hub->source_count; i++) {
		const struct source *source = &hub->sources[i];
		enum status status;

		if (!source->live || !text_is(provider, source->provider)) {
			continue;
		}
		status = pick(hub, SQL_TARGET_CLAIM_NAMED, text_of(source->live), provider, lease, cursor,
			      err);
		if (status != OK || lease->target) {
			return status;
		}
	}
	return pick(hub, SQL_TARGET_CLAIM, provider, provider, lease, cursor, err);
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
	struct lease lease = {.alive_ms = now_ms(), .moved_ms = passed_ms(), .since_ms = wall_ms()};
	enum status status;

	*out = NULL;
	note_worker(hub, provider);
	arena_reset(&hub->arena);
	status = pick_any(hub, provider, &lease, cursor, err);
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

enum status lease_end(struct hub *hub, struct lease *lease, const struct ending *ending, struct err *err)
{
	struct due due;
	enum status status = due_after(hub, lease, ending, &due, err);

	if (status == OK) {
		status = db_run(&hub->db, SQL_LEASE_END, err, "i", lease->fence);
	}
	if (status == OK) {
		status = db_run(&hub->db, SQL_TARGET_DUE, err, "iinnntt", due.at, wall_ms(), due.news_at,
				due.settled_from, due.net_at, ending->why, text_of(lease->target));
	}
	if (status == OK && ending->settled && live_is(lease->target)) {
		status = live_relieve(hub, lease, &due, err);
	}
	if (status == OK) {
		note_worker(hub, text_of(lease->provider));
		lease_fini(lease);
		*lease = hub->leases[--hub->lease_count];
	}
	return status;
}

void lease_expire(struct hub *hub)
{
	const struct ending ending = {.why = TEXT("the worker fell silent in the middle of the visit")};
	int64_t now = now_ms();
	struct err err = {0};

	for (size_t i = hub->lease_count; i-- > 0;) {
		struct lease *lease = &hub->leases[i];
		if (now - lease->alive_ms < hub->ttl_ms) {
			continue;
		}
		log_warn("lease.expired", STR("target", lease->target), STR("worker", lease->worker),
			 NUM("fence", lease->fence));
		if (batch_begin(hub, &err) != OK || lease_end(hub, lease, &ending, &err) != OK) {
			batch_break(hub, &err);
			return;
		}
	}
}
