/* The promise of the whole: 1,000 builds in 20 pipelines evolve while fetchers, hub and sink carry them to
 * the store; then again while each of these processes is killed -9 at random 50 times. 0 lost, 0 doubled, 0
 * stale.
 *
 * BUILDBUS_FAULTS_KILLS=N sets the kills a process. */
/* SPDX-License-Identifier: MIT */
#include "tests/faults/world.h"

#include <stdlib.h>
#include <sys/resource.h>

#define KILLS     50
#define STEP_MS   3000 /* of the world's time between two faults */
#define STEPS     (KILLS * PARTS)
#define SETTLE_MS 90000 /* open builds are looked at every age/60; the world is 20 minutes old */

static struct world world;

static void open_world(void)
{
	world_open(&world,
		   &(struct world_setup){.sim = ARGS("--builds", "600", "--pipelines", "20", "--history",
						     "10m", "--rate", "40", "--coverage", "400"),
					 .poll = "1s",
					 .coverage = true});
}

static void close_world(void)
{
	world_close(&world);
}

TestSuite(faults, .timeout = 600, .init = open_world, .fini = close_world);

static void advance(int64_t ms)
{
	world_try(&world, "advance", "{'ms': %lld}", (long long)ms);
}

static void finish(const char *when)
{
	world_finish_all(&world);
	advance(1000);
	world_settle(&world, when, SETTLE_MS);
	world_check_log(&world);
}

Test(faults, a_thousand_builds_arrive_as_they_are)
{
	world_settle(&world, "history", SETTLE_MS);
	for (int i = 0; i < STEPS / 2; i++) {
		advance(STEP_MS);
	}
	world_settle(&world, "half an evolution, open builds included", SETTLE_MS);
	for (int i = 0; i < STEPS / 2; i++) {
		advance(STEP_MS);
		world_meddle(&world);
		world_pass_time(&world, 50);
	}
	finish("the end");
}

Test(faults, each_process_killed_50_times_loses_doubles_and_ages_nothing)
{
	const char *text = getenv("BUILDBUS_FAULTS_KILLS");
	int kills = text ? (int)strtol(text, NULL, 10) : KILLS, left[PARTS], total = kills * PARTS;

	for (int i = 0; i < PARTS; i++) {
		left[i] = kills;
	}
	while (total > 0) {
		enum part victim = (enum part)world_pick(&world, PARTS);
		if (!left[victim]) {
			continue;
		}
		advance(STEP_MS);
		world_meddle(&world);
		world_pass_time(&world, 500);
		world_check_running(&world);
		world_replace(&world, victim);
		left[victim]--;
		total--;
	}
	finish("after the kills");
}

/* The nearest thing to a full disk that a test can set and lift: files can't grow. */
static void fill_disk(enum part part, bool full)
{
	struct rlimit limit = {full ? 4096 : RLIM_INFINITY, RLIM_INFINITY};

	cr_assert_eq(prlimit(child_pid(world.running[part]), RLIMIT_FSIZE, &limit, NULL), 0);
}

/* Longer than a lease lives: who wakes up holds a fence, or a session, that is over. */
static void suspend(enum part part)
{
	child_signal(world.running[part], SIGSTOP);
	world_pass_time(&world, 3000);
	child_signal(world.running[part], SIGCONT);
}

Test(faults, full_disks_and_suspended_processes_lose_double_and_age_nothing)
{
	for (int i = 0; i < STEPS / 4; i++) {
		enum part sufferer = world_pick(&world, 2) ? HUB : STORE;

		advance(STEP_MS);
		world_meddle(&world);
		fill_disk(sufferer, true);
		world_pass_time(&world, 800);
		if (world_pick(&world, 4) == 0) {
			suspend((enum part)world_pick(&world, PARTS));
		}
		fill_disk(sufferer, false);
		world_pass_time(&world, 300);
		world_check_running(&world);
	}
	finish("after the full disks");
}
