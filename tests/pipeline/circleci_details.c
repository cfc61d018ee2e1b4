/* What is asked for apart at CircleCI: details of jobs, test results, coverage; and what a check says. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/scene.h"

#include <stdio.h>

TestSuite(circleci_details, .timeout = 180);

#define BOTH "      tests: true\n      coverage: true\n"

static void holds_details(struct scene *scene)
{
	scene_holds_truth(scene);
	db_becomes(scene->place, "hub.db", 0, "SELECT count(*) FROM owed");
	scene_holds_truth(scene);
}

static void holds_all(struct scene *scene)
{
	holds_details(scene);
	cr_assert_eq(simulator_count(scene->sim, "leaks"), 0, "the other host got the token");
}

Test(circleci_details, tests_and_coverage_of_finished_builds_arrive)
{
	struct scene *scene = scene_new("--builds", "40", "--pipelines", "2", "--history", "3d", "--tests",
					"500", "--coverage", "500");

	scene_circleci(scene, "[gh/acme/web, gh/acme/api]", BOTH);
	scene_start(scene);
	holds_all(scene);
	cr_assert_gt(db_int(scene->place, "store.db", "SELECT count(coverage) FROM builds"), 0);
	cr_assert_gt(db_int(scene->place, "store.db", "SELECT sum(tests_failed) FROM builds"), 0);
	scene_free(&scene);
}

Test(circleci_details, each_workflow_has_its_own)
{
	struct scene *scene =
		scene_new("--builds", "20", "--pipelines", "1", "--history", "3d", "--tests", "900");

	scene_circleci(scene, "gh/acme/web", "      tests: true\n      build_per: workflow\n");
	scene_start(scene);
	holds_all(scene);
	cr_assert_gt(db_int(scene->place, "store.db", "SELECT count(tests_total) FROM builds"), 0);
	scene_free(&scene);
}

/* Once a finish: polls that bring nothing new ask for nothing of it. The file lies where the API does. */
Test(circleci_details, are_asked_for_once_a_finish)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1", "--tests", "1000");
	int64_t asked;

	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'jobs': 12}");
	simulator_do(scene->sim, "advance", "{'ms': 120000}");
	simulator_do(
		scene->sim, "artifact",
		"{'pipeline': 'web', 'number': 1, 'path': 'out/coverage-summary.json', 'redirect': 'here', "
		"'body': '{\\\"pct\\\": 0.6}'}");
	scene_circleci(scene, "gh/acme/web", BOTH);
	scene_start(scene);
	holds_details(scene);
	asked = simulator_count(scene->sim, "cc_tests");
	cr_assert_geq(asked, 12);
	cr_assert_eq(simulator_count(scene->sim, "cc_artifacts"), 12);
	cr_assert_eq(db_int(scene->place, "store.db", "SELECT round(coverage * 10) FROM builds"), 6);
	scene_visited(scene, NULL);
	scene_visited(scene, NULL);
	cr_assert_eq(simulator_count(scene->sim, "cc_tests"), asked);
	cr_assert_eq(simulator_count(scene->sim, "cc_artifacts"), 12);
	scene_free(&scene);
}

/* What passed is listed by the re-run once more, and keeps what is known of it. */
Test(circleci_details, a_re_run_asks_only_for_the_details_of_its_own_jobs)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");

	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'jobs': 5, 'result': 'failed'}");
	simulator_do(scene->sim, "advance", "{'ms': 120000}");
	scene_circleci(scene, "gh/acme/web", "");
	scene_start(scene);
	scene_holds_truth(scene);
	cr_assert_eq(simulator_count(scene->sim, "cc_job"), 5);
	simulator_do(scene->sim, "act", "{'pipeline': 'web', 'number': 1, 'action': 'retry'}");
	simulator_do(scene->sim, "advance", "{'ms': 86400000}");
	db_becomes(scene->place, "store.db", 2, "SELECT attempt FROM builds WHERE state = 'finished'");
	scene_holds_truth(scene);
	cr_assert_eq(db_int(scene->place, "store.db", "SELECT count(*) FROM jobs WHERE queued_at"),
		     simulator_count(scene->sim, "cc_job"));
	scene_free(&scene);
}

static void check(struct scene *scene, const char *token, const char *projects, int code, const char *out,
		  const char *errors)
{
	struct said said;

	place_write(
		scene->place, "check.yml",
		"bus:\n  state_dir: %s\nsources:\n  - circleci:\n      token: %s\n      project_slug: %s\n"
		"      api_url: %s/api/v2\n",
		scene->place->state, token, projects, scene->sim->root);
	said = command_run(scene->place, "buildbus",
			   ARGS("validate", "--online", "-c", place_path(scene->place, "check.yml")));
	cr_expect_eq(said.code, code, "%d: %s%s", said.code, said.out, said.errors);
	expect_words(HERE, said.out, out);
	expect_words(HERE, said.errors, errors);
	said_free(&said);
}

Test(circleci_details, a_check_says_of_each_project_whether_it_can_be_read)
{
	struct scene *scene = scene_new("--builds", "10", "--pipelines", "2");

	check(scene, SIM_TOKEN, "[gh/acme/web, github/acme/api]", 0,
	      "token: valid, of sim|pipelines of gh/acme/web can be read|pipelines of github/acme/api", "");
	check(scene, SIM_TOKEN, "\"*\"", 0, "projects of 1 organization can be found", "");
	check(scene, SIM_TOKEN, "[gh/acme/wbe, gh/acme/web]", 1, "pipelines of gh/acme/web can be read",
	      "there is no project gh/acme/wbe for this token: correct the slug");
	check(scene, SIM_TOKEN, "[gh/acme/web, github/acme/web]", 1, "",
	      "names one project twice, as gh/acme/web and github/acme/web: leave one out");
	check(scene, "nonsense", "gh/acme/web", 1, "project_slug: depends on token",
	      "token: |does not accept the token (401)|personal API token");
	scene_free(&scene);
}
