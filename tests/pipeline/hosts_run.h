/* Buildbus on five hosts, over TCP and CURVE: the hub, two of fetchers, one of the store; the provider is on
 * the router's network, which every host reaches. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/hosts.h"
#include "tests/support/simulator.h"
#include "tests/support/truth.h"

enum { HOST_HUB = 1, HOST_FETCH_A, HOST_FETCH_B, HOST_STORE, HOST_OTHER, HOSTS };

struct world {
	struct place *place;
	struct simulator *sim;
	int hosts[HOSTS];
	struct child *hub, *a, *b, *store;
};
extern struct world world;

/* Hosts, certificates, configuration, provider with so many builds in one pipeline; nothing else runs. The
 * hub is called `hub`. */
void world_open(const char *builds);
/* Each process that runs must end by itself with 0. */
void world_close(void);
/* Starts it there and waits until it is ready. */
struct child *world_start(int host, const char *program);
void world_start_all(void);
/* New builds at the provider. */
void world_builds(int count);
/* Waits until a visit begins; the host of its fetcher. */
int world_visitor(struct child **fetcher);
/* Waits until the store holds the truth and nothing else. */
#define world_settles() world_settles_at(HERE)
void world_settles_at(struct spot spot);
/* Established TCP connections of a process's host to this port. */
int world_connections(const struct child *child, int port);
