/* The ring of the newest records. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/recent.h"
#include "normalizer/hub.h"

#include <criterion/criterion.h>

static struct recent recent;

static void forget_all(void)
{
	recent_cut(&recent, recent.first);
	cr_assert_eq(recent.bytes, 0);
}

TestSuite(recent, .fini = forget_all);

static void put(int64_t seq, size_t size)
{
	char *text = calloc(1, size + 1);

	memset(text, 'x', size);
	snprintf(text, size + 1, "%lld", (long long)seq);
	cr_assert_eq(recent_put(&recent, seq, (struct text){text, size}), OK);
	free(text);
}

static bool holds(int64_t seq)
{
	zmq_msg_t *msg = recent_get(&recent, seq);
	char text[24];

	snprintf(text, sizeof text, "%lld", (long long)seq);
	if (msg) {
		cr_assert_eq(memcmp(zmq_msg_data(msg), text, strlen(text)), 0, "another record at %s", text);
	}
	return msg;
}

Test(recent, keeps_what_was_put_and_nothing_else)
{
	put(7, 400);
	put(8, 20); /* small ones are copied */
	cr_assert_not(holds(6));
	cr_assert(holds(7));
	cr_assert(holds(8));
	cr_assert_not(holds(9));
	cr_assert_not(holds(0));
	cr_assert_not(holds(-1));
}

Test(recent, forgets_the_oldest_when_it_is_full)
{
	for (int64_t seq = 1; seq <= RECENT_MAX + 10; seq++) {
		put(seq, 300);
	}
	cr_assert_not(holds(10));
	cr_assert(holds(11));
	cr_assert(holds(RECENT_MAX + 10));
}

Test(recent, is_bounded_in_bytes_too)
{
	for (int64_t seq = 1; seq <= 20; seq++) {
		put(seq, 1 << 20);
	}
	cr_assert_not(holds(12));
	cr_assert(holds(13));
	cr_assert(holds(20));
	put(21, 9 << 20); /* more than all its room: alone */
	cr_assert(holds(21));
	cr_assert_not(holds(20));
}

Test(recent, a_rollback_takes_back_the_newest_and_their_numbers_come_again)
{
	for (int64_t seq = 1; seq <= 5; seq++) {
		put(seq, 300);
	}
	recent_cut(&recent, 4);
	cr_assert(holds(3));
	cr_assert_not(holds(4));
	cr_assert_not(holds(5));
	put(4, 500);
	cr_assert(holds(4));
	cr_assert_eq(zmq_msg_size(recent_get(&recent, 4)), 500);
	recent_cut(&recent, 1);
	cr_assert_not(holds(1));
	put(1, 300);
	cr_assert(holds(1));
}

Test(recent, a_number_out_of_turn_begins_it_anew)
{
	put(1, 300);
	put(2, 300);
	put(9, 300);
	cr_assert_not(holds(2));
	cr_assert(holds(9));
	cr_assert_not(holds(3));
}
