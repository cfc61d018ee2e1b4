/* What the CircleCI fetcher asks is what the specification of the API allows: each request goes by Prism, the
 * validator of npm's @stoplight/prism-cli, to the simulated provider. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/prism.h"
#include "tests/support/scene.h"
#include "tests/support/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(circleci_prism, .timeout = 300);

static struct child *start_front(const struct scene *scene, const char *prism, const char *spec)
{
	struct child *front =
		child_start(&(struct launch){.place = scene->place,
					     .program = "/usr/bin/env",
					     .args = ARGS("node", SOURCE_DIR "/tests/fakes/prism/front.mjs",
							  prism, spec, scene->sim->root)});

	child_ready(front);
	return front;
}

static void configure(struct scene *scene, const char *port)
{
	place_write(scene->place, "buildbus.yml",
		    "bus: {state_dir: %s, min_free: 1MiB}\nsources:\n  - circleci:\n      token: %s\n"
		    "      project_slug: \"*\"\n      tests: true\n      coverage: true\n"
		    "      poll_interval: 1s\n      api_url: http://127.0.0.1:%s/api/v2\n"
		    "destinations:\n  - store\n",
		    scene->place->state, SIM_TOKEN, port);
	scene->config_written = scene->circleci = true;
}

static char *report_of(const char *port)
{
	char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%s/report", port);
	return web_get(HERE, url, NULL);
}

static void asks_all(const char *report)
{
	static const char *const operations[] = {
		"/me/collaborations", "/pipeline",        "/project/:/pipeline", "/pipeline/:/workflow",
		"/workflow/:/job",    "/project/:/job/:", "/project/:/:/tests",  "/project/:/:/artifacts"};
	char mark[64];

	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
		snprintf(mark, sizeof mark, "\"%s\":", operations[i]);
		cr_expect(strstr(report, mark), "nothing asked for %s: %s", operations[i], report);
	}
}

Test(circleci_prism, each_request_is_as_the_specification_wants_it)
{
	const char *spec = prism_specification("circleci-v2.openapi.2022-04.json"), *prism;
	struct scene *scene;
	struct child *front;
	char *report;

	if (!spec) {
		cr_skip_test("no specification of CircleCI beside the project or in $BUILDBUS_SPECS");
	}
	prism = prism_program();
	if (!prism) {
		cr_skip_test("no npm registry gave @stoplight/prism-cli");
	}
	scene = scene_new("--builds", "24", "--pipelines", "2", "--organizations", "2", "--vcs",
			  "gh,circleci", "--history", "5d", "--tests", "500", "--coverage", "500");
	be_patient(4);
	front = start_front(scene, prism, spec);
	configure(scene, child_greeting(front));
	scene_start(scene);
	scene_holds_truth(scene);
	report = report_of(child_greeting(front));
	cr_expect(strstr(report, "\"controls\":[422,401,404]"), "Prism lets pass what is wrong: %.300s",
		  report);
	cr_expect(strstr(report, "\"refused\":[]"), "%s", report);
	asks_all(report);
	free(report);
	child_stop(scene->fetchers[0]); /* or it would complain that the API is gone */
	child_stop(front);
	child_free(&front);
	scene_free(&scene);
}
