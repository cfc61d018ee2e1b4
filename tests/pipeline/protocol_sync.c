/* What a hub of `buildbus sync` without --state does differently, spoken by hand-written peers
 * (docs/protocol.md sections 2 and 3). */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hub.h"

#include <stdio.h>
#include <string.h>

static struct test_hub *hub;
static struct peer *worker, *sink;

/* Two destinations, of which one knows no build of api. */
#define KNOWN                                                                                                \
	"{\"sinks\":2,\"newest\":28,\"pipelines\":["                                                         \
	"{\"sink\":\"a\",\"pipeline\":\"acme/web\",\"open\":[\"7\",\"9\"],\"finished_to\":1767225600000},"   \
	"{\"sink\":\"b\",\"pipeline\":\"acme/web\",\"open\":[\"9\",\"4\"],\"finished_to\":1767225500000},"   \
	"{\"sink\":\"a\",\"pipeline\":\"acme/api\",\"open\":[\"3\"],\"finished_to\":1767225600000}]}"

static void open_hub(void)
{
	char known[512];

	hub = hub_new(.pipelines = "[web, api]", .idle = true);
	place_write(hub->place, "known.json", "%s", KNOWN);
	snprintf(known, sizeof known, "BUILDBUS_SYNC_KNOWN=%s", place_path(hub->place, "known.json"));
	hub->env[0] = strdup("BUILDBUS_SYNC=1");
	hub->env[1] = strdup(known);
	hub_start(hub);
	worker = worker_of(hub);
	sink = reader_of(hub);
}

static void close_hub(void)
{
	peer_free(&worker);
	peer_free(&sink);
	hub_free(&hub);
}

TestSuite(sync_hub, .timeout = 60, .init = open_hub, .fini = close_hub);

/* The earliest of the ends, and each open build once; what one destination lacks is new for all. */
Test(sync_hub, the_first_visit_reads_what_the_destinations_lack)
{
	for (int i = 0; i < 2; i++) {
		say(worker, "claim 'buildkite' 'w1'");
		peer_wait(HERE, worker, patience_ms());
		if (!heard_matches(HERE, worker,
				   "lease 'buildkite:acme/web' _ nil ['7' '9' '4'] "
				   "{'sync' true 'newest' 28 'finished_from' 1767225500000} ...")) {
			cr_assert(heard_matches(HERE, worker,
						"lease 'buildkite:acme/api' _ nil ['3'] {'sync' true} ..."));
		}
	}
}

static void publish(int number, const char *state, const char *finished_at)
{
	static int n;

	n++;
	value_set("n", n);
	with(worker, .number = number, .state = state, .observed_at = T0, .finished_at = finished_at);
	say(worker, "publish $fence $n nil");
	hear(worker, "ack $n 1 0 0 $fence");
}

Test(sync_hub, sinks_wait_for_the_release_and_get_the_builds_in_the_order_of_their_ends)
{
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ $fence ...");
	publish(3, "passed", "2025-12-31T23:59:50Z");
	publish(2, "running", NULL);
	publish(1, "passed", "2025-12-31T23:59:10Z");
	say(worker, "done $fence 30000 nil nil nil true nil");
	hear(worker, "ack 3 ...");
	say(sink, "attach 'store' nil nil");
	hear(sink, "busy _");
	say(sink, "release");
	hear(sink, "released 6");
	hear(sink, "busy 0");
	say(sink, "attach 'store' nil nil");
	hear(sink, "attached $session [$epoch 0] nil [$epoch 6]");
	say(sink, "credit $session 10");
	hear(sink, "records $session 1 6 [4 5 6]");
	cr_expect_eq(heard_int(sink, 0, "number"), 2, "what has no end is not asked for again");
	cr_expect_eq(heard_int(sink, 1, "number"), 1);
	cr_expect_eq(heard_int(sink, 2, "number"), 3);
}

/* Its newest builds without the rest would hide the rest from every later run. */
Test(sync_hub, what_was_not_read_to_its_end_is_not_released)
{
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ $fence ...");
	publish(3, "passed", "2025-12-31T23:59:50Z");
	say(worker, "done $fence 30000 nil nil nil true nil");
	hear(worker, "ack 1 ...");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ $other ...");
	with(worker, .number = 7, .state = "passed", .observed_at = T0,
	     .finished_at = "2025-12-31T23:59:10Z");
	say(worker, "publish $other 1 nil");
	hear(worker, "ack 1 1 0 0 $other");
	say(sink, "release");
	hear(sink, "released 3");
	say(worker, "publish $other 2 nil");
	hear(worker, "error 'fence' ...");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "idle _");
	say(sink, "attach 'store' nil nil");
	hear(sink, "attached $session [$epoch 0] nil [$epoch 3]");
	say(sink, "credit $session 10");
	hear(sink, "records $session 1 3 [3]");
	cr_expect_eq(heard_int(sink, 0, "number"), 3);
}
