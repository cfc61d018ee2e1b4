/* SPDX-License-Identifier: MIT */
#include "fetchers/budget.h"

#define RESERVE_SHARE 20 /* one of that many is kept back: other workers draw on the same window */
#define LOW_SHARE     4  /* and one of that many from back-fill */
#define BURST_SHARE   6  /* of a minute's share at once: ten seconds' worth */
#define WINDOW_MS     60000

void budget_init(struct budget *budget)
{
	*budget = (struct budget){.remaining = -1, .limit = -1, .per_min = -1};
}

static double burst(const struct budget *budget)
{
	double most = (double)budget->per_min / BURST_SHARE;

	return most < 1 ? 1 : most;
}

void budget_share(struct budget *budget, int64_t per_min)
{
	if (per_min > 0 && budget->per_min <= 0) {
		budget->per_min = per_min;
		budget->tokens = burst(budget);
	}
	budget->per_min = per_min;
}

void budget_learn(struct budget *budget, int64_t now, int64_t remaining, int64_t limit, int64_t reset_ms,
		  int64_t in_flight)
{
	if (remaining < 0) {
		return;
	}
	budget->remaining = remaining > in_flight ? remaining - in_flight : 0;
	budget->limit = limit;
	budget->reset_at_ms = now + (reset_ms >= 0 ? reset_ms : WINDOW_MS);
}

void budget_pause(struct budget *budget, int64_t now, int64_t wait_ms)
{
	if (now + wait_ms > budget->paused_until_ms) {
		budget->paused_until_ms = now + wait_ms;
	}
}

static int64_t reserve(const struct budget *budget, bool low)
{
	int64_t limit = budget->limit > 0 ? budget->limit : budget->remaining;
	int64_t kept = limit / (low ? LOW_SHARE : RESERVE_SHARE);

	return kept < 1 ? 1 : kept;
}

static int64_t wait_for_window(struct budget *budget, int64_t now, bool low)
{
	if (budget->remaining < 0) {
		return 0;
	}
	if (now >= budget->reset_at_ms) {
		budget->remaining = -1; /* the next answer tells */
		budget->per_min = -1;   /* and the hub's share was one of what that window had left */
		return 0;
	}
	return budget->remaining > reserve(budget, low) ? 0 : budget->reset_at_ms - now;
}

static int64_t wait_for_share(struct budget *budget, int64_t now)
{
	double rate;

	if (budget->per_min <= 0) {
		return 0;
	}
	rate = (double)budget->per_min / WINDOW_MS;
	budget->tokens += rate * (double)(now - budget->refilled_ms);
	budget->refilled_ms = now;
	if (budget->tokens > burst(budget)) {
		budget->tokens = burst(budget);
	}
	return budget->tokens >= 1 ? 0 : (int64_t)((1 - budget->tokens) / rate) + 1;
}

int64_t budget_spent_ms(struct budget *budget, int64_t now)
{
	return wait_for_window(budget, now, true);
}

int64_t budget_take(struct budget *budget, int64_t now, bool low)
{
	int64_t wait_ms;

	if (now < budget->paused_until_ms) {
		return budget->paused_until_ms - now;
	}
	wait_ms = wait_for_window(budget, now, low);
	if (wait_ms == 0) {
		wait_ms = wait_for_share(budget, now);
	}
	if (wait_ms > 0) {
		return wait_ms;
	}
	if (budget->remaining > 0) {
		budget->remaining--;
	}
	if (budget->per_min > 0) {
		budget->tokens -= 1;
	}
	return 0;
}
