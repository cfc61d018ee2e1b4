/* Coverage that can't be had, or not now, holds up no build and is asked for once. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/scene.h"

#include <stdio.h>
#include <stdlib.h>

TestSuite(coverage_trouble, .timeout = 180);

#define SUMMARY "'path': 'coverage-summary.json', 'body': '{\\\"pct\\\": 0.6}'"
#define OWED    "SELECT count(*) FROM owed"
#define COVERED "SELECT count(*) FROM builds WHERE coverage IS NOT NULL"

static struct scene *scene;

static void add_builds(int count, const char *artifact)
{
	for (int i = 0; i < count; i++) {
		simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	}
	simulator_do(scene->sim, "advance", "{'ms': 120000}");
	for (int i = 1; artifact && i <= count; i++) {
		char json[400];

		snprintf(json, sizeof json, "{'pipeline': 'web', 'number': %d, %s}", i, artifact);
		simulator_do(scene->sim, "artifact", json);
	}
}

static void begin(int builds, const char *artifact)
{
	scene = scene_new("--builds", "0", "--pipelines", "1");
	scene_source(scene, .coverage = "true");
	add_builds(builds, artifact);
}

static void end(void)
{
	cr_expect_eq(simulator_count(scene->sim, "leaks"), 0, "the other host got the token");
	cr_expect_not(child_said(scene->fetchers[0], "s3cr3t"), "a signed URL is in the log");
	scene_free(&scene);
}

/* Everything that is owed, as if its time had come. */
static void ask_now(void)
{
	db_change(scene->place, "hub.db", "UPDATE owed SET due_at = 0");
	db_change(scene->place, "hub.db", "UPDATE target SET due_at = 0 WHERE name LIKE '%+details'");
}

static void all_come(int builds)
{
	db_becomes(scene->place, "store.db", builds, COVERED);
	db_becomes(scene->place, "hub.db", 0, OWED);
	scene_holds_truth(scene);
	cr_expect_eq(db_int(scene->place, "hub.db", "SELECT count(*) FROM log"), 2 * builds,
		     "a version more than the build and its coverage");
}

Test(coverage_trouble, a_token_without_the_scope_is_told_once_and_what_is_owed_comes_when_it_may)
{
	char listen[32];

	scene = scene_new("--builds", "0", "--pipelines", "1", "--scopes", "read_builds,read_pipelines");
	scene_source(scene, .coverage = "true");
	add_builds(20, NULL);
	scene_start(scene);
	child_event(scene->fetchers[0], "fetch.details_refused", "source", "buildkite");
	db_becomes(scene->place, "hub.db", 1,
		   "SELECT count(*) FROM target WHERE why LIKE '%read_artifacts%'");
	ask_now();
	child_skip(scene->fetchers[0]);
	child_event(scene->fetchers[0], "fetch.visited", "target", "buildkite:+details");
	db_becomes(scene->place, "store.db", 20, "SELECT count(*) FROM builds");
	cr_expect_eq(child_count(scene->fetchers[0], "fetch.details_refused"), 1);
	cr_expect_leq(simulator_count(scene->sim, "artifacts"), 8, "not each build is a try");
	cr_expect(child_said(scene->fetchers[0], "read_artifacts"), "what to do");
	cr_expect_not(child_said(scene->fetchers[0], "\"fetch.refused\""), "the source goes on");
	cr_expect_eq(db_int(scene->place, "hub.db", OWED), 20);
	/* The same provider, and the token has the scope. */
	snprintf(listen, sizeof listen, "%s", strstr(scene->sim->root, "127"));
	child_kill(scene->sim->child);
	child_free(&scene->sim->child);
	free(scene->sim);
	scene->sim = simulator_new_at(
		HERE, scene->place,
		ARGS("--token", SIM_TOKEN, "--listen", listen, "--builds", "0", "--pipelines", "1"));
	add_builds(20, SUMMARY);
	ask_now();
	db_becomes(scene->place, "store.db", 20, COVERED);
	end();
}

