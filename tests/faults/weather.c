/* All faults at random: 5,000 builds in 40 pipelines reach the store through weather in which one answer of
 * the provider in ten goes wrong, while hub, fetchers and sink are killed. 0 lost, 0 doubled, 0 stale.
 *
 * BUILDBUS_FAULTS_SECONDS=N sets how long (15). */
/* SPDX-License-Identifier: MIT */
#include "tests/faults/world.h"
#include "tests/support/web.h"

#include <stdio.h>
#include <stdlib.h>

#define SECONDS      15
#define PERMILLE     200
#define HISTORY      "4600"
#define NEW_BUILDS   400
#define SETTLE_MS    120000
#define STEP_MOST_MS 120

static struct world world;

static void open_world(void)
{
	/* The world's clock is the wall's: a Date that is off is off to everybody. It lives twenty times
	 * faster. */
	world_open(&world, &(struct world_setup){.sim = ARGS("--builds", HISTORY, "--pipelines", "40",
							     "--history", "20m", "--clock", "real", "--rate",
							     "0", "--weather", "0"),
						 .poll = "2s"});
	world_try(&world, "weather", "{'permille': %d, 'seed': %u}", PERMILLE, world.seed);
}

static void close_world(void)
{
	world_close(&world);
}

TestSuite(weather, .timeout = 600, .init = open_world, .fini = close_world);

static int64_t seconds(void)
{
	const char *text = getenv("BUILDBUS_FAULTS_SECONDS");

	return text ? strtoll(text, NULL, 10) : SECONDS;
}

static void tell(int kills)
{
	char url[128], *report;

	snprintf(url, sizeof url, "%s/_sim/weather", world.sim->root);
	report = web_get(HERE, url, NULL);
	fprintf(stderr, "%d kills, %lld requests, %s\n", kills,
		(long long)simulator_count(world.sim, "total"), report);
	free(report);
}

static void new_builds(int count)
{
	for (int i = 0; i < count; i++) {
		world_try(&world, "build", "{'pipeline': '%s', 'random': true}",
			  world.pipelines[world_pick(&world, (unsigned)world.pipeline_count)]);
	}
}

Test(weather, five_thousand_builds_arrive_whatever_happens)
{
	int64_t since = test_now_ms(), last_ms = seconds() * 1000, now_ms;
	int made = 0, kills = 0;

	while ((now_ms = test_now_ms() - since) < last_ms) {
		int due = (int)(NEW_BUILDS * now_ms / last_ms);

		new_builds(due - made);
		made = due;
		world_meddle(&world);
		world_pass_time(&world, STEP_MOST_MS);
		world_check_running(&world);
		if (world_pick(&world, 8) == 0) {
			world_replace(&world, (enum part)world_pick(&world, PARTS));
			kills++;
		}
	}
	new_builds(NEW_BUILDS - made);
	tell(kills);
	simulator_heal(world.sim);
	while (world_finish_all(&world) > 0) {
	}
	world_settle(&world, "after the weather", SETTLE_MS);
	be_patient(8); /* what was unreadable twice is asked for again after a minute */
	world_check_log(&world);
}
