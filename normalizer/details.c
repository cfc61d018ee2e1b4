/* What finished builds still owe: what is no part of the provider's build and must be asked for apart, e.g.
 * its coverage. A finish is asked about once, after the build itself is on its way to the sinks; who asks is
 * the holder of a lease on the target "<source>:+details", whose due keys these builds are. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/details.h"
#include "common/raw.h"
#include "common/record.h"
#include "normalizer/coverage.h"
#include "normalizer/hub.h"
#include "normalizer/lease.h"
#include "normalizer/plan.h"
#include "normalizer/records.h"
#include "normalizer/test_counts.h"

#define KEY_BYTES_MAX 512 /* of the protocol */
#define KEYS_MAX      50  /* of one lease: what is new must not wait for long behind back-fill */
#define LATER_MS      30000
#define LATER_MAX_MS  3600000
#define TRIES_MAX     10 /* over some six hours */

struct owed {
	bool known;
	int64_t finished_at, tries, seq, observed_at;
	struct text id, target, key; /* of the build */
};

bool details_lease(const struct lease *lease)
{
	const char *slug = strchr(lease->target, ':');

	return slug && strcmp(slug + 1, PLAN_DETAILS) == 0;
}

/* An address, because a pipeline that was renamed is not found under the name that the id has. With the
 * finish: an answer that comes when the build has run and finished again is told by its key, whatever the
 * clocks say. Null: it has none. */
static struct text key_of(struct hub *hub, const struct build *build)
{
	char *key = arena_format(&hub->arena, "%.*s@%lld", TEXT_FMT(build->api_url),
				 (long long)build->finished_at);
	struct text text = text_of(key);

	return build->api_url.at && text.size <= KEY_BYTES_MAX ? text : (struct text){0};
}

/* What never started has left nothing behind. */
static bool may_owe(const struct build *build)
{
	return build->state == STATE_FINISHED && build->finished_at != INT_NULL &&
	       (build->started_at != INT_NULL || build->attempt > 1);
}

enum status details_owe(struct hub *hub, const struct build *build, int64_t owed_for,
			const struct observation *seen, struct err *err)
{
	struct text target, key;
	enum status status;

	if (!may_owe(build) || build->finished_at == owed_for) {
		return OK;
	}
	target = text_of(arena_format(&hub->arena, "%s:" PLAN_DETAILS, seen->source));
	key = key_of(hub, build);
	if (!target.at || !key.at) {
		return OK;
	}
	status = db_run(&hub->db, SQL_OWED_PUT, err, "tttiii", build->id, target, key, build->finished_at,
			(int64_t)(build->origin == ORIGIN_BACKFILL), wall_ms());
	if (status == OK) {
		status = db_run(&hub->db, SQL_BUILD_OWES, err, "it", build->finished_at, build->id);
	}
	return status == OK ? db_run(&hub->db, SQL_TARGET_SOONER, err, "iti", wall_ms(), target, wall_ms())
			    : status;
}

static struct text keep(struct hub *hub, struct text text)
{
	return (struct text){arena_text(&hub->arena, text.at, text.size), text.size};
}

static enum status read_keys(struct hub *hub, const struct lease *lease, bool backfill, struct text *keys,
			     uint32_t *count, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_OWED_KEYS, &row, err, "tiii", text_of(lease->target),
				      (int64_t)backfill, wall_ms(), (int64_t)KEYS_MAX);

	*count = 0;
	while (status == OK && row) {
		keys[*count] = keep(hub, db_text(row, 0));
		*count += keys[*count].at != NULL;
		status = db_next(&hub->db, &row, err);
	}
	db_done(&hub->db, SQL_OWED_KEYS);
	return status;
}

/* One that this visit fails to bring comes again later, not at once, again and again. */
static enum status hand_out(struct hub *hub, const struct lease *lease, struct text key, struct err *err)
{
	return db_run(&hub->db, SQL_OWED_HANDED_OUT, err, "itt", wall_ms() + hub_poll_ms(hub, lease->source),
		      text_of(lease->target), key);
}

enum status details_put_keys(struct hub *hub, struct wire_head *head, const struct lease *lease,
			     bool *backfill, struct err *err)
{
	struct text keys[KEYS_MAX];
	uint32_t count;
	enum status status = read_keys(hub, lease, false, keys, &count, err);

	*backfill = false;
	if (status == OK && count == 0) {
		status = read_keys(hub, lease, true, keys, &count, err);
		*backfill = count > 0;
	}
	wire_put_array(head, count);
	for (uint32_t i = 0; i < count; i++) {
		wire_put_text(head, keys[i]);
		status = status == OK ? hand_out(hub, lease, keys[i], err) : status;
	}
	return status;
}

enum status details_next_due(struct hub *hub, const struct lease *lease, int64_t *due, struct err *err)
{
	enum status status = OK;

