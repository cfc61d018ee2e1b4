/* SPDX-License-Identifier: MIT */
#include "tests/support/trio.h"

struct test_hub *hub;
struct peer *worker, *sink;
static int64_t published;

void trio_connect(void)
{
	worker = worker_of(hub);
	sink = reader_of(hub);
}

void trio_open_at(struct spot spot, const struct hub_setup *setup)
{
	hub = hub_new_at(spot, setup);
	trio_connect();
	peer_say(spot, worker, "claim 'buildkite' 'w1'");
	peer_hear(spot, worker, "lease 'buildkite:acme/web' $fence ...");
}

void trio_close(void)
{
	peer_free(&worker);
	peer_free(&sink);
	hub_free(&hub);
}

void store_reads_at(struct spot spot)
{
	peer_say(spot, sink, "attach 'store' nil nil");
	peer_hear(spot, sink, "attached $session [$epoch 0] ...");
	peer_say(spot, sink, "credit $session 1000000");
}

void attach_at(struct spot spot, struct peer *peer, const char *name, const char *session)
{
	value_forget(session);
	value_forget("epoch");
	peer_say(spot, peer, "attach '%s' nil nil", name);
	peer_hear(spot, peer, "attached $%s [$epoch _] _ [$epoch _]", session);
}

void publish_given_at(struct spot spot, const char *counts)
{
	published++;
	peer_say(spot, worker, "publish $fence %lld nil", (long long)published);
	peer_hear(spot, worker, "ack %lld %s $fence", (long long)published, counts);
}

void publish_at(struct spot spot, int number, const char *state, int64_t observed_at)
{
	with(worker, .number = number, .state = state, .observed_at = observed_at);
	publish_given_at(spot, "1 0 0");
}
