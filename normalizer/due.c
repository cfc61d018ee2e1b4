/* When a target is due again after a visit (docs/decisions/0005-one-walk-for-all.md). */
/* SPDX-License-Identifier: MIT */
#include "common/schema.h"
#include "normalizer/details.h"
#include "normalizer/hub.h"
#include "normalizer/lease.h"
#include "normalizer/records.h"
#include "normalizer/targets.h"

#include <sys/random.h>

#define QUIET_SHARE 20    /* where nothing was new for 20 minutes the next visit waits one */
#define SLOW_POLLS  4     /* but not more intervals than that */
#define SLOW_MAX_MS 60000 /* and no longer, unless the interval itself is */
#define BUSY_MS                                                                                              \
	600000 /* a build that is visited so often or more (age/60: ten hours old) counts as under way */
#define NET_POLLS   20 /* what a live walk reads is visited by itself every 20 intervals */
#define NET_MIN_MS  600000
#define NET_EACH_MS 12000 /* and all of a source together make no more than ten requests a minute */
#define ONCE_MS     86400000
#define GAP_MS      90000 /* a walk looks back two minutes (fetchers/walk.h): less, for what clocks differ */

struct history {
	int64_t news_at, first_open; /* INT_NULL */
	bool busy;                   /* builds are under way */
};

static int64_t int_or_null(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? INT_NULL : sqlite3_column_int64(row, column);
}

static enum status history_get(struct hub *hub, const struct lease *lease, struct history *history,
			       struct err *err)
{
	enum sql which = live_is(lease->target) ? SQL_LIVE_HISTORY : SQL_TARGET_HISTORY;
	sqlite3_stmt *row;
	enum status status =
		db_query(&hub->db, which, &row, err, "ti", text_of(lease->target), (int64_t)BUSY_MS);

	*history = (struct history){.news_at = INT_NULL, .first_open = INT_NULL};
	if (row) {
		*history = (struct history){int_or_null(row, 0), int_or_null(row, 1),
					    sqlite3_column_int64(row, 2) != 0};
	}
	db_done(&hub->db, which);
	return status;
}

/* INT_NULL: it isn't. */
static enum status settled_get(struct hub *hub, const char *target, struct due *out, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_TARGET_SETTLED, &row, err, "t", text_of(target));

	out->settled_from = row ? int_or_null(row, 0) : INT_NULL;
	out->net_at = row ? int_or_null(row, 1) : INT_NULL;
	db_done(&hub->db, SQL_TARGET_SETTLED);
	return status;
}

static int64_t slowest_ms(int64_t poll_ms)
{
	int64_t most = poll_ms * SLOW_POLLS < SLOW_MAX_MS ? poll_ms * SLOW_POLLS : SLOW_MAX_MS;

	return most > poll_ms ? most : poll_ms;
}

/* Faster while something happens, slower when nothing has for a while. */
static int64_t wait_ms(int64_t poll_ms, int64_t quiet_ms)
{
	int64_t wait = quiet_ms / QUIET_SHARE;

	if (wait <= poll_ms) {
		return poll_ms;
	}
	return wait < slowest_ms(poll_ms) ? wait : slowest_ms(poll_ms);
}

/* Three quarters to five quarters of it: a hundred pipelines that were first visited in the same second must
 * not come back in the same second. */
static int64_t spread(int64_t ms)
{
	uint16_t random = 0;

	return getrandom(&random, sizeof random, 0) == sizeof random
		       ? ms * 3 / 4 + ms / 2 * random / UINT16_MAX
		       : ms;
}

static enum status net_ms(struct hub *hub, const struct source *source, int64_t *out, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_TARGET_COUNT, &row, err, "t", text_of(source->name));
	int64_t all = row ? sqlite3_column_int64(row, 0) * NET_EACH_MS : 0;

	db_done(&hub->db, SQL_TARGET_COUNT);
	*out = source->poll_ms * NET_POLLS > NET_MIN_MS ? source->poll_ms * NET_POLLS : NET_MIN_MS;
	*out = spread(*out > all ? *out : all);
	return status;
}

/* After each whole visit the walk stands in for the others until two further ones, as long as it was, should
 * have ended, and a worker that died in one of them was replaced. */
static enum status due_live(struct hub *hub, const struct lease *lease, const struct ending *ending,
			    struct due *due, struct err *err)
{
	int64_t now = wall_ms(), took = now > lease->since_ms ? now - lease->since_ms : 0;
	enum status status = settled_get(hub, lease->target, due, err);

	if (status != OK || !ending->settled) {
		return status;
	}
	if (due->net_at == INT_NULL || due->net_at < now) { /* there was a gap: from here on there is none */
		due->settled_from = now - GAP_MS;
	}
	due->net_at = now + 2 * (due->at - now + took) + hub->ttl_ms;
	return OK;
}

/* A live walk that has left no gap since this visit began brings what will be new. */
static enum status due_pipeline(struct hub *hub, const struct lease *lease, const struct source *source,
				struct due *due, struct err *err)
{
	struct due live;
	enum status status = settled_get(hub, source->live, &live, err);

	due->settled_from = lease->since_ms;
	if (status == OK) {
		status = net_ms(hub, source, &due->net_at, err);
	}
	due->net_at += wall_ms();
	if (status == OK && live.net_at != INT_NULL && live.net_at > wall_ms() &&
	    due->settled_from >= live.settled_from) {
		due->at = due->net_at < live.net_at ? due->net_at : live.net_at;
	}
	return status;
}

static enum status due_details(struct hub *hub, const struct lease *lease, int64_t next_due_ms,
			       struct due *due, struct err *err)
{
	int64_t wait = next_due_ms > 0 ? next_due_ms : hub_poll_ms(hub, lease->source);

	*due = (struct due){wall_ms() + wait, INT_NULL, INT_NULL, INT_NULL};
	return next_due_ms > 0 ? OK : details_next_due(hub, lease, &due->at, err);
}

static enum status due_target(struct hub *hub, const struct lease *lease, const struct ending *ending,
			      struct due *due, struct err *err)
{
	const struct source *source = source_named(hub, text_of(lease->source));
	struct history history;
	int64_t now = wall_ms(), wait = ending->next_due_ms, quiet;
	enum status status = history_get(hub, lease, &history, err);

	if (history.busy || lease->fresh > 0 || history.news_at == INT_NULL || history.news_at > now) {
		history.news_at = now;
	}
	quiet = wait_ms(hub_poll_ms(hub, lease->source), now - history.news_at);
	wait = ending->settled && quiet > wait ? quiet : wait;
	*due = (struct due){now + wait, history.news_at, INT_NULL, INT_NULL};
	if (history.first_open != INT_NULL && history.first_open < due->at) {
		due->at = history.first_open;
	}
	if (status == OK && live_is(lease->target)) {
		return due_live(hub, lease, ending, due, err);
	}
	return status == OK && ending->settled && source && source->live
		       ? due_pipeline(hub, lease, source, due, err)
		       : status;
}

enum status due_after(struct hub *hub, const struct lease *lease, const struct ending *ending,
		      struct due *due, struct err *err)
{
	enum status status = details_lease(lease) ? due_details(hub, lease, ending->next_due_ms, due, err)
						  : due_target(hub, lease, ending, due, err);

	/* In a sync each is wanted once, however long the others take. */
	if (hub->held && ending->settled && due->at > wall_ms()) {
		due->at = wall_ms() + ONCE_MS;
	}
	return status;
}
