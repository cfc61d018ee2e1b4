/* `buildbus tap` and a real hub. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/trio.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct child *tap;

static void close_tap(void)
{
	child_free(&tap);
	trio_close();
}

static void open_hub(void)
{
	trio_open(.pipelines = "web");
}

TestSuite(tap, .timeout = 240, .init = open_hub, .fini = close_tap);

#define START(...) start(ARGS("tap", "-c", hub->place->config, __VA_ARGS__))

static void start(const char *const *args)
{
	unlink(place_path(hub->place, "out"));
	tap = child_start(&(struct launch){.place = hub->place,
					   .program = "buildbus",
					   .args = args,
					   .no_ready = true,
					   .stdout_path = place_path(hub->place, "out")});
}

static char *printed(void)
{
	size_t size;
	char *text = place_read(hub->place, "out", &size);

	return text ? text : strdup("");
}

static int lines_of(const char *text)
{
	int lines = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		lines++;
	}
	return lines;
}

/* Waits until so many lines are printed. Heap. */
#define prints(lines) prints_at(HERE, lines)
static char *prints_at(struct spot spot, int lines)
{
	int64_t until_ms = test_now_ms() + patience_ms();
	char *text = printed();

	while (lines_of(text) < lines) {
		if (test_now_ms() > until_ms) {
			fail_at(spot, "%d lines are printed, not %d; the last: %.300s", lines_of(text), lines,
				strlen(text) > 300 ? text + strlen(text) - 300 : text);
		}
		free(text);
		poll(NULL, 0, 10);
		text = printed();
	}
	return text;
}

/* Waits for a line about that build. Heap. */
static char *prints_line_of(const char *id)
{
	int64_t until_ms = test_now_ms() + patience_ms();
	char *text = printed();

	while (!strstr(text, id) || text[strlen(text) - 1] != '\n') {
		cr_assert_lt(test_now_ms(), until_ms, "%s is not printed", id);
		free(text);
		poll(NULL, 0, 10);
		text = printed();
	}
	return text;
}

/* Fails unless the lines are of the records first, first + step, … */
#define prints_seqs(first, step, count) prints_seqs_at(HERE, first, step, count)
static void prints_seqs_at(struct spot spot, int64_t first, int64_t step, int count)
{
	char *text = prints_at(spot, count), *rest = text, *line;
	int64_t expected = first;

	while ((line = strsep(&rest, "\n")) && *line) {
		const char *seq = strstr(line, "\"seq\":");

		if (!seq || strtoll(seq + 6, NULL, 10) != expected) {
			fail_at(spot, "expected record %lld: %s", (long long)expected, line);
		}
		expected += step;
	}
	cr_assert_eq(expected, first + step * count, "and no more");
	free(text);
}

/* Records number first … last of a pipeline, 200 a message. */
static void publish_many(const char *pipeline, int first, int last)
{
	char counts[32];
	int waiting = 0;

	for (int i = first; i <= last; i++) {
		with(worker, .number = i, .pipeline = pipeline);
		if (++waiting == 200 || i == last) {
			snprintf(counts, sizeof counts, "%d 0 0", waiting);
			publish_given(counts);
			waiting = 0;
		}
	}
}

/* Publishes builds of another pipeline until one is printed: from then on everything is. Returns the seq of
 * the first one that was. */
static int64_t is_listening(void)
{
	char *text = printed();
	int64_t first;

	for (int i = 1; lines_of(text) == 0; i++) {
		publish_many("knock", i, i);
		for (int tries = 0; tries < 20 && lines_of(text) == 0; tries++) {
			free(text);
			poll(NULL, 0, 10);
			text = printed();
		}
		cr_assert_lt(i, 200, "nothing is printed");
	}
	first = strtoll(strstr(text, "\"seq\":") + 6, NULL, 10);
	free(text);
	return first;
}

static void says_nothing(void)
{
	char *text = child_text(tap);

	cr_expect_str_empty(text);
	free(text);
}

static void ends(int code)
{
	cr_assert_eq(child_end(tap), code);
}

/* What was logged before and what passes meanwhile, each once. */
Test(tap, goes_from_the_past_on_to_what_passes_without_gap_or_repetition)
{
	publish_many("web", 1, 1000);
	START("--from", "1", "-n", "3000");
	publish_many("web", 1001, 3000);
	prints_seqs(1, 1, 3000);
	ends(0);
	says_nothing();
}

