/* Times as clients write them. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/rng.h"
#include "tests/sim/when.h"

#include <criterion/criterion.h>
#include <string.h>

Test(when, reads_the_times_that_clients_write)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2015-05-09T21:05:59.874Z", 1431205559874},
		{"2015-05-09T21:05:59.8741239Z", 1431205559874},
		{"2015-05-09T23:05:59.874+02:00", 1431205559874},
		{"2015-05-09T19:35:59-01:30", 1431205559000},
		{"2024-02-29", 1709164800000},
		{"1969-12-31T23:59:59Z", -1000},
	};
	static const char *const wrong[] = {"",
					    "now",
					    "2015-05-09T21:05",
					    "2015-05-09T21:05:59",
					    "2015-13-09",
					    "2015-05-09T21:05:59 00:00",
					    "2015-05-09T21:05:59Zx"};
	int64_t ms;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		cr_assert(when_parse(rows[i].text, &ms), "%s", rows[i].text);
		cr_assert_eq(ms, rows[i].ms, "%s gave %lld", rows[i].text, (long long)ms);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		cr_assert_not(when_parse(wrong[i], &ms), "%s", wrong[i]);
	}
}

Test(when, writes_what_it_reads)
{
	struct rng rng = {5};
	char text[WHEN_MAX];

	for (int i = 0; i < 1000; i++) {
		int64_t ms = rng_between(&rng, -1000 * DAY_MS, 40000 * DAY_MS), back;

		cr_assert(when_parse(when_rest(ms, text), &back) && back == ms, "%s", text);
	}
}
