/* SPDX-License-Identifier: MIT */
#include "sinks/bigquery/pace.h"

static struct pace refilled(const struct pace *pace, int64_t now_ms)
{
	int64_t count = (now_ms - pace->at_ms) / PACE_REFILL_MS;
	struct pace now = *pace;

	if (pace->at_ms == 0 || count >= PACE_BURST) {
		return (struct pace){PACE_BURST, now_ms};
	}
	if (count > 0) { /* what remains of the time counts for the next one */
		now.spare += count;
		now.at_ms += count * PACE_REFILL_MS;
	}
	return now.spare < PACE_BURST ? now : (struct pace){PACE_BURST, now_ms};
}

int64_t pace_wait_ms(const struct pace *pace, int64_t now_ms)
{
	struct pace now = refilled(pace, now_ms);
	int64_t left = now.at_ms + PACE_REFILL_MS - now_ms;

	/* A clock that went back must not stop the loads for long. */
	return now.spare > 0 ? 0 : left < PACE_REFILL_MS ? left : PACE_REFILL_MS;
}

void pace_spend(struct pace *pace, int64_t now_ms)
{
	*pace = refilled(pace, now_ms);
	pace->spare -= pace->spare > 0;
}
