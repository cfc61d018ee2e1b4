/* What a source may still send: rate headers, Retry-After, the hub's share, its pace; and how long failures
 * wait. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/budget.h"

#include "common/backoff.h"
#include "fetchers/limited.h"

#include <criterion/criterion.h>
#include <string.h>

static struct budget budget;

static void setup(void)
{
	budget_init(&budget);
}

TestSuite(budget, .init = setup);

static int take_all(int64_t now, bool low)
{
	int taken = 0;

	while (taken < 1000 && budget_take(&budget, now, low) == 0) {
		taken++;
	}
	return taken;
}

#define NO_RATE                                                                                              \
	{                                                                                                    \
		-1, -1, -1                                                                                   \
	}

static void learn(int64_t now, struct http_rate organization, struct http_rate user)
{
	const struct http_rate rates[HTTP_RATES] = {organization, user, NO_RATE};

	budget_learn(&budget, now, rates, 0);
}

static void learn_one(int64_t now, int64_t remaining, int64_t limit, int64_t reset_ms)
{
	learn(now, (struct http_rate){remaining, limit, reset_ms}, (struct http_rate)NO_RATE);
}

Test(budget, is_unlimited_while_nothing_is_known)
{
	cr_expect(take_all(0, false) == 1000);
}

Test(budget, a_burst_is_a_sixth_of_the_limit_and_back_fill_leaves_half_of_it)
{
	learn_one(0, 120, 120, 60000);
	cr_expect(take_all(0, true) == 10);
	cr_expect(take_all(0, false) == 10);
}

Test(budget, what_was_spent_before_is_no_burst_any_more)
{
	learn_one(0, 105, 120, 60000);
	cr_expect(take_all(0, false) == 5);
}

/* A provider with fixed windows, and several workers that each see its headers. */
#define WORKERS 5

struct provider {
	int64_t limit, length_ms, opened_ms, used;
	int64_t sent[20000]; /* times */
	int count, refused;
};

static struct http_rate told_by(const struct provider *provider, int64_t now)
{
	int64_t left_ms = provider->opened_ms + provider->length_ms - now;
	int64_t left = provider->limit - provider->used;

	return (struct http_rate){left > 0 ? left : 0, provider->limit, (left_ms + 999) / 1000 * 1000};
}

static void serve(struct provider *provider, int64_t now)
{
	if (provider->used == 0 || now - provider->opened_ms >= provider->length_ms) {
		provider->opened_ms = now;
		provider->used = 0;
	}
	provider->used++;
	provider->refused += provider->used > provider->limit;
	provider->sent[provider->count++] = now;
}

static int most_in_a_window(const struct provider *provider)
{
	int most = 0;

	for (int first = 0, last = 0; last < provider->count; last++) {
		while (provider->sent[last] - provider->sent[first] >= provider->length_ms) {
			first++;
		}
		most = last - first + 1 > most ? last - first + 1 : most;
	}
	return most;
}

static void work(struct provider *provider, struct budget *worker, int64_t now, bool low)
{
	while (budget_take(worker, now, low) == 0 && provider->count < 19999) {
		struct http_rate rates[HTTP_RATES] = {NO_RATE, NO_RATE, NO_RATE};

		serve(provider, now);
		rates[0] = told_by(provider, now);
		budget_learn(worker, now, rates, 0);
	}
}

/* Workers under back-fill load for ten minutes; each joins a little later. Returns requests per minute. */
static int load(int workers, int64_t limit, int64_t length_ms, struct provider *provider)
{
	struct budget each[WORKERS];

	*provider = (struct provider){.limit = limit, .length_ms = length_ms};
	for (int i = 0; i < workers; i++) {
		budget_init(&each[i]);
	}
	for (int64_t now = 1; now < 600000; now += 37) {
		for (int i = 0; i < workers; i++) {
			if (now % 5000 < 37) { /* a lease now and then */
				budget_share(&each[i], now, limit * 60000 / length_ms / workers);
			}
			work(provider, &each[i], now, true);
		}
	}
	return provider->count / 10;
}

