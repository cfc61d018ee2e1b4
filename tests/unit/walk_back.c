/* The walk's edges: back-fill, full milliseconds, empty pipelines, odd clocks. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/walk_world.h"

#include <criterion/criterion.h>
#include <string.h>

/* One build a minute, the newest a minute ago. */
static struct world *world_of(int builds)
{
	struct world *world = world_new();

	for (int i = 0; i < builds; i++) {
		int64_t created = START - (builds - i) * MINUTE_MS;

		add_finished(world, created, created + 30 * SECOND_MS);
	}
	return world;
}

static int seen(const struct world *world)
{
	int count = 0;

	for (int i = 0; i < world->count; i++) {
		count += world->builds[i].seen_attempt != UNSEEN;
	}
	return count;
}

Test(walk_back, a_visit_with_nothing_new_is_two_requests)
{
	struct world *world = world_of(500);

	visit(world);
	world->now += HOUR_MS;
	visit(world);
	world->requests = 0;
	world->now += MINUTE_MS;
	visit(world);
	cr_expect(world->requests == 2, "%d requests", world->requests);
	world_free(world);
}

Test(walk_back, reads_an_empty_pipeline_once_and_then_what_comes)
{
	struct world *world = world_new();

	visit(world);
	cr_expect(world->requests == 1);
	world->now += HOUR_MS;
	add_finished(world, world->now - 1000, world->now);
	visit(world);
	cr_expect(lost(world, 0) == 0);
	cr_expect(world->requests == 3, "%d requests", world->requests);
	world_free(world);
}

Test(walk_back, goes_down_to_since_and_no_further)
{
	struct world *world = world_of(5000);
	const struct config_since day = {.ago_ms = DAY_MS};

	visit_since(world, &day);
	cr_expect(lost(world, START - DAY_MS + MINUTE_MS) == 0);
	cr_expect(seen(world) <= 1441, "%d", seen(world));
	world_free(world);
}

Test(walk_back, takes_a_date)
{
	struct world *world = world_of(1000);
	const struct config_since date = {.date_ms = START - 700 * MINUTE_MS};

	visit_since(world, &date);
	cr_expect(seen(world) == 700, "%d", seen(world));
	cr_expect(lost(world, date.date_ms) == 0);
	world_free(world);
}

Test(walk_back, takes_a_number_of_builds_exactly)
{
	for (int64_t builds = 1; builds < 420; builds += 7) {
		struct world *world = world_of(400);
		const struct config_since number = {.builds = builds};

		visit_since(world, &number);
		cr_expect(seen(world) == (builds < 400 ? builds : 400), "%d, not %d", seen(world),
			  (int)builds);
		world_free(world);
	}
}

Test(walk_back, counts_builds_of_the_same_millisecond_once)
{
	struct world *world = world_new();
	const struct config_since number = {.builds = 330};

	for (int i = 0; i < 600; i++) {
		add_finished(world, START - 3 * HOUR_MS + i / 90, START - HOUR_MS);
	}
	visit_since(world, &number);
	cr_expect(seen(world) == 330, "%d", seen(world));
	world_free(world);
}

Test(walk_back, goes_on_when_since_reaches_further_back)
{
	static const struct config_since steps[] = {
		{.builds = 150},
		{.builds = 380},
		{.ago_ms = 600 * MINUTE_MS + MINUTE_MS / 2},
		{.ago_ms = DAY_MS + MINUTE_MS / 2},
		{.date_ms = START - 1900 * MINUTE_MS},
		{.builds = 1950},
	};
	static const int expected[] = {150, 380, 600, 1440, 1900, 1950};
	struct world *world = world_of(2000);

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		visit_since(world, &steps[i]);
		cr_expect(seen(world) == expected[i], "step %zu: %d, not %d", i, seen(world), expected[i]);
	}
	world_free(world);
}

Test(walk_back, asks_no_more_when_it_is_finished)
{
	struct world *world = world_of(2000);
	const struct config_since day = {.ago_ms = DAY_MS};

	visit_since(world, &day);
	for (int i = 0; i < 5; i++) {
		world->now += HOUR_MS;
		world->requests = 0;
		visit_since(world, &day);
		cr_expect(world->requests == 2, "%d requests", world->requests);
	}
	world_free(world);
}

Test(walk_back, can_be_killed_anywhere)
{
	for (int at = 1; at < 60; at++) {
		struct world *world = world_of(5000);

		world->killed_at = at;
		visit(world);
		world->killed_at = at / 2;
		world->now += MINUTE_MS;
		visit(world);
		world->killed_at = 0;
		world->now += MINUTE_MS;
		visit(world);
		visit(world);
		cr_expect(lost(world, 0) == 0, "killed after page %d: %d lost", at, lost(world, 0));
		world_free(world);
	}
}

