/* CircleCI through bad weather and kills: a build per pipeline, and the same pipelines once more with a build
 * per workflow, reach the store while one answer of the provider in five goes wrong and hub, fetchers and
 * sink are killed. Each build, each job and each version's order are as in truth.
 *
 * BUILDBUS_FAULTS_BUILDS=N sets how many pipelines there are (160), BUILDBUS_FAULTS_STEPS=N how often
 * something happens to them and to the processes (40). */
/* SPDX-License-Identifier: MIT */
#include "tests/faults/world.h"
#include "tests/support/web.h"

#include <stdio.h>
#include <stdlib.h>

#define BUILDS    160
#define STEPS     40
#define PERMILLE  200
#define STEP_MS   4000 /* of the world's time */
#define SETTLE_MS 120000

/* A re-run of what had ended is seen after a quarter of its age (docs/decisions/0012). */
#define RERUN_MS 3600000

/* The world's clock stands between steps, far behind the wall's: a Date that is ahead would stay so for
 * hours. A false limit of 200 requests a minute would hold the processes up for longer than the test lasts.
 */
#define LEFT_OUT "skew,limit-organization,limit-user,limit-both"

static struct world world;

static long size_of(const char *name, long fallback)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : fallback;
}

static void open_world(void)
{
	char builds[16];

	snprintf(builds, sizeof builds, "%ld", size_of("BUILDBUS_FAULTS_BUILDS", BUILDS));
	world_open(&world, &(struct world_setup){
				   .sim = ARGS("--builds", builds, "--pipelines", "6", "--organizations", "3",
					       "--vcs", "gh,bb,circleci", "--history", "30m", "--rate", "0"),
				   .poll = "1s",
				   .circleci = true,
			   });
	world_try(&world, "weather", "{'permille': %d, 'seed': %u, 'without': '%s'}", PERMILLE, world.seed,
		  LEFT_OUT);
}

static void close_world(void)
{
	world_close(&world);
}

TestSuite(faults_circleci, .timeout = 1800, .init = open_world, .fini = close_world);

static void advance(int64_t ms)
{
	world_try(&world, "advance", "{'ms': %lld}", (long long)ms);
}

static void begin_build(void)
{
	const char *pipeline = world.pipelines[world_pick(&world, (unsigned)world.pipeline_count)];

	if (world_pick(&world, 4) > 0) {
		world_try(&world, "build", "{'pipeline': '%s', 'random': true}", pipeline);
	} else {
		world_try(&world, "build",
			  "{'pipeline': '%s', 'setup': true, 'duration_ms': 9000, 'jobs': %u}", pipeline,
			  1 + world_pick(&world, 12));
	}
}

static void live_on(long steps)
{
	for (long i = 0; i < steps; i++) {
		advance(STEP_MS);
		world_meddle(&world);
		begin_build();
		world_pass_time(&world, 150);
		world_check_running(&world);
		if (world_pick(&world, 4) == 0) {
			world_replace(&world, (enum part)world_pick(&world, PARTS));
		}
	}
}

static void tell_weather(void)
{
	char url[128], *report;

	snprintf(url, sizeof url, "%s/_sim/weather", world.sim->root);
	report = web_get(HERE, url, NULL);
	fprintf(stderr, "%lld requests, %s\n", (long long)simulator_count(world.sim, "total"), report);
	free(report);
}

Test(faults_circleci, pipelines_and_workflows_arrive_as_they_are)
{
	live_on(size_of("BUILDBUS_FAULTS_STEPS", STEPS));
	tell_weather();
	simulator_heal(world.sim);
	while (world_finish_all(&world) > 0) {
		advance(5000); /* behind a setup workflow the others come */
	}
	advance(RERUN_MS);
	world_settle(&world, "after weather and kills", SETTLE_MS);
	world_check_log(&world);
}