Test(budget, replicas_that_share_never_send_more_than_the_limit_in_any_window)
{
	static const struct {
		int64_t limit, length_ms;
	} rows[] = {{200, 60000}, {50, 60000}, {40, 6000}, {5000, 60000}};
	static struct provider provider;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (int workers = 1; workers <= WORKERS; workers++) {
			int64_t per_min = rows[i].limit * 60000 / rows[i].length_ms;
			int done;

			if (rows[i].limit == 5000 && workers > 1) {
				continue;
			}
			done = load(workers, rows[i].limit, rows[i].length_ms, &provider);
			cr_expect(provider.refused == 0, "%d workers, limit %d: %d refused", workers,
				  (int)rows[i].limit, provider.refused);
			cr_expect(most_in_a_window(&provider) <= rows[i].limit,
				  "%d workers, limit %d: %d in a window", workers, (int)rows[i].limit,
				  most_in_a_window(&provider));
			cr_expect(rows[i].limit == 5000 || done >= per_min * 7 / 10,
				  "%d workers, limit %d: %d of %d a minute", workers, (int)rows[i].limit,
				  done, (int)per_min);
		}
	}
}

Test(budget, what_is_new_never_waits_behind_back_fill)
{
	static struct provider provider;
	struct budget worker;

	provider = (struct provider){.limit = 200, .length_ms = 60000};
	budget_init(&worker);
	for (int64_t now = 1; now < 300000; now += 100) {
		work(&provider, &worker, now, true);
		if (now % 10000 < 100) { /* a visit of two requests each ten seconds */
			for (int i = 0; i < 2; i++) {
				cr_expect(budget_take(&worker, now, false) == 0, "at %d", (int)now);
				serve(&provider, now);
			}
		}
	}
	cr_expect(provider.refused == 0);
}

Test(budget, leaves_what_others_took_to_them)
{
	static struct provider provider;
	struct budget worker;
	int refused = 0;

	provider = (struct provider){.limit = 200, .length_ms = 60000};
	budget_init(&worker);
	for (int64_t now = 1; now < 300000; now += 50) {
		work(&provider, &worker, now, true);
		if (now % 500 < 50) { /* somebody's script: 120 a minute */
			serve(&provider, now);
			refused = provider.refused;
		}
	}
	cr_expect(refused == 0, "%d", refused);
}

Test(budget, obeys_both_limits_whichever_is_stricter)
{
	/* The organization has more left, but for much longer. */
	learn(1000, (struct http_rate){20, 200, 50000}, (struct http_rate){15, 50, 2000});
	cr_expect(budget_strictest(&budget, 1000)->limit == 200);
	cr_expect(budget_per_min(&budget) == 50);
	learn(1000, (struct http_rate){150, 200, 50000}, (struct http_rate){2, 50, 30000});
	cr_expect(budget_take(&budget, 1000, false) == 30000, "the user's");
	learn(1000, (struct http_rate){10, 200, 40000}, (struct http_rate){40, 50, 30000});
	cr_expect(budget_take(&budget, 1000, false) == 40000, "the organization's");
	learn(1000, (struct http_rate){0, 200, 40000}, (struct http_rate){0, 50, 30000});
	cr_expect(budget_take(&budget, 1000, false) == 40000, "both");
	cr_expect(budget_take(&budget, 41000, false) == 0);
}

Test(budget, keeps_an_eighth_from_back_fill_and_a_twentieth_from_all)
{
	learn_one(1000, 24, 200, 30000);
	cr_expect(budget_take(&budget, 1000, true) == 30000);
	cr_expect(budget_spent_ms(&budget, 1000) == 30000);
	learn_one(1000, 10, 200, 30000);
	cr_expect(budget_take(&budget, 1000, false) == 30000);
	cr_expect(budget_take(&budget, 30999, false) == 1);
	cr_expect(budget_take(&budget, 31000, false) == 0);
}

