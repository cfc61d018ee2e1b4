/* How often a table may be loaded: 1,500 times a day (quotas of load jobs), in any 24 hours. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdint.h>

#define PACE_BURST     200
#define PACE_REFILL_MS 66500 /* 1,299 a day, and the burst once: 1,499 */

struct pace {
	int64_t spare; /* loads that may come at once, at at_ms */
	int64_t at_ms; /* ms since the epoch; 0: nothing was ever spent */
};

/* How long to wait before the next load; 0: none. */
int64_t pace_wait_ms(const struct pace *pace, int64_t now_ms);
/* One load begins. */
void pace_spend(struct pace *pace, int64_t now_ms);
