/* SPDX-License-Identifier: MIT */
#include "tests/unit/walk_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct world *world_new(void)
{
	struct world *world = calloc(1, sizeof *world);

	world->now = START;
	world->answer_ms = 50;
	world->page_size = PAGE;
	world->deep = BUILDS;
	return world;
}

void world_free(struct world *world)
{
	free(world->cursor);
	free(world);
}

int add(struct world *world, int64_t created)
{
	struct build *build = &world->builds[world->count];

	cr_assert(world->count < BUILDS);
	*build = (struct build){.created = created, .finished = WALK_NONE, .seen_attempt = UNSEEN};
	return world->count++;
}

int add_finished(struct world *world, int64_t created, int64_t finished)
{
	int index = add(world, created);

	world->builds[index].finished = finished;
	return index;
}

void retry(struct world *world, int index)
{
	world->builds[index].attempt++;
	world->builds[index].finished = WALK_NONE;
}

void finish(struct world *world, int index)
{
	world->builds[index].finished = world->now;
}

void store(struct world *world, int index)
{
	world->builds[index].seen_attempt = world->builds[index].attempt;
	world->builds[index].seen_open = world->builds[index].finished == WALK_NONE;
}

static bool matches(const struct build *build, const struct walk_query *query)
{
	return !build->deleted &&
	       (query->created_from == WALK_NONE || build->created >= query->created_from) &&
	       (query->created_to == WALK_NONE || build->created < query->created_to) &&
	       (query->finished_from == WALK_NONE ||
		(build->finished != WALK_NONE && build->finished >= query->finished_from));
}

static int order(const void *a, const void *b, void *context)
{
	const struct world *world = context;
	int left = *(const int *)a, right = *(const int *)b;
	int64_t created_left = world->builds[left].created, created_right = world->builds[right].created;

	if (created_left != created_right) {
		return created_left < created_right ? 1 : -1;
	}
	if (world->shuffled) {
		uint32_t l = (uint32_t)left * 2654435761u, r = (uint32_t)right * 2654435761u;

		return l < r ? 1 : -1;
	}
	return left < right ? 1 : -1;
}

void list(struct world *world, const struct walk_query *query, int size, struct answer *answer)
{
	static int all[BUILDS];
	int count = 0, first = query->page > 0 ? ((int)query->page - 1) * size : 0;

	world->answers++;
	world->requests++;
	if (world->between) {
		world->between(world, world->answers);
	}
	for (int i = 0; i < world->count; i++) {
		if (matches(&world->builds[i], query)) {
			all[count++] = i;
		}
	}
	world->finished_pages += query->finished_from != WALK_NONE;
	qsort_r(all, (size_t)count, sizeof *all, order, world);
	memset(answer, 0, sizeof *answer);
	for (int i = first; i < count && i < first + size; i++) {
		answer->index[answer->page.count] = all[i];
		answer->number[answer->page.count] = all[i] + 1;
		answer->created[answer->page.count++] = world->builds[all[i]].created;
	}
	if (query->finished_from != WALK_NONE && count > 0) {
		world->top = all[0];
	}
	answer->page.created = answer->created;
	answer->page.number = answer->number;
	answer->page.size = size;
	answer->page.more = count > first + size;
	answer->page.last_page = world->endless || !answer->page.more ? 0 : (count + size - 1) / size;
	/* Date has whole seconds. */
	answer->page.date = world->dateless ? WALK_NONE : world->now / 1000 * 1000;
	world->now += world->answer_ms;
}

static void commit(struct world *world, const struct walk *walk)
{
	msgpack_sbuffer packed;

	msgpack_sbuffer_init(&packed);
	walk_pack(walk, &packed);
	free(world->cursor);
	world->cursor = malloc(packed.size);
	memcpy(world->cursor, packed.data, packed.size);
	world->cursor_size = packed.size;
	msgpack_sbuffer_destroy(&packed);
}

