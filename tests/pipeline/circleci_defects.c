/* The defects of an earlier collector of CircleCI's pipelines, one test each: they must not come back. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/scene.h"

#include <stdio.h>

TestSuite(circleci_defects, .timeout = 180);

/* It read the first page of each list alone. Here lists of workflows have two a page, lists of jobs ten. */
Test(circleci_defects, workflows_and_jobs_beyond_the_first_page_are_read)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");

	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'jobs': 31, 'result': 'failed'}");
	for (int i = 0; i < 6; i++) {
		simulator_do(scene->sim, "advance", "{'ms': 120000}");
		simulator_do(scene->sim, "act",
			     "{'pipeline': 'web', 'number': 1, 'action': 'retry', 'result': 'failed'}");
	}
	simulator_do(scene->sim, "advance", "{'ms': 120000}");
	scene_circleci(scene, "gh/acme/web", "");
	scene_start(scene);
	scene_holds_truth(scene);
	db_becomes(scene->place, "store.db", 7, "SELECT attempt FROM builds");
	scene_free(&scene);
}

/* A page is twenty pipelines. */
static struct scene *scene_of_full_pages(void)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");

	for (int i = 0; i < 40; i++) {
		simulator_do(scene->sim, "build", "{'pipeline': 'web', 'duration_ms': 1000}");
		simulator_do(scene->sim, "advance", "{'ms': 60000}");
	}
	scene_circleci(scene, "gh/acme/web", "");
	scene_start(scene);
	return scene;
}

/* Its cursor was the end of the last item that it read: of the oldest. So all was read each time. */
Test(circleci_defects, what_was_read_is_not_read_with_each_visit)
{
	struct scene *scene = scene_of_full_pages();

	scene_holds_truth(scene);
	scene_visited(scene, NULL);
	child_event(scene->fetchers[0], "fetch.visited", "requests", "1");
	cr_assert_leq(simulator_count(scene->sim, "cc_workflows"), 40 * 2);
	scene_free(&scene);
}

/* It asked again and again for as much as it had asked for, when it got exactly that much. */
Test(circleci_defects, a_list_of_full_pages_has_an_end)
{
	struct scene *scene = scene_of_full_pages();

	scene_holds_truth(scene);
	child_event(scene->fetchers[0], "fetch.visited", NULL, NULL);
	cr_assert_leq(simulator_count(scene->sim, "cc_pipelines"), 10);
	scene_free(&scene);
}

/* What ran when it was read stayed as it was then. */
Test(circleci_defects, a_workflow_that_runs_is_read_again_until_it_ends)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");

	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'duration_ms': 60000}");
	simulator_do(scene->sim, "advance", "{'ms': 1000}");
	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'duration_ms': 1000}");
	simulator_do(scene->sim, "advance", "{'ms': 2000}");
	scene_circleci(scene, "gh/acme/web", "");
	scene_start(scene);
	db_becomes(scene->place, "store.db", 1, "SELECT count(*) FROM builds WHERE state = 'running'");
	simulator_do(scene->sim, "advance", "{'ms': 600000}");
	db_becomes(scene->place, "store.db", 2, "SELECT count(*) FROM builds WHERE result = 'success'");
	scene_free(&scene);
}

/* It asked for each job twice. */
Test(circleci_defects, jobs_of_what_ended_are_asked_for_once)
{
	struct scene *scene = scene_new("--builds", "30", "--pipelines", "1", "--history", "20d");
	int64_t details, lists;

	scene_circleci(scene, "gh/acme/web", "");
	scene_start(scene);
	scene_holds_truth(scene);
	details = simulator_count(scene->sim, "cc_job");
	lists = simulator_count(scene->sim, "cc_pipelines");
	cr_assert_gt(details, 0);
	simulator_served(scene->sim, "cc_pipelines", lists + 3);
	cr_assert_eq(simulator_count(scene->sim, "cc_job"), details);
	cr_assert_eq(db_int(scene->place, "store.db",
			    "SELECT count(*) FROM jobs WHERE started_at AND finished_at AND kind = 'script' "
			    "AND queued_at"),
		     details);
	scene_free(&scene);
}

/* It read `subjec`. */
Test(circleci_defects, a_build_has_the_subject_of_its_commit)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");

	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'message': 'Fix the flaky spec'}");
	scene_circleci(scene, "gh/acme/web", "");
	scene_start(scene);
	db_becomes(scene->place, "store.db", 1,
		   "SELECT count(*) FROM builds WHERE message = 'Fix the flaky spec'");
	scene_free(&scene);
}

/* After an error it waited for ever. */
Test(circleci_defects, an_error_hangs_nothing)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");

	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'duration_ms': 1000}");
	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'duration_ms': 1000}");
	simulator_do(scene->sim, "advance", "{'ms': 60000}");
	simulator_do(scene->sim, "faults", "{'status': 500, 'route': 'cc_jobs', 'count': -1}");
	simulator_do(scene->sim, "faults", "{'status': 503, 'route': 'cc_pipelines', 'count': 2}");
	scene_circleci(scene, "gh/acme/web", "");
	scene_start(scene);
	be_patient(4);
	child_event(scene->fetchers[0], "fetch.skipped", NULL, NULL);
	simulator_heal(scene->sim);
	simulator_do(scene->sim, "advance", "{'ms': 600000}");
	scene_holds_truth(scene);
	scene_free(&scene);
}
