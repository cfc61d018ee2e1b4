/* Where the CircleCI fetcher is in a project: what it follows, and when it looks again. */
/* SPDX-License-Identifier: MIT */
#include "common/schema.h"
#include "common/time.h"
#include "fetchers/circleci/cursor.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct cursor cursor;

static void init(void)
{
	cursor_init(&cursor);
}

TestSuite(circleci_cursor, .init = init);

static struct follow follow_of(int number, bool ended)
{
	struct follow follow = {.created_at = number * MINUTE_MS,
				.checked_at = number * MINUTE_MS,
				.print = 7,
				.ended = ended};

	snprintf(follow.id, sizeof follow.id, "p-%d", number);
	return follow;
}

static void put(int number, bool ended)
{
	struct follow follow = follow_of(number, ended);

	cursor_put(&cursor, &follow);
}

Test(circleci_cursor, comes_back_as_it_was)
{
	msgpack_sbuffer packed;
	struct cursor back;
	struct err err;

	cursor.covered_to = 1000;
	cursor.covered_from = 500;
	cursor.count = 3;
	snprintf(cursor.token, sizeof cursor.token, "AARLww");
	for (int i = 0; i < FOLLOWS_MAX; i++) {
		put(i, i % 2);
	}
	msgpack_sbuffer_init(&packed);
	cursor_pack(&cursor, &packed);
	cr_assert_lt(packed.size, 64 << 10, "a cursor of %zu bytes is more than the hub takes", packed.size);
	cr_assert_eq(cursor_unpack(&back, (struct text){packed.data, packed.size}, &err), OK, "%s", err.text);
	cr_expect_eq(back.covered_to, 1000);
	cr_expect_eq(back.covered_from, 500);
	cr_expect_eq(back.count, 3);
	cr_expect_str_eq(back.token, "AARLww");
	cr_expect_eq(back.follow_count, FOLLOWS_MAX);
	cr_expect_eq(memcmp(back.follows, cursor.follows, sizeof back.follows), 0);
	cr_expect_eq(cursor_unpack(&back, (struct text){packed.data, packed.size / 2}, &err), ERR_DATA);
	cr_expect_eq(cursor_unpack(&back, TEXT("\x93\x01\x02\x03"), &err), ERR_DATA);
	cr_expect_eq(back.covered_to, INT_NULL);
	msgpack_sbuffer_destroy(&packed);
}

Test(circleci_cursor, what_is_open_stays_and_the_oldest_that_ended_goes)
{
	put(0, false);
	for (int i = 1; i < FOLLOWS_MAX; i++) {
		put(i, true);
	}
	put(1000, true);
	cr_expect(cursor_follow(&cursor, "p-0"), "the open one");
	cr_expect_null(cursor_follow(&cursor, "p-1"));
	cr_expect(cursor_follow(&cursor, "p-1000"));
	put(1, true);
	cr_expect_null(cursor_follow(&cursor, "p-1"), "older than all that are there");
	cr_expect(cursor_follow(&cursor, "p-2"));
}

Test(circleci_cursor, is_replaced_by_id_and_forgotten)
{
	put(1, false);
	put(2, false);
	put(1, true);
	cr_expect_eq(cursor.follow_count, 2);
	cr_expect(cursor_follow(&cursor, "p-1")->ended);
	cursor_forget(&cursor, "p-1");
	cursor_forget(&cursor, "p-9");
	cr_expect_eq(cursor.follow_count, 1);
	cr_expect_null(cursor_follow(&cursor, "p-1"));
}

/* Ten minutes, then a quarter of its age, for thirty days. */
Test(circleci_cursor, looks_for_re_runs_ever_less_often)
{
	struct follow follow = follow_of(0, true);
	int looks = 0;

	cr_expect_not(follow_due(&follow, 10 * MINUTE_MS - 1, 1000));
	cr_expect(follow_due(&follow, 10 * MINUTE_MS, 1000));
	for (int64_t now = 0; now < 60 * DAY_MS; now += MINUTE_MS) {
		if (follow_due(&follow, now, 1000)) {
			follow.checked_at = now;
			looks++;
		}
	}
	cr_expect_geq(looks, 20);
	cr_expect_leq(looks, 40, "%d looks", looks);
	cr_expect_leq(follow.checked_at, FOLLOW_MAX_MS);
}

Test(circleci_cursor, a_clock_that_was_ahead_delays_nothing)
{
	struct follow follow = follow_of(0, true);

	follow.checked_at = DAY_MS;
	cr_expect(follow_due(&follow, HOUR_MS, 1000));
}
