/* Several sources, pipelines that come later, several fetchers. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(many, .timeout = 180);

Test(many, two_sources_of_one_provider_share_a_fetcher_and_nothing_else)
{
	struct scene *scene = scene_new("--builds", "100", "--pipelines", "2");
	struct simulator *other =
		simulator_new_at(HERE, scene->place,
				 ARGS("--token", SIM_TOKEN "-other", "--listen", "127.0.0.1:0", "--seed", "2",
				      "--builds", "100", "--pipelines", "4", "--organizations", "2"));
	const struct scene_source sources[] = {
		{.name = "first", .pipelines = "[web, api]"},
		{.name = "second",
		 .organization = "globex",
		 .pipelines = "\"*\"",
		 .api = other->api,
		 .token = SIM_TOKEN "-other"},
	};
	char *first = simulator_truth(scene->sim, NULL), *second = simulator_truth(other, "globex"), *both;

	cr_assert_gt(asprintf(&both, "%s%s", first, second), 0);
	scene_configure(scene, NULL, sources, 2);
	scene_start(scene);
	store_holds(scene->place, both);
	cr_assert_eq(simulator_count(scene->sim, "refused"), 0, "it got the other one's token");
	cr_assert_eq(simulator_count(other, "refused"), 0, "it got the other one's token");
	free(first);
	free(second);
	free(both);
	simulator_free(&other);
	scene_free(&scene);
}

/* The discovery is due every ten minutes: the test makes it due at once. */
static void discover_now(const struct scene *scene)
{
	db_change(scene->place, "hub.db", "UPDATE target SET due_at = 0 WHERE name LIKE '%*'");
}

Test(many, a_pipeline_that_is_made_later_is_discovered_and_its_builds_with_it)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");
	char listen[32];

	snprintf(listen, sizeof listen, "%s", strstr(scene->sim->root, "127"));
	scene_source(scene, .pipelines = "\"*\"");
	scene_start(scene);
	child_event(scene->fetchers[0], "fetch.discovered", "pipelines", "1");
	child_event(scene->fetchers[0], "fetch.visited", "target", "buildkite:acme/*");
	/* The same provider, now with a second pipeline. */
	child_kill(scene->sim->child);
	child_free(&scene->sim->child);
	free(scene->sim);
	scene->sim = simulator_new_at(
		HERE, scene->place,
		ARGS("--token", SIM_TOKEN, "--listen", listen, "--builds", "0", "--pipelines", "2"));
	simulator_do(scene->sim, "build", "{'pipeline': 'api'}");
	simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	discover_now(scene);
	child_event(scene->fetchers[0], "fetch.discovered", "pipelines", "2");
	scene_holds_truth(scene);
	scene_free(&scene);
}

static struct scene *thirty_pipelines(const char *poll)
{
	struct scene *scene = scene_new("--builds", "300", "--pipelines", "30");

	scene_source(scene, .pipelines = "\"*\"", .poll = poll);
	scene->mortal = true;
	scene_start_hub(scene);
	scene_start_sink(scene);
	return scene;
}

Test(many, three_fetchers_share_thirty_pipelines_and_a_fourth_gets_work_at_once)
{
	struct scene *scene = thirty_pipelines("1s");
	int before = 0, after = 0;

	be_patient(3);
	/* The first one must not have been everywhere before the third has started. */
	simulator_do(scene->sim, "faults", "{'latency_ms': 1500}");
	for (int i = 0; i < 3; i++) {
		scene_start_fetcher(scene);
	}
	for (int i = 0; i < 3; i++) {
		child_event(scene->fetchers[i], "fetch.visited", NULL, NULL);
	}
	scene_holds_truth(scene);
	for (int i = 0; i < 3; i++) {
		before += child_count(scene->fetchers[i], "\"fetch.visited\"");
	}
	scene_start_fetcher(scene);
	/* The live walk stands in for them all: now they are due, and more than three can hold. */
	db_change(scene->place, "hub.db",
		  "UPDATE target SET due_at = 0, net_at = 0 WHERE due_at IS NOT NULL");
	child_event(scene->fetchers[3], "fetch.visited", NULL, NULL);
	for (int i = 0; i < 3; i++) {
		after += child_count(scene->fetchers[i], "\"fetch.visited\"");
	}
	/* Within a visit: before the others have been everywhere once more, and were under way again. */
	cr_assert_leq(after - before, 2 * 31, "the others made %d visits meanwhile", after - before);
	scene_free(&scene);
}

Test(many, killing_a_fetcher_costs_at_most_the_pages_that_were_not_acknowledged)
{
	/* An hour: each pipeline is visited once, so that requests can be counted. */
	struct scene *scene = thirty_pipelines("1h");
	char held_by_it[160];
	int64_t held;

	scene_start_fetcher(scene);
	child_event(scene->fetchers[0], "fetch.discovered", "pipelines", "30");
	simulator_do(scene->sim, "faults", "{'latency_ms': 3000}");
	scene_start_fetcher(scene);
	scene_start_fetcher(scene);
	db_becomes(scene->place, "hub.db", 3, "SELECT count(DISTINCT worker) FROM lease");
	child_kill(scene->fetchers[0]);
	simulator_heal(scene->sim);
	snprintf(held_by_it, sizeof held_by_it, "SELECT count(*) FROM lease WHERE worker LIKE '%%/%d'",
		 (int)child_pid(scene->fetchers[0]));
	held = db_int(scene->place, "hub.db", held_by_it);
	cr_assert_geq(held, 1, "it held nothing when it was killed");
	be_patient(3);
	scene_holds_truth(scene);
	cr_assert_geq(simulator_count(scene->sim, "builds"), 30);
	cr_assert_leq(simulator_count(scene->sim, "builds"), 30 + held,
		      "more than its pages were read twice");
	scene_free(&scene);
}
