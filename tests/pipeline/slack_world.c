/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/slack_world.h"
#include "common/time.h"
#include "tests/fakes/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t draw(struct world *world, uint64_t below)
{
	return fake_random(&world->random) % below;
}

static bool chance(struct world *world, uint64_t percent)
{
	return draw(world, 100) < percent;
}

static struct arrival *add(struct world *world, struct arrival arrival)
{
	if (world->count == world->capacity) {
		world->capacity = world->capacity ? 2 * world->capacity : 1024;
		world->arrivals = realloc(world->arrivals, world->capacity * sizeof *world->arrivals);
	}
	arrival.outage = -1;
	world->arrivals[world->count] = arrival;
	return &world->arrivals[world->count++];
}

/* One pipeline while its builds are made, in creation order. */
struct making {
	int pipeline, number, commit;
	int broken; /* so many builds more fail */
	int64_t at;
};

static void make_rerun(struct world *world, const struct arrival *first, enum word word)
{
	struct arrival again = *first;

	again.attempt++;
	again.word = word;
	again.finished_at += (int64_t)(5 + draw(world, 25)) * MINUTE_MS;
	add(world, again);
}

static void make_build(struct world *world, struct making *making)
{
	struct arrival arrival = {.pipeline = making->pipeline,
				  .number = ++making->number,
				  .attempt = 1,
				  .commit = chance(world, 90) ? ++making->commit : making->commit,
				  .created_at = making->at};

	/* Slower and faster ones: what is created later may be known earlier. */
	arrival.finished_at =
		making->at + (int64_t)(5 + draw(world, chance(world, 20) ? 90 : 15)) * MINUTE_MS;
	if (making->broken == 0 && chance(world, 12)) {
		making->broken = 1 + (int)draw(world, 4);
	}
	arrival.word = making->broken > 0 ? WORD_FAILED : chance(world, 7) ? WORD_CANCELLED : WORD_PASSED;
	making->broken -= making->broken > 0;
	add(world, arrival);
	if (arrival.word == WORD_FAILED && chance(world, 25)) {
		make_rerun(world, &arrival, chance(world, 70) ? WORD_PASSED : WORD_FAILED);
	}
}

static bool is_weekend(int64_t at)
{
	return at / DAY_MS % 7 >= 5;
}

/* From 8 to 18 o'clock on weekdays; now and then another one comes ten minutes after. What is broken on
 * Friday evening is so on Monday. */
static void make_pipeline(struct world *world, int pipeline)
{
	struct making making = {.pipeline = pipeline, .at = 8 * HOUR_MS};

	while (making.at < world->size.days * DAY_MS) {
		if (making.at % DAY_MS > 18 * HOUR_MS || making.at % DAY_MS < 8 * HOUR_MS) {
			making.at += HOUR_MS;
			continue;
		}
		if (!is_weekend(making.at) || chance(world, 5)) {
			make_build(world, &making);
		}
		making.at += (int64_t)(chance(world, 25) ? 10 : 40 + draw(world, 90)) * MINUTE_MS;
	}
}

/* Each pipeline fails at once, of a cause that is not its own. */
static void make_storm(struct world *world)
{
	world->storm_at = (world->size.days / 3) * DAY_MS + 21 * HOUR_MS;
	for (int i = 0; i < world->size.pipelines; i++) {
		add(world, (struct arrival){.pipeline = i,
					    .number = 100000,
					    .attempt = 1,
					    .commit = 100000,
					    .word = WORD_FAILED,
					    .created_at = world->storm_at - 5 * MINUTE_MS,
					    .finished_at = world->storm_at});
	}
}

static int compare_finished(const void *a, const void *b)
{
	const struct arrival *x = a, *y = b;

	if (x->finished_at != y->finished_at) {
		return x->finished_at < y->finished_at ? -1 : 1;
	}
	return x->pipeline != y->pipeline ? x->pipeline - y->pipeline : x->number - y->number;
}

/* Numbers go on growing over the storm. */
static void number_anew(struct world *world)
{
	for (size_t i = 0; i < world->count; i++) {
		struct arrival *arrival = &world->arrivals[i];
		if (arrival->number < 100000 && arrival->created_at > world->storm_at) {
			arrival->number += 100000;
			arrival->commit += 100000;
		}
	}
}

