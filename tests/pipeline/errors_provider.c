/* What the fetcher says when the provider refuses it or isn't there, and that nothing is lost by it. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/scene.h"
#include "tests/support/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct scene *scene;

static void open_scene(void)
{
	scene = scene_new("--builds", "50", "--pipelines", "2");
}

static void close_scene(void)
{
	scene_free(&scene);
}

TestSuite(provider, .init = open_scene, .fini = close_scene, .timeout = 120);

/* The fetcher of this configuration ends with the sentence, and the hub is none the worse for it. */
static void fetcher_refuses(struct spot spot, const char *words)
{
	struct said said;

	scene_start_hub(scene);
	said = command_run_at(spot, scene->place, "buildbus-fetch-buildkite",
			      ARGS("-c", scene->place->config));
	expect_refusal_at(spot, &said, 100, words);
	said_free(&said);
}

/* Once it is mended, a new start goes on at once. */
static void then_works(void)
{
	scene_start_sink(scene);
	scene_start_fetcher(scene);
	scene_holds_truth(scene);
}

Test(provider, a_wrong_token)
{
	scene_source(scene, .pipelines = "\"*\"", .token = SIM_TOKEN "-wrong");
	fetcher_refuses(HERE,
			"source buildkite|does not accept the token (401)|check access_token|read_builds");
	scene_source(scene, .pipelines = "\"*\"");
	then_works();
}

Test(provider, a_token_without_the_scope)
{
	simulator_free(&scene->sim);
	scene->sim = simulator_new(scene->place, "--builds", "50", "--pipelines", "1", "--scopes",
				   "read_pipelines");
	scene_source(scene, .pipelines = "web");
	fetcher_refuses(HERE,
			"refuses access with this token (403), it says: Your access token doesn't have the "
			"read_builds scope|needs the scopes read_builds");
}

/* Discovery needs another scope than the builds: what is named is read all the same. */
Test(provider, a_token_without_the_scope_of_discovery)
{
	const char *line;

	simulator_free(&scene->sim);
	scene->sim = simulator_new(scene->place, "--builds", "50", "--pipelines", "1", "--scopes",
				   "read_builds,read_artifacts");
	scene_source(scene, .pipelines = "\"*\"");
	fetcher_refuses(HERE, "doesn't have the read_pipelines scope");
	scene_source(scene, .pipelines = "[\"*\", web]");
	child_signal(scene->hub, SIGHUP);
	scene_start_sink(scene);
	scene_start_fetcher(scene);
	line = child_event(scene->fetchers[0], "fetch.refused", "target", "buildkite:acme/*");
	expect_words(HERE, line,
		     "\"level\":\"error\"|(403), it says: Your access token doesn't have the read_pipelines");
	scene_holds_truth(scene);
}

static void all_due_now(void)
{
	db_becomes(scene->place, "hub.db", 0, "SELECT count(*) FROM lease WHERE target NOT LIKE '%@live'");
	db_change(scene->place, "hub.db", "UPDATE target SET due_at = 0 WHERE due_at IS NOT NULL");
}

/* An administrator takes it away and gives it back: the process stays, says it once, and misses nothing. */
Test(provider, a_scope_that_is_taken_away_and_given_back)
{
	scene_source(scene, .pipelines = "[web, api]");
	scene_start(scene);
	scene_holds_truth(scene);
	simulator_do(scene->sim, "scopes", "{'scopes': 'read_pipelines'}");
	all_due_now();
	expect_words(HERE, child_event(scene->fetchers[0], "fetch.refused", NULL, NULL),
		     "\"level\":\"error\"|doesn't have the read_builds scope");
	simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	all_due_now();
	expect_words(HERE, child_event(scene->fetchers[0], "fetch.refused", NULL, NULL),
		     "\"level\":\"debug\"");
	simulator_do(scene->sim, "scopes", "{'scopes': 'read_builds'}");
	all_due_now();
	child_event(scene->fetchers[0], "fetch.recovered", NULL, NULL);
	scene_holds_truth(scene);
}

/* http:// instead of https://, or a login page: the token doesn't go there, and somebody hears of it. */
Test(provider, one_that_redirects_to_another_place)
{
	scene_source(scene, .pipelines = "\"*\"");
	simulator_do(scene->sim, "faults", "{'kind': 'redirect-other', 'count': 1000}");
	fetcher_refuses(HERE, "redirects to another place (30|where the token must not go|check api_url");
	simulator_heal(scene->sim);
	then_works();
}

Test(provider, one_that_redirects_in_a_circle_for_a_moment)
{
	scene_source(scene, .pipelines = "web");
	simulator_free(&scene->sim);
	scene->sim = simulator_new(scene->place, "--builds", "50", "--pipelines", "1");
	scene_source(scene, .pipelines = "web");
	simulator_do(scene->sim, "faults", "{'kind': 'redirect-loop', 'count': 7}");
	scene_start(scene);
	expect_words(HERE, child_event(scene->fetchers[0], "fetch.retry", NULL, NULL), "in a circle");
	scene_holds_truth(scene);
	cr_assert_not(child_said(scene->fetchers[0], "fetch.moved"));
}

