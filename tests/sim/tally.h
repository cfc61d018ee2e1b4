/* How many requests came in any stretch of time as long as a rate limit's window, wherever it begins. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdint.h>

enum { TALLY_MAX = 8192 };

struct tally {
	int64_t at_ms[TALLY_MAX]; /* of the last requests, a ring */
	int64_t count, first, most;
};

static inline void tally_add(struct tally *tally, int64_t now_ms, int64_t window_ms)
{
	tally->at_ms[tally->count++ % TALLY_MAX] = now_ms;
	while (now_ms - tally->at_ms[tally->first % TALLY_MAX] >= window_ms ||
	       tally->count - tally->first > TALLY_MAX) {
		tally->first++;
	}
	if (tally->count - tally->first > tally->most) {
		tally->most = tally->count - tally->first;
	}
}
