/* A random past in a store.db, and what it comes to, counted the slow way. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/db.h"
#include "sinks/store/query/builds.h"
#include "sinks/store/query/overview.h"

enum { WORLD_BUILDS = 400, WORLD_PIPELINES = 3, WORLD_DAYS = 40 };

struct fact {
	struct build build;
	char id[64], branch[16];
	int pipeline;   /* 0…; its key is world_key */
	int64_t stored; /* when it was first: its rowid */
};

struct world {
	char folder[64], path[96];
	struct store_db store;
	struct reader reader;
	struct fact facts[WORLD_BUILDS];
	int count, puts;
	int64_t now_ms;
	unsigned seed;
};

/* Opens a store in a new folder and fills it: builds come, then change up to three times. */
void world_init(struct world *world, unsigned seed);
void world_fini(struct world *world);
int world_dice(struct world *world, int sides);
/* Ends the transaction that all puts are in, and begins the next. */
void world_commit(struct world *world);
/* Stores the newest version of one fact. */
void world_put(struct world *world, struct fact *fact);
/* Changes a fact at random and stores it. */
void world_change(struct world *world, struct fact *fact);
const char *world_key(int pipeline);

/* branch: "default", "all" or a name. */
bool fact_in(const struct fact *fact, int pipeline, const char *branch);
/* Newest first. */
int compare_facts(const void *left, const void *right);
