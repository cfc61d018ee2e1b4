/* What a source may still send: rate headers, Retry-After, the hub's share; and how long failures wait. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/budget.h"

#include "fetchers/backoff.h"

#include <criterion/criterion.h>

static struct budget budget;

static void setup(void)
{
	budget_init(&budget);
}

static int take_all(int64_t now, bool low)
{
	int taken = 0;

	while (taken < 1000 && budget_take(&budget, now, low) == 0) {
		taken++;
	}
	return taken;
}

Test(budget, is_unlimited_while_nothing_is_known, .init = setup)
{
	cr_expect(take_all(0, false) == 1000);
}

Test(budget, stops_before_a_429_and_goes_on_after_the_reset, .init = setup)
{
	budget_learn(&budget, 1000, 20, 50, 30000, 4);
	cr_expect(take_all(1000, false) == 14, "20 less 4 under way less 2 in reserve");
	cr_expect(budget_take(&budget, 1000, false) == 30000);
	cr_expect(budget_take(&budget, 30999, false) == 1);
	cr_expect(budget_take(&budget, 31000, false) == 0);
}

Test(budget, leaves_a_quarter_to_what_is_new, .init = setup)
{
	budget_learn(&budget, 0, 50, 200, 30000, 0);
	cr_expect(take_all(0, true) == 0);
	cr_expect(take_all(0, false) == 40);
}

Test(budget, waits_as_long_as_it_is_told, .init = setup)
{
	budget_pause(&budget, 100, 5000);
	budget_pause(&budget, 200, 1000);
	cr_expect(budget_take(&budget, 200, false) == 4900);
	cr_expect(budget_take(&budget, 5100, false) == 0);
}

Test(budget, keeps_to_the_share_that_the_hub_gave, .init = setup)
{
	int sent = 0;

	budget_share(&budget, 60);
	for (int64_t now = 0; now < 60000; now += 10) {
		sent += budget_take(&budget, now, false) == 0;
	}
	cr_expect(sent >= 60 && sent <= 70, "%d", sent);
	cr_expect(take_all(120000, false) == 10, "a burst is ten seconds' worth");
}

Test(budget, serves_one_request_however_small_the_share, .init = setup)
{
	budget_share(&budget, 1);
	cr_expect(budget_take(&budget, 0, false) == 0);
	cr_expect(budget_take(&budget, 0, false) > 50000);
	cr_expect(budget_take(&budget, 60001, false) == 0);
}

Test(budget, ignores_answers_without_headers, .init = setup)
{
	budget_learn(&budget, 0, 5, 50, 1000, 0);
	budget_learn(&budget, 10, -1, -1, -1, 0);
	cr_expect(budget.remaining == 5);
}

Test(backoff, doubles_up_to_its_maximum_with_full_jitter)
{
	cr_expect(backoff_ms(0, 500, 20000, UINT32_MAX) == 500);
	cr_expect(backoff_ms(3, 500, 20000, UINT32_MAX) == 4000);
	cr_expect(backoff_ms(60, 500, 20000, UINT32_MAX) == 20000);
	cr_expect(backoff_ms(3, 500, 20000, 0) == 0);
	cr_expect(backoff_ms(3, 500, 20000, UINT32_MAX / 2) == 1999);
}
