/* What happened in the last minute: counts of the hub, and what it refused. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdint.h>

enum {
	MINUTE_PUBLISHES,
	MINUTE_CHANGED,
	MINUTE_UNCHANGED,
	MINUTE_STALE,
	MINUTE_SENT,
	MINUTE_ACKED,
	MINUTE_ROLLBACKS,
	MINUTE_COUNTS
};
enum { MINUTE_SLOTS = 12, MINUTE_SLOT_MS = 5000 };

/* Counters as they were at the beginning of each slot of five seconds. */
struct minute {
	int64_t counters[MINUTE_SLOTS][MINUTE_COUNTS];
	int64_t at_ms[MINUTE_SLOTS]; /* monotonic; 0: not yet */
	int next;
};

/* Once a second or so; counters: as they are now. */
void minute_note(struct minute *minute, int64_t now_ms, const int64_t counters[static MINUTE_COUNTS]);
/* How much each grew in the last 60 s (at first: since the beginning). */
void minute_growth(const struct minute *minute, int64_t now_ms, const int64_t counters[static MINUTE_COUNTS],
		   int64_t growth[static MINUTE_COUNTS]);

enum { REFUSALS_MAX = 16 };

/* Requests that were answered with an error, by code. */
struct refusal {
	const char *code;     /* a constant of the program */
	char detail[160];     /* of the last one */
	int64_t count, at_ms; /* at: wall clock, of the last one */
};

struct refusals {
	struct refusal list[REFUSALS_MAX];
	int count;
};

void refusals_note(struct refusals *refusals, const char *code, const char *detail, int64_t wall_ms);
