/* The whole as processes: a provider whose builds evolve, a hub, two fetchers, a sink that carry them to the
 * store, and what must hold in the end: every build is there once, as the provider has it, each version in
 * its order.
 *
 * BUILDBUS_FAULTS_SEED=N repeats a run's choices (its timing is the machine's). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/simulator.h"

enum part { HUB, FETCH_A, FETCH_B, STORE, PARTS };

struct world_setup {
	const char *const *sim; /* options of the simulator beside seed and token */
	const char *poll;       /* poll_interval */
	bool coverage;          /* is asked for */
	bool circleci; /* read as CircleCI: a build per pipeline, and once more a build per workflow */
};

struct world {
	struct place *place;
	struct simulator *sim;
	struct child *running[PARTS];
	char **pipelines; /* their slugs, "acme/web" */
	size_t pipeline_count;
	unsigned seed;    /* as printed: names the run */
	unsigned choices; /* of rand_r */
	bool circleci;
};

/* Prints the seed, starts everything. */
void world_open(struct world *world, const struct world_setup *setup);
/* Each part must end by itself. */
void world_close(struct world *world);
/* 0 <= result < limit, by the seed. */
unsigned world_pick(struct world *world, unsigned limit);
/* kill -9, and a new one. */
void world_replace(struct world *world, enum part part);
/* Fails when a part has ended by itself. */
void world_check_running(const struct world *world);

/* A control of the simulator that may not fit; ' stands for ". */
void world_try(const struct world *world, const char *control, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Something that a person does to a random build; where it doesn't fit nothing happens. */
void world_meddle(struct world *world);
/* All that is open ends: what was retried is seen again when it finishes. Returns how many were: what ends
 * may trigger others. */
size_t world_finish_all(struct world *world);
/* Not a wait for anything: a fault strikes at any time. */
void world_pass_time(struct world *world, unsigned most_ms);
/* Waits until the store equals the truth; fails with what differs. */
void world_settle(const struct world *world, const char *when, int64_t within_ms);
/* Versions of the log are in order, none says nothing new; there are no dead letters. */
void world_check_log(const struct world *world);
