/* buildbus-fetch-buildkite between a hand-written hub and a hand-written API. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/pipeline/fake_api.h"
#include "tests/support/child.h"
#include "tests/unit/ingest_peer.h"

extern zloop_t *loop;
extern struct ingest_peer peer; /* the hub */
extern struct fake_api api;     /* what is told of it before fetch_open holds from the first request on */
extern struct place *place;
extern struct child *child; /* the fetcher */

/* Everything but the fetcher; on_raw hears of each build that is committed. */
void fetch_open(void (*on_raw)(void *context, const struct raw *raw));
void fetch_close(void);

void configure(const char *token, const char *pipelines);
void start(void);
/* A lease with what the last one left behind, until it is given back. */
#define lease() lease_at(HERE)
void lease_at(struct spot spot);
#define wait_for(counter, value) wait_at(HERE, &(counter), value)
void wait_at(struct spot spot, const int *counter, int value);
/* Whether a request held what. */
bool asked_for(const char *what);