Test(coverage_trouble, an_error_of_the_api_is_asked_again_later)
{
	begin(1, SUMMARY);
	simulator_do(scene->sim, "faults", "{'status': 500, 'count': 1000, 'route': 'artifacts'}");
	scene_start(scene);
	db_becomes(scene->place, "hub.db", 1, "SELECT tries FROM owed");
	scene_visited(scene, "buildkite:acme/web");
	cr_expect_eq(simulator_count(scene->sim, "artifacts"), 3, "a few tries, then others have their turn");
	cr_expect_not(child_said(scene->fetchers[0], "fetch.failed"));
	simulator_heal(scene->sim);
	ask_now();
	all_come(1);
	end();
}

Test(coverage_trouble, an_error_of_the_other_host_needs_a_new_address)
{
	begin(1, SUMMARY);
	simulator_do(scene->sim, "faults", "{'status': 503, 'count': 1, 'route': 'outside'}");
	scene_start(scene);
	all_come(1);
	cr_expect_eq(simulator_count(scene->sim, "download"), 2);
	cr_expect_eq(simulator_count(scene->sim, "outside"), 2);
	end();
}

Test(coverage_trouble, what_can_not_be_had_in_many_tries_is_given_up)
{
	begin(1, SUMMARY);
	simulator_do(scene->sim, "faults", "{'status': 422, 'count': 1000, 'route': 'artifacts'}");
	scene_start(scene);
	db_becomes(scene->place, "hub.db", 1, "SELECT tries FROM owed");
	db_change(scene->place, "hub.db", "UPDATE owed SET tries = 9");
	ask_now();
	db_becomes(scene->place, "hub.db", 0, OWED);
	cr_expect_eq(db_int(scene->place, "store.db", COVERED), 0);
	end();
}

static void leads_nowhere(const char *redirect, int64_t outside)
{
	char artifact[300];

	snprintf(artifact, sizeof artifact, SUMMARY ", 'redirect': '%s'", redirect);
	begin(1, artifact);
	scene_start(scene);
	db_becomes(scene->place, "hub.db", 1, "SELECT tries FROM owed");
	cr_expect_eq(simulator_count(scene->sim, "download"), 1);
	cr_expect_eq(simulator_count(scene->sim, "outside"), outside);
	scene_holds_truth(scene);
	end();
}

Test(coverage_trouble, a_loop_of_redirects_ends)
{
	leads_nowhere("loop", 3);
}

Test(coverage_trouble, a_redirect_to_a_file_of_this_machine_is_not_followed)
{
	leads_nowhere("file:///etc/hostname", 0);
}

Test(coverage_trouble, a_redirect_to_the_same_host_goes_without_the_token_too)
{
	begin(1, SUMMARY ", 'redirect': 'here'");
	scene_start(scene);
	all_come(1);
	cr_expect_eq(simulator_count(scene->sim, "outside"), 1);
	end();
}

Test(coverage_trouble, a_download_without_a_redirect_is_taken_as_it_is)
{
	begin(1, SUMMARY ", 'redirect': 'none'");
	scene_start(scene);
	all_come(1);
	end();
}

/* Its builds are owed under the old slug. */
Test(coverage_trouble, a_pipeline_that_was_renamed_meanwhile_is_found)
{
	begin(3, SUMMARY);
	scene_start_hub(scene);
	scene_start_sink(scene);
	simulator_do(scene->sim, "faults", "{'status': 500, 'count': 1000, 'route': 'artifacts'}");
	scene_start_fetcher(scene);
	db_becomes(scene->place, "hub.db", 3, "SELECT count(*) FROM owed WHERE tries = 1");
	simulator_do(scene->sim, "pipeline",
		     "{'pipeline': 'web', 'action': 'rename', 'slug': 'shop', 'redirect': 301}");
	simulator_heal(scene->sim);
	ask_now();
	db_becomes(scene->place, "store.db", 3, COVERED);
	db_becomes(scene->place, "hub.db", 0, OWED);
	end();
}

Test(coverage_trouble, a_host_that_hangs_holds_up_no_build)
{
	begin(8, SUMMARY);
	simulator_do(scene->sim, "faults",
		     "{'kind': 'latency', 'ms': 60000, 'count': 1000, 'route': 'outside'}");
	scene_start(scene);
	simulator_served(scene->sim, "outside", 4);
	simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	db_becomes(scene->place, "store.db", 9, "SELECT count(*) FROM builds");
	scene_visited(scene, "buildkite:acme/web");
	child_kill(scene->fetchers[0]);
	scene_free(&scene);
}

