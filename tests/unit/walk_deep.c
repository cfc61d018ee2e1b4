/* One millisecond with more builds than a list may go down. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/walk_world.h"

#include <criterion/criterion.h>

#define DEEP 500

static struct world *world;

static void open_world(void)
{
	world = world_new();
	world->deep = DEEP;
}

static void close_world(void)
{
	world_free(world);
}

TestSuite(walk_deep, .init = open_world, .fini = close_world);

/* So many builds of one millisecond, with some before and after them. */
static void add_bulk(int64_t created, int count)
{
	for (int i = 0; i < 30; i++) {
		add_finished(world, created - HOUR_MS + i, created - 1);
	}
	for (int i = 0; i < count; i++) {
		add_finished(world, created, created + 1000);
	}
	for (int i = 0; i < 30; i++) {
		add_finished(world, created + HOUR_MS + i, created + 2 * HOUR_MS);
	}
}

Test(walk_deep, nothing_of_the_history_is_lost)
{
	add_bulk(START - DAY_MS, 3000);
	visit(world);
	cr_expect_eq(lost(world, START - 30 * DAY_MS), 0);
	cr_expect_lt(world->gets, 3000 - DEEP + 100, "%d requests", world->gets);
}

Test(walk_deep, nothing_is_lost_in_a_list_without_order)
{
	world->shuffled = true;
	add_bulk(START - DAY_MS, 3000);
	visit(world);
	cr_expect_eq(lost(world, START - 30 * DAY_MS), 0);
}

Test(walk_deep, nothing_is_lost_while_it_is_new)
{
	add_finished(world, START - HOUR_MS, START - 1);
	visit(world);
	world->now += HOUR_MS;
	for (int i = 0; i < 3000; i++) {
		add(world, world->now);
	}
	world->now += 5 * MINUTE_MS;
	visit(world);
	cr_expect_eq(lost(world, START - DAY_MS), 0);
}

/* They finish one by one: what is read of them is known, and is not swept at each visit. */
Test(walk_deep, builds_that_finish_are_not_swept_again)
{
	visit(world);
	add_finished(world, START - HOUR_MS, START - 1);
	visit(world);
	world->now += HOUR_MS;
	for (int i = 0; i < 3000; i++) {
		add(world, world->now);
	}
	world->now += 5 * MINUTE_MS;
	visit(world);
	for (int i = 0; i < 1000; i++) {
		finish(world, 1 + i);
	}
	world->gets = 0;
	world->now += 5 * MINUTE_MS;
	visit(world);
	cr_expect_eq(world->gets, 0);
	cr_expect_eq(lost(world, START - DAY_MS), 0);
}

/* Numbers below 1 don't exist, and a deleted build is no end. */
Test(walk_deep, the_first_builds_of_a_pipeline_with_some_deleted)
{
	for (int i = 0; i < 3000; i++) {
		add_finished(world, START - DAY_MS, START - 1);
		world->builds[i].deleted = i % 100 < 20;
	}
	visit(world);
	cr_expect_eq(lost(world, START - 30 * DAY_MS), 0);
}

Test(walk_deep, a_sweep_goes_on_after_a_kill)
{
	add_bulk(START - DAY_MS, 2000);
	for (int i = 0; i < 60; i++) {
		world->killed_at = 40;
		visit(world);
	}
	world->killed_at = 0;
	visit(world);
	cr_expect_eq(lost(world, START - 30 * DAY_MS), 0);
	cr_expect_lt(world->gets, 2 * 2000, "%d requests", world->gets);
}

/* More than a page of one millisecond has finished, and older builds too. */
Test(walk_deep, builds_below_a_full_millisecond_that_finished_are_seen)
{
	int old;

	world->deep = BUILDS;
	for (int i = 0; i < 10; i++) {
		add(world, START - 3 * HOUR_MS + i);
	}
	old = add_finished(world, START - 2 * HOUR_MS, START - HOUR_MS);
	for (int i = 0; i < 250; i++) {
		add(world, START - HOUR_MS);
	}
	visit(world);
	world->now += 10 * MINUTE_MS;
	visit(world);
	world->now += 10 * MINUTE_MS;
	retry(world, old);
	finish(world, old);
	for (int i = 11; i < 261; i++) {
		finish(world, i);
	}
	world->now += MINUTE_MS;
	visit(world);
	cr_expect_eq(lost(world, START - DAY_MS), 0);
}
