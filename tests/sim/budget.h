/* A budget of requests in fixed windows of time, as rate limits are kept. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct budget {
	int64_t limit; /* 0: unlimited */
	int64_t window_ms, opened_ms, used;
};

/* Counts one request; false when it was over the limit. now on any steady clock. */
static inline bool budget_take(struct budget *budget, int64_t now_ms)
{
	if (budget->used == 0 || now_ms - budget->opened_ms >= budget->window_ms) {
		budget->opened_ms = now_ms;
		budget->used = 0;
	}
	budget->used++;
	return !budget->limit || budget->used <= budget->limit;
}

/* Whole seconds until the window ends, at least 1. */
static inline int64_t budget_reset_s(const struct budget *budget, int64_t now_ms)
{
	int64_t left = budget->opened_ms + budget->window_ms - now_ms;

	return left <= 1000 ? 1 : (left + 999) / 1000;
}

/* What the headers say of an unlimited one: more than anybody asks. */
enum { BUDGET_UNLIMITED = 1000000 };

static inline int64_t budget_shown_limit(const struct budget *budget)
{
	return budget->limit ? budget->limit : BUDGET_UNLIMITED;
}

static inline int64_t budget_remaining(const struct budget *budget)
{
	int64_t left = budget_shown_limit(budget) - (budget->limit ? budget->used : 0);

	return left > 0 ? left : 0;
}
