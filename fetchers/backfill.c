/* Back-fill has turns: it may fill neither all leases nor a visit that others wait for. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/engine.h"

#include "common/time.h"

#define TURNS                                                                                                \
	(FETCH_LEASES /                                                                                      \
	 2) /* of visits at once, where the budget is short; other leases are for what is new */
#define TURN_MIN_MS  2000
#define TURN_MAX_MS  MINUTE_MS
#define GIVE_BACK_MS 2000 /* a turn waits that long for its part of the budget with its lease */

static int turns(const struct engine *engine)
{
	int count = 0;

	for (const struct visit *visit = engine->visits; visit; visit = visit->next) {
		count += visit->backfilling && !visit->over;
	}
	return count;
}

/* What waits, waits for the budget alone: more visits would not read more. One connection is that of the
 * answer at hand. */
static bool is_short(const struct source *source)
{
	if (http_in_flight(source->http) >= FETCH_CONNECTIONS - 1) {
		return false;
	}
	for (struct request *request = source->engine->requests; request; request = request->next) {
		if (request->visit->source == source && !request->visit->over && !request->sent &&
		    request_is_low(request) && ingest_room(request->visit->lease)) {
			return true;
		}
	}
	return false;
}

bool visit_backfill(struct visit *visit)
{
	struct engine *engine = visit->source->engine;

	if (!visit->backfilling && !visit->sync && turns(engine) >= TURNS && is_short(visit->source)) {
		engine->refused_turn_ms = zclock_mono();
		return false;
	}
	if (!visit->backfilling) { /* what came before it waited for the budget too, and for longer */
		visit->turn_ms = zclock_mono();
	}
	visit->backfilling = true;
	return !visit_late(visit);
}

int64_t visit_turn_ms(const struct visit *visit)
{
	int64_t poll_ms = visit->source->info.poll_interval_ms;

	return poll_ms < TURN_MIN_MS ? TURN_MIN_MS : poll_ms > TURN_MAX_MS ? TURN_MAX_MS : poll_ms;
}

bool visit_late(const struct visit *visit)
{
	return !visit->sync && zclock_mono() - visit->turn_ms >= visit_turn_ms(visit);
}

int64_t visit_next_turn(const struct visit *visit)
{
	bool others = visit->source->engine->refused_turn_ms >= visit->started_ms;

	return others || !visit->backfilling ? VISIT_LATER : 0;
}

/* All that the visit still waits for can wait, and was not sent. */
static bool only_low(const struct visit *visit)
{
	for (struct request *request = visit->source->engine->requests; request; request = request->next) {
		if (request->visit == visit && (request->sent || !request_is_low(request))) {
			return false;
		}
	}
	return visit->waiting > 0;
}

void backfill_yield(struct engine *engine, int64_t now)
{
	for (struct visit *visit = engine->visits; visit; visit = visit->next) {
		if (visit->over || visit->sync || !only_low(visit)) {
			continue;
		}
		if (budget_spent_ms(&visit->source->budget, now) > GIVE_BACK_MS) {
			visit_done(visit, VISIT_LATER);
		} else if (visit_is_for_details(visit)) {
			continue; /* what it has begun goes through: its first requests were in vain else */
		} else if (visit_late(visit)) {
			visit_done(visit, visit_next_turn(visit));
		} else {
			alarm_by(&engine->alarm, visit->turn_ms + visit_turn_ms(visit));
		}
	}
}
