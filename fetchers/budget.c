/* SPDX-License-Identifier: MIT */
#include "fetchers/budget.h"

#include <math.h>

#define WINDOW_MS     60000
#define RESERVE_SHARE 20 /* one of that many is kept back: other workers draw on the same window */
#define LOW_SHARE     8  /* and one of that many from back-fill */
#define BURST_SHARE   6
#define STEADY        0.8  /* of the limit beside the burst; the rest is for a worker that joins */
#define ROUNDING_MS   1500 /* headers have whole seconds, and answers take their time */
#define SETTLED_MS    2000 /* a window younger than that tells nothing of how fast it is used */

void budget_init(struct budget *budget)
{
	*budget = (struct budget){.share_per_min = -1};
	for (size_t i = 0; i < HTTP_RATES; i++) {
		budget->windows[i] =
			(struct budget_window){.remaining = -1, .limit = -1, .length_ms = WINDOW_MS};
	}
}

int64_t budget_per_min(const struct budget *budget)
{
	int64_t least = -1;

	for (size_t i = 0; i < HTTP_RATES; i++) {
		const struct budget_window *window = &budget->windows[i];
		int64_t per_min = (int64_t)((double)window->limit * WINDOW_MS / (double)window->length_ms);

		if (window->limit > 0 && (least < 0 || per_min < least)) {
			least = per_min;
		}
	}
	return least;
}

static int64_t kept(const struct budget_window *window, bool low)
{
	int64_t builds = window->limit / (low ? LOW_SHARE : RESERVE_SHARE);

	return builds < 1 ? 1 : builds;
}

/* What somebody else's programs with the same token send per ms: what the window lacks and we, with a share
 * of `share` in what this source sends, did not. */
static double others_of(const struct budget_window *window, int64_t now, double share)
{
	double used = (double)(window->limit - window->remaining) - (double)window->sent / share;
	double since_ms = (double)(window->length_ms - (window->reset_at_ms - now));

	return used > 0 && since_ms >= SETTLED_MS ? used / since_ms : 0;
}

static double steady_of(const struct budget_window *window)
{
	return (double)window->limit * STEADY / (double)window->length_ms;
}

/* What it still has for back-fill of all workers of the source; per ms. */
static double left_of(const struct budget_window *window, int64_t now, double share)
{
	double left;

	if (window->remaining < 0 || now >= window->reset_at_ms) {
		return steady_of(window);
	}
	left = (double)(window->remaining - kept(window, false)) / (double)(window->reset_at_ms - now) -
	       others_of(window, now, share);
	return left < 0 ? 0 : left;
}

/* Of all workers of the source, then of this one. */
struct pace {
	double per_ms;     /* below 0: without limit */
	double low_per_ms; /* likewise, for back-fill */
	double most;       /* at once */
	double kept;       /* of that, for what is new */
};

static double least(double a, double b)
{
	return a < b ? a : b;
}

/* This worker's part of the whole. */
static double share_of(const struct budget *budget)
{
	int64_t per_min = budget_per_min(budget);

	return budget->share_per_min > 0 && per_min > budget->share_per_min
		       ? (double)budget->share_per_min / (double)per_min
		       : 1;
}

static struct pace pace_of(const struct budget *budget, int64_t now)
{
	struct pace pace = {-1, -1, 0, 0};
	double share = share_of(budget);

	for (size_t i = 0; i < HTTP_RATES; i++) {
		const struct budget_window *window = &budget->windows[i];
		double steady = steady_of(window), left = left_of(window, now, share);
		double most = (double)window->limit / BURST_SHARE;

		if (window->limit > 0) {
			pace.most = pace.per_ms < 0 ? most : least(pace.most, most);
			pace.low_per_ms = pace.per_ms < 0 ? left : least(pace.low_per_ms, left);
			pace.per_ms = pace.per_ms < 0 ? steady : least(pace.per_ms, steady);
			pace.kept = 0.5;
		}
	}
	if (pace.per_ms < 0 && budget->share_per_min > 0) {
		pace.per_ms = pace.low_per_ms = (double)budget->share_per_min * STEADY / WINDOW_MS;
		pace.most = (double)budget->share_per_min / BURST_SHARE;
	}
	pace.per_ms *= pace.per_ms < 0 ? 1 : share;
	pace.low_per_ms *= share;
	pace.most = pace.most * share < 1 ? 1 : pace.most * share;
	pace.kept *= pace.most - 1;
	return pace;
}

static void start_pace(struct budget *budget, int64_t now, double tokens)
{
	budget->paced = true;
	budget->tokens = budget->low_tokens = tokens;
	budget->refilled_ms = now;
}

void budget_share(struct budget *budget, int64_t now, int64_t per_min)
{
	if (per_min < 1) {
		return;
	}
	budget->share_per_min = per_min;
	if (!budget->paced) {
		start_pace(budget, now, pace_of(budget, now).most);
	}
}

/* A window that ends later than the last one began after that had ended: so it is no longer than from one end
 * to the other. And no shorter than what is left of it. */
