/* CircleCI: what a person is told, and what goes wrong on the way. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/scene.h"

#include <stdio.h>
#include <stdlib.h>

TestSuite(circleci_errors, .timeout = 180);

static void configure(struct scene *scene, const char *token, const char *project)
{
	place_write(scene->place, "buildbus.yml",
		    "bus:\n  state_dir: %s\n  min_free: 1MiB\nsources:\n  - circleci:\n      token: %s\n"
		    "      project_slug: %s\n      api_url: %s/api/v2\n      poll_interval: 1s\n"
		    "destinations:\n  - store\n",
		    scene->place->state, token, project, scene->sim->root);
	scene->config_written = scene->circleci = true;
}

static void refuses(struct spot spot, struct scene *scene, const char *words)
{
	struct said said;

	scene_start_hub(scene);
	said = command_run_at(spot, scene->place, "buildbus-fetch-circleci",
			      ARGS("-c", scene->place->config));
	expect_refusal_at(spot, &said, 100, words);
	said_free(&said);
}

Test(circleci_errors, a_wrong_token)
{
	struct scene *scene = scene_new("--builds", "10", "--pipelines", "1");

	configure(scene, SIM_TOKEN "-wrong", "gh/acme/web");
	refuses(HERE, scene, "source circleci|does not accept the token (401)|personal API token");
	configure(scene, SIM_TOKEN, "gh/acme/web");
	scene_start_sink(scene);
	scene_start_fetcher(scene);
	scene_holds_truth(scene);
	scene_free(&scene);
}

Test(circleci_errors, a_project_that_is_not_there_hides_no_other)
{
	struct scene *scene = scene_new("--builds", "10", "--pipelines", "1");

	configure(scene, SIM_TOKEN, "[gh/acme/wbe, gh/acme/web]");
	scene_start(scene);
	child_says(scene->fetchers[0], "CircleCI has no project 'gh/acme/wbe' for this token");
	scene_holds_truth(scene);
	scene_free(&scene);
}

/* It had ended and looks as it did; the hub asks for it because it could not read it. */
Test(circleci_errors, a_pipeline_that_could_not_be_read_is_asked_for_again)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");

	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'duration_ms': 1000}");
	simulator_do(scene->sim, "advance", "{'ms': 60000}");
	simulator_do(scene->sim, "faults",
		     "{'status': 200, 'route': 'cc_jobs', 'body': '{\\'items\\': [{\\'id\\': \\'x\\', "
		     "\\'name\\': []}], \\'next_page_token\\': null}'}");
	scene_circleci(scene, "gh/acme/web", "");
	scene_start(scene);
	child_event(scene->hub, "hub.dead_letter", NULL, NULL);
	scene_holds_truth(scene);
	db_becomes(scene->place, "hub.db", 0, "SELECT count(*) FROM dead");
	scene_free(&scene);
}

/* A mishap of the way, not of the pipeline: neither a dead letter nor a build without details. */
Test(circleci_errors, what_was_too_large_once_is_asked_for_again)
{
	static const char *const routes[] = {"cc_jobs", "cc_job"};
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");
	char fault[80];

	scene_circleci(scene, "gh/acme/web", "");
	scene_start(scene);
	for (int i = 0; i < 2; i++) {
		snprintf(fault, sizeof fault, "{'kind': 'huge-chunked', 'route': '%s'}", routes[i]);
		simulator_do(scene->sim, "faults", fault);
		simulator_do(scene->sim, "build", "{'pipeline': 'web', 'duration_ms': 1000}");
		simulator_do(scene->sim, "advance", "{'ms': 60000}");
		child_event(scene->fetchers[0], "fetch.skipped", NULL, NULL);
		simulator_do(scene->sim, "advance", "{'ms': 60000}");
		scene_holds_truth(scene);
	}
	db_becomes(scene->place, "hub.db", 0, "SELECT count(*) FROM dead");
	scene_free(&scene);
}

Test(circleci_errors, the_fixture_file_is_synced)
{
	struct scene *scene = scene_new("--builds", "50", "--pipelines", "2", "--history", "5d");
	struct said said;
	char api[160];

	place_write(scene->place, "fixture.yml",
		    "native:\n  slug: acme\ndata_sources:\n- slug: circleci\n  projects:\n  - name: acme\n"
		    "    endpoints:\n    - name: github/acme/web\n    - name: gh/acme/api\n  config:\n"
		    "    - name: Circle-Token\n      value: %s\n",
		    SIM_TOKEN);
	snprintf(api, sizeof api, "%s/api/v2", scene->sim->root);
	setenv("BUILDBUS_CIRCLECI_API_URL", api, 1);
	said = command_run(scene->place, "buildbus",
			   ARGS("sync", "--config-file", place_path(scene->place, "fixture.yml"), "--state",
				scene->place->state, "--since", "30d"));
	cr_assert_eq(said.code, 0, "%s", said.errors);
	said_free(&said);
	scene->circleci = true;
	scene_holds_truth(scene);
	scene_free(&scene);
}

Test(circleci_errors, each_workflow_can_be_a_build)
{
	struct scene *scene = scene_new("--builds", "40", "--pipelines", "1", "--history", "5d");

	scene_circleci(scene, "gh/acme/web", "      build_per: workflow\n");
	scene_start(scene);
	scene_holds_truth(scene);
	cr_assert_gt(db_int(scene->place, "store.db",
			    "SELECT count(*) FROM builds WHERE id LIKE 'circleci/gh/acme/web/build/%'"),
		     0);
	scene_free(&scene);
}

static void replace(struct scene *scene, struct child **child)
{
	bool hub = child == &scene->hub, sink = child == &scene->sink;

	child_kill(*child);
	child_free(child);
	if (hub) {
		scene_start_hub(scene);
	} else if (sink) {
		scene_start_sink(scene);
	} else {
		scene_start_fetcher(scene);
	}
}

/* kill -9, while the world goes on. */
Test(circleci_errors, each_process_can_be_killed_at_any_time)
{
	struct scene *scene = scene_new("--builds", "120", "--pipelines", "2", "--history", "3d", "--rate",
					"60", "--latency", "5ms");

	scene_circleci(scene, "[gh/acme/web, gh/acme/api]", "");
	scene->mortal = true;
	scene_start(scene);
	scene_start_fetcher(scene);
	be_patient(6);
	for (int i = 1; i <= 4; i++) {
		simulator_served(scene->sim, "cc_jobs", 25 * i);
		simulator_do(scene->sim, "advance", "{'ms': 5000}");
		replace(scene, &scene->hub);
		replace(scene, &scene->sink);
		replace(scene, &scene->fetchers[i % 2]);
	}
	scene_holds_truth(scene);
	cr_assert_eq(db_int(scene->place, "hub.db", "SELECT count(*) FROM dead"), 0);
	scene_free(&scene);
}
