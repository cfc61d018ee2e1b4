/* The coverage of finished builds, through the whole pipeline. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/scene.h"

#include <stdio.h>
#include <stdlib.h>

TestSuite(coverage, .timeout = 180);

#define BUILD(scene, more) simulator_do((scene)->sim, "build", "{'pipeline': 'web'" more "}")
#define ARTIFACT(scene, more)                                                                                \
	simulator_do((scene)->sim, "artifact", "{'pipeline': 'web', 'number': 1, 'path': " more "}")
#define ADVANCE(scene) simulator_do((scene)->sim, "advance", "{'ms': 120000}")
#define SUMMARY        "'coverage-summary.json', 'body': '{\\\"pct\\\": 0.6}'"

/* One finished build, and nothing runs yet. */
static struct scene *one_build(void)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");

	scene_source(scene, .coverage = "true");
	BUILD(scene, "");
	ADVANCE(scene);
	return scene;
}

static void nothing_is_owed(const struct scene *scene)
{
	db_becomes(scene->place, "hub.db", 0, "SELECT count(*) FROM owed");
}

static void holds_truth(struct scene *scene)
{
	scene_holds_truth(scene);
	nothing_is_owed(scene);
	scene_holds_truth(scene);
	cr_assert_eq(simulator_count(scene->sim, "leaks"), 0, "the other host got the token");
}

static int64_t permille(const struct scene *scene)
{
	return db_int(scene->place, "store.db", "SELECT round(coverage * 1000) FROM builds");
}

static void becomes(const struct scene *scene, int64_t thousandths)
{
	db_becomes(scene->place, "store.db", thousandths,
		   "SELECT coalesce(round(coverage * 1000), -1) FROM builds");
}

Test(coverage, comes_from_the_artifact_of_a_finished_build_without_the_token)
{
	struct scene *scene = one_build();

	ARTIFACT(scene, SUMMARY);
	scene_start(scene);
	becomes(scene, 600);
	holds_truth(scene);
	cr_expect_eq(simulator_count(scene->sim, "artifacts"), 1);
	cr_expect_eq(simulator_count(scene->sim, "download"), 1);
	cr_expect_eq(simulator_count(scene->sim, "outside"), 1);
	cr_expect_not(child_said(scene->fetchers[0], "s3cr3t"), "a signed URL is in the log");
	state_holds_no(scene->place, "s3cr3t");
	scene_free(&scene);
}

Test(coverage, is_asked_for_once_a_finish)
{
	struct scene *scene = one_build();

	ARTIFACT(scene, SUMMARY);
	scene_start(scene);
	becomes(scene, 600);
	for (int i = 0; i < 3; i++) {
		scene_visited(scene, "buildkite:acme/web"); /* in the overlap: the build is read again */
	}
	cr_expect_eq(simulator_count(scene->sim, "artifacts"), 1);
	cr_expect_eq(permille(scene), 600);
	cr_expect_eq(db_int(scene->place, "hub.db", "SELECT count(*) FROM log"), 2);
	scene_free(&scene);
}

Test(coverage, is_asked_for_again_when_the_build_ran_again)
{
	struct scene *scene = one_build();

	ARTIFACT(scene, SUMMARY);
	scene_start(scene);
	becomes(scene, 600);
	simulator_do(scene->sim, "act", "{'pipeline': 'web', 'number': 1, 'action': 'retry'}");
	ARTIFACT(scene, "'coverage-summary.json', 'job': 1, 'body': '{\\\"pct\\\": 0.75}'");
	ADVANCE(scene);
	becomes(scene, 750);
	holds_truth(scene);
	scene_free(&scene);
}

Test(coverage, is_found_deep_among_many_artifacts)
{
	struct scene *scene = one_build();

	ARTIFACT(scene, "'log/a.txt', 'count': 249");
	ARTIFACT(scene, SUMMARY);
	scene_start(scene);
	becomes(scene, 600);
	cr_expect_eq(simulator_count(scene->sim, "artifacts"), 3);
	scene_free(&scene);
}

Test(coverage, is_that_of_the_newest_job_and_of_the_fewest_folders)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");

	scene_source(scene, .coverage = "true");
	BUILD(scene, ", 'result': 'failed'");
	ADVANCE(scene);
	simulator_do(scene->sim, "act", "{'pipeline': 'web', 'number': 1, 'action': 'retry'}");
	ADVANCE(scene);
	ARTIFACT(scene, "'coverage-summary.json', 'job': 0, 'body': '{\\\"pct\\\": 0.1}'");
	ARTIFACT(scene, "'a/b/coverage-summary.json', 'job': 1, 'body': '{\\\"pct\\\": 0.2}'");
	ARTIFACT(scene, "'a/coverage-summary.json', 'job': 1, 'body': '{\\\"pct\\\": 0.3}'");
	ARTIFACT(scene,
		 "'coverage-summary.json', 'job': 1, 'state': 'expired', 'body': '{\\\"pct\\\": 0.4}'");
	ARTIFACT(scene, "'not-coverage-summary.json', 'job': 1, 'body': '{\\\"pct\\\": 0.5}'");
	scene_start(scene);
	becomes(scene, 300);
	holds_truth(scene);
	scene_free(&scene);
}

/* Nothing to be had: the build stays as it is, nobody waits, nothing fails. */
static void is_null(const char *artifact)
{
	struct scene *scene = one_build();

	simulator_do(scene->sim, "artifact", artifact);
	scene_start(scene);
	db_becomes(scene->place, "store.db", 1, "SELECT count(*) FROM builds");
	simulator_served(scene->sim, "download", 1);
	holds_truth(scene);
	cr_expect_eq(permille(scene), 0, "null as an integer");
	cr_expect_eq(simulator_count(scene->sim, "download"), 1);
	cr_expect_not(child_said(scene->fetchers[0], "fetch.failed"));
	scene_free(&scene);
}

#define BROKEN(text) "{'pipeline': 'web', 'number': 1, 'path': 'coverage-summary.json', " text "}"

Test(coverage, that_is_no_json_is_null)
{
	is_null(BROKEN("'body': '{\\\"pct\\\": 0.'"));
}

Test(coverage, that_is_no_number_is_null)
{
	is_null(BROKEN("'body': '{\\\"pct\\\": \\\"x\\\"}'"));
}

Test(coverage, beyond_all_is_null)
{
	is_null(BROKEN("'body': '{\\\"pct\\\": 1.7}'"));
}

Test(coverage, of_an_artifact_that_is_too_large_is_null)
{
	is_null(BROKEN("'size_bytes': 3000000"));
}

Test(coverage, of_a_build_without_the_artifact_is_null_at_the_price_of_one_request)
{
	struct scene *scene = one_build();

	scene_start(scene);
	simulator_served(scene->sim, "artifacts", 1);
	holds_truth(scene);
	scene_visited(scene, "buildkite:acme/web");
	cr_expect_eq(simulator_count(scene->sim, "artifacts"), 1);
	cr_expect_eq(simulator_count(scene->sim, "download"), 0);
	scene_free(&scene);
}
