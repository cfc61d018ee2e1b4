/* Many pipelines and one live walk over all of them: docs/decisions/0005-one-walk-for-all.md. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(live, .timeout = 240);

#define LIVE "buildkite:acme/@live"

static struct scene *scene;

/* Every pipeline was visited, and the live walk stands in for its next visits. */
static void settle(int pipelines)
{
	be_patient(3);
	db_becomes(
		scene->place, "hub.db", pipelines,
		"SELECT count(*) FROM target t JOIN target l ON l.name LIKE '%/@live' WHERE t.name <> l.name"
		" AND t.settled_from >= l.settled_from AND t.due_at > l.due_at");
}

static void follow(const char *pipelines)
{
	scene_source(scene, .pipelines = pipelines);
	scene_start(scene);
}

/* Waits for the ends of that many visits of the live walk. */
static void live_visits(int count)
{
	child_skip(scene->fetchers[0]);
	for (int i = 0; i < count; i++) {
		child_event(scene->fetchers[0], "fetch.visited", "target", LIVE);
	}
}

static void stored(int64_t value, const char *sql)
{
	db_becomes(scene->place, "store.db", value, sql);
}

static void act(const char *json)
{
	simulator_do(scene->sim, "act", json);
}

/* On the only build whose message is `new`. */
static void act_on_new(const char *pipeline, const char *action)
{
	char json[160];

	snprintf(json, sizeof json, "{'pipeline': '%s', 'number': %lld, 'action': '%s'}", pipeline,
		 (long long)db_int(scene->place, "store.db",
				   "SELECT number FROM builds WHERE message = 'new'"),
		 action);
	act(json);
}

Test(live, an_idle_poll_of_a_hundred_pipelines_is_three_requests)
{
	int64_t before;

	scene = scene_new("--builds", "0", "--pipelines", "100");
	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'duration_ms': 1000}");
	simulator_do(scene->sim, "advance", "{'ms': 60000}");
	follow("\"*\"");
	settle(100);
	live_visits(2);
	before = simulator_count(scene->sim, "total");
	live_visits(5);
	/* The counts are read a moment later: a sixth may have begun. */
	cr_assert_geq(simulator_count(scene->sim, "total") - before, 15);
	cr_assert_leq(simulator_count(scene->sim, "total") - before, 21);
	cr_assert_eq(simulator_count(scene->sim, "refused"), 0);
	scene_holds_truth(scene);
	scene_free(&scene);
}

Test(live, a_build_of_one_of_a_hundred_pipelines_comes_without_a_visit_of_the_others)
{
	int64_t before;

	scene = scene_new("--builds", "200", "--pipelines", "100");
	follow("\"*\"");
	settle(100);
	before = simulator_count(scene->sim, "builds");
	simulator_do(scene->sim, "build", "{'pipeline': 'billing', 'duration_ms': null, 'message': 'new'}");
	stored(1, "SELECT count(*) FROM builds WHERE message = 'new' AND state = 'running'");
	cr_assert_eq(
		db_int(scene->place, "hub.db",
		       "SELECT count(*) FROM build WHERE target = 'buildkite:acme/billing' AND finished = 0 "
		       "AND id IN (SELECT id FROM build ORDER BY seq DESC LIMIT 1)"),
		1, "it does not belong to its pipeline");
	simulator_do(scene->sim, "advance", "{'ms': 60000}");
	stored(0, "SELECT count(*) FROM builds WHERE message = 'new' AND state = 'finished'");
	act_on_new("billing", "finish");
	stored(1, "SELECT count(*) FROM builds WHERE message = 'new' AND state = 'finished'");
	cr_assert_eq(simulator_count(scene->sim, "builds"), before);
	scene_holds_truth(scene);
	scene_free(&scene);
}

static void run_again(const char *pipelines)
{
	scene = scene_new("--builds", "0", "--pipelines", "2");
	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'duration_ms': 1000, 'result': 'failed'}");
	simulator_do(scene->sim, "advance", "{'ms': 60000}");
	follow(pipelines);
	stored(1, "SELECT count(*) FROM builds WHERE state = 'finished' AND attempt = 1");
	simulator_do(scene->sim, "advance", "{'ms': 259200000}");
	scene_visited(scene, NULL);
	act("{'pipeline': 'web', 'number': 1, 'action': 'retry', 'duration_ms': null}");
	simulator_do(scene->sim, "advance", "{'ms': 60000}");
	stored(1, "SELECT count(*) FROM builds WHERE state = 'running' AND attempt = 2");
	act("{'pipeline': 'web', 'number': 1, 'action': 'finish'}");
	stored(1, "SELECT count(*) FROM builds WHERE result = 'success' AND attempt = 2");
	scene_holds_truth(scene);
	scene_free(&scene);
}

Test(live, a_finished_build_that_runs_again_is_seen_running)
{
	run_again("[web, api]");
}

Test(live, a_finished_build_of_the_only_pipeline_that_runs_again_is_seen_running)
{
	run_again("web");
}