Test(tap, prints_the_keys_of_builds_json_and_its_place)
{
	static const char head[] = "{\"type\":\"build\",\"id\":\"buildkite/acme/web/7\",\"uid\":\"uid-7\","
				   "\"provider\":\"buildkite\",\"organization\":\"acme\",";
	char tail[64], *live, *past, *again;

	START("--format", "json");
	is_listening();
	publish_many("web", 7, 7);
	live = prints_line_of("buildkite/acme/web/7");
	child_stop(tap);
	child_free(&tap);
	past = strstr(live, "{\"type\":\"build\",\"id\":\"buildkite/acme/web/7\"");
	cr_assert(past && strncmp(past, head, strlen(head)) == 0, "%s", live);
	snprintf(tail, sizeof tail, "\"seq\":%lld,\"epoch\":%lld}\n",
		 (long long)hub_sql(hub, "SELECT max(seq) FROM log"),
		 (long long)hub_sql(hub, "SELECT value FROM meta WHERE key = 'epoch'"));
	cr_assert_str_eq(live + strlen(live) - strlen(tail), tail);
	/* Out of the log it is the same line. */
	START("--from", "1", "acme/web", "-n", "1");
	ends(0);
	again = printed();
	cr_assert_str_eq(again, past);
	free(again);
	free(live);
}

/* Other pipelines, and other states of this one, are no gap. */
Test(tap, of_one_pipeline_or_state_sees_no_false_gap)
{
	START("--from", "1", "build.buildkite.acme.web.finished");
	for (int i = 1; i <= 20; i++) {
		with(worker, .number = i);
		with(worker, .number = i, .pipeline = "webshop", .state = "passed");
		with(worker, .number = i, .state = "passed", .observed_at = T0 + 1000);
		publish_given("3 0 0");
	}
	prints_seqs(3, 3, 20);
	child_stop(tap);
	says_nothing();
}

/* Longer than the hub keeps records for it and the system's buffers hold; nothing wakes it afterwards but the
 * hub's answer that tells where the log ends. BUILDBUS_TAP_SLEPT makes it longer. */
Test(tap, that_slept_prints_all_of_it)
{
	const char *text = getenv("BUILDBUS_TAP_SLEPT");
	int slept = text ? (int)strtol(text, NULL, 10) : 9000;
	int64_t first;

	START(NULL);
	first = is_listening();
	child_signal(tap, SIGSTOP);
	publish_many("web", 1, slept);
	child_signal(tap, SIGCONT);
	be_patient(3);
	prints_seqs(first, 1, (int)(hub_sql(hub, "SELECT max(seq) FROM log") - first + 1));
	child_stop(tap);
	says_nothing();
}

Test(tap, of_one_pipeline_that_slept_prints_all_of_that)
{
	START("--from", "1", "acme/web");
	publish_many("web", 1, 1);
	free(prints(1));
	child_signal(tap, SIGSTOP);
	publish_many("web", 2, 9000);
	publish_many("api", 1, 10);
	child_signal(tap, SIGCONT);
	be_patient(3);
	prints_seqs(1, 1, 9000);
	child_stop(tap);
	says_nothing();
}

Test(tap, goes_on_after_a_restart_of_the_hub)
{
	START("--from", "1");
	publish_many("web", 1, 10);
	free(prints(10));
	hub_kill(hub);
	child_says(tap, "is away (the connection ended): waiting for it");
	hub_start(hub);
	publish_many("web", 11, 20);
	prints_seqs(1, 1, 20);
	child_says(tap, "the normalizer is back");
	child_stop(tap);
}

Test(tap, says_when_the_hub_has_another_log)
{
	char command[512];

	START("--from", "1");
	publish_many("web", 1, 10);
	free(prints(10));
	hub_kill(hub);
	snprintf(command, sizeof command, "rm -rf '%s'", hub->place->state);
	cr_assert_eq(system(command), 0);
	hub_start(hub);
	child_says(tap, "the normalizer has another log");
	say(worker, "claim 'buildkite' 'w1'");
	value_forget("fence");
	hear(worker, "lease 'buildkite:acme/web' $fence ...");
	with(worker, .number = 1);
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 1 0 0 $fence");
	free(prints(11));
	child_stop(tap);
}

