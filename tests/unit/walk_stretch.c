/* Back-fill by position, while builds are deleted, appear late, share a millisecond; and what it costs. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/walk_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static const struct config_since ages = {.date_ms = 1};

static uint64_t random_state;

static int64_t random_below(int64_t limit)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((random_state >> 33) % (uint64_t)limit);
}

/* Working hours of working days only, denser from year to year. */
static int64_t at_work(int64_t created)
{
	int64_t hour = created / HOUR_MS % 24, day = (created / DAY_MS + 4) % 7;

	created -= day < 2 ? (day + 1) * DAY_MS : 0;
	return created - (hour < 8 ? 12 * HOUR_MS : hour > 18 ? 6 * HOUR_MS : 0);
}

static int order(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return left < right ? -1 : left > right;
}

/* In the order of their numbers. */
static struct world *uneven_world(int builds)
{
	static int64_t created[BUILDS];
	struct world *world = world_new();

	for (int i = 0; i < builds; i++) {
		int64_t ago = random_below(1000);

		created[i] = at_work(START - HOUR_MS - ago * ago * 20 * HOUR_MS / 1000 -
				     random_below(6 * HOUR_MS));
	}
	qsort(created, (size_t)builds, sizeof *created, order);
	for (int i = 0; i < builds; i++) {
		add_finished(world, created[i], START - HOUR_MS);
	}
	return world;
}

/* together: that many in one millisecond */
static struct world *tied_world(int builds, int together)
{
	struct world *world = world_new();

	for (int i = 0; i < builds; i++) {
		add_finished(world, START - HOUR_MS - (builds - i) / together, START - HOUR_MS);
	}
	return world;
}

static struct world *even_world(int builds, int64_t apart_ms)
{
	struct world *world = world_new();

	for (int i = 0; i < builds; i++) {
		add_finished(world, START - HOUR_MS - (builds - i) * apart_ms, START - HOUR_MS);
	}
	return world;
}

static void expect_least(struct world *world, int more)
{
	int least = (world->count + PAGE - 1) / PAGE;

	visit_since(world, &ages);
	cr_expect(lost(world, 0) == 0, "%d lost", lost(world, 0));
	cr_expect(world->requests <= least + more, "%d builds: %d requests", world->count, world->requests);
	world_free(world);
}

Test(walk_stretch, asks_for_no_page_more_than_there_are)
{
	static const int sizes[] = {1, 99, 100, 101, 199, 200, 201, 1000, 1001, 4321, 10000};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		expect_least(even_world(sizes[i], MINUTE_MS), 0);
		random_state = i;
		/* A few pages end between builds of one millisecond. */
		expect_least(uneven_world(sizes[i]), sizes[i] / 5000);
	}
}

Test(walk_stretch, guesses_well_where_the_list_does_not_say_how_long_it_is)
{
	static const int sizes[] = {1, 100, 101, 200, 1000, 1001, 4321, 10000};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct world *even = even_world(sizes[i], MINUTE_MS), *uneven;

		random_state = i;
		uneven = uneven_world(sizes[i]);
		even->endless = uneven->endless = true;
		expect_least(even, 0);
		expect_least(uneven, sizes[i] / 5000);
	}
}

Test(walk_stretch, guesses_where_since_is_far_above_the_first_build)
{
	struct world *world = even_world(10000, MINUTE_MS);
	const struct config_since since = {.ago_ms = 3 * DAY_MS};

	world->endless = true;
	visit_since(world, &since);
	cr_expect(lost(world, START - since.ago_ms + HOUR_MS) == 0);
	cr_expect(world->requests <= 44, "%d requests for 43 pages", world->requests);
	cr_expect(world->rounds <= 16, "%d rounds", world->rounds);
	world_free(world);
}

Test(walk_stretch, reads_eight_pages_at_once)
{
	struct world *world = even_world(10000, MINUTE_MS);

	visit_since(world, &ages);
	cr_expect(world->rounds <= 18, "%d rounds", world->rounds);
	world_free(world);
}

static void delete_any(struct world *world, int answer)
{
	(void)answer;
	for (int64_t left = random_below(4); left > 0; left--) {
		world->builds[random_below(world->count)].deleted = true;
	}
}

