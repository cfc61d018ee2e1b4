/* Alerts behind the real hub and its normalizer: what a provider's builds become in a channel, whatever
 * happens to the hub, to the log and to the sink. */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "tests/pipeline/slack_clock.h"
#include "tests/support/command.h"
#include "tests/support/scene.h"
#include "tests/support/web.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fake_slack slack;
static struct scene *scene;
static const char *clock_env;
static int64_t number; /* of the newest build of acme/web, the only pipeline */

static int64_t provider_ms(void)
{
	char url[120], *text, *at;
	int64_t now_ms;

	snprintf(url, sizeof url, "%s/_sim/clock", scene->sim->root);
	text = web_get(HERE, url, NULL);
	at = strstr(text, "\"now_ms\":");
	cr_assert(at, "%s", text);
	now_ms = strtoll(at + 9, NULL, 10);
	free(text);
	return now_ms;
}

static void start_sink(void)
{
	const char *env[] = {clock_env, NULL};

	scene->sink = child_start(&(struct launch){.place = scene->place,
						   .program = "buildbus-sink-slack",
						   .args = ARGS("-c", scene->place->config),
						   .env = env});
	child_ready(scene->sink);
}

static void init(void)
{
	fake_slack_start(&slack);
	number = 20;
	scene = scene_new("--builds", "20", "--pipelines", "1");
	scene->mortal = true;
	place_write(scene->place, "buildbus.yml",
		    "bus: {state_dir: %s, min_free: 1MiB}\nsources:\n  - buildkite: {access_token: %s, "
		    "organization_slug: acme, pipeline_slug: web, poll_interval: 1s, since: 1000d, api_url: "
		    "\"%s\"}\ndestinations:\n  - slack: {token: %s, channel: \"#builds\", api_url: \"%s\"}\n",
		    scene->place->state, SIM_TOKEN, scene->sim->api, SLACK_TOKEN, slack.url);
	scene->config_written = true;
	clock_env = clock_open(scene->place, provider_ms(), &slack);
	scene_start_hub(scene);
	scene_start_fetcher(scene);
	start_sink();
}

static void fini(void)
{
	scene_free(&scene);
	fake_slack_stop(&slack);
	clock_close();
}

TestSuite(slack_behind_hub, .init = init, .fini = fini, .timeout = 120);

#define UNREAD "SELECT (SELECT max(seq) FROM log) > position FROM sink WHERE name = 'slack'"

/* A build of a minute that is over, on main; the clock of all goes on by ten minutes. */
static void build(const char *result)
{
	char json[160];

	snprintf(json, sizeof json, "{'pipeline': 'web', 'branch': 'main', 'result': '%s'}", result);
	simulator_do(scene->sim, "build", json);
	simulator_do(scene->sim, "advance", "{'ms': 600000}");
	clock_to(provider_ms() - MONDAY);
	db_becomes(scene->place, "hub.db", ++number, "SELECT count(*) FROM build");
}

/* What was there before is history: it is known, and not news. */
static void history_known(void)
{
	db_becomes(scene->place, "hub.db", number, "SELECT count(*) FROM build");
	scene_visited(scene, NULL);
	db_becomes(scene->place, "hub.db", 0, UNREAD);
}

/* Waits until so many messages and edits were seen, and one of them has the newest build's number between
 * these. */
static void shows(size_t events, const char *before, const char *after)
{
	char wanted[300], *text;
	int64_t until_ms = test_now_ms() + patience_ms();

	while (slack_posted(&slack) + slack_edited(&slack) < events && test_now_ms() < until_ms) {
		clock_fly();
		poll(NULL, 0, 2);
	}
	snprintf(wanted, sizeof wanted, "%s%lld%s", before, (long long)number, after);
	text = slack_conversation(&slack, NULL, false);
	cr_assert(slack_posted(&slack) + slack_edited(&slack) == events && strstr(text, wanted),
		  "no %s in\n%s", wanted, text);
	free(text);
}

static void kill_hub(void)
{
	child_kill(scene->hub);
	child_free(&scene->hub);
	scene_start_hub(scene);
}

static void lose_hub(void)
{
	static const char *const names[] = {"hub.db", "hub.db-wal", "hub.db-shm"};
	char path[400];

	child_kill(scene->hub);
	child_free(&scene->hub);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", scene->place->state, names[i]);
		unlink(path);
	}
	scene_start_hub(scene);
}

static void kill_sink(void)
{
	child_kill(scene->sink);
	child_free(&scene->sink);
	start_sink();
}

static void replay_all(void)
{
	struct said told =
		command_run(scene->place, "buildbus",
			    ARGS("replay", "--sink", "slack", "--from", "1", "-c", scene->place->config));

	cr_expect(told.code == 0, "%s%s", told.out, told.errors);
	said_free(&told);
	db_becomes(scene->place, "hub.db", 0, UNREAD);
}

/* Neither a killed hub, nor a killed sink, nor a replay, nor a log that is made anew says anything again. */
Test(slack_behind_hub, a_break_is_one_message_and_a_fix_one_edit)
{
	history_known();
	build("passed"); /* what was red in the history is over */
	build("failed");
	shows(1, "#builds 1: :red_circle: acme/web main is failing: #", "\n");
	kill_hub();
	replay_all();
	kill_sink();
	build("passed");
	shows(3, "#builds 1 = :large_green_circle: acme/web main is fixed by #", " after 10 min\n");
	lose_hub();
	history_known();
	build("failed");
	shows(4, "#builds 3: :red_circle: acme/web main is failing: #", "\n");
}
