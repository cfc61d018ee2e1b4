/* The rhythm of the demo's days and weeks, and what happened on some of them. Times of day are UTC. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/demo.h"
#include "tests/sim/when.h"

/* So many days before the start; on a weekend, the Friday before. */
enum { OUTAGE_DAYS = 18, SLOW_DAYS = 9 };
enum { QUICKER_PERCENT = 68 };

/* The epoch was a Thursday. 0: Monday. */
static int weekday_of(int64_t at)
{
	return (int)((at / DAY_MS + 3) % 7);
}

static int hour_of(int64_t at)
{
	return (int)(at % DAY_MS / HOUR_MS);
}

int demo_activity(int64_t at)
{
	static const int hours[24] = {12,  8,   6,   6,    8,   20,  110, 420, 830, 960, 1000, 880,
				      560, 820, 990, 1000, 930, 700, 430, 260, 170, 90,  45,   22};
	static const int days[7] = {92, 100, 98, 94, 76, 6, 5};

	return hours[hour_of(at)] * days[weekday_of(at)] / 100;
}

int64_t demo_working(int64_t at)
{
	enum { ENOUGH = 200 };
	int64_t day = at - at % DAY_MS;

	if (demo_activity(at) >= ENOUGH) {
		return at;
	}
	if (hour_of(at) >= 12) {
		day += DAY_MS;
	}
	while (weekday_of(day) >= 5) {
		day += DAY_MS;
	}
	/* In the order in which they were put off. */
	return day + 7 * HOUR_MS + at % DAY_MS * 3 / 24;
}

static int64_t working_day_before(const struct world *world, int days)
{
	int64_t day = world->options.start_ms - days * DAY_MS;

	while (weekday_of(day) >= 5) {
		day -= DAY_MS;
	}
	return day - day % DAY_MS;
}

bool demo_is_outage(const struct world *world, int64_t at)
{
	int64_t day = working_day_before(world, OUTAGE_DAYS);

	return at >= day + 13 * HOUR_MS && at < day + 17 * HOUR_MS;
}

int demo_queue_percent(const struct world *world, int64_t at)
{
	int64_t day = working_day_before(world, SLOW_DAYS);
	int usual = 60 + demo_activity(at) / 5;

	return at >= day + 8 * HOUR_MS && at < day + 18 * HOUR_MS ? usual * 15 : usual;
}

int demo_progress(const struct world *world, int64_t at)
{
	int64_t since = at - (world->options.start_ms - world->options.history_ms);

	if (since < 0 || world->options.history_ms == 0) {
		return 0;
	}
	return since >= world->options.history_ms ? 1000 : (int)(since * 1000 / world->options.history_ms);
}

int demo_run_percent(const struct world *world, const struct pipeline *pipeline, int64_t at)
{
	const struct demo_row *row = pipeline->demo->row;
	int percent = row->percent * (1000 + row->growth_percent * demo_progress(world, at) / 100) / 1000;
	int64_t quicker = world->options.start_ms - row->quicker_days * DAY_MS;

	return row->quicker_days && at >= quicker ? percent * QUICKER_PERCENT / 100 : percent;
}
