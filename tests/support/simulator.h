/* buildbus-sim as a process of the test: a provider whose clock and builds the test drives
 * (tests/sim/README.md). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/child.h"

/* Recognisable, so that a test can look for it in what the processes write. */
#define SIM_TOKEN "bkua_c0ffee5ec2e7c0ffee5ec2e7c0ffee"

struct simulator {
	struct child *child;
	char root[96]; /* "http://127.0.0.1:PORT"; https with --key */
	char api[104]; /* its API, for api_url */
};

/* Starts one on a port of its own: simulator_new(place, "--builds", "500"). It accepts SIM_TOKEN. */
#define simulator_new(place, ...)                                                                            \
	simulator_new_at(HERE, place, ARGS("--token", SIM_TOKEN, "--listen", "127.0.0.1:0", __VA_ARGS__))
struct simulator *simulator_new_at(struct spot spot, const struct place *place, const char *const *args);
void simulator_free(struct simulator **sim);

/* POSTs to /_sim/<control>; ' in json stands for ". Fails unless it is done. */
#define simulator_do(sim, control, json) simulator_do_at(HERE, sim, control, json)
void simulator_do_at(struct spot spot, const struct simulator *sim, const char *control, const char *json);
/* Requests that met this kind of fault (buildbus-sim --help names them) since it started. */
int64_t simulator_strokes(const struct simulator *sim, const char *kind);
/* No faults, no weather and no latency any more. */
void simulator_heal(const struct simulator *sim);
/* Requests of a route since it started, e.g. "builds"; "total" of all. */
int64_t simulator_count(const struct simulator *sim, const char *route);
/* Waits until it is at least count. */
#define simulator_served(sim, route, count) simulator_served_at(HERE, sim, route, count)
void simulator_served_at(struct spot spot, const struct simulator *sim, const char *route, int64_t count);
/* GET of the API with the token; heap. */
char *simulator_get(const struct simulator *sim, const char *path);
/* The truth as NDJSON; organization NULL: of all. Heap. */
char *simulator_truth(const struct simulator *sim, const char *organization);
/* The same world as CircleCI shows it. */
char *simulator_circleci_truth(const struct simulator *sim, bool per_workflow);