Test(walk_back, reads_long_histories_in_parallel_for_few_more_requests)
{
	struct world *world = world_of(10000);

	visit(world);
	cr_expect(lost(world, 0) == 0);
	cr_expect(world->requests == 100, "%d requests", world->requests);
	cr_expect(world->rounds <= 18, "%d rounds", world->rounds);
	world_free(world);
}

Test(walk_back, wastes_little_on_a_since_far_below_the_first_build)
{
	struct world *world = world_of(10000);
	const struct config_since ages = {.date_ms = 1};

	visit_since(world, &ages);
	cr_expect(lost(world, 0) == 0);
	cr_expect(world->requests == 100, "%d requests", world->requests);
	cr_expect(world->rounds <= 18, "%d rounds", world->rounds);
	world_free(world);
}

Test(walk_back, reads_more_builds_of_one_millisecond_than_a_page_holds)
{
	struct world *world = world_of(50);

	visit(world);
	world->now += HOUR_MS;
	for (int i = 0; i < 1030; i++) {
		add_finished(world,
			     world->now - 30 * MINUTE_MS +
				     (i < 15     ? -1
				      : i > 1015 ? 1
						 : 0),
			     world->now - 5);
	}
	world->now += MINUTE_MS;
	visit(world);
	cr_expect(lost(world, 0) == 0, "%d lost", lost(world, 0));
	world_free(world);
}

Test(walk_back, reads_a_full_millisecond_in_the_past_too)
{
	struct world *world = world_of(50);

	for (int i = 0; i < 730; i++) {
		add_finished(world,
			     START - 5 * DAY_MS +
				     (i < 215   ? -3
				      : i > 515 ? 4
						: 0),
			     START - 4 * DAY_MS);
	}
	visit(world);
	cr_expect(lost(world, 0) == 0, "%d lost", lost(world, 0));
	world_free(world);
}

static void odd_one_leaves(struct world *world, int answer)
{
	if (answer > 2 && world->finished_pages > 0) {
		retry(world, world->top);
	}
}

Test(walk_back, reads_the_ends_of_more_builds_of_one_millisecond_than_a_page_holds)
{
	struct world *world = world_new();

	for (int i = 0; i < 900; i++) {
		add(world, START - 5 * DAY_MS);
		if (i % 3 > 0) {
			finish(world, i);
		}
	}
	visit(world);
	world->now += HOUR_MS;
	for (int i = 0; i < 900; i++) {
		if (i % 3 > 0) {
			retry(world, i);
			finish(world, i); /* a second end, of which the store knows nothing */
		}
	}
	world->now += 10 * MINUTE_MS;
	world->between = odd_one_leaves;
	visit(world);
	world->between = NULL;
	world->now += 10 * MINUTE_MS;
	for (int i = 0; i < 900; i++) {
		if (world->builds[i].finished == WALK_NONE) {
			finish(world, i);
		}
	}
	visit(world);
	cr_expect(lost(world, 0) == 0, "%d lost", lost(world, 0));
	world_free(world);
}

Test(walk_back, follows_a_clock_that_steps_back)
{
	struct world *world = world_of(300);

	world->now += 7 * HOUR_MS; /* it is wrong */
	visit(world);
	world->now -= 7 * HOUR_MS;
	for (int i = 0; i < 30; i++) {
		int build = add(world, world->now);

		world->now += MINUTE_MS;
		finish(world, build);
	}
	visit(world);
	cr_expect(lost(world, 0) == 0, "%d lost", lost(world, 0));
	world_free(world);
}

Test(walk_back, lives_without_a_date)
{
	struct world *world = world_new();

	world->dateless = true;
	visit(world);
	for (int i = 0; i < 250; i++) {
		int build = add(world, world->now);

		world->now += MINUTE_MS;
		visit(world);
		finish(world, build);
	}
	visit(world);
	cr_expect(lost(world, 0) == 0, "%d lost", lost(world, 0));
	world_free(world);
}

static struct walk_page page_of(size_t count, const int64_t *created, bool more)
{
	return (struct walk_page){.date = START, .count = count, .created = created, .more = more};
}

Test(walk_back, refuses_an_answer_that_does_not_fit_and_moves_nothing)
{
	static const int64_t none[] = {WALK_NONE, WALK_NONE}, later[] = {START + 5, START + 4};
	struct walk_page bad[] = {page_of(2, none, true), page_of(2, later, true), page_of(0, NULL, true)};
	struct walk walk, before;
	struct err err;

	walk_init(&walk);
	walk.covered_to = walk.finished_to = START - HOUR_MS;
	walk.covered_from = START - DAY_MS;
	walk_begin(&walk);
	walk.legs[WALK_CREATED].to = START;
	before = walk;
	for (size_t i = 0; i < 3; i++) {
		cr_expect(walk_step(&walk, WALK_CREATED, &bad[i], &month, &err) == ERR_DATA);
		cr_expect(memcmp(&walk, &before, sizeof walk) == 0);
	}
}
