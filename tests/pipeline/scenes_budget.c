/* Request budgets and long back-fills: docs/decisions/0008-back-fill-by-position.md and
 * 0009-a-budget-is-divided.md. Windows are of 2 s, so that minutes pass in seconds. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/peer.h"
#include "tests/support/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(budget, .timeout = 240);

#define LIMIT 40 /* requests in a window */

static struct scene *scene;

static void expect_within(int limit)
{
	cr_assert_eq(simulator_count(scene->sim, "limited"), 0, "%d answers were 429",
		     (int)simulator_count(scene->sim, "limited"));
	cr_assert_leq(simulator_count(scene->sim, "window_most"), limit, "%d in a window",
		      (int)simulator_count(scene->sim, "window_most"));
}

static void back_fill(const char *kind, const char *limit, const char *window)
{
	scene = scene_new("--builds", "24000", "--pipelines", "12", "--history", "50d", kind, limit,
			  "--rate-window", window);
	scene->mortal = true;
	scene_source(scene, .pipelines = "\"*\"", .poll = "2s");
	scene_start_hub(scene);
	be_patient(4);
}

static void serve_more(int requests)
{
	simulator_served(scene->sim, "total", simulator_count(scene->sim, "total") + requests);
}

Test(budget, two_replicas_never_send_more_than_the_limit)
{
	back_fill("--rate-limit", "40", "2s");
	scene_start_fetcher(scene);
	scene_start_fetcher(scene);
	serve_more(LIMIT * 3 / 2);
	expect_within(LIMIT);
	scene_free(&scene);
}

Test(budget, five_replicas_neither_when_one_dies_and_another_joins)
{
	back_fill("--user-rate-limit", "40", "2s");
	for (int i = 0; i < 5; i++) {
		scene_start_fetcher(scene);
	}
	serve_more(LIMIT / 2);
	expect_within(LIMIT);
	child_kill(scene->fetchers[0]);
	child_free(&scene->fetchers[0]);
	serve_more(LIMIT / 2);
	scene_start_fetcher(scene);
	serve_more(LIMIT);
	expect_within(LIMIT);
	scene_free(&scene);
}

/* The worker in the test takes what is given before the one target that the fetcher reads for a minute. */
Test(budget, who_is_in_the_middle_of_a_visit_hears_of_its_new_share)
{
	struct peer *other;
	char ingest[256];

	scene = scene_new("--builds", "8000", "--pipelines", "2", "--history", "50d", "--user-rate-limit",
			  "40");
	scene_source(scene, .pipelines = "[web, api]", .poll = "60s");
	scene_start_hub(scene);
	snprintf(ingest, sizeof ingest, "ipc://%s", place_path(scene->place, "state/ingest.ipc"));
	other = peer_new(ingest);
	say(other, "claim 'buildkite' 'other'");
	hear(other, "lease 'buildkite:acme/@live' $live ...");
	say(other, "claim 'buildkite' 'other'");
	hear(other, "lease _ $held ...");
	scene_start_fetcher(scene);
	serve_more(2);
	say(other, "done $live 600000 nil nil nil nil 40");
	hear(other, "ack ...");
	child_event(scene->fetchers[0], "fetch.share", "per_min", "5");
	say(other, "heartbeat [$held]");
	hear(other, "alive [[$held 0 20]]");
	child_event(scene->fetchers[0], "fetch.share", "per_min", "20");
	cr_assert_eq(child_count(scene->fetchers[0], "fetch.visited"), 0, "it came with another lease");
	peer_free(&other);
	scene_free(&scene);
}

Test(budget, what_somebody_else_uses_is_left_to_him)
{
	back_fill("--rate-limit", "100", "5s"); /* nobody knows what he asked since the last answer */
	scene_start_fetcher(scene);
	serve_more(20);
	for (int i = 0; i < 30; i++) {
		simulator_do(scene->sim, "burn", "{'requests': 4}");
		serve_more(1);
	}
	expect_within(100);
	scene_free(&scene);
}

static void create(const char *pipeline, const char *message)
{
	char json[128];

	snprintf(json, sizeof json, "{'pipeline': '%s', 'message': '%s', 'duration_ms': 0}", pipeline,
		 message);
	simulator_do(scene->sim, "build", json);
}

#define IS_STORED "SELECT count(*) FROM builds WHERE message = 'new'"

