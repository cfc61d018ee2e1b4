/* `buildbus sync` into Firestore over a world that goes on, cut off, twice at once. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/sync_google.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(sync_firestore_world, .timeout = 240);

/* The holes of a sync that asks only for numbers above the newest one it knows. */

static void sync_five(void)
{
	struct sync_run run = sync_once(&where, 0, "--initial-sync-limit", "5", PATIENT);

	sync_run_free(&run);
}

static void ten_builds(void)
{
	world_builds(sim, 10, "'duration_ms': 1000");
}

Test(sync_firestore_world, a_build_that_ends_after_many_newer_ones_is_not_lost, .init = begin_empty,
     .fini = end)
{
	world_build(sim, "'duration_ms': 1000, 'queue_ms': 3600000");
	ten_builds();
	sync_five();
	world_pass(sim, HOUR);
	sync_five();
	expect_build(1, "BuildStatus.successful", "\"1000\"");
}

Test(sync_firestore_world, a_build_that_was_running_is_followed_to_its_end, .init = begin_empty, .fini = end)
{
	world_build(sim, "'duration_ms': null");
	world_pass(sim, MINUTE);
	sync_five();
	expect_build(1, "BuildStatus.inProgress", "null");
	ten_builds();
	world_act(sim, 1, "finish");
	ten_builds();
	sync_five();
	expect_build(1, "BuildStatus.successful", "\"660000\"");
}

Test(sync_firestore_world, a_build_that_is_run_again_is_read_again, .init = begin_empty, .fini = end)
{
	world_build(sim, "'duration_ms': 1000, 'result': 'failed'");
	world_pass(sim, MINUTE);
	sync_five();
	expect_build(1, "BuildStatus.failed", "\"1000\"");
	ten_builds();
	sync_five();
	world_act(sim, 1, "retry");
	world_pass(sim, 10 * MINUTE);
	sync_five();
	expect_build(1, "BuildStatus.successful", "\"60000\"");
}

/* A world that goes on. */

enum fate { OVER, FAILED, RUNS, BLOCKED, SKIPPED };
static struct {
	enum fate fates[400];
	int count;
	unsigned random;
} world;

static int draw(int below)
{
	world.random = world.random * 1103515245 + 12345;
	return (int)(world.random >> 16 & 0x7fff) % below;
}

static void begin_build(void)
{
	static const struct {
		enum fate fate;
		const char *how;
	} kinds[] = {
		{OVER, "'duration_ms': 60000, 'queue_ms': 1200000"},
		{OVER, "'duration_ms': 1500000, 'jobs': 2"},
		{FAILED, "'duration_ms': 30000, 'result': 'failed'"},
		{FAILED, "'duration_ms': 90000, 'result': 'canceled'"},
		{RUNS, "'duration_ms': null"},
		{BLOCKED, "'duration_ms': 60000, 'block': true"},
		{SKIPPED, "'result': 'skipped'"},
	};
	int kind = draw(7);

	world_build(sim, kinds[kind].how);
	world.fates[++world.count] = kinds[kind].fate;
}

/* One of the builds with this fate; 0: there is none. */
static int any(enum fate fate)
{
	int from = draw(world.count) + 1;

	for (int i = 0; i < world.count; i++) {
		int number = (from + i) % world.count + 1;

		if (world.fates[number] == fate) {
			return number;
		}
	}
	return 0;
}

static void do_to_any(enum fate fate, const char *action)
{
	int number = any(fate);

	if (number) {
		world_act(sim, number, action);
		world.fates[number] = OVER;
	}
}

/* So many builds begin, some end, out of order; hours go by. */
static void go_on(int builds)
{
	for (int i = 0; i < builds; i++) {
		begin_build();
		world_pass(sim, (1 + draw(5)) * MINUTE);
	}
	world_pass(sim, HOUR);
	do_to_any(RUNS, "finish");
	do_to_any(RUNS, "cancel");
	do_to_any(BLOCKED, "unblock");
	do_to_any(FAILED, "retry");
	world_pass(sim, (1 + draw(3)) * HOUR);
}

static void begin_world(void)
{
	begin_at(30 * 24 * HOUR, "0");
	world.count = 0;
	world.random = 7;
	go_on(12);
}

Test(sync_firestore_world, ten_runs_over_a_world_that_goes_on_hold_the_truth_after_each, .init = begin_world,
     .fini = end)
{
	for (int i = 0; i < 10; i++) {
		char weather[64];

		snprintf(weather, sizeof weather, "{'permille': %d, 'seed': %d}", i % 2 * 120, i);
		simulator_do(sim, "weather", weather);
		meter_refuse(meter, i % 3);
		sync_well();
		expect_truth();
		go_on(8);
	}
}

Test(sync_firestore_world, killed_anywhere_and_run_again_is_whole, .init = begin_world, .fini = end)
{
	for (int requests = 1; requests <= 6; requests++) {
		int before = meter_count(meter, "");
		struct child *sync = sync_start(&where, ARGS(PATIENT), "killed");

		meter_served(meter, before + requests);
		child_kill(sync);
		child_free(&sync);
		sync_well();
		expect_truth();
		go_on(6);
	}
}

Test(sync_firestore_world, two_jobs_at_once_end_right, .init = begin_world, .fini = end)
{
	for (int i = 0; i < 3; i++) {
		struct child *one = sync_start(&where, ARGS(PATIENT), "one");
		struct child *other = sync_start(&where, ARGS(PATIENT), "other");

		cr_expect_eq(child_end(one), 0);
		cr_expect_eq(child_end(other), 0);
		child_free(&one);
		child_free(&other);
		expect_truth();
		go_on(8);
	}
}