Test(budget, what_is_new_goes_on_though_others_leave_nothing_for_back_fill)
{
	learn_one(1000, 40, 200, 30000);
	cr_expect(take_all(5000, true) == 0);
	cr_expect(take_all(5000, false) > 5);
}

Test(budget, counts_what_is_under_way)
{
	const struct http_rate rates[HTTP_RATES] = {{14, 200, 30000}, NO_RATE, NO_RATE};

	budget_learn(&budget, 1000, rates, 4);
	cr_expect(budget_take(&budget, 1000, false) == 30000);
}

Test(budget, learns_how_long_a_window_is)
{
	learn_one(0, 40, 40, 6000);
	cr_expect(budget_per_min(&budget) == 40, "a minute, until two ends are seen");
	learn_one(5500, 39, 40, 1000);
	learn_one(6600, 39, 40, 6000);
	cr_expect(budget_per_min(&budget) > 300 && budget_per_min(&budget) <= 400, "%d",
		  (int)budget_per_min(&budget));
	learn_one(20000, 39, 40, 90000);
	cr_expect(budget_per_min(&budget) == 26, "%d", (int)budget_per_min(&budget));
}

Test(budget, waits_as_long_as_it_is_told)
{
	budget_pause(&budget, 100, 5000);
	budget_pause(&budget, 200, 1000);
	cr_expect(budget_take(&budget, 200, false) == 4900);
	cr_expect(budget_take(&budget, 5100, false) == 0);
}

Test(budget, keeps_to_the_share_that_the_hub_gave_though_no_header_says_anything)
{
	int sent = 0;

	budget_share(&budget, 0, 60);
	for (int64_t now = 0; now < 60000; now += 10) {
		sent += budget_take(&budget, now, false) == 0;
	}
	cr_expect(sent >= 50 && sent <= 60, "%d", sent);
	budget_share(&budget, 60000, -1);
	cr_expect(take_all(120000, false) == 10, "a hub that started anew doesn't know: it stays");
}

Test(budget, serves_one_request_however_small_the_share)
{
	budget_share(&budget, 0, 1);
	cr_expect(budget_take(&budget, 0, false) == 0);
	cr_expect(budget_take(&budget, 0, false) > 50000);
	cr_expect(budget_take(&budget, 75000, false) == 0);
}

Test(budget, ignores_answers_without_headers)
{
	learn_one(0, 5, 50, 1000);
	learn_one(10, -1, -1, -1);
	cr_expect(budget.windows[0].remaining == 5);
}

Test(limited, says_how_long_to_wait_in_headers_or_body_or_not_at_all)
{
	static const struct {
		const char *body;
		int64_t retry_after_ms, wait_ms;
	} rows[] = {
		{"{\"message\":\"m\",\"scope\":\"rest_user\",\"limit\":50,\"current\":55,\"reset\":42}", -1,
		 42000},
		{"{\"reset\":42}", 7000, 7000},
		{"{\"reset\":-1}", -1, -1},
		{"{\"reset\":1e9}", -1, -1},
		{"{\"reset\":99999999}", -1, -1},
		{"[42]", -1, -1},
		{"<html>", -1, -1},
		{"", -1, -1},
		{NULL, -1, -1},
		{NULL, 3000, 3000},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct http_answer answer = {.body = rows[i].body,
						   .body_size = rows[i].body ? strlen(rows[i].body) : 0,
						   .retry_after_ms = rows[i].retry_after_ms};

		cr_expect(limited_wait_ms(&answer) == rows[i].wait_ms, "%s: %d", rows[i].body,
			  (int)limited_wait_ms(&answer));
	}
}

Test(backoff, doubles_up_to_its_maximum_with_full_jitter)
{
	cr_expect(backoff_limit_ms(0, 500, 20000) == 500);
	cr_expect(backoff_limit_ms(3, 500, 20000) == 4000);
	cr_expect(backoff_limit_ms(60, 500, 20000) == 20000);
	for (int i = 0; i < 100; i++) {
		int64_t wait_ms = backoff_ms(3, 500, 20000);
		cr_expect(wait_ms >= 1 && wait_ms <= 4000);
	}
}
