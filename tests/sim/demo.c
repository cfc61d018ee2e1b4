/* Changes come, are pushed, merged, break things and mend them. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/demo.h"
#include "tests/sim/when.h"

enum {
	BUILDS_A_CHANGE = 4, /* with deployments and what is repeated, about */
	USUAL_BUILDS = 9300, /* in 60 days of the company's table as it stands */
	BREAKS = 60,         /* so many of 1000 merges */
	ONE_PUSH = 330,
};
#define LIVE_BEFORE (40 * MINUTE_MS) /* the pace of the demo begins so long before its start */

static struct rng rng_at(const struct world *world, uint64_t what, const struct pipeline *pipeline,
			 int64_t at)
{
	return rng_stream(world->options.seed, what + (uint64_t)pipeline->index, (uint64_t)at);
}

static bool is_live(const struct world *world, int64_t at)
{
	return world->options.arrival_gap_ms > 0 && at >= world->options.start_ms - LIVE_BEFORE;
}

static struct build *build_it(struct world *world, struct change *change, int64_t at)
{
	struct build *build = world_add_build(world, change->pipeline, at);

	build->change = change;
	world_fill(world, build);
	return build;
}

static void on_merge(struct world *world, void *subject, int64_t at);

/* Whoever broke the default branch brings the way back. */
static void plan_mending(struct world *world, const struct change *broken, int64_t at)
{
	struct change *change = pool_take(&world->pool, sizeof *change);

	*change = (struct change){.pipeline = broken->pipeline,
				  .author = broken->author,
				  .title = pool_text(&world->pool, "Revert \"%s\"", broken->title),
				  .number = ++broken->pipeline->demo->pull_requests,
				  .mends = true,
				  .hurried = broken->hurried};
	world_plan(world, at, on_merge, change);
}

static void on_merge(struct world *world, void *subject, int64_t at)
{
	struct change *change = subject;
	struct demo_pipeline *pipeline = change->pipeline->demo;

	change->merged = true;
	if (change->mends) {
		pipeline->broken_since = 0;
	} else if (change->breaks_ms && !pipeline->broken_since) {
		pipeline->broken_since = at;
		plan_mending(world, change, at + change->breaks_ms);
	}
	build_it(world, change, at);
}

/* The time of the next step: at night people sleep, and what is live does not wait for anybody. */
static int64_t next_of(const struct world *world, const struct change *change, int64_t at, struct rng *rng)
{
	int64_t next = at + change->gap_ms * rng_between(rng, 50, 160) / 100;

	return is_live(world, at) || change->author == demo_robot(world) ? next : demo_working(next);
}

static void on_push(struct world *world, void *subject, int64_t at)
{
	struct change *change = subject;
	struct rng rng = rng_at(world, 720000, change->pipeline, at);
	int64_t next = next_of(world, change, at, &rng);

	change->pushes_left--;
	build_it(world, change, at);
	world_plan(world, next, change->pushes_left > 0 ? on_push : on_merge, change);
}

static void on_again(struct world *world, void *subject, int64_t at)
{
	build_it(world, subject, at);
}

void demo_repeat(struct world *world, struct build *build, int64_t at)
{
	struct change *change = pool_take(&world->pool, sizeof *change);

	*change = *build->change;
	change->again = build;
	world_plan(world, at, on_again, change);
}

/* How long it takes until somebody has mended it. */
static int64_t draw_break(const struct world *world, int64_t at, struct rng *rng)
{
	return is_live(world, at) ? rng_between(rng, 2 * MINUTE_MS, 6 * MINUTE_MS)
				  : rng_between(rng, 20 * MINUTE_MS, 150 * MINUTE_MS);
}

static struct change *open_change(struct world *world, struct pipeline *pipeline, int64_t at, struct rng *rng)
{
	struct change *change = pool_take(&world->pool, sizeof *change);

	change->pipeline = pipeline;
	change->author = demo_author(world, rng);
	demo_name(world, change, rng);
	change->number = ++pipeline->demo->pull_requests;
	change->breaks_ms = rng_chance(rng, BREAKS) ? draw_break(world, at, rng) : 0;
	change->pushes_left = change->author == demo_robot(world) || rng_chance(rng, ONE_PUSH)
				      ? 1
				      : (int)rng_between(rng, 2, 5);
	change->gap_ms = is_live(world, at) ? rng_between(rng, MINUTE_MS, 5 * MINUTE_MS)
					    : rng_between(rng, 12 * MINUTE_MS, 150 * MINUTE_MS);
	return change;
}