/* Somebody else has spent the most of it: the last quarter is for builds. */
Test(coverage_trouble, a_spent_budget_holds_up_no_build)
{
	scene = scene_new("--builds", "0", "--pipelines", "1", "--user-rate-limit", "200", "--rate-window",
			  "2m");
	scene_source(scene, .coverage = "true");
	add_builds(20, SUMMARY);
	for (int i = 0; i < 160; i++) {
		free(simulator_get(scene->sim, "/organizations/acme"));
	}
	scene_start(scene);
	db_becomes(scene->place, "store.db", 20, "SELECT count(*) FROM builds");
	for (int i = 21; i <= 23; i++) {
		simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
		db_becomes(scene->place, "store.db", i, "SELECT count(*) FROM builds");
	}
	simulator_do(scene->sim, "advance", "{'ms': 120000}");
	db_becomes(scene->place, "hub.db", 23, OWED);
	child_skip(scene->fetchers[0]);
	child_event(scene->fetchers[0], "fetch.visited", "target", "buildkite:+details");
	cr_expect_eq(simulator_count(scene->sim, "artifacts"), 0);
	cr_expect_eq(simulator_count(scene->sim, "refused"), 0, "429s");
	cr_expect_leq(child_count(scene->fetchers[0], "buildkite:+details"), 20, "it asks and asks");
	end();
}

Test(coverage_trouble, three_fetchers_ask_once_for_each_build_of_a_back_fill)
{
	begin(120, SUMMARY);
	scene_start_hub(scene);
	scene_start_sink(scene);
	for (int i = 0; i < 3; i++) {
		scene_start_fetcher(scene);
	}
	all_come(120);
	cr_expect_eq(simulator_count(scene->sim, "artifacts"), 120);
	cr_expect_eq(simulator_count(scene->sim, "download"), 120);
	end();
}

/* A turn is 2 s: the second four are asked for within it, and downloaded after it. */
Test(coverage_trouble, a_turn_that_ends_breaks_off_nothing)
{
	begin(8, SUMMARY);
	simulator_do(scene->sim, "faults",
		     "{'kind': 'latency', 'ms': 900, 'count': 1000, 'route': 'artifacts'}");
	simulator_do(scene->sim, "faults",
		     "{'kind': 'latency', 'ms': 900, 'count': 1000, 'route': 'outside'}");
	scene_start(scene);
	all_come(8);
	cr_expect_eq(simulator_count(scene->sim, "artifacts"), 8);
	end();
}

Test(coverage_trouble, a_fetcher_that_is_killed_over_it_leaves_it_to_the_next)
{
	begin(10, SUMMARY);
	simulator_do(scene->sim, "faults",
		     "{'kind': 'latency', 'ms': 3000, 'count': 1000, 'route': 'outside'}");
	scene->mortal = true;
	scene_start(scene);
	simulator_served(scene->sim, "outside", 3);
	child_kill(scene->fetchers[0]);
	simulator_heal(scene->sim);
	scene_start_fetcher(scene);
	be_patient(3);
	all_come(10);
	cr_expect_leq(simulator_count(scene->sim, "artifacts"), 20);
	end();
}

Test(coverage_trouble, a_hub_that_is_killed_over_it_still_knows_what_is_owed)
{
	begin(30, SUMMARY);
	simulator_do(scene->sim, "faults",
		     "{'kind': 'latency', 'ms': 300, 'count': 1000, 'route': 'outside'}");
	scene_start(scene);
	simulator_served(scene->sim, "outside", 6);
	child_kill(scene->hub);
	child_free(&scene->hub);
	simulator_heal(scene->sim);
	scene_start_hub(scene);
	be_patient(3);
	all_come(30);
	cr_expect_leq(simulator_count(scene->sim, "artifacts"), 30 + 4 + 6, "what was not acknowledged");
	end();
}

