/* A month of builds of many pipelines, and what a channel should show of it, worked out from the whole of it:
 * the results that count, in creation order, fall into outages; each outage is one message. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum word { WORD_PASSED, WORD_FAILED, WORD_CANCELLED };

/* A result that becomes known. */
struct arrival {
	int pipeline, number, attempt, commit;
	enum word word;
	int64_t created_at, finished_at; /* ms since Monday */
	int64_t at; /* when the sink can hear of it: later than it finished while the bus is away */
	int outage; /* that it belongs to; -1: it changes nothing */
};

/* Failures in a row, and what ended them. */
struct outage {
	size_t first, last; /* arrivals */
	size_t end;         /* SIZE_MAX: it lasts */
	bool flake;
	/* While the conversation is written. */
	int message, count, digest; /* digest: -1: it has a message of its own */
	int replies[64], reply_number[64];
	int reply_count;
	bool told;
};

struct world_size {
	int pipelines, days, storm;
	uint64_t seed;
};

struct world {
	struct world_size size;
	uint64_t random;
	struct arrival *arrivals; /* in the order of `at`, then of finished_at */
	size_t count, capacity;
	struct outage *outages;
	size_t outage_count;
	int64_t storm_at, away_from, away_to; /* the storm; the bus is away */
};

void world_new(struct world *world, struct world_size size);
void world_free(struct world *world);
/* Arrivals first .. the one before the next batch come at the same time. */
size_t world_batch(const struct world *world, size_t first);
/* "d12 10:05" */
void world_mark(int64_t at_ms, char mark[static 32]);

/* Lines of slack_conversation, marked with world_mark of each batch; heap. */
char *world_conversation(struct world *world);
