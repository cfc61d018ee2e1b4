/* SPDX-License-Identifier: MIT */
#include "tests/sim/world.h"
#include "tests/sim/demo.h"
#include "tests/sim/generate.h"
#include "tests/sim/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The next thing that the world does by itself. */
struct event {
	int64_t at;
	uint64_t order; /* of equal times, the first that was planned */
	world_event *happen;
	void *subject;
};

static bool event_before(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void world_plan(struct world *world, int64_t at, world_event *happen, void *subject)
{
	struct event fresh = {at, world->event_order++, happen, subject};
	size_t i = world->event_count++;

	if (i == world->event_capacity) {
		world->event_capacity = world->event_capacity ? world->event_capacity * 2 : 64;
		world->events = must_realloc(world->events, world->event_capacity * sizeof *world->events);
	}
	for (; i > 0 && event_before(&fresh, &world->events[(i - 1) / 2]); i = (i - 1) / 2) {
		world->events[i] = world->events[(i - 1) / 2];
	}
	world->events[i] = fresh;
}

static struct event pop_event(struct world *world)
{
	struct event top = world->events[0];
	struct event last = world->events[--world->event_count];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < world->event_count &&
		    event_before(&world->events[child + 1], &world->events[child])) {
			child++;
		}
		if (child >= world->event_count || !event_before(&world->events[child], &last)) {
			break;
		}
		world->events[i] = world->events[child];
		i = child;
	}
	world->events[i] = last;
	return top;
}

void draw_uuid(struct rng *rng, char out[UUID_SIZE])
{
	uint64_t a = rng_next(rng), b = rng_next(rng);

	snprintf(out, UUID_SIZE, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
		 (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff), (unsigned)((b >> 48 & 0x3fff) | 0x8000),
		 (unsigned long long)(b & 0xffffffffffffu));
}

size_t build_list_from(const struct build_list *list, int64_t at)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->items[middle]->created < at) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* Behind every build that is not newer: mostly the end. */
static void list_insert(struct build_list *list, struct build *build)
{
	size_t at = build_list_from(list, build->created + 1);

	if (list->count == list->capacity) {
		list->capacity = list->capacity ? list->capacity * 2 : 64;
		list->items = must_realloc(list->items, list->capacity * sizeof *list->items);
	}
	memmove(list->items + at + 1, list->items + at, (list->count - at) * sizeof *list->items);
	list->items[at] = build;
	list->count++;
}

static void list_remove(struct build_list *list, const struct build *build)
{
	size_t at = build_list_from(list, build->created);

	while (list->items[at] != build) {
		at++;
	}
	list->count--;
	memmove(list->items + at, list->items + at + 1, (list->count - at) * sizeof *list->items);
}

uint64_t pipeline_salt(const struct pipeline *pipeline)
{
	return (uint64_t)pipeline->index + ((uint64_t)pipeline->remade << 32);
}

struct build *world_add_build(struct world *world, struct pipeline *pipeline, int64_t created)
{
	struct build *build = pool_take(&world->pool, sizeof *build);
	struct rng rng;

	build->pipeline = pipeline;
	build->number = ++pipeline->newest_number;
	build->created = created;
	build->blocked_state = BUILD_PASSED;
	rng = rng_stream(world->options.seed, 1000 + pipeline_salt(pipeline), (uint64_t)build->number);
	draw_uuid(&rng, build->uuid);
	if ((size_t)build->number > pipeline->number_capacity) {
		pipeline->number_capacity = pipeline->number_capacity ? pipeline->number_capacity * 2 : 64;
		pipeline->by_number =
			must_realloc(pipeline->by_number, pipeline->number_capacity * sizeof(struct build *));
	}
	pipeline->by_number[build->number - 1] = build;
	list_insert(&pipeline->builds, build);
	list_insert(&pipeline->organization->builds, build);
	list_insert(&world->builds, build);
	return build;
}

void world_delete_build(struct world *world, struct build *build)
{
	build->deleted = true;
	build->pipeline->by_number[build->number - 1] = NULL;
	list_remove(&build->pipeline->builds, build);
	list_remove(&build->pipeline->organization->builds, build);
	list_remove(&world->builds, build);
	build_fini(build);
	build->job_count = 0;
}

struct organization *world_organization(const struct world *world, const char *slug)
{
	for (int i = 0; i < world->organization_count; i++) {
		if (strcmp(world->organizations[i].slug, slug) == 0) {
			return &world->organizations[i];
		}
	}
	return NULL;
}

struct pipeline *world_pipeline(const struct world *world, const struct organization *organization,
				const char *slug)
{
	for (int i = 0; i < world->pipeline_count; i++) {
		struct pipeline *pipeline = &world->pipelines[i];

		if (pipeline->organization == organization && !pipeline->deleted &&
		    strcmp(pipeline->slug, slug) == 0) {
			return pipeline;
		}
	}
	return NULL;
}

