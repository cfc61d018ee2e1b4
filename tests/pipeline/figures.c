/* Every figure that the dashboard's API gives is what follows from the simulators' truth, when all of it has
 * come through bad weather, real fetchers, the hub and the store sink; and every answer is as
 * docs/openapi.json says. The other half, in tests/pipeline/figures/, computes without a line of the
 * project's own code.
 *
 * BUILDBUS_FIGURES_BUILDS=N sets how many builds (700), BUILDBUS_FIGURES_SEED=N which world (1). */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/simulator.h"
#include "tests/support/truth.h"
#include "tests/support/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER BINARY_DIR "/tests/ajv"
#define BUILDS "700"
/* On what brings builds: an artifact that came broken has no coverage, and that is right. */
#define WEATHER                                                                                              \
	STORM("cut", "organization_builds"), STORM("truncated", "builds"), STORM("error-html", "builds"),    \
		STORM("reset-within", "builds"), STORM("wrong-member", "organization_builds"),               \
		STORM("limit-user", "builds"), STORM("cut", "cc_pipelines"),                                 \
		STORM("reset-before", "cc_workflows"), STORM("truncated", "cc_jobs"),                        \
		STORM("error-json", "cc_job")
#define STORM(kind, route) "--fault", kind ",count=-1,permille=80,route=" route

TestSuite(figures, .timeout = 600);

/* The packages stay in the build's folder for the next run. */
static bool have_ajv(void)
{
	return system("node --version >/dev/null 2>&1 && { test -d " FOLDER
		      "/node_modules/ajv || { mkdir -p " FOLDER " && cd " FOLDER
		      " && timeout -k 5 120 npm install --no-audit --no-fund --prefer-offline "
		      "--ignore-scripts "
		      "ajv@8 "
		      ">npm.log 2>&1; }; }") == 0;
}

static void configure(const struct place *place, const struct simulator *sim)
{
	char url[128], *config;

	snprintf(url, sizeof url, "%s/_sim/config", sim->root);
	config = web_get(HERE, url, NULL);
	place_write(
		place, "buildbus.yml",
		"bus: {state_dir: %s, min_free: 1MiB}\n%sdestinations:\n  - store: {listen: '127.0.0.1:0'}\n",
		place->state, config);
	free(config);
}

/* "http://127.0.0.1:PORT" */
static void page_of(struct child *up, char *out, size_t size)
{
	const char *line = child_event(up, "store.listening", NULL, NULL);
	const char *address = strstr(line, "127.0.0.1:");

	snprintf(out, size, "http://%.*s", (int)strspn(address, "0123456789.:"), address);
}

static char *truth_of(const struct simulator *sim)
{
	char url[160], *buildkite = simulator_truth(sim, "acme"), *circleci, *both;

	snprintf(url, sizeof url, "%s/_sim/truth?provider=circleci&organization=acme-labs", sim->root);
	circleci = web_get(HERE, url, NULL);
	if (asprintf(&both, "%s%s", buildkite, circleci) < 0) {
		abort();
	}
	free(buildkite);
	free(circleci);
	return both;
}

static void expect_figures(const struct place *place, const char *page)
{
	struct said said =
		command_run(place, "/usr/bin/env",
			    ARGS("node", SOURCE_DIR "/tests/pipeline/figures/main.mjs", page,
				 place_path(place, "truth"), SOURCE_DIR "/docs/openapi.json", FOLDER));

	fprintf(stderr, "%s", said.out);
	cr_expect_eq(said.code, 0, "%s%s", said.out, said.errors);
	said_free(&said);
}

Test(figures, are_those_of_the_truth)
{
	const char *builds = getenv("BUILDBUS_FIGURES_BUILDS"), *seed = getenv("BUILDBUS_FIGURES_SEED");
	struct place *place = place_new();
	struct simulator *sim;
	struct child *up;
	char page[64], *truth;

	if (!have_ajv()) {
		cr_skip_test("no npm registry gave ajv");
	}
	sim = simulator_new(place, "--demo", "--builds", builds ? builds : BUILDS, "--seed",
			    seed ? seed : "1", "--start", "now", "--rate", "2", WEATHER);
	configure(place, sim);
	up = child_start(&(struct launch){.place = place,
					  .program = "buildbus",
					  .args = ARGS("up", "-c", place->config),
					  .no_ready = true});
	page_of(up, page, sizeof page);
	truth = truth_of(sim);
	be_patient(6);
	simulator_served(sim, "total", 300);
	simulator_heal(sim);
	store_holds(place, truth);
	place_write(place, "truth", "%s", truth);
	expect_figures(place, page);
	child_stop(up);
	child_free(&up);
	simulator_free(&sim);
	free(truth);
	place_free(&place);
}
