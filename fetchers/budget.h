/* How many requests a source may still send. Pure: the caller tells the time.
 *
 * Two limits hold at once: what the provider's rate headers left at the last answer, and the share of the
 * source's budget that the hub gave to this worker. The headers are obeyed before a 429: requests that are
 * under way count as spent, and a few are kept back for the other workers that the same headers count. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct budget {
	int64_t remaining;       /* of the provider's window, less what is under way; -1: unknown */
	int64_t limit;           /* of that window; -1: unknown */
	int64_t reset_at_ms;     /* when it is whole again */
	int64_t paused_until_ms; /* Retry-After */
	int64_t per_min;         /* the hub's share; -1: unknown */
	double tokens;           /* of that share */
	int64_t refilled_ms;
};

void budget_init(struct budget *budget);
void budget_share(struct budget *budget, int64_t per_min);
/* The rate headers of an answer, -1 where absent. in_flight: requests without an answer yet; the provider may
 * not have counted them. */
void budget_learn(struct budget *budget, int64_t now, int64_t remaining, int64_t limit, int64_t reset_ms,
		  int64_t in_flight);
/* Nothing is sent for that long. */
void budget_pause(struct budget *budget, int64_t now, int64_t wait_ms);
/* How long the window has nothing left for what is low; 0: it has. */
int64_t budget_spent_ms(struct budget *budget, int64_t now);
/* 0: one request may be sent now, and is counted. Else ms to wait before asking again. low: leaves a part of
 * the window to others. */
int64_t budget_take(struct budget *budget, int64_t now, bool low);
