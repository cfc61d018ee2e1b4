/* Runs of `buildbus sync` in a test, and what they printed. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/child.h"
#include "tests/support/simulator.h"

#define HOUR   INT64_C(3600000)
#define MINUTE INT64_C(60000)

struct sync_run {
	char *out, *err; /* heap */
	int code;
};

struct sync_place {
	struct place *place;
	const char *const *env; /* of each run */
};

/* Starts one with these arguments behind `sync`; what it prints goes to the file `out`. */
struct child *sync_start(const struct sync_place *where, const char *const *args, const char *out);
/* Waits for its end; frees child. */
struct sync_run sync_result(const struct sync_place *where, struct child *child, const char *out);
/* Both; fails unless it ends with code. */
#define sync_once(where, code, ...) sync_once_at(HERE, where, code, ARGS(__VA_ARGS__))
struct sync_run sync_once_at(struct spot spot, const struct sync_place *where, int code,
			     const char *const *args);
void sync_run_free(struct sync_run *run);
/* The number at a key of the object that --json printed; a flag is 0 or 1. */
int64_t sync_told(const struct sync_run *run, const char *key);

/* The world of the runs: builds of acme/web. how: members of POST /_sim/build, ' for ". */
void world_build(const struct simulator *sim, const char *how);
void world_builds(const struct simulator *sim, int count, const char *how);
void world_act(const struct simulator *sim, int number, const char *action);
void world_pass(const struct simulator *sim, int64_t ms);
int64_t world_now_ms(const struct simulator *sim);
/* Fails unless store.db of the place holds the truth. */
#define expect_store(where, sim) expect_store_at(HERE, where, sim)
void expect_store_at(struct spot spot, const struct sync_place *where, const struct simulator *sim);
/* What it said on stderr is one sentence, which has these words. */
#define expect_sentence(run, ...) expect_sentence_at(HERE, run, ARGS(__VA_ARGS__))
void expect_sentence_at(struct spot spot, const struct sync_run *run, const char *const *words);
