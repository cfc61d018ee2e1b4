/* The chapter "Moving the hub" of docs/operations.md, walked through as it is written. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/scene.h"

#include <stdio.h>
#include <stdlib.h>

static struct place *place;
static struct simulator *sim;
static struct child *hub, *store, *fetcher;

TestSuite(moved, .timeout = 180);

static struct child *start(const char *program, const char *state)
{
	char ingest[256], feed[256], folder[256];
	struct child *child;

	snprintf(ingest, sizeof ingest, "BUILDBUS_INGEST=ipc://%s/ingest.ipc", place->folder);
	snprintf(feed, sizeof feed, "BUILDBUS_FEED=ipc://%s/feed.ipc", place->folder);
	snprintf(folder, sizeof folder, "BUILDBUS_STATE_DIR=%s/%s", place->folder, state);
	child = child_start(&(struct launch){.place = place,
					     .program = program,
					     .args = ARGS("-c", place->config, "-v"),
					     .env = ARGS(ingest, feed, folder)});
	child_ready(child);
	return child;
}

static void do_line(const char *line)
{
	char script[1024];
	struct said said;

	snprintf(script, sizeof script, "cd %s && HUB_PID=%d && %s", place->folder,
		 hub ? (int)child_pid(hub) : 0, line);
	said = command_run(place, "/bin/sh", ARGS("-ec", script));
	cr_assert_eq(said.code, 0, "%s: %s", line, said.errors);
	said_free(&said);
	if (strncmp(line, "kill ", 5) == 0) {
		cr_assert_eq(child_end(hub), 0);
		child_free(&hub);
	}
}

static int walk(void)
{
	struct place manual = {.folder = (char *)(uintptr_t)(SOURCE_DIR "/docs")};
	size_t size;
	char *text = place_read(&manual, "operations.md", &size), *at = strstr(text, "\n## Moving the hub\n"),
	     *end = at ? strstr(at + 2, "\n## ") : NULL;
	int commands = 0;

	cr_assert(end);
	*end = '\0';
	for (char *line = strsep(&at, "\n"); line; line = strsep(&at, "\n")) {
		if (strncmp(line, "    $ ", 6) == 0) {
			do_line(line + 6);
			commands++;
		}
	}
	free(text);
	return commands;
}

static void holds_truth(void)
{
	char *truth = simulator_truth(sim, NULL);

	store_holds(place, truth);
	free(truth);
}

Test(moved, a_hub_goes_on_where_it_was_and_sends_nothing_again)
{
	char *text;
	long long sent;

	place = place_new();
	sim = simulator_new(place, "--builds", "60", "--pipelines", "1");
	place_write(
		place, "buildbus.yml",
		"bus: {min_free: 1MiB}\nsources:\n  - buildkite: {access_token: %s, organization_slug: acme, "
		"pipeline_slug: web, since: 60d, poll_interval: 1s, api_url: %s}\ndestinations: [store]\n",
		SIM_TOKEN, sim->api);
	hub = start("buildbus-normalizer", "state");
	store = start("buildbus-sink-store", "state");
	fetcher = start("buildbus-fetch-buildkite", "state");
	holds_truth();
	cr_expect_eq(walk(), 4);
	simulator_do(sim, "build", "{'pipeline': 'acme/web', 'random': true}");
	hub = start("buildbus-normalizer", "new-state");
	child_event(store, "sink.attached", "position", "60");
	holds_truth();
	cr_expect_eq(child_count(hub, "hub.restored"), 0);
	child_stop(fetcher);
	child_stop(store);
	text = child_text(store);
	cr_assert(strstr(text, "\"done\":"));
	sent = strtoll(strstr(text, "\"done\":") + 7, NULL, 10);
	cr_expect_eq(sent, 61, "%lld records were written", sent);
	free(text);
	child_stop(hub);
	child_free(&hub);
	child_free(&store);
	child_free(&fetcher);
	simulator_free(&sim);
	place_free(&place);
}
