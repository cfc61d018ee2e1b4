/* `buildbus slack preview`: what would have been said, from the hub that runs and from its file; and that
 * nobody is asked, with every address a dead one and the token unknown. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/slack/slack.h"
#include "tests/support/command.h"
#include "tests/support/simulator.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct place *place;
static struct simulator *sim;
static struct fake_slack fake; /* at api_url: must hear nothing */

static void configure(const char *rules)
{
	place_write(place, "buildbus.yml",
		    "bus:\n  state_dir: %s\n  min_free: 1MiB\n"
		    "sources:\n  - buildkite:\n      access_token: %s\n      organization_slug: acme\n"
		    "      pipeline_slug: '*'\n      since: 2020-01-01\n      poll_interval: 1s\n      "
		    "api_url: %s\n"
		    "destinations:\n  - store\n%s",
		    place->state, SIM_TOKEN, sim->api, rules);
}

static void open_world(void)
{
	struct said said;

	place = place_new();
	sim = simulator_new(place, "--builds", "300", "--pipelines", "3", "--start", "now");
	fake_slack_start(&fake);
	configure("");
	said = command_run(place, "buildbus", ARGS("up", "--once", "-q", "-c", place->config));
	cr_assert_eq(said.code, 0, "%s", said.errors);
	said_free(&said);
}

static void close_world(void)
{
	for (int verb = 0; verb < SLACK_VERBS; verb++) {
		cr_expect_eq(slack_asked(&fake, verb), 0);
	}
	fake_slack_stop(&fake);
	simulator_free(&sim);
	place_free(&place);
}

TestSuite(slack_preview, .init = open_world, .fini = close_world, .timeout = 120);

#define preview(...) preview_with(HERE, ARGS("slack", "preview", "-c", place->config, __VA_ARGS__))
static struct said preview_with(struct spot spot, const char *const *args)
{
	return command_run_at(spot, place, "buildbus", args);
}

static void with_slack(const char *rules)
{
	char text[1024];

	snprintf(text, sizeof text,
		 "  - slack:\n      token: $NOBODY_SET_THIS\n      channel: \"#builds\"\n      api_url: "
		 "%s\n%s",
		 fake.url, rules);
	configure(text);
}

static int lines_with(const char *text, const char *words)
{
	int count = 0;

	for (; (text = strstr(text, words)); text++) {
		count++;
	}
	return count;
}

/* A hub alone, on the state that is there. */
static struct child *start_hub(void)
{
	struct launch launch = {
		.place = place, .program = "buildbus-normalizer", .args = ARGS("-c", place->config)};
	struct child *hub = child_start(&launch);

	child_ready(hub);
	return hub;
}

Test(slack_preview, tells_what_the_rules_would_have_said_and_tells_slack_nothing)
{
	struct said of_file, of_hub, later;
	struct child *hub;

	setenv("HTTPS_PROXY", "http://127.0.0.1:1", 1);
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("BUILDBUS_SLACK_API_URL", fake.url, 1);
	with_slack("      rules: [{branch: \"*\", storm: 0}]\n");
	of_file = preview("--from", "90d");
	expect_words(HERE, of_file.errors, "rules[0].storm: unknown key");
	cr_expect_eq(of_file.code, 2);
	said_free(&of_file);
	with_slack("      storm: 0\n      rules: [{branch: \"*\"}]\n");
	of_file = preview("--from", "90d");
	cr_expect_eq(of_file.code, 0, "%s", of_file.errors);
	expect_words(HERE, of_file.errors, "no normalizer runs");
	expect_words(HERE, of_file.out,
		     " is failing: #|#builds     1  \xf0\x9f\x94\xb4|  \xe2\x86\xb3 |  \xe2\x9c\x8e |nothing "
		     "was sent");
	hub = start_hub();
	of_hub = preview("--from", "90d");
	cr_expect_str_empty(of_hub.errors);
	cr_expect_str_eq(of_hub.out, of_file.out);
	later = preview("--from", "1");
	cr_expect_str_eq(later.out, of_hub.out);
	said_free(&later);
	later = preview("--from", "99999999");
	cr_expect_str_eq(later.out,
			 "0 messages, 0 replies, 0 edits, of 0 builds that a rule matches (0 records read); "
			 "nothing was sent\n");
	said_free(&later);
	child_stop(hub);
	child_free(&hub);
	said_free(&of_hub);
	said_free(&of_file);
}

