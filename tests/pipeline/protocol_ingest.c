/* The ingest side of docs/protocol.md, spoken by a hand-written peer. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hub.h"

TestSuite(ingest, .timeout = 120);

static struct test_hub *hub;
static struct peer *worker;

static void open_hub(void)
{
	hub = hub_new(.pipelines = "web");
	worker = worker_of(hub);
}

static void close_hub(void)
{
	peer_free(&worker);
	hub_free(&hub);
}

Test(ingest, a_build_is_published_acknowledged_and_seen_unchanged_again, .init = open_hub, .fini = close_hub)
{
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' $fence nil [] {} nil 15000");
	with(worker, .number = 17);
	with(worker, .number = 18, .state = "passed");
	say(worker, "publish $fence 1 b'cursor one'");
	hear(worker, "ack 1 2 0 0 $fence");
	with(worker, .number = 17, .observed_at = T0 + 1000);
	say(worker, "publish $fence 2 nil");
	hear(worker, "ack 2 0 1 0 $fence");
	say(worker, "done $fence 0 100 60000");
	hear(worker, "ack 2 0 0 0 $fence");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' $next b'cursor one' _ {} 100 15000");
}

Test(ingest, a_gap_in_n_is_told_which_n_to_resend_from, .init = open_hub, .fini = close_hub)
{
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ $fence ...");
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 0 0 0 $fence");
	with(worker, .number = 3);
	say(worker, "publish $fence 3 b'skipped'");
	hear(worker, "error 'expect' 0 2 $fence");
	with(worker, .number = 2);
	say(worker, "publish $fence 2 nil");
	hear(worker, "ack 2 1 0 0 $fence");
}
