/* `buildbus status` and a real hub. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hub.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(status, .timeout = 60);

/* Runs it to its end; *out is what it printed on stdout, heap. */
static int run(const struct test_hub *hub, char **out, const char *argument)
{
	struct launch launch = {
		.place = hub->place,
		.program = "buildbus",
		.args = ARGS("status", "-c", hub->place->config, argument),
		.no_ready = true,
		.stdout_path = place_path(hub->place, "out"),
	};
	struct child *command;
	size_t size;
	int code;

	unlink(place_path(hub->place, "out"));
	command = child_start(&launch);
	code = child_end(command);

	if (code == 1) {
		cr_assert(child_said(command, "start it with `buildbus up`"));
	}
	child_free(&command);
	*out = place_read(hub->place, "out", &size);
	return code;
}

Test(status, says_what_to_do_when_no_hub_runs)
{
	struct test_hub *hub = hub_new(.idle = true);
	char *out;
	int64_t before = test_now_ms();

	cr_assert_eq(run(hub, &out, NULL), 1);
	cr_assert_lt(test_now_ms() - before, 5000);
	cr_assert_str_empty(out);
	free(out);
	hub_free(&hub);
}

static void expect_first_lines(struct spot spot, const struct test_hub *hub, const char *wanted)
{
	char *out;

	cr_assert_eq(run(hub, &out, NULL), 0);
	cr_assert(strncmp(out, wanted, strlen(wanted)) == 0, "line %d: %s\nnot\n%s", spot.line, out, wanted);
	free(out);
}

#define ABSENT_FETCHER "no fetcher asks for work: start buildbus-fetch-buildkite\n"

/* What stands still shows in the first line, with its place. */
Test(status, says_what_is_stuck_and_where)
{
	struct test_hub *hub = hub_new(.pipelines = "web");
	struct peer *worker = worker_of(hub), *sink = reader_of(hub);

	expect_first_lines(HERE, hub, "nothing is stuck\n\nnormalizer ");
	hub->clock->passed_ms = 90000;
	expect_first_lines(
		HERE, hub,
		"STUCK   store, for 1m 30s: it is configured and was never here: start buildbus-sink-store\n"
		"STUCK   buildkite, for 1m 30s: " ABSENT_FETCHER "\n");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ $fence ...");
	say(sink, "attach 'store' nil nil");
	hear(sink, "attached $session [$epoch _] ...");
	expect_first_lines(HERE, hub, "nothing is stuck\n");
	with(worker, .number = 1);
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack ...");
	hub->clock->passed_ms += 75000;
	expect_first_lines(HERE, hub,
			   "STUCK   store, for 1m 15s: it is there and confirms nothing, 1 records wait: its "
			   "destination fails, its log says why\n\n");
	say(sink, "credit $session 10");
	hear(sink, "records ...");
	say(sink, "ack $session [$epoch 1] b'durable'");
	hear(sink, "alive ...");
	hub->clock->passed_ms += 900000;
	expect_first_lines(HERE, hub,
			   "LOOK AT buildkite:acme/web, for 16m 15s: w1 visits it and has brought nothing");
	say(worker, "done $fence 0 nil nil 'the token is refused'");
	hear(worker, "ack ...");
	expect_first_lines(HERE, hub,
			   "STUCK   buildkite: the last visit failed for 1 of 1 targets, buildkite:acme/web: "
			   "the token is "
			   "refused\n\n");
	say(sink, "detach $session");
	hear(sink, "bye ...");
	hub->clock->passed_ms += 61000;
	expect_first_lines(HERE, hub, "STUCK   store, for ");
	peer_free(&worker);
	peer_free(&sink);
	hub_free(&hub);
}

Test(status, says_what_the_hub_refuses_and_which_builds_nobody_asks_for)
{
	struct test_hub *hub = hub_new(.pipelines = "web");
	struct peer *worker = worker_of(hub);
	struct hub_setup other = {.pipelines = "api"};

	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ $fence ...");
	with(worker, .number = 1);
	with(worker, .number = 2, .body = "{\"number\": broken");
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack ...");
	say(worker, "done $fence 0");
	hear(worker, "ack ...");
	hub_configure(hub, &other);
	child_signal(hub->child, SIGHUP);
	child_event(hub->child, "proc.reloaded", NULL, NULL);
	say(worker, "frobnicate");
	hear(worker, "error 'command' ...");
	expect_first_lines(
		HERE, hub,
		"LOOK AT hub: 1 open builds belong to pipelines that the configuration no longer names: they "
		"stay as they are\n"
		"LOOK AT hub: 1 dead letters: `buildbus dead list` says why\n"
		"LOOK AT hub: requests are refused as `command`, 1 so far: frobnicate\n\n");
	hub->clock->passed_ms = 70000;
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease ...");
	peer_free(&worker);
	hub_free(&hub);
}