static void on_open(struct world *world, void *subject, int64_t at)
{
	struct pipeline *pipeline = subject;
	struct rng rng = rng_at(world, 730000, pipeline, at);

	on_push(world, open_change(world, pipeline, at, &rng), at);
}

/* So many changes an hour that ten working days have as many as the table says. */
static void plan_hour(struct world *world, struct pipeline *pipeline, int64_t hour)
{
	enum { WORKING_DAY = 9455 }; /* the sum of the activities of an average one */
	struct rng rng = rng_at(world, 740000, pipeline, hour);
	int64_t millions = (int64_t)pipeline->demo->row->changes * 100000 * world->options.builds /
			   USUAL_BUILDS * demo_activity(hour) / WORKING_DAY;

	while (millions > 0) {
		if (rng_below(&rng, 1000000) < millions) {
			world_plan(world, hour + rng_below(&rng, HOUR_MS), on_open, pipeline);
		}
		millions -= 1000000;
	}
}

static void on_schedule(struct world *world, void *subject, int64_t at)
{
	struct change *change = subject;

	build_it(world, change, at);
	world_plan(world, at + change->gap_ms, on_schedule, change);
}

static void plan_schedule(struct world *world, struct pipeline *pipeline, int64_t from)
{
	const struct demo_row *row = pipeline->demo->row;
	struct change *change = pool_take(&world->pool, sizeof *change);

	*change = (struct change){.pipeline = pipeline,
				  .title = row->every_hours < 12 ? "Every three hours" : "Nightly",
				  .branch = pipeline->default_branch,
				  .merged = true,
				  .gap_ms = row->every_hours * HOUR_MS};
	world_plan(world, from - from % DAY_MS + DAY_MS + 2 * HOUR_MS + pipeline->index * 7 * MINUTE_MS,
		   on_schedule, change);
}

static struct pipeline *draw_pipeline(struct world *world)
{
	int64_t all = 0, drawn;
	int i = 0;

	for (int p = 0; p < world->pipeline_count; p++) {
		all += world->pipelines[p].demo->row->changes;
	}
	for (drawn = rng_below(&world->arrivals, all); drawn >= world->pipelines[i].demo->row->changes; i++) {
		drawn -= world->pipelines[i].demo->row->changes;
	}
	return &world->pipelines[i];
}

/* The pace from now on: quicker than a company's, whatever the hour, so that there is something to see. */
static void on_live(struct world *world, void *subject, int64_t at)
{
	int64_t gap = world->options.arrival_gap_ms * BUILDS_A_CHANGE;

	(void)subject;
	on_open(world, draw_pipeline(world), at);
	world_plan(world, at + 1 + rng_below(&world->arrivals, 2 * gap), on_live, NULL);
}

static void plan_break(struct world *world, const char *slug, int64_t at, int64_t mended_at)
{
	struct pipeline *pipeline = world_pipeline(world, &world->organizations[0], slug);
	struct rng rng = rng_at(world, 750000, pipeline, 0);
	struct change *change = open_change(world, pipeline, at, &rng);

	change->breaks_ms = mended_at - at;
	change->hurried = is_live(world, at);
	world_plan(world, at, on_merge, change);
}

/* What everybody who starts the demo should see: a pipeline that is red since yesterday, and one that turns
 * red and green again in the first minutes. */
static void plan_first_minutes(struct world *world)
{
	int64_t start = world->options.start_ms;

	plan_break(world, "data-warehouse", start - 19 * HOUR_MS, start + 25 * MINUTE_MS);
	plan_break(world, "checkout", start + 3 * SECOND_MS, start + 80 * SECOND_MS);
}

void demo_begin(struct world *world)
{
	int64_t start = world->options.start_ms, from = world->now;

	demo_people(world);
	demo_company(world);
	for (int i = 0; i < world->pipeline_count; i++) {
		struct pipeline *pipeline = &world->pipelines[i];

		for (int64_t hour = from - from % HOUR_MS; hour + HOUR_MS <= start; hour += HOUR_MS) {
			plan_hour(world, pipeline, hour);
		}
		if (pipeline->demo->row->every_hours) {
			plan_schedule(world, pipeline, from);
		}
	}
	if (world->options.arrival_gap_ms > 0) {
		plan_first_minutes(world);
		world_plan(world, start - LIVE_BEFORE, on_live, NULL);
	}
}
