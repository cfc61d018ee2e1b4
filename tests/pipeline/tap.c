/* `buildbus tap` and a real hub. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/tap_run.h"
#include "tests/support/command.h"

#include <stdio.h>
#include <stdlib.h>

TestSuite(tap, .timeout = 240, .init = tap_open, .fini = tap_close);

/* What was logged before and what passes meanwhile, each once. */
Test(tap, goes_from_the_past_on_to_what_passes_without_gap_or_repetition)
{
	publish_many("web", 1, 1000);
	tap_start("--from", "1", "-n", "3000");
	publish_many("web", 1001, 3000);
	tap_prints_seqs(1, 1, 3000);
	tap_ends(0);
	tap_is_quiet();
}

Test(tap, prints_the_keys_of_builds_json_and_its_place)
{
	static const char head[] = "{\"type\":\"build\",\"id\":\"buildkite/acme/web/7\",\"uid\":\"uid-7\","
				   "\"provider\":\"buildkite\",\"organization\":\"acme\",";
	char tail[64], *live, *past, *again;

	tap_start("--format", "json");
	tap_is_listening();
	publish_many("web", 7, 7);
	live = tap_prints_build("buildkite/acme/web/7");
	child_stop(tap);
	child_free(&tap);
	past = strstr(live, "{\"type\":\"build\",\"id\":\"buildkite/acme/web/7\"");
	cr_assert(past && strncmp(past, head, strlen(head)) == 0, "%s", live);
	snprintf(tail, sizeof tail, "\"seq\":%lld,\"epoch\":%lld}\n",
		 (long long)hub_sql(hub, "SELECT max(seq) FROM log"),
		 (long long)hub_sql(hub, "SELECT value FROM meta WHERE key = 'epoch'"));
	cr_assert_str_eq(live + strlen(live) - strlen(tail), tail);
	/* Out of the log it is the same line. */
	tap_start("--from", "1", "acme/web", "-n", "1");
	tap_ends(0);
	again = tap_printed();
	cr_assert_str_eq(again, past);
	free(again);
	free(live);
}

Test(tap, begins_at_a_time)
{
	char time[32];

	publish_many("web", 1, 10);
	tap_start("--from", "1h", "-n", "10");
	tap_ends(0);
	child_free(&tap);
	hub_sql(hub, "UPDATE log SET at = 1767225600000 + seq * 1000"); /* 2026-01-01T00:00:01Z … */
	snprintf(time, sizeof time, "2026-01-01T00:00:%02dZ", 4);
	tap_start("--from", time, "-n", "7");
	tap_prints_seqs(4, 1, 7);
	tap_ends(0);
	child_free(&tap);
	tap_start("--from", "1h");
	publish_many("web", 11, 11);
	tap_prints_seqs(11, 1, 1);
	child_stop(tap);
}

Test(tap, ends_well_when_it_is_stopped_or_nobody_reads_it)
{
	static const int signals[] = {SIGINT, SIGTERM};
	char command[1024];

	publish_many("web", 1, 10);
	for (int i = 0; i < 2; i++) {
		tap_start("--from", "1");
		free(tap_prints(10));
		child_signal(tap, signals[i]);
		tap_ends(0);
		tap_is_quiet();
		child_free(&tap);
	}
	snprintf(command, sizeof command,
		 "bash -c 'set -o pipefail; timeout 20 " BUILDBUS_BIN_DIR
		 "/buildbus tap -c %s --from 9 2>%s | head -n 2 >%s'",
		 hub->place->config, place_path(hub->place, "errors"), place_path(hub->place, "out"));
	cr_assert_eq(system(command), 0);
	tap_prints_seqs(9, 1, 2); /* and it ends although nothing more passes */
}

Test(tap, prints_lines_for_people_without_colours_where_nobody_looks)
{
	char *text;

	publish(17, "passed", T0);
	tap_start("--from", "1", "--format", "pretty", "-n", "1");
	tap_ends(0);
	text = tap_printed();
	cr_assert_str_eq(
		text, "2025-12-31 23:59:50  acme/web #17                    success       40.0 s   main     "
		      "                 m\n");
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
	tap_start("--from", "1");
	publish_many("web", 501, 1000);
	tap_prints_seqs(1, 1, 1000);
	hub_restart(hub);
	child_says(tap, "the normalizer is back");
	publish_many("web", 1001, 1200);
	tap_prints_seqs(1, 1, 1200);
	child_stop(tap);
	tap_close();
}