struct build *pipeline_build(const struct pipeline *pipeline, int64_t number)
{
	return number < 1 || number > pipeline->newest_number ? NULL : pipeline->by_number[number - 1];
}

static bool in_history(const struct world *world, int64_t at)
{
	return at < world->options.start_ms;
}

void world_fill(struct world *world, struct build *build)
{
	generate_build(world, build, in_history(world, build->created) ? 1 : world->options.speed);
	world_plan_triggers(world, build);
}

/* Some pipelines are busier than others. */
static struct pipeline *draw_pipeline(struct world *world)
{
	int64_t a = rng_below(&world->arrivals, world->pipeline_count);
	int64_t b = rng_below(&world->arrivals, world->pipeline_count);

	return &world->pipelines[rng_chance(&world->arrivals, 500) ? a : (a < b ? a : b)];
}

static void on_arrival(struct world *world, void *subject, int64_t at);

static void plan_arrival(struct world *world, int64_t after)
{
	const struct world_options *o = &world->options;
	int64_t dealt = world->history_dealt;

	if (dealt < o->builds) {
		int64_t slot = o->history_ms / o->builds;

		world_plan(world,
			   o->start_ms - o->history_ms + dealt * o->history_ms / o->builds +
				   rng_below(&world->arrivals, slot > 0 ? slot : 1),
			   on_arrival, NULL);
	} else if (o->arrival_gap_ms > 0) {
		int64_t from = after > o->start_ms ? after : o->start_ms;

		world_plan(world, from + 1 + rng_below(&world->arrivals, 2 * o->arrival_gap_ms), on_arrival,
			   NULL);
	}
}

static void on_arrival(struct world *world, void *subject, int64_t at)
{
	struct pipeline *pipeline;

	(void)subject;
	if (world->history_dealt < world->options.builds) {
		world->history_dealt++;
		if (world->history_surplus > 0) {
			world->history_surplus--;
			plan_arrival(world, at);
			return;
		}
	}
	pipeline = draw_pipeline(world);
	if (!pipeline->archived && !pipeline->deleted) {
		world_fill(world, world_add_build(world, pipeline, at));
	}
	plan_arrival(world, at);
}

/* In the history a triggered build takes the place of a later arrival, so that their number is what was asked
 * for; when no place is left, the step has triggered nothing. */
static bool may_trigger(struct world *world, int64_t at)
{
	if (!in_history(world, at) || world->options.demo) {
		return true;
	}
	if (world->history_dealt + world->history_surplus >= world->options.builds) {
		return false;
	}
	world->history_surplus++;
	return true;
}

static void on_trigger(struct world *world, void *subject, int64_t at)
{
	struct build *build = subject;

	for (int i = 0; i < build->job_count; i++) {
		struct job *job = &build->jobs[i];

		if (job->step->type != JOB_TRIGGER || job->triggered || job->started > at ||
		    !may_trigger(world, at)) {
			continue;
		}
		job->triggered = world_add_build(world, (struct pipeline *)job->step->triggers, at);
		job->triggered->triggered_from = build;
		job->triggered->change = build->change;
		world_fill(world, job->triggered);
		build->view.until = 0;
	}
}

void world_plan_triggers(struct world *world, struct build *build)
{
	for (int i = 0; i < build->job_count; i++) {
		const struct job *job = &build->jobs[i];

		if (job->step->type == JOB_TRIGGER && !job->triggered && job->started != NEVER) {
			world_plan(world, job->started > world->now ? job->started : world->now, on_trigger,
				   build);
		}
	}
}

void world_advance(struct world *world, int64_t to_ms)
{
	while (world->event_count && world->events[0].at <= to_ms) {
		struct event event = pop_event(world);

		world->now = event.at > world->now ? event.at : world->now;
		event.happen(world, event.subject, event.at);
	}
	world->now = to_ms > world->now ? to_ms : world->now;
}

void world_init(struct world *world, const struct world_options *options)
{
	*world = (struct world){.options = *options, .arrivals = rng_stream(options->seed, 1, 0)};
	world->now = options->start_ms - options->history_ms;
	if (options->demo) {
		demo_begin(world);
	} else {
		generate_people(world);
		generate_organizations(world);
		generate_pipelines(world);
		plan_arrival(world, world->now);
	}
	world_advance(world, options->start_ms);
}

void world_fini(struct world *world)
{
	for (size_t i = 0; i < world->builds.count; i++) {
		build_fini(world->builds.items[i]);
	}
	for (int i = 0; i < world->organization_count; i++) {
		free(world->organizations[i].builds.items);
	}
	for (int i = 0; i < world->pipeline_count; i++) {
		free(world->pipelines[i].builds.items);
		free(world->pipelines[i].by_number);
	}
	free(world->builds.items);
	free(world->events);
	pool_fini(&world->pool);
}
