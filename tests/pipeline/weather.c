/* What the fetcher makes of each thing that can happen to an answer on its way: nothing is lost, nobody is
 * stormed.
 */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS 8 /* that a fetcher opens to a source */

static struct scene *scene;

static void open_scene(void)
{
	scene = scene_new("--builds", "150", "--pipelines", "2");
	scene_source(scene, .pipelines = "[web, api]");
}

static void close_scene(void)
{
	scene_free(&scene);
}

TestSuite(weather, .init = open_scene, .fini = close_scene, .timeout = 300);

#define order(json) simulator_do(scene->sim, "faults", json)

/* The fetcher says so, tries again, and nothing is lost. */
#define passes(json, words) passes_at(HERE, json, words)
static void passes_at(struct spot spot, const char *json, const char *words)
{
	order(json);
	scene_start(scene);
	expect_words(spot, child_event_at(spot, scene->fetchers[0], "fetch.retry", NULL, NULL), words);
	be_patient(2);
	scene_holds_truth_at(spot, scene);
	cr_expect_eq(db_int(scene->place, "hub.db", "SELECT count(*) FROM dead"), 0);
}

Test(weather, errors_500_502_and_503)
{
	order("{'kind': 'error-json', 'route': 'builds', 'status': 500}");
	order("{'kind': 'error-html', 'route': 'builds', 'status': 502}");
	passes("{'kind': 'error-json', 'route': 'builds', 'status': 503}", "answers 50|again_in_ms");
}

Test(weather, a_connection_that_is_reset_before_the_answer)
{
	passes("{'kind': 'reset-before', 'count': 12}", "connection reset by peer|again_in_ms");
}

Test(weather, a_connection_that_is_reset_within_the_answer)
{
	passes("{'kind': 'reset-within', 'route': 'builds', 'count': 2, 'bytes': 5000}",
	       "connection reset by peer");
}

/* The whole answer is there: the next request has a new connection, and there is nothing to say. */
Test(weather, connections_that_are_reset_after_the_answer)
{
	order("{'kind': 'reset-after', 'count': 50}");
	scene_start(scene);
	scene_holds_truth(scene);
	cr_expect_eq(child_count(scene->fetchers[0], "fetch.failed"), 0);
}

Test(weather, a_connection_that_is_closed_within_the_answer)
{
	passes("{'kind': 'cut', 'route': 'builds', 'count': 2, 'bytes': 5000}", "the answer was cut off");
}

Test(weather, half_a_json_in_a_whole_answer)
{
	passes("{'kind': 'truncated', 'route': 'builds', 'count': 2, 'bytes': 5000}",
	       "5000 bytes is not JSON");
}

Test(weather, an_object_where_a_list_belongs)
{
	passes("{'kind': 'wrong-root', 'route': 'builds', 'count': 2}", "the answer is no list of builds");
}

Test(weather, half_a_list_of_pipelines_retires_none)
{
	scene_source(scene, .pipelines = "\"*\"");
	passes("{'kind': 'truncated', 'route': 'pipelines', 'count': 2, 'bytes': 500}", "not JSON");
}

/* A list where a text belongs makes one build of the page unreadable: it is asked for again by itself. */
Test(weather, builds_that_could_not_be_read_are_asked_for_again)
{
	order("{'kind': 'wrong-member', 'route': 'builds', 'count': 12}");
	scene_start(scene);
	be_patient(8);
	scene_holds_truth(scene);
	db_becomes(scene->place, "hub.db", 0, "SELECT count(*) FROM dead");
}

/* The answer says how long; until then nobody is asked. */
#define is_limited(kind) is_limited_at(HERE, kind)
static void is_limited_at(struct spot spot, const char *kind)
{
	char json[128];
	int64_t since, refused;

	snprintf(json, sizeof json, "{'kind': '%s', 'count': -1, 'reset_s': 1}", kind);
	order(json);
	since = test_now_ms();
	be_patient(3);
	scene_start(scene);
	for (int i = 0; i < 3; i++) {
		child_event_at(spot, scene->fetchers[0], "fetch.limited", NULL, NULL);
	}
	refused = simulator_count(scene->sim, "refused");
	cr_expect_leq(refused, (1 + (test_now_ms() - since) / 1000) * CONNECTIONS,
		      "%s: %lld requests in %lld ms", kind, (long long)refused,
		      (long long)(test_now_ms() - since));
	simulator_heal(scene->sim);
	scene_holds_truth_at(spot, scene);
}