static struct child *sync_with(const char *option)
{
	struct child *sync = child_start(&(struct launch){
		.place = scene->place,
		.program = "buildbus",
		.args = ARGS("sync", "-c", scene->place->config, option),
		.no_ready = true,
	});

	cr_assert_eq(child_end(sync), 0);
	return sync;
}

Test(coverage_trouble, is_there_when_a_sync_is_over)
{
	struct child *sync;

	scene = scene_new("--builds", "0", "--pipelines", "1");
	scene_source(scene, .coverage = "false");
	add_builds(10, SUMMARY);
	simulator_do(scene->sim, "faults",
		     "{'kind': 'latency', 'ms': 200, 'count': 1000, 'route': 'outside'}");
	sync = sync_with("--coverage");
	cr_expect_eq(db_int(scene->place, "store.db", COVERED), 10);
	cr_expect_eq(simulator_count(scene->sim, "artifacts"), 10);
	child_free(&sync);
	scene_free(&scene);
}

Test(coverage_trouble, that_may_not_be_read_fails_no_sync)
{
	struct child *sync;

	scene = scene_new("--builds", "0", "--pipelines", "1", "--scopes", "read_builds,read_pipelines");
	scene_source(scene, .coverage = "true");
	add_builds(10, NULL);
	sync = sync_with(NULL);
	cr_expect_eq(db_int(scene->place, "store.db", "SELECT count(*) FROM builds"), 10);
	cr_expect(child_said(sync, "coverage is left out: the provider refuses (403), it says: "));
	child_free(&sync);
	scene_free(&scene);
}

/* However its builds are found: by a walk over all pipelines, or by that of one. */
Test(coverage_trouble, comes_in_every_pipeline_of_an_organization)
{
	scene = scene_new("--builds", "0", "--pipelines", "3");
	scene_source(scene, .coverage = "true", .pipelines = "\"*\"");
	add_builds(2, SUMMARY);
	scene_start(scene);
	db_becomes(scene->place, "store.db", 2, COVERED);
	simulator_do(scene->sim, "build", "{'pipeline': 'api'}");
	db_becomes(scene->place, "store.db", 3, "SELECT count(*) FROM builds");
	simulator_do(scene->sim, "artifact", "{'pipeline': 'api', 'number': 1, " SUMMARY "}");
	simulator_do(scene->sim, "advance", "{'ms': 120000}");
	db_becomes(scene->place, "store.db", 3, COVERED);
	scene_holds_truth(scene);
	cr_expect_eq(simulator_count(scene->sim, "artifacts"), 3);
	end();
}

/* Nothing is owed yet: that visit went through, and tells nothing about the token. */
Test(coverage_trouble, a_wrong_token_is_found_out_all_the_same)
{
	scene = scene_new("--builds", "0", "--pipelines", "1");
	scene_source(scene, .coverage = "true", .token = "wrong", .poll = "1h");
	scene_start(scene);
	cr_expect_eq(child_end(scene->fetchers[0]), 100);
	cr_expect(child_said(scene->fetchers[0], "does not accept the token"));
	scene_free(&scene);
}

Test(coverage_trouble, of_a_source_that_does_not_want_it_is_not_asked_for)
{
	scene = scene_new("--builds", "0", "--pipelines", "1");
	add_builds(3, NULL);
	scene_start(scene);
	scene_holds_truth(scene);
	scene_visited(scene, "buildkite:acme/web");
	cr_expect_eq(simulator_count(scene->sim, "artifacts"), 0);
	/* From now on it does: what finishes then is asked about. */
	scene_source(scene, .coverage = "true");
	child_signal(scene->hub, SIGHUP);
	child_signal(scene->fetchers[0], SIGHUP);
	child_event(scene->hub, "proc.reloaded", NULL, NULL);
	child_event(scene->fetchers[0], "proc.reloaded", NULL, NULL);
	simulator_do(scene->sim, "advance", "{'ms': 600000}");
	simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	simulator_do(scene->sim, "advance", "{'ms': 120000}");
	simulator_do(scene->sim, "artifact", "{'pipeline': 'web', 'number': 4, " SUMMARY "}");
	db_becomes(scene->place, "store.db", 1, COVERED);
	end();
}