Test(budget, a_new_build_never_waits_for_a_back_fill_of_years)
{
	scene = scene_new("--builds", "9000", "--pipelines", "6", "--history", "1800d", "--rate-limit", "16",
			  "--rate-window", "2s");
	scene_source(scene, .pipelines = "\"*\"", .poll = "2s", .since = "2020-01-01");
	scene_start(scene);
	be_patient(4);
	serve_more(12);
	for (int i = 1; i <= 3; i++) {
		int64_t before = simulator_count(scene->sim, "builds");

		create("web", "new");
		db_becomes(scene->place, "store.db", i, IS_STORED);
		cr_assert_lt(simulator_count(scene->sim, "builds") - before, 40, "it waited for many pages");
	}
	cr_assert_lt(db_int(scene->place, "store.db", "SELECT count(*) FROM builds"), 9000,
		     "the back-fill was over already");
	cr_assert_eq(simulator_count(scene->sim, "limited"), 0);
	scene_free(&scene);
}

/* Pages of the truth's pipelines: the least that any client needs. */
static int64_t least_pages(void)
{
	return db_int(scene->place, "store.db",
		      "SELECT sum((n + 99) / 100) FROM (SELECT count(*) AS n FROM builds GROUP BY pipeline)");
}

Test(budget, ten_back_fills_of_a_thousand_builds_ask_for_hardly_a_page_too_many)
{
	int64_t asked, least;

	scene = scene_new("--builds", "10000", "--pipelines", "10", "--history", "900d", "--latency", "20ms");
	scene_source(scene, .pipelines = "\"*\"", .poll = "60s", .since = "2020-01-01");
	scene_start(scene);
	be_patient(4);
	scene_holds_truth(scene);
	asked = simulator_count(scene->sim, "builds");
	least = least_pages();
	cr_assert_leq(asked * 100, least * 105, "%d requests for %d pages", (int)asked, (int)least);
	scene_free(&scene);
}

static void stop_all(void)
{
	child_stop(scene->fetchers[0]);
	child_free(&scene->fetchers[0]);
	child_stop(scene->sink);
	child_free(&scene->sink);
	child_stop(scene->hub);
	child_free(&scene->hub);
}

Test(budget, a_back_fill_that_was_stopped_for_a_week_goes_on_after_what_is_new)
{
	int64_t asked;
	int visits;

	scene = scene_new("--builds", "6000", "--pipelines", "1", "--history", "1800d", "--latency", "400ms");
	scene_source(scene, .poll = "2s", .since = "2020-01-01");
	scene_start(scene);
	be_patient(4);
	simulator_served(scene->sim, "builds", 20);
	visits = child_count(scene->fetchers[0], "fetch.visited");
	stop_all();
	cr_assert_lt(db_int(scene->place, "hub.db", "SELECT count(*) FROM state"), 5900);
	simulator_do(scene->sim, "advance", "{'ms': 604800000}");
	create("web", "new");
	asked = simulator_count(scene->sim, "builds");
	scene_start(scene);
	db_becomes(scene->place, "store.db", 1, IS_STORED);
	cr_assert_leq(simulator_count(scene->sim, "builds") - asked, 20, "what is new comes first");
	scene_holds_truth(scene);
	visits += child_count(scene->fetchers[0], "fetch.visited");
	/* 61 pages, those under way when it stopped, and the live requests of each visit. */
	cr_assert_leq(simulator_count(scene->sim, "builds"), 61 + 8 + 3 * (visits + 2), "%d requests",
		      (int)simulator_count(scene->sim, "builds"));
	scene_free(&scene);
}

Test(budget, a_429_is_obeyed_in_whatever_form_it_comes)
{
	static const char *const forms[] = {"organization", "user", "both", "seconds", "date", "bare"};

	scene = scene_new("--builds", "20", "--pipelines", "1");
	scene_start(scene);
	scene_holds_truth(scene);
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		char json[96], kind[32];

		snprintf(kind, sizeof kind, "limit-%s", forms[i]);
		snprintf(json, sizeof json, "{'kind': '%s', 'count': 1, 'reset_s': 1}", kind);
		simulator_do(scene->sim, "faults", json);
		create("web", forms[i]);
		child_event(scene->fetchers[0], "fetch.limited", "wait_ms", "1000");
		scene_holds_truth(scene);
		cr_assert_eq(simulator_strokes(scene->sim, kind), 1);
	}
	scene_free(&scene);
}

/* The live walk stands in for no pipeline that is being back-filled, so these are polled at each interval. */
Test(budget, polls_that_ask_for_more_than_the_limit_leave_some_of_it_to_a_back_fill)
{
	scene = scene_new("--builds", "600", "--pipelines", "6", "--history", "90d", "--user-rate-limit", "8",
			  "--rate-window", "2s");
	scene_source(scene, .pipelines = "\"*\"", .poll = "1s", .since = "2020-01-01");
	scene_start(scene);
	be_patient(4);
	scene_holds_truth(scene);
	scene_free(&scene);
}
