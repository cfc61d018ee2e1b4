/* How many requests a source may still send. Pure: the caller tells the time.
 *
 * All limits that the provider announces hold at once, and are obeyed before a 429: requests under way count
 * as spent, and some are kept back for others who draw on the same window. Within them requests are paced: a
 * burst of a sixth of the limit, then evenly, so that no 60 seconds see more than the limit, wherever the
 * provider's windows begin and end. The hub divides: this worker keeps to its share of the whole. Back-fill
 * goes no faster than what others with the same token leave allows, and leaves half a burst to what is new,
 * which so never waits behind it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/http/http.h"

struct budget_window {
	int64_t remaining;   /* less what is under way; -1: unknown */
	int64_t limit;       /* -1: there is no such window */
	int64_t reset_at_ms; /* when it is whole again */
	int64_t sent;        /* in this window, by us */
	int64_t length_ms;   /* no header says it: a minute, until the ends of two windows are seen */
};

struct budget {
	struct budget_window windows[HTTP_RATES];
	int64_t paused_until_ms; /* Retry-After */
	int64_t share_per_min;   /* what the hub gave; -1: unknown */
	double tokens;           /* requests that may be sent at once */
	double low_tokens;       /* of back-fill, by what others leave */
	int64_t refilled_ms;
	bool paced; /* tokens are valid */
};

void budget_init(struct budget *budget);
/* per_min: -1: the hub doesn't know either. */
void budget_share(struct budget *budget, int64_t now, int64_t per_min);
/* The rate headers of an answer. in_flight: requests without an answer yet; the provider may not have counted
 * them. */
void budget_learn(struct budget *budget, int64_t now, const struct http_rate rates[HTTP_RATES],
		  int64_t in_flight);
/* Nothing is sent for that long. */
void budget_pause(struct budget *budget, int64_t now, int64_t wait_ms);
/* How long a window has nothing left for what is low; 0: all have. */
int64_t budget_spent_ms(struct budget *budget, int64_t now);
/* 0: one request may be sent now, and is counted. Else ms to wait before asking again. */
int64_t budget_take(struct budget *budget, int64_t now, bool low);
/* What the strictest limit allows in a minute to all who share it; -1: unknown. */
int64_t budget_per_min(const struct budget *budget);
/* The window that will be empty first if it is used evenly; NULL: nothing is known. */
const struct budget_window *budget_strictest(const struct budget *budget, int64_t now);
