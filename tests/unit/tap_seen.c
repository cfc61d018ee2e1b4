/* Which records are new, and what is missing before them. */
/* SPDX-License-Identifier: MIT */
#include "common/tap/seen.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct seen seen;
static struct err err;

TestSuite(tap_seen);

static void put(const char *pipeline, int64_t seq)
{
	cr_assert_eq(seen_put(&seen, text_of(pipeline), seq, &err), OK);
}

Test(tap_seen, a_pipeline_that_was_not_heard_of_begins_where_everything_came)
{
	seen_renew(&seen, 10);
	cr_expect_eq(seen_last(&seen, TEXT("a.")), 10);
	put("a.", 13);
	cr_expect_eq(seen_last(&seen, TEXT("a.")), 13);
	cr_expect_eq(seen_last(&seen, TEXT("b.")), 10);
	seen_fini(&seen);
}

Test(tap_seen, what_comes_one_after_the_other_is_covered)
{
	seen_renew(&seen, 10);
	put("a.", 11);
	put("b.", 12);
	put("a.", 14);
	cr_expect_eq(seen.covered, 12);
	cr_expect_eq(seen_last(&seen, TEXT("a.")), 14);
	cr_expect_eq(seen_last(&seen, TEXT("b.")), 12);
	seen_fini(&seen);
}

Test(tap_seen, covering_less_than_came_forgets_nothing)
{
	put("a.", 7);
	seen_cover(&seen, 5);
	cr_expect_eq(seen_last(&seen, TEXT("a.")), 7);
	seen_cover(&seen, 9);
	cr_expect_eq(seen_last(&seen, TEXT("a.")), 9);
	cr_expect_eq(seen.count, 0, "nothing is kept of what is covered");
	seen_fini(&seen);
}

Test(tap_seen, another_log_begins_anew)
{
	put("a.", 700);
	seen_renew(&seen, 3);
	cr_expect_eq(seen_last(&seen, TEXT("a.")), 3);
	put("a.", 5);
	cr_expect_eq(seen_last(&seen, TEXT("a.")), 5);
	seen_fini(&seen);
}

Test(tap_seen, thousands_of_pipelines_keep_apart)
{
	char name[32];

	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "p%d.", i);
		put(name, 10000 + 2 * i);
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "p%d.", i);
		cr_assert_eq(seen_last(&seen, text_of(name)), 10000 + 2 * i);
	}
	seen_fini(&seen);
}
