/* `buildbus sync` with Slack: what is new since the last run is said before it ends. */
/* SPDX-License-Identifier: MIT */
#include "common/process.h"
#include "common/time.h"
#include "tests/fakes/slack/slack.h"
#include "tests/support/command.h"
#include "tests/support/simulator.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fake_slack fake;
static struct place *place;
static struct simulator *sim;

static void configure(const char *more)
{
	place_write(
		place, "buildbus.yml",
		"sources:\n  - buildkite: {access_token: %s, organization_slug: acme, pipeline_slug: web, "
		"api_url: \"%s\"}\ndestinations:\n  - slack: {token: %s, channel: \"#builds\", api_url: "
		"\"%s\"%s}\n",
		SIM_TOKEN, sim->api, SLACK_TOKEN, fake.url, more);
}

static void init(void)
{
	place = place_new();
	fake_slack_start(&fake);
	sim = simulator_new(place, "--builds", "40", "--pipelines", "1");
	configure("");
}

static void fini(void)
{
	simulator_free(&sim);
	fake_slack_stop(&fake);
	place_free(&place);
}

TestSuite(slack_sync, .init = init, .fini = fini, .timeout = 120);

static void build_ends(const char *result)
{
	char json[128];

	snprintf(json, sizeof json, "{'pipeline': 'web', 'branch': 'main', 'result': '%s'}", result);
	simulator_do(sim, "build", json);
	simulator_do(sim, "advance", "{'ms': 600000}");
}

static void expect_texts(const char *const *texts)
{
	char *is = slack_conversation(&fake, NULL, false), *line = is;

	for (; *texts; texts++) {
		char *end = strchr(line, '\n');

		cr_assert(end, "%s is missing in\n%s", *texts, is);
		*end = '\0';
		cr_expect(strstr(line, *texts), "\"%s\" is not in \"%s\"", *texts, line);
		line = end + 1;
	}
	cr_expect_str_empty(line);
	free(is);
}

Test(slack_sync, the_past_is_not_news_and_what_is_new_is_said_once)
{
	sync_again(place);
	expect_texts(ARGS(NULL));
	build_ends("failed");
	sync_again(place);
	sync_again(place);
	expect_texts(ARGS(":red_circle: acme/web main is failing"));
	build_ends("passed");
	sync_again(place);
	expect_texts(ARGS(":red_circle: acme/web main is failing", "acme/web main is fixed by",
			  "acme/web main is passing again"));
}

/* For three days more, all days but one. */
static void be_quiet(void)
{
	static const char *const days[] = {"thu", "fri", "sat", "sun", "mon", "tue", "wed"};
	int64_t today = wall_ms() / DAY_MS; /* 1970 began with a Thursday */
	char more[100];

	snprintf(more, sizeof more, ", rules: [{quiet_hours: {times: %s-%s, time_zone: UTC}}]",
		 days[(today + 5) % 7], days[(today + 3) % 7]);
	configure(more);
}

/* Its reply is due when they end, if somebody runs it then. */
Test(slack_sync, it_does_not_wait_for_the_end_of_quiet_hours)
{
	sync_again(place);
	build_ends("failed");
	sync_again(place);
	be_quiet();
	build_ends("passed");
	sync_again(place);
	expect_texts(ARGS(":red_circle: acme/web main is failing", "acme/web main is fixed by"));
}

Test(slack_sync, without_a_state_it_says_what_is_needed)
{
	struct said said = command_run(place, "buildbus", ARGS("sync", "-c", place->config));

	expect_refusal(&said, 2, "slack|--state DIR");
	said_free(&said);
}