Test(weather, a_limit_of_the_organization)
{
	is_limited("limit-organization");
}

Test(weather, a_limit_of_the_user_alone)
{
	is_limited("limit-user");
}

Test(weather, a_limit_of_both)
{
	is_limited("limit-both");
}

Test(weather, a_limit_with_seconds_to_wait)
{
	is_limited("limit-seconds");
}

Test(weather, a_limit_with_a_date_to_wait_for)
{
	is_limited("limit-date");
}

Test(weather, a_limit_that_says_nothing)
{
	is_limited("limit-bare");
}

static int64_t peak_mib(const struct child *child)
{
	char path[64], line[128];
	int64_t kib = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)child_pid(child));
	file = fopen(path, "r");
	while (file && kib == 0 && fgets(line, sizeof line, file)) {
		kib = strncmp(line, "VmHWM:", 6) == 0 ? strtoll(line + 6, NULL, 10) : 0;
	}
	cr_assert(file && kib > 0);
	fclose(file);
	return kib / 1024;
}

#ifdef __SANITIZE_ADDRESS__
#define PEAK_MIB 400
#else
#define PEAK_MIB 110 /* 32 of an answer, twice that while it grows */
#endif

Test(weather, a_hundred_megabytes_are_not_taken_in)
{
	order("{'kind': 'huge', 'route': 'builds'}");
	order("{'kind': 'huge-chunked', 'route': 'builds'}");
	scene_start(scene);
	scene_holds_truth(scene);
	cr_expect_lt(peak_mib(scene->fetchers[0]), PEAK_MIB);
	cr_expect_eq(db_int(scene->place, "hub.db", "SELECT count(*) FROM dead"), 0);
}

Test(weather, an_answer_that_drips)
{
	order("{'kind': 'drip', 'route': 'builds', 'count': 4, 'bytes_per_s': 300000}");
	scene_start(scene);
	be_patient(2);
	scene_holds_truth(scene);
	cr_expect_eq(child_count(scene->fetchers[0], "fetch.failed"), 0);
}

Test(weather, answers_that_are_late_each_at_its_own_time)
{
	order("{'kind': 'latency', 'count': -1, 'ms': 30, 'jitter_ms': 200}");
	scene_start(scene);
	be_patient(2);
	scene_holds_truth(scene);
	cr_expect_eq(child_count(scene->fetchers[0], "fetch.retry"), 0);
}

Test(weather, a_redirect_within_the_host_is_followed)
{
	order("{'kind': 'redirect', 'count': -1}");
	scene_start(scene);
	scene_holds_truth(scene);
	cr_expect_eq(child_count(scene->fetchers[0], "fetch.retry"), 0);
}

/* The other host is a simulator that would take the token. */
Test(weather, a_redirect_to_another_host_gets_no_token)
{
	struct simulator *other = simulator_new(scene->place, "--builds", "300", "--pipelines", "2");
	struct said said;
	char json[256];

	snprintf(json, sizeof json, "{'kind': 'redirect-other', 'count': -1, 'to': '%s'}", other->root);
	order(json);
	scene_start_hub(scene);
	be_patient(3);
	said = command_run(scene->place, "buildbus-fetch-buildkite", ARGS("-c", scene->place->config));
	expect_refusal(&said, 100, "where the token must not go|check api_url");
	said_free(&said);
	cr_expect_eq(simulator_count(other, "total"), 0);
	simulator_free(&other);
}

Test(weather, a_page_of_somebody_in_between_stops_nobody)
{
	passes("{'kind': 'redirect-other', 'count': 2, 'to': 'http://127.0.0.1:9'}",
	       "redirects to another place");
}

