/* CircleCI through the real processes: the store holds what the simulated provider says, whatever happens on
 * the way. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/scene.h"

#include <stdio.h>
#include <string.h>

TestSuite(circleci, .timeout = 180);

static void open_scene(struct scene *scene, const char *projects)
{
	scene_circleci(scene, projects, "");
	scene_start(scene);
}

static void advance(struct scene *scene, const char *ms)
{
	char json[64];

	snprintf(json, sizeof json, "{'ms': %s}", ms);
	simulator_do(scene->sim, "advance", json);
}

/* Several pages of each list. */
Test(circleci, a_project_with_its_history_arrives_whole)
{
	struct scene *scene = scene_new("--builds", "300", "--pipelines", "1", "--history", "20d");

	open_scene(scene, "gh/acme/web");
	scene_holds_truth(scene);
	scene_free(&scene);
}

Test(circleci, running_queued_and_blocked_pipelines_go_on_to_their_end)
{
	struct scene *scene =
		scene_new("--builds", "60", "--pipelines", "2", "--history", "30m", "--rate", "60");

	open_scene(scene, "[gh/acme/web, github/acme/api]");
	scene_holds_truth(scene);
	for (int i = 0; i < 10; i++) {
		advance(scene, "120000");
		scene_visited(scene, NULL);
	}
	scene_holds_truth(scene);
	scene_free(&scene);
}

Test(circleci, a_re_run_of_an_old_pipeline_is_a_second_attempt)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");

	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'result': 'failed'}");
	simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	advance(scene, "120000");
	open_scene(scene, "gh/acme/web");
	scene_holds_truth(scene);
	simulator_do(scene->sim, "act", "{'pipeline': 'web', 'number': 1, 'action': 'retry'}");
	advance(scene, "86400000");
	db_becomes(scene->place, "store.db", 2, "SELECT attempt FROM builds WHERE number = 1");
	scene_holds_truth(scene);
	db_becomes(scene->place, "store.db", 1, "SELECT count(*) FROM jobs WHERE superseded");
	scene_free(&scene);
}

Test(circleci, a_pipeline_that_waits_a_day_for_approval_is_blocked_and_then_done)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");

	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'block': true}");
	advance(scene, "120000");
	open_scene(scene, "gh/acme/web");
	db_becomes(scene->place, "store.db", 1, "SELECT count(*) FROM builds WHERE state = 'blocked'");
	advance(scene, "86400000");
	simulator_do(scene->sim, "act", "{'pipeline': 'web', 'number': 1, 'action': 'unblock'}");
	advance(scene, "120000");
	db_becomes(scene->place, "store.db", 1, "SELECT count(*) FROM builds WHERE result = 'success'");
	scene_holds_truth(scene);
	scene_free(&scene);
}

Test(circleci, a_broken_configuration_is_a_finished_build_with_the_message)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");

	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'result': 'not_run'}");
	open_scene(scene, "gh/acme/web");
	db_becomes(scene->place, "store.db", 1,
		   "SELECT count(*) FROM builds WHERE state = 'finished' AND result = 'error' AND message "
		   "LIKE 'Config does not conform%'");
	scene_holds_truth(scene);
	scene_free(&scene);
}

Test(circleci, two_fetchers_share_projects_in_bad_weather)
{
	struct scene *scene = scene_new("--builds", "60", "--pipelines", "3", "--history", "10d", "--weather",
					"80", "--weather-seed", "5");

	open_scene(scene, "[gh/acme/web, gh/acme/api, gh/acme/mobile-app]");
	scene_start_fetcher(scene);
	be_patient(4);
	scene_holds_truth(scene);
	scene_free(&scene);
}

Test(circleci, the_star_is_every_project_that_the_token_follows)
{
	struct scene *scene =
		scene_new("--builds", "60", "--pipelines", "4", "--organizations", "2", "--history", "5d");

	open_scene(scene, "\"*\"");
	scene_holds_truth(scene);
	scene_free(&scene);
}

/* A slug of each kind; what came by an opaque one has its commit elsewhere. */
Test(circleci, projects_of_bitbucket_and_of_the_app_are_read)
{
	struct scene *scene = scene_new("--builds", "90", "--pipelines", "3", "--organizations", "3",
					"--history", "5d", "--vcs", "gh,bb,circleci");

	open_scene(scene, "\"*\"");
	scene_holds_truth(scene);
	db_becomes(scene->place, "store.db", 3, "SELECT count(DISTINCT organization) FROM builds");
	db_becomes(scene->place, "store.db", 1,
		   "SELECT count(DISTINCT id LIKE 'circleci/circleci/%') FROM builds WHERE organization LIKE "
		   "'circleci/%' AND length(pipeline) = 22 AND length(\"commit\") = 40");
	scene_free(&scene);
}

Test(circleci, what_a_setup_workflow_continues_with_is_waited_for)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");

	open_scene(scene, "gh/acme/web");
	for (int i = 0; i < 3; i++) {
		simulator_do(scene->sim, "build",
			     "{'pipeline': 'web', 'setup': true, 'queue_ms': 5000, 'duration_ms': 10000}");
		advance(scene, "1000");
	}
	db_becomes(scene->place, "store.db", 3, "SELECT count(*) FROM builds WHERE state = 'queued'");
	advance(scene, "12500"); /* the first has passed, and nothing follows yet */
	db_becomes(scene->place, "store.db", 3, "SELECT count(*) FROM builds WHERE state = 'running'");
	scene_holds_truth(scene);
	advance(scene, "60000");
	scene_holds_truth(scene);
	db_becomes(scene->place, "store.db", 6,
		   "SELECT count(DISTINCT build_id || \"group\") FROM jobs WHERE result = 'success'");
	scene_free(&scene);
}

Test(circleci, behind_a_setup_workflow_that_was_cancelled_nothing_comes)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");

	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'setup': true, 'duration_ms': 60000}");
	advance(scene, "1000");
	simulator_do(scene->sim, "act", "{'pipeline': 'web', 'number': 1, 'action': 'cancel'}");
	advance(scene, "1000");
	open_scene(scene, "gh/acme/web");
	scene_holds_truth(scene);
	db_becomes(scene->place, "store.db", 1,
		   "SELECT count(*) FROM builds WHERE state = 'finished' AND result = 'cancellation'");
	scene_free(&scene);
}