/* Buildkite answers so for single sign-on, and for an address that is not on the allow list. */
Test(provider, a_refusal_is_told_in_the_words_of_the_provider_once)
{
	scene_source(scene, .pipelines = "[web, api]");
	scene_start(scene);
	scene_holds_truth(scene);
	simulator_do(scene->sim, "faults",
		     "{'status': 403, 'count': 6, 'route': 'builds', 'body': "
		     "'{\\\"message\\\": \\\"Please authorize this token\\\\nwith single sign-on.\\\"}'}");
	/* Their live walk stands in for them. */
	db_change(scene->place, "hub.db",
		  "UPDATE target SET due_at = 0, net_at = 0 WHERE due_at IS NOT NULL");
	expect_words(HERE, child_event(scene->fetchers[0], "fetch.refused", NULL, NULL),
		     "\"level\":\"error\"|(403), it says: Please authorize this token with single sign-on: "
		     "check");
	expect_words(HERE, child_event(scene->fetchers[0], "fetch.refused", NULL, NULL),
		     "\"level\":\"debug\"");
	cr_assert_not(child_ended(scene->fetchers[0]));
}

Test(provider, a_wrong_organization_of_a_named_pipeline)
{
	scene_source(scene, .organization = "acne", .pipelines = "web");
	fetcher_refuses(HERE, "no pipeline 'web' in organization 'acne'|check pipeline_slug and "
			      "organization_slug");
}

Test(provider, a_wrong_organization_of_all_pipelines)
{
	scene_source(scene, .organization = "acne", .pipelines = "\"*\"");
	fetcher_refuses(HERE, "no organization 'acne'|check organization_slug");
}

Test(provider, a_wrong_pipeline_alone)
{
	scene_source(scene, .pipelines = "wbe");
	fetcher_refuses(HERE, "no pipeline 'wbe' in organization 'acme'|check pipeline_slug");
	scene_source(scene, .pipelines = "[web, api]");
	child_signal(scene->hub, SIGHUP);
	then_works();
}

Test(provider, a_wrong_pipeline_among_good_ones_holds_none_of_them_up)
{
	const char *line;

	scene_source(scene, .pipelines = "[wbe, web, api]");
	scene_start(scene);
	line = child_event(scene->fetchers[0], "fetch.refused", "target", "buildkite:acme/wbe");
	expect_words(HERE, line, "\"level\":\"error\"|no pipeline 'wbe'|check pipeline_slug|again_in_ms");
	scene_holds_truth(scene);
	cr_assert_not(child_ended(scene->fetchers[0]));
}

/* One source with a bad token, another that works: the process must not go. */
Test(provider, a_wrong_token_of_one_source_leaves_the_other_alone)
{
	const struct scene_source sources[] = {
		{.name = "bad", .token = SIM_TOKEN "-wrong", .pipelines = "web"},
		{.name = "good", .pipelines = "[web, api]"},
	};
	const char *line;

	scene_configure(scene, NULL, sources, 2);
	scene_start(scene);
	scene_holds_truth(scene);
	line = child_event(scene->fetchers[0], "fetch.refused", "target", "bad:acme/web");
	expect_words(HERE, line, "source bad|(401)|check access_token");
	cr_assert_not(child_ended(scene->fetchers[0]));
}

Test(provider, one_that_is_not_there_is_waited_for)
{
	char listen[32];
	const char *line;

	snprintf(listen, sizeof listen, "%s", strstr(scene->sim->root, "127"));
	scene_source(scene, .pipelines = "[web, api]");
	simulator_free(&scene->sim);
	scene_start(scene);
	be_patient(2); /* five tries, ever longer apart */
	line = child_event(scene->fetchers[0], "fetch.failed", NULL, NULL);
	expect_words(HERE, line, "\"level\":\"warn\"|connection refused|check api_url|tried again by itself");
	scene->sim = simulator_new_at(
		HERE, scene->place,
		ARGS("--token", SIM_TOKEN, "--listen", listen, "--builds", "50", "--pipelines", "2"));
	scene_holds_truth(scene);
}

Test(provider, one_that_answers_503_is_waited_for)
{
	scene_source(scene, .pipelines = "[web, api]");
	simulator_do(scene->sim, "faults", "{'status': 503, 'count': 3, 'route': 'builds'}");
	scene_start(scene);
	expect_words(HERE, child_event(scene->fetchers[0], "fetch.retry", NULL, NULL), "503|again_in_ms");
	scene_holds_truth(scene);
}

/* A page behind a proxy or a login: 200, and no JSON. */
Test(provider, one_that_answers_nonsense_is_asked_again)
{
	scene_source(scene, .pipelines = "[web, api]");
	simulator_do(scene->sim, "faults",
		     "{'status': 200, 'count': 2, 'route': 'builds', 'body': '<html>Please log in</html>'}");
	scene_start(scene);
	expect_words(HERE, child_event(scene->fetchers[0], "fetch.retry", NULL, NULL), "not JSON");
	scene_holds_truth(scene);
}

Test(provider, up_says_at_its_end_why_a_process_was_refused)
{
	struct said said;
	const char *last;

	scene_source(scene, .token = SIM_TOKEN "-wrong");
	said = command_run(scene->place, "buildbus", ARGS("up", "-c", scene->place->config));
	cr_assert_eq(said.code, 1);
	last = strstr(said.errors, "buildbus: fetch-buildkite: ");
	cr_assert(last, "%s", said.errors);
	expect_words(HERE, last, "does not accept the token (401)|check access_token");
	said_free(&said);
}