Test(weather, a_circle_of_redirects_ends)
{
	passes("{'kind': 'redirect-loop', 'count': 40}", "redirects in a circle");
}

/* Its clock is the wall's: only so a Date that is off is off to the hub too. Nothing happens in it by itself.
 */
static void calm_world(void)
{
	simulator_free(&scene->sim);
	scene->sim = simulator_new(scene->place, "--builds", "0", "--pipelines", "2", "--clock", "real",
				   "--rate", "0", "--speed", "1");
	scene_source(scene, .pipelines = "[web, api]");
	for (int i = 0; i < 5; i++) {
		simulator_do(scene->sim, "build",
			     "{'pipeline': 'web', 'created_ago_ms': 3600000, 'duration_ms': 1000}");
	}
}

/* A build comes, and one that was over is retried. */
static void something_happens(void)
{
	char *list = simulator_get(scene->sim, "/organizations/acme/pipelines/web/builds?per_page=1"),
	     json[128];
	const char *number = strstr(list, "\"number\":");

	cr_assert(number);
	snprintf(json, sizeof json, "{'pipeline': 'web', 'number': %ld, 'action': 'retry', 'duration_ms': 0}",
		 strtol(number + 9, NULL, 10));
	free(list);
	simulator_do(scene->sim, "act", json);
	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'duration_ms': 0}");
}

/* A build that is over the limit for good is a dead letter; one answer does not prove that. */
Test(weather, one_huge_answer_gives_no_build_up)
{
	calm_world();
	simulator_do(scene->sim, "build",
		     "{'pipeline': 'web', 'created_ago_ms': 600000, 'duration_ms': 1000, 'block': true}");
	scene_start(scene);
	scene_holds_truth(scene);
	order("{'kind': 'huge', 'route': 'build'}");
	be_patient(3);
	simulator_served(scene->sim, "refused", 1);
	simulator_served(scene->sim, "build", simulator_count(scene->sim, "build") + 1);
	simulator_do(scene->sim, "act", "{'pipeline': 'web', 'number': 6, 'action': 'finish'}");
	scene_holds_truth(scene);
	cr_expect_eq(db_int(scene->place, "hub.db", "SELECT count(*) FROM dead"), 0);
}

/* Of a Date that runs ahead the next visits know nothing: what happens meanwhile arrives all the same. */
Test(weather, a_date_that_runs_ahead_hides_no_build)
{
	calm_world();
	scene_start(scene);
	scene_holds_truth(scene);
	order("{'kind': 'skew', 'count': 20, 'ms': 3600000}");
	simulator_served(scene->sim, "total", simulator_count(scene->sim, "total") + 20);
	something_happens();
	be_patient(2);
	scene_holds_truth(scene);
}

Test(weather, a_date_that_runs_behind_hides_no_build)
{
	calm_world();
	scene_start(scene);
	scene_holds_truth(scene);
	order("{'kind': 'skew', 'count': 20, 'ms': -3600000}");
	something_happens();
	be_patient(2);
	scene_holds_truth(scene);
}

Test(weather, a_date_that_jumps_to_and_fro_hides_no_build)
{
	calm_world();
	scene_start(scene);
	scene_holds_truth(scene);
	order("{'kind': 'skew', 'count': 60, 'jitter_ms': 7200000}");
	something_happens();
	be_patient(3);
	scene_holds_truth(scene);
}

/* Every target has failed several times by then: none may wait for much longer than the outage lasted. */
Test(weather, after_an_outage_all_targets_are_read_soon)
{
	simulator_free(&scene->sim);
	scene->sim = simulator_new(scene->place, "--builds", "300", "--pipelines", "10");
	scene_source(scene, .pipelines = "\"*\"");
	order("{'kind': 'error-json', 'count': -1, 'route': 'builds'}");
	order("{'kind': 'error-json', 'count': -1, 'route': 'organization_builds'}");
	scene_start(scene);
	be_patient(6);
	for (int i = 0; i < 10; i++) {
		child_event(scene->fetchers[0], "fetch.failed", NULL, NULL);
	}
	simulator_heal(scene->sim);
	scene_holds_truth(scene);
}
