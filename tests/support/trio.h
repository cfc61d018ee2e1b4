/* A hub, a worker that holds a lease of it, and a reader: whom most tests of the protocol listen to. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/hub.h"

extern struct test_hub *hub;
extern struct peer *worker, *sink;

/* Starts the hub; the worker holds the lease $fence: trio_open(.pipelines = "web"). */
#define trio_open(...) trio_open_at(HERE, &(struct hub_setup){__VA_ARGS__})
void trio_open_at(struct spot spot, const struct hub_setup *setup);
/* Only connects both, where the test has started the hub. */
void trio_connect(void);
void trio_close(void);

/* The sink attaches as `store` to an empty hub, under $session, and may be sent everything. */
#define store_reads() store_reads_at(HERE)
void store_reads_at(struct spot spot);
#define attach(peer, name, session) attach_at(HERE, peer, name, session)
void attach_at(struct spot spot, struct peer *peer, const char *name, const char *session);
/* Build number in that state becomes a record of its own. */
#define publish(number, state, observed_at) publish_at(HERE, number, state, observed_at)
void publish_at(struct spot spot, int number, const char *state, int64_t observed_at);
/* What the worker was given by `with`; new, unchanged and stale are as noted: publish_given("1 0 0"). */
#define publish_given(counts) publish_given_at(HERE, counts)
void publish_given_at(struct spot spot, const char *counts);
