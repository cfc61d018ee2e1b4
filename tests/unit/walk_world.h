/* A provider's world for tests of the walk: builds with times, lists of them newest first, a store that
 * remembers what it was shown, and a fetcher that does what a visit does. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "fetchers/walk.h"

#include "common/time.h"

#define START  INT64_C(1577836800000) /* 2020: far from any machine's clock */
#define PAGE   100
#define BUILDS 20000
#define VISITS 60
#define UNSEEN (-1)

struct build {
	int64_t created, finished; /* WALK_NONE: open */
	int attempt;
	bool deleted;
	/* what the store knows */
	int seen_attempt;
	bool seen_open;
};

struct world {
	struct build builds[BUILDS];
	int count;
	int64_t now, answer_ms; /* the latter: how long a list takes */
	bool dateless;
	int deep;             /* page numbers beyond so many builds are refused */
	bool endless;         /* the list doesn't say how long it is */
	int page_size;        /* most builds a page */
	int gets;             /* requests for one build by its number */
	bool shuffled;        /* builds of one millisecond are listed in no order */
	int requests, rounds; /* rounds: of requests that are under way at once */
	/* Called before each answer of a list, with the number of list answers so far. */
	void (*between)(struct world *world, int answer);
	int answers, finished_pages; /* of this visit; the latter: pages of finished builds */
	int top;                     /* the newest build of such a page */
	int killed_at;               /* the process dies after that many pages; 0: never */
	int stored;                  /* of build 0..: how many were published as back-fill, duplicates too */
	char *cursor;                /* committed */
	size_t cursor_size;
};

struct answer {
	int index[PAGE];
	int64_t created[PAGE], number[PAGE];
	struct walk_page page;
};

extern const struct config_since month;

struct world *world_new(void);
void world_free(struct world *world);
/* Return the build's number. */
int add(struct world *world, int64_t created);
int add_finished(struct world *world, int64_t created, int64_t finished);
void retry(struct world *world, int index);
void finish(struct world *world, int index);

/* The provider: newest created first, a page of the list as it is now. */
void list(struct world *world, const struct walk_query *query, int size, struct answer *answer);
/* The store takes the build as it is now. */
void store(struct world *world, int index);
/* Reads what the store knows as open, by key. */
void read_open(struct world *world);
/* One page more is committed; true: and now the process dies. */
bool killed(struct world *world);
/* One visit of the project's walk, with back-fill to its end. */
void visit_since(struct world *world, const struct config_since *since);
void visit(struct world *world); /* since a month */
/* Builds created since then that the store doesn't know as they are. */
int lost(const struct world *world, int64_t since);