static void delete_near_pages(struct world *world, int answer)
{
	int at = world->count - answer * PAGE + (int)random_below(7) - 3;

	if (at > 0 && at < world->count) {
		world->builds[at].deleted = true;
	}
	delete_any(world, answer);
}

static void delete_hundreds(struct world *world, int answer)
{
	int from = (int)random_below(world->count);

	for (int i = from; answer % 9 == 4 && i < from + 250 && i < world->count; i++) {
		world->builds[i].deleted = true;
	}
}

/* A build that was begun before the newest page was read and becomes visible only now. */
static void appear_late(struct world *world, int answer)
{
	delete_any(world, answer);
	if (random_below(3) == 0 && world->count < BUILDS) {
		add_finished(world, world->now - 1000 - random_below(90000), world->now);
	}
}

/* Killed now and then, stopped for a week, until nothing is left to read. */
static void read_with_accidents(struct world *world)
{
	for (int i = 0; i < 6; i++) {
		world->killed_at = 1 + (int)random_below(40);
		visit_since(world, &ages);
		world->now += i == 3 ? 7 * DAY_MS : MINUTE_MS;
	}
	world->killed_at = 0;
	visit_since(world, &ages);
	world->between = NULL;
	world->now += MINUTE_MS;
	visit_since(world, &ages);
}

Test(walk_stretch, loses_nothing_whatever_is_deleted_or_appears_while_it_reads)
{
	static void (*const between[])(struct world *, int) = {NULL, delete_any, delete_near_pages,
							       delete_hundreds, appear_late};
	const char *seed_text = getenv("SEED");

	for (uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 1; seed <= 300; seed++) {
		struct world *world;
		static const int page_sizes[] = {100, 100, 50, 25, 5};
		int page_size;

		random_state = seed;
		page_size = page_sizes[random_below(5)];
		world = random_below(2) ? uneven_world(1 + (int)random_below(4000))
					: tied_world(1 + (int)random_below(4000),
						     1 + (int)random_below(page_size - 1));
		world->between = between[seed % 5];
		world->endless = random_below(2);
		world->page_size = page_size;
		world->deep = random_below(2) ? 100 + (int)random_below(1000) : BUILDS;
		read_with_accidents(world);
		cr_expect(lost(world, 0) == 0, "SEED=%d: %d lost of %d, page %d endless %d", (int)seed,
			  lost(world, 0), world->count, world->page_size, world->endless);
		world_free(world);
	}
}

Test(walk_stretch, reads_again_only_what_was_under_way_when_it_was_killed)
{
	for (int at = 2; at < 100; at += 7) {
		struct world *world = even_world(10000, MINUTE_MS);

		world->killed_at = at;
		visit_since(world, &ages);
		world->now += 7 * DAY_MS;
		visit_since(world, &ages);
		cr_expect(lost(world, 0) == 0);
		/* Two live requests are the second visit's own. */
		cr_expect(world->requests <= 100 + 2, "killed after %d: %d requests", at, world->requests);
		world_free(world);
	}
}

Test(walk_stretch, learns_how_far_down_the_provider_goes)
{
	struct world *world = even_world(10000, MINUTE_MS);

	world->deep = 400;
	visit_since(world, &ages);
	cr_expect(lost(world, 0) == 0);
	cr_expect(world->requests <= 100 + 8, "%d requests", world->requests);
	world_free(world);
}

Test(walk_stretch, looks_twice_only_where_numbers_have_gaps)
{
	struct world *world = even_world(10000, MINUTE_MS);

	random_state = 7;
	for (int i = 0; i < 100; i++) {
		world->builds[random_below(world->count)].deleted = true;
	}
	visit_since(world, &ages);
	cr_expect(lost(world, 0) == 0);
	cr_expect(world->requests <= 99 + 8, "%d requests", world->requests);
	world_free(world);
}

Test(walk_stretch, a_build_that_slips_up_into_a_page_that_was_read_is_found)
{
	struct world *world = even_world(2000, MINUTE_MS);

	world->between = delete_near_pages;
	random_state = 3;
	visit_since(world, &ages);
	cr_expect(lost(world, 0) == 0, "%d lost", lost(world, 0));
	world_free(world);
}