	for (int64_t backfill = 0; status == OK && backfill <= 1; backfill++) {
		sqlite3_stmt *row;

		status = db_query(&hub->db, SQL_OWED_NEXT_DUE, &row, err, "ti", text_of(lease->target),
				  backfill);
		if (row && sqlite3_column_type(row, 0) != SQLITE_NULL &&
		    sqlite3_column_int64(row, 0) < *due) {
			*due = sqlite3_column_int64(row, 0);
		}
		db_done(&hub->db, SQL_OWED_NEXT_DUE);
	}
	return status;
}

static enum status owed_get(struct hub *hub, const struct lease *lease, struct text key, struct owed *owed,
			    struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_OWED_GET, &row, err, "tt", text_of(lease->target), key);

	*owed = (struct owed){.known = row != NULL};
	if (row) {
		owed->finished_at = sqlite3_column_int64(row, 0);
		owed->tries = sqlite3_column_int64(row, 1);
		owed->seq = sqlite3_column_int64(row, 2);
		owed->target = keep(hub, db_text(row, 3));
		owed->key = keep(hub, db_text(row, 4));
		owed->observed_at = sqlite3_column_int64(row, 5);
		owed->id = keep(hub, db_text(row, 6));
	}
	db_done(&hub->db, SQL_OWED_GET);
	return status == OK && row && (!owed->target.at || !owed->key.at || !owed->id.at)
		       ? err_set(err, ERR_DATA, "too big: no room left for the build's key")
		       : status;
}

static enum status put_off(struct hub *hub, const struct owed *owed, struct err *err)
{
	int64_t wait_ms = (int64_t)LATER_MS << (owed->tries < 7 ? owed->tries : 7);

	if (owed->tries + 1 >= TRIES_MAX) {
		++*hub->counts.given_up;
		return db_run(&hub->db, SQL_OWED_END, err, "t", owed->id);
	}
	return db_run(&hub->db, SQL_OWED_LATER, err, "it",
		      wall_ms() + (wait_ms < LATER_MAX_MS ? wait_ms : LATER_MAX_MS), owed->id);
}

/* What was owed. */
struct told {
	double coverage;
	struct test_counts tests;
};

/* The next version of the record: as it was, and what was owed. */
static enum status settle(struct hub *hub, const struct owed *owed, const struct raw *raw,
			  const struct told *told, enum change *change, struct err *err)
{
	const struct observation seen = {
		.target = owed->target,
		.key = owed->key,
		.observed_at = raw->observed_at > owed->observed_at ? raw->observed_at : owed->observed_at,
		.derived = true,
	};
	struct build build;
	enum status status = record_load(hub, owed->seq, &build, err);

	if (status != OK) {
		return status;
	}
	if (build.finished_at != owed->finished_at) { /* it runs again, and will owe again */
		*change = CHANGE_STALE;
		return OK;
	}
	build.coverage = told->coverage;
	build.tests = told->tests;
	status = record_apply(hub, &build, &seen, change, err);
	return status == OK ? db_run(&hub->db, SQL_BUILD_DETAILED, err, "it", owed->finished_at, owed->id)
			    : status;
}

/* False: it tells nothing. */
static bool read_told(struct hub *hub, const struct raw *raw, struct told *told)
{
	bool sound;

	*told = (struct told){.coverage = REAL_NULL, .tests.total = INT_NULL};
	if (!raw->body.at) {
		return false;
	}
	sound = coverage_read(&hub->arena, raw->body, &told->coverage);
	sound &= test_counts_read(&hub->arena, raw->body, &told->tests);
	*hub->counts.unreadable += !sound;
	return !isnan(told->coverage) || told->tests.total != INT_NULL;
}

static enum status take(struct hub *hub, const struct owed *owed, const struct raw *raw, enum change *change,
			struct err *err)
{
	enum status status = db_run(&hub->db, SQL_OWED_END, err, "t", owed->id);
	struct told told;

	return status == OK && read_told(hub, raw, &told) ? settle(hub, owed, raw, &told, change, err)
							  : status;
}

enum status details_take(struct hub *hub, const struct lease *lease, const struct raw *raw,
			 struct intake *counts, bool *changed, struct err *err)
{
	enum change change = CHANGE_NONE;
	struct owed owed;
	enum status status = owed_get(hub, lease, raw->key, &owed, err);

	if (status != OK) {
		return status;
	}
	if (!owed.known) {
		change = CHANGE_STALE;
	} else {
		status = raw->kind == RAW_LATER ? put_off(hub, &owed, err)
						: take(hub, &owed, raw, &change, err);
	}
	counts->fresh += change == CHANGE_NEW;
	counts->unchanged += change == CHANGE_NONE;
	counts->stale += change == CHANGE_STALE;
	*changed = change == CHANGE_NEW;
	return status;
}