static void learn_length(struct budget_window *window, int64_t now, int64_t reset_ms)
{
	int64_t apart_ms = now + reset_ms - window->reset_at_ms;

	if (apart_ms > ROUNDING_MS) {
		window->sent = 0;
		if (window->limit > 0 && apart_ms + ROUNDING_MS < window->length_ms) {
			window->length_ms = apart_ms + ROUNDING_MS;
		}
	}
	if (reset_ms > window->length_ms) {
		window->length_ms = reset_ms;
	}
}

static void learn_window(struct budget_window *window, int64_t now, const struct http_rate *told,
			 int64_t in_flight)
{
	int64_t reset_ms = told->reset_ms >= 0 ? told->reset_ms : WINDOW_MS;

	if (told->reset_ms > 0) {
		learn_length(window, now, told->reset_ms);
	}
	window->remaining = told->remaining > in_flight ? told->remaining - in_flight : 0;
	if (told->limit > 0 || window->limit < told->remaining) {
		window->limit = told->limit > 0 ? told->limit : told->remaining;
	}
	window->reset_at_ms = now + reset_ms;
}

/* What others, or we, have spent of a window is no burst any more. */
static double first_burst(const struct budget *budget, int64_t now)
{
	double most = pace_of(budget, now).most, burst = most;

	for (size_t i = 0; i < HTTP_RATES; i++) {
		const struct budget_window *window = &budget->windows[i];

		if (window->limit > 0) {
			burst = least(burst, most - (double)(window->limit - window->remaining));
		}
	}
	return burst < 0 ? 0 : burst;
}

void budget_learn(struct budget *budget, int64_t now, const struct http_rate rates[HTTP_RATES],
		  int64_t in_flight)
{
	bool any = false;

	for (size_t i = 0; i < HTTP_RATES; i++) {
		if (rates[i].remaining >= 0) {
			learn_window(&budget->windows[i], now, &rates[i], in_flight);
			any = true;
		}
	}
	if (any && !budget->paced) {
		start_pace(budget, now, first_burst(budget, now));
	}
}

void budget_pause(struct budget *budget, int64_t now, int64_t wait_ms)
{
	if (now + wait_ms > budget->paused_until_ms) {
		budget->paused_until_ms = now + wait_ms;
	}
}

/* The longest wait for a window that is nearly used up. */
static int64_t wait_for_windows(struct budget *budget, int64_t now, bool low)
{
	int64_t wait_ms = 0;

	for (size_t i = 0; i < HTTP_RATES; i++) {
		struct budget_window *window = &budget->windows[i];

		if (window->remaining >= 0 && now >= window->reset_at_ms) {
			window->remaining = -1; /* the next answer tells */
		}
		if (window->remaining >= 0 && window->remaining <= kept(window, low) &&
		    window->reset_at_ms - now > wait_ms) {
			wait_ms = window->reset_at_ms - now;
		}
	}
	return wait_ms;
}

/* Until so many tokens more are there. */
static int64_t wait_for(double tokens, double per_ms)
{
	return tokens <= 0 ? 0 : tokens < per_ms * WINDOW_MS ? (int64_t)ceil(tokens / per_ms) : WINDOW_MS;
}

static int64_t wait_for_pace(struct budget *budget, int64_t now, bool low)
{
	struct pace pace = pace_of(budget, now);
	double passed_ms = (double)(now - budget->refilled_ms);
	int64_t wait_ms, low_wait_ms;

	if (pace.per_ms < 0) {
		return 0;
	}
	budget->refilled_ms = now;
	budget->tokens = least(budget->tokens + pace.per_ms * passed_ms, pace.most);
	budget->low_tokens = least(budget->low_tokens + pace.low_per_ms * passed_ms, pace.most);
	wait_ms = wait_for(1 + (low ? pace.kept : 0) - budget->tokens, pace.per_ms);
	low_wait_ms = low ? wait_for(1 - budget->low_tokens, pace.low_per_ms) : 0;
	return low_wait_ms > wait_ms ? low_wait_ms : wait_ms;
}

int64_t budget_spent_ms(struct budget *budget, int64_t now)
{
	return wait_for_windows(budget, now, true);
}

int64_t budget_take(struct budget *budget, int64_t now, bool low)
{
	int64_t wait_ms;

	if (now < budget->paused_until_ms) {
		return budget->paused_until_ms - now;
	}
	wait_ms = wait_for_windows(budget, now, low);
	if (wait_ms == 0) {
		wait_ms = wait_for_pace(budget, now, low);
	}
	if (wait_ms > 0) {
		return wait_ms;
	}
	for (size_t i = 0; i < HTTP_RATES; i++) {
		budget->windows[i].remaining -= budget->windows[i].remaining > 0;
		budget->windows[i].sent++;
	}
	budget->tokens -= 1;
	budget->low_tokens -= low;
	return 0;
}

const struct budget_window *budget_strictest(const struct budget *budget, int64_t now)
{
	const struct budget_window *strictest = NULL;
	double least = 0;

	for (size_t i = 0; i < HTTP_RATES; i++) {
		const struct budget_window *window = &budget->windows[i];
		int64_t left_ms = window->reset_at_ms > now ? window->reset_at_ms - now : 1;
		double rate = (double)window->remaining / (double)left_ms;

		if (window->remaining >= 0 && (!strictest || rate < least)) {
			strictest = window;
			least = rate;
		}
	}
	return strictest;
}