Test(slack_preview, goes_by_the_rules)
{
	struct said all, none, json;
	struct child *hub;

	with_slack("");
	hub = start_hub();
	with_slack("      storm: 0\n      rules:\n      - {pipeline: \"*\", branch: \"*\", channel: none}\n");
	none = preview("--from", "90d");
	cr_expect_eq(none.code, 0);
	cr_expect_eq(strncmp(none.out, "0 messages, 0 replies, 0 edits", 30), 0, "%s", none.out);
	with_slack("      storm: 0\n      rules: [{branch: \"*\", channel: \"#elsewhere\"}]\n");
	all = preview("--from", "90d");
	json = preview("--from", "90d", "--json");
	cr_expect_eq(json.code, 0);
	cr_expect(lines_with(all.out, "#elsewhere") > 5);
	cr_expect_eq(lines_with(all.out, "Z  #elsewhere"), lines_with(json.out, "\"does\":"));
	cr_expect_eq(lines_with(json.out, "\n"), lines_with(json.out, "\"does\":"));
	expect_words(HERE, json.out,
		     "\"kind\":\"break\"|\"channel\":\"#elsewhere\"|\"thread\":null|\"blocks\":[");
	expect_words(HERE, json.errors, "nothing was sent");
	said_free(&json);
	said_free(&all);
	said_free(&none);
	child_stop(hub);
	child_free(&hub);
}

Test(slack_preview, says_what_it_needs)
{
	struct child *hub = start_hub();
	struct said said;

	said = preview("--from", "90d");
	expect_refusal(&said, 2, "no slack destination|channel:");
	said_free(&said);
	with_slack("  - slack: {name: two, token: $X, channel: \"#two\"}\n");
	said = preview("--from", "90d");
	expect_refusal(&said, 2, "2 slack destinations|--sink NAME");
	said_free(&said);
	said = preview("--sink", "two", "--from", "90d");
	cr_expect_eq(said.code, 0, "%s", said.errors);
	said_free(&said);
	said = preview("--sink", "three");
	expect_refusal(&said, 2, "no slack destination of that name");
	said_free(&said);
	said = preview("--sink", "two", "--from", "yesterday");
	expect_refusal(&said, 2, "--from yesterday: give it the number of a record");
	said_free(&said);
	said = command_run(place, "buildbus", ARGS("slack"));
	expect_refusal(&said, 2, "buildbus slack preview");
	said_free(&said);
	with_slack("      rules: [{pipelin: web}]\n");
	said = preview("--from", "90d");
	expect_refusal(&said, 2, "rules[0].pipelin: unknown key, did you mean pipeline?");
	said_free(&said);
	with_slack("      rules: [{channel: builds}]\n");
	said = preview("--from", "90d");
	expect_refusal(&said, 2, "\"builds\" is no channel");
	said_free(&said);
	with_slack("");
	child_stop(hub);
	child_free(&hub);
	cr_assert_eq(rename(place->state, place_path(place, "elsewhere")), 0);
	said = preview("--from", "90d");
	expect_refusal(&said, 1, "hub.db|buildbus up");
	said_free(&said);
}

/* No HTTP client is even linked into it. */
Test(slack_preview, is_done_by_a_program_that_speaks_no_http)
{
	char line[512];
	FILE *libraries = popen("ldd " BIN_DIR "/buildbus", "r");
	bool zmq = false;

	cr_assert_not_null(libraries);
	while (fgets(line, sizeof line, libraries)) {
		cr_expect(!strstr(line, "libcurl") && !strstr(line, "libssl"), "%s", line);
		zmq |= strstr(line, "libzmq") != NULL;
	}
	pclose(libraries);
	cr_expect(zmq);
}