bool killed(struct world *world)
{
	return world->killed_at > 0 && --world->killed_at == 0;
}

void read_open(struct world *world)
{
	for (int i = 0; i < world->count; i++) {
		if (world->builds[i].seen_attempt != UNSEEN && world->builds[i].seen_open) {
			world->requests++;
			store(world, i);
		}
	}
}

const struct config_since month = {.ago_ms = 30 * DAY_MS};

/* The build that a sweep asks for; nothing when it isn't of that millisecond. */
static void get_one(struct world *world, const struct walk *walk, int slot, struct answer *answer)
{
	int64_t index = walk_sweeps(walk, slot) - 1;

	world->requests++;
	world->gets++;
	memset(answer, 0, sizeof *answer);
	if (index < world->count && !world->builds[index].deleted &&
	    world->builds[index].created == walk->legs[slot].to - 1) {
		answer->index[0] = (int)index;
		answer->number[0] = index + 1;
		answer->created[0] = world->builds[index].created;
		answer->page.count = 1;
	}
	answer->page.created = answer->created;
	answer->page.number = answer->number;
	answer->page.size = 1;
	answer->page.date = world->now / 1000 * 1000;
	world->now += world->answer_ms;
}

/* One page of one leg, as a fetcher does it. False: killed. */
static bool read_page(struct world *world, struct walk *walk, int slot, const struct config_since *since)
{
	int size = walk_size(walk, slot, world->page_size);
	struct walk_query query = walk_query(walk, slot, size);
	struct answer answer;
	struct err err;
	size_t take;

	if (walk_sweeps(walk, slot) > 0) {
		get_one(world, walk, slot, &answer);
	} else {
		list(world, &query, size, &answer);
	}
	if (walk_sweeps(walk, slot) == 0 && (query.page - 1) * size >= world->deep) {
		cr_assert(walk_too_deep(walk, slot));
		return true;
	}
	take = walk_take(walk, slot, &answer.page, since);
	for (size_t i = 0; i < take; i++) {
		store(world, answer.index[i]);
	}
	world->stored += slot >= WALK_BACK ? (int)take : 0;
	cr_assert(walk_step(walk, slot, &answer.page, since, &err) == OK, "%s", err.text);
	commit(world, walk);
	return !killed(world);
}

/* All open legs have a request under way at once. */
static bool read_legs(struct world *world, struct walk *walk, int first, int last,
		      const struct config_since *since)
{
	for (bool any = true; any;) {
		any = false;
		world->rounds++;
		if (last >= WALK_BACK) {
			walk_deal(walk);
		}
		for (int slot = first; slot <= last; slot++) {
			any |= walk->legs[slot].open;
			if (walk->legs[slot].open && walk_ready(walk, slot)) {
				if (!read_page(world, walk, slot, since)) {
					return false;
				}
			}
		}
		cr_assert(world->answers < 5000, "no end");
	}
	return true;
}

void visit_since(struct world *world, const struct config_since *since)
{
	struct walk walk;
	struct err err;

	walk_init(&walk);
	if (world->cursor) {
		cr_assert(walk_unpack(&walk, (struct text){world->cursor, world->cursor_size}, &err) == OK,
			  "%s", err.text);
	}
	world->answers = world->finished_pages = 0;
	walk_begin(&walk);
	if (!read_legs(world, &walk, WALK_CREATED, WALK_FINISHED, since)) {
		return;
	}
	read_open(world);
	if (walk_back(&walk, since, world->now)) {
		read_legs(world, &walk, WALK_BACK, WALK_LEGS - 1, since);
	}
}

void visit(struct world *world)
{
	visit_since(world, &month);
}

int lost(const struct world *world, int64_t since)
{
	int count = 0;

	for (int i = 0; i < world->count; i++) {
		const struct build *build = &world->builds[i];

		count += !build->deleted && build->created >= since &&
			 (build->seen_attempt != build->attempt ||
			  build->seen_open != (build->finished == WALK_NONE));
	}
	return count;
}