/* A minute each, but for the storm and what the bus brings when it is back. */
static void set_times(struct world *world)
{
	int64_t last = 0;

	for (size_t i = 0; i < world->count; i++) {
		struct arrival *arrival = &world->arrivals[i];
		arrival->at = arrival->finished_at;
		if (arrival->finished_at == world->storm_at) {
			last = world->storm_at + 5 * MINUTE_MS;
			continue;
		}
		if (arrival->at <= last) {
			arrival->at = arrival->finished_at = last + MINUTE_MS;
		}
		last = arrival->at;
		if (arrival->at >= world->away_from && arrival->at < world->away_to) {
			arrival->at = world->away_to;
		}
	}
}

/* Whether something newer was known before: then it changes nothing. */
static bool counts(const struct world *world, size_t index)
{
	const struct arrival *arrival = &world->arrivals[index];

	for (size_t i = index; arrival->word != WORD_CANCELLED && i-- > 0;) {
		const struct arrival *before = &world->arrivals[i];
		if (before->pipeline == arrival->pipeline && before->word != WORD_CANCELLED &&
		    (before->number > arrival->number ||
		     (before->number == arrival->number && before->word == arrival->word))) {
			return false;
		}
		if (arrival->finished_at - before->finished_at > 2 * DAY_MS) {
			break; /* no build takes so long */
		}
	}
	return arrival->word != WORD_CANCELLED;
}

static bool is_one_commit(const struct world *world, const struct outage *outage, int commit)
{
	size_t index = (size_t)(outage - world->outages);

	for (size_t i = outage->first; i <= outage->last; i++) {
		if (world->arrivals[i].outage == (int)index && world->arrivals[i].commit != commit) {
			return false;
		}
	}
	return true;
}

static void end_outage(struct world *world, struct outage *outage, size_t index)
{
	const struct arrival *end = &world->arrivals[index];

	outage->end = index;
	outage->flake =
		is_one_commit(world, outage, end->commit) ||
		(outage->first == outage->last && world->arrivals[outage->first].number == end->number);
	world->arrivals[index].outage = (int)(outage - world->outages);
}

/* Runs of failures among the results of one pipeline that count. */
static void find_outages(struct world *world, int pipeline)
{
	struct outage *open = NULL;

	for (size_t i = 0; i < world->count; i++) {
		struct arrival *arrival = &world->arrivals[i];
		if (arrival->pipeline != pipeline || !counts(world, i)) {
			continue;
		}
		if (arrival->word == WORD_FAILED && !open) {
			open = &world->outages[world->outage_count++];
			*open = (struct outage){.first = i, .end = SIZE_MAX, .digest = -1};
		}
		if (arrival->word == WORD_FAILED) {
			open->last = i;
			arrival->outage = (int)(open - world->outages);
		} else if (open) {
			end_outage(world, open, i);
			open = NULL;
		}
	}
}

void world_new(struct world *world, struct world_size size)
{
	*world = (struct world){.size = size, .random = size.seed};
	world->away_from = (size.days / 2) * DAY_MS + 10 * HOUR_MS;
	world->away_to = world->away_from + 3 * HOUR_MS;
	for (int i = 0; i < size.pipelines; i++) {
		make_pipeline(world, i);
	}
	make_storm(world);
	number_anew(world);
	qsort(world->arrivals, world->count, sizeof *world->arrivals, compare_finished);
	set_times(world);
	world->outages = calloc(world->count, sizeof *world->outages);
	for (int i = 0; i < size.pipelines; i++) {
		find_outages(world, i);
	}
}

void world_free(struct world *world)
{
	free(world->arrivals);
	free(world->outages);
	*world = (struct world){0};
}

size_t world_batch(const struct world *world, size_t first)
{
	size_t next = first;

	while (next < world->count && world->arrivals[next].at == world->arrivals[first].at) {
		next++;
	}
	return next;
}

void world_mark(int64_t at_ms, char mark[static 32])
{
	snprintf(mark, 32, "d%lld %02lld:%02lld", (long long)(at_ms / DAY_MS + 1),
		 (long long)(at_ms / HOUR_MS % 24), (long long)(at_ms / MINUTE_MS % 60));
}