Test(tap, says_what_the_log_has_no_longer)
{
	publish_many("web", 1, 10);
	hub_sql(hub, "DELETE FROM log WHERE seq IN (3, 4)");
	hub_restart(hub);
	START("--from", "2");
	child_says(tap, "2 of the numbers from 2 to 10 are not in the log");
	free(prints(7));
	child_stop(tap);
}

Test(tap, begins_at_a_time)
{
	char time[32];

	publish_many("web", 1, 10);
	START("--from", "1h", "-n", "10");
	ends(0);
	child_free(&tap);
	hub_sql(hub, "UPDATE log SET at = 1767225600000 + seq * 1000"); /* 2026-01-01T00:00:01Z … */
	snprintf(time, sizeof time, "2026-01-01T00:00:%02dZ", 4);
	START("--from", time, "-n", "7");
	prints_seqs(4, 1, 7);
	ends(0);
	child_free(&tap);
	START("--from", "1h");
	publish_many("web", 11, 11);
	prints_seqs(11, 1, 1);
	child_stop(tap);
}

Test(tap, ends_well_when_it_is_stopped_or_nobody_reads_it)
{
	static const int signals[] = {SIGINT, SIGTERM};
	char command[1024];

	publish_many("web", 1, 10);
	for (int i = 0; i < 2; i++) {
		START("--from", "1");
		free(prints(10));
		child_signal(tap, signals[i]);
		ends(0);
		says_nothing();
		child_free(&tap);
	}
	snprintf(command, sizeof command,
		 "bash -c 'set -o pipefail; timeout 20 " BUILDBUS_BIN_DIR
		 "/buildbus tap -c %s --from 9 2>%s | head -n 2 >%s'",
		 hub->place->config, place_path(hub->place, "errors"), place_path(hub->place, "out"));
	cr_assert_eq(system(command), 0);
	prints_seqs(9, 1, 2); /* and it ends although nothing more passes */
}

Test(tap, prints_lines_for_people_without_colours_where_nobody_looks)
{
	char *text;

	publish(17, "passed", T0);
	START("--from", "1", "--format", "pretty", "-n", "1");
	ends(0);
	text = printed();
	cr_assert_str_eq(text,
			 "2025-12-31 23:59:50  acme/web #17              success       40.0 s   main     "
			 "         m\n");
	free(text);
}

static void refuses(int code, const char *words, const char *const *args)
{
	struct said said = command_run(hub->place, "buildbus", args);

	expect_refusal(&said, code, words);
	said_free(&said);
}

Test(tap, tells_what_it_can_not_do)
{
	const char *config = hub->place->config;

	refuses(2, "--from yesterday|2h", ARGS("tap", "-c", config, "--from", "yesterday"));
	refuses(2, "--format yaml|json, pretty, cdevents", ARGS("tap", "-c", config, "--format", "yaml"));
	refuses(2, "acme//web|empty part", ARGS("tap", "-c", config, "acme//web"));
	refuses(2, "--count 0|from 1", ARGS("tap", "-c", config, "-n", "0"));
	refuses(1, "newest record is 0|no 9", ARGS("tap", "-c", config, "--from", "9"));
	hub_stop(hub);
	refuses(1, "no normalizer answers at ipc://|buildbus up", ARGS("tap", "-c", config));
	hub_start(hub);
}

Test(tap_tcp, works_on_tcp_addresses, .timeout = 120)
{
	char bus[256];

	hub = hub_new(.idle = true);
	snprintf(bus, sizeof bus,
		 "  ingest: tcp://127.0.0.1:%d\n  feed: tcp://127.0.0.1:%d\n  tap: tcp://127.0.0.1:%d\n",
		 free_port(), free_port(), free_port());
	hub_configure(hub, &(struct hub_setup){.bus = bus});
	sscanf(strstr(bus, "ingest: ") + 8, "%255s", hub->ingest);
	sscanf(strstr(bus, "feed: ") + 6, "%255s", hub->feed);
	hub_start(hub);
	trio_connect();
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' $fence ...");
	publish_many("web", 1, 500);
	START("--from", "1");
	publish_many("web", 501, 1000);
	prints_seqs(1, 1, 1000);
	hub_restart(hub);
	child_says(tap, "the normalizer is back");
	publish_many("web", 1001, 1200);
	prints_seqs(1, 1, 1200);
	child_stop(tap);
	close_tap();
}