Test(status, shows_targets_and_their_leases)
{
	struct test_hub *hub = hub_new(.pipelines = "[web, api]");
	struct peer *worker = worker_of(hub);
	char *out;

	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ $fence ...");
	cr_assert_eq(run(hub, &out, NULL), 0);
	cr_assert(strstr(out, "buildkite:acme/web"), "%s", out);
	cr_assert(strstr(out, "buildkite:acme/api"), "%s", out);
	cr_assert(strstr(out, "in a visit"), "%s", out);
	cr_assert(strstr(out, " w1 "), "%s", out);
	free(out);
	peer_free(&worker);
	hub_free(&hub);
}

/* Source, pipelines, targets. */
Test(status, counts_pipelines_beside_the_targets_that_are_none)
{
	struct test_hub *hub = hub_new(.pipelines = "\"*\"");
	struct peer *worker = worker_of(hub);
	char *out;

	hold_live(worker);
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/*' $fence ...");
	say(worker, "targets $fence ['acme/web' 'acme/api']");
	hear(worker, "ack ...");
	say(worker, "done $fence 600000 1000000 60000 nil nil 1000000");
	hear(worker, "ack ...");
	cr_assert_eq(run(hub, &out, NULL), 0);
	cr_expect(strstr(out, "\nbuildkite  2          "), "%s", out);
	cr_expect_null(strstr(out, "\nbuildkite  2          2 "), "%s", out);
	cr_expect(strstr(out, "  no limit\n"), "%s", out);
	free(out);
	peer_free(&worker);
	hub_free(&hub);
}

static void expect_documented(const char *json, const char *document)
{
	int found = 0;

	for (const char *at = json; (at = strchr(at, '"')); at++) {
		size_t size = strcspn(++at, "\"");
		char quoted[64];

		snprintf(quoted, sizeof quoted, "`%.*s`", (int)size, at);
		cr_expect(at[size + 1] != ':' || strstr(document, quoted), "docs/operations.md: %s", quoted);
		found += at[size + 1] == ':';
		at += size;
	}
	cr_assert_gt(found, 60);
}

Test(status, every_key_of_the_json_is_documented)
{
	struct test_hub *hub = hub_new(.pipelines = "web");
	struct peer *worker = worker_of(hub), *sink = reader_of(hub);
	struct place docs = {.folder = SOURCE_DIR "/docs"};
	size_t size;
	char *document = place_read(&docs, "operations.md", &size), *out;

	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ $fence ...");
	say(worker, "frobnicate");
	hear(worker, "error ...");
	say(sink, "attach 'store' nil nil");
	hear(sink, "attached ...");
	cr_assert_eq(run(hub, &out, "--json"), 0);
	expect_documented(out, document);
	free(out);
	free(document);
	peer_free(&worker);
	peer_free(&sink);
	hub_free(&hub);
}

Test(status, prints_the_whole_map_as_json)
{
	struct test_hub *hub = hub_new(.pipelines = "web");
	char *out;

	cr_assert_eq(run(hub, &out, "--json"), 0);
	cr_assert(strstr(out, "\"targets\":[{\"target\":\"buildkite:acme/web\","), "%s", out);
	cr_assert(strstr(out, "\"sinks\":[]"), "%s", out);
	cr_assert_eq(out[strlen(out) - 1], '\n');
	free(out);
	hub_free(&hub);
}

Test(status, shows_itself_anew_until_it_is_ended_also_while_no_hub_is_there)
{
	struct test_hub *hub = hub_new(.pipelines = "web");
	struct launch launch = {
		.place = hub->place,
		.program = "buildbus",
		.args = ARGS("status", "-c", hub->place->config, "--watch", "--json"),
		.no_ready = true,
		.stdout_path = place_path(hub->place, "watched"),
	};
	struct child *command = child_start(&launch);
	struct peer *nobody = reader_of(hub);
	int lines = 0;

	for (int64_t until = test_now_ms() + patience_ms(); lines < 2; peer_wait(HERE, nobody, 100)) {
		size_t size = 0;
		char *text = place_read(hub->place, "watched", &size);

		cr_assert_lt(test_now_ms(), until);
		lines = 0;
		for (size_t i = 0; i < size; i++) {
			lines += text[i] == '\n';
		}
		free(text);
	}
	hub_kill(hub);
	child_says(command, "no normalizer answers");
	child_signal(command, SIGINT);
	cr_assert_eq(child_end(command), -SIGINT);
	child_free(&command);
	peer_free(&nobody);
	hub_free(&hub);
}