Test(live, where_the_organization_can_not_be_listed_each_pipeline_is_polled)
{
	scene = scene_new("--builds", "50", "--pipelines", "5");
	simulator_do(scene->sim, "faults", "{'status': 403, 'count': 1000, 'route': 'organization_builds'}");
	follow("\"*\"");
	child_event(scene->fetchers[0], "fetch.spared", "target", LIVE);
	scene_holds_truth(scene);
	simulator_do(scene->sim, "build", "{'pipeline': 'api', 'message': 'new'}");
	stored(1, "SELECT count(*) FROM builds WHERE message = 'new'");
	cr_assert_not(child_said(scene->fetchers[0], "fetch.refused"));
	simulator_heal(scene->sim);
	db_change(scene->place, "hub.db", "UPDATE target SET due_at = 0 WHERE name LIKE '%/@live'");
	settle(5);
	scene_free(&scene);
}

Test(live, a_live_walk_that_fails_later_gives_way_to_visits_of_each_pipeline)
{
	int64_t before;

	scene = scene_new("--builds", "50", "--pipelines", "5");
	scene->mortal = true;
	follow("\"*\"");
	settle(5);
	before = simulator_count(scene->sim, "builds");
	simulator_do(scene->sim, "faults",
		     "{'status': 503, 'count': 100000, 'route': 'organization_builds'}");
	simulator_do(scene->sim, "build", "{'pipeline': 'api', 'message': 'new'}");
	be_patient(3); /* it stands in for another two visits and a lease */
	stored(1, "SELECT count(*) FROM builds WHERE message = 'new'");
	cr_assert_geq(simulator_count(scene->sim, "builds") - before, 2);
	scene_free(&scene);
}

/* Nothing depends on the live walk: here it brings nothing and says that all is well. */
Test(live, what_a_live_walk_never_brings_the_visits_of_the_pipelines_do)
{
	scene = scene_new("--builds", "50", "--pipelines", "5");
	simulator_do(scene->sim, "faults",
		     "{'status': 200, 'body': '[]', 'count': 100000, 'route': 'organization_builds'}");
	follow("\"*\"");
	settle(5);
	simulator_do(scene->sim, "build", "{'pipeline': 'api', 'message': 'new'}");
	simulator_do(scene->sim, "advance", "{'ms': 864000000}");
	live_visits(2);
	cr_assert_eq(db_int(scene->place, "store.db", "SELECT count(*) FROM builds WHERE message = 'new'"),
		     0);
	db_change(scene->place, "hub.db",
		  "UPDATE target SET due_at = 0, net_at = 0 WHERE name NOT LIKE '%/@live'");
	be_patient(3);
	scene_holds_truth(scene);
	scene_free(&scene);
}

/* Killed with the live walk's lease in its hand, and the hub with it. */
Test(live, a_fetcher_and_a_hub_that_are_killed_in_the_middle_of_it_lose_nothing)
{
	scene = scene_new("--builds", "400", "--pipelines", "20");
	scene->mortal = true;
	follow("\"*\"");
	settle(20);
	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'message': 'before'}");
	simulator_do(scene->sim, "faults", "{'latency_ms': 1500}");
	db_becomes(scene->place, "hub.db", 1, "SELECT count(*) FROM lease WHERE target LIKE '%/@live'");
	child_kill(scene->fetchers[0]);
	child_free(&scene->fetchers[0]);
	child_kill(scene->hub);
	child_free(&scene->hub);
	simulator_do(scene->sim, "build", "{'pipeline': 'api', 'message': 'meanwhile'}");
	simulator_heal(scene->sim);
	scene_start_hub(scene);
	scene_start_fetcher(scene);
	be_patient(3);
	scene_holds_truth(scene);
	live_visits(1);
	scene_free(&scene);
}

/* A week, on all clocks: the walk begins anew, the pipelines' own visits bring what was missed. */
Test(live, a_hub_that_was_away_for_a_week_has_everything_and_at_once_what_is_new)
{
	scene = scene_new("--builds", "400", "--pipelines", "5");
	follow("\"*\"");
	settle(5);
	child_stop(scene->fetchers[0]);
	child_free(&scene->fetchers[0]);
	child_stop(scene->hub);
	child_free(&scene->hub);
	for (int i = 0; i < 7; i++) {
		simulator_do(scene->sim, "advance", "{'ms': 86400000}");
		simulator_do(scene->sim, "build", "{'pipeline': 'api', 'duration_ms': 1000}");
	}
	db_change(scene->place, "hub.db",
		  "UPDATE target SET due_at = due_at - 604800000, net_at = net_at - 604800000,"
		  " settled_from = settled_from - 604800000, news_at = news_at - 604800000");
	simulator_do(scene->sim, "advance", "{'ms': 60000}");
	scene_start_hub(scene);
	scene_start_fetcher(scene);
	scene_holds_truth(scene);
	settle(5);
	scene_free(&scene);
}
