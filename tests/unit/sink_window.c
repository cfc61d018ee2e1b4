/* The window of records and the health of a destination: pure logic. */
/* SPDX-License-Identifier: MIT */
#include "common/backoff.h"
#include "sinks/health.h"
#include "sinks/window.h"

#include <criterion/criterion.h>

static struct window window;

static void open_window(void)
{
	struct err err;

	cr_assert(window_init(&window, &err) == OK);
}

static void close_window(void)
{
	window_fini(&window);
}

TestSuite(window, .init = open_window, .fini = close_window);

static struct entry *add(int64_t seq, uint64_t hash)
{
	zmq_msg_t frame;

	zmq_msg_init_size(&frame, 10);
	return window_add(&window, seq, &frame, hash);
}

Test(window, advances_over_what_is_done_without_a_hole)
{
	struct entry *first = add(3, 1), *second = add(7, 2);

	window.received = 9;
	cr_assert(window_advance(&window) == 2);
	window_done(&window, second);
	cr_assert(window_advance(&window) == 2);
	window_done(&window, first);
	cr_assert(window_advance(&window) == 9);
	cr_assert(window_count(&window) == 0 && window.bytes == 0);
}

Test(window, finds_by_seq)
{
	for (int i = 1; i < 1000; i++) {
		add(i * 3, (uint64_t)i);
	}
	cr_assert(window_find(&window, 300)->seq == 300);
	cr_assert(window_find(&window, 301) == NULL);
	cr_assert(window_find(&window, 99999) == NULL);
}

Test(window, blocks_a_version_behind_any_earlier_one)
{
	struct entry *one = add(1, 42), *two = add(2, 42), *other = add(3, 42 + 4096), *three = add(4, 42);

	cr_assert(!window_blocked(&window, one, NULL));
	cr_assert(window_blocked(&window, two, NULL));
	cr_assert(!window_blocked(&window, other, NULL), "same bucket, another id");
	/* The second landed, the first of the same batch did not: the third still waits. */
	window_done(&window, two);
	cr_assert(window_blocked(&window, three, NULL));
	window_done(&window, one);
	cr_assert(!window_blocked(&window, three, NULL));
}

Test(window, lets_versions_go_together_in_one_batch)
{
	struct entry *one = add(1, 42), *two = add(2, 42);
	int batch, another;

	one->state = ENTRY_FLYING;
	one->batch = &batch;
	cr_assert(!window_blocked(&window, two, &batch));
	cr_assert(window_blocked(&window, two, &another));
}

Test(window, holds_ten_thousand_and_no_more)
{
	zmq_msg_t frame;

	for (int64_t i = 1; i <= WINDOW_MAX; i++) {
		cr_assert(add(i, 7) != NULL);
	}
	zmq_msg_init_size(&frame, 10);
	cr_assert(window_add(&window, WINDOW_MAX + 1, &frame, 7) == NULL);
	cr_assert(zmq_msg_size(&frame) == 10, "the record stays with the caller");
	window_done(&window, window_at(&window, 0));
	window_advance(&window);
	cr_assert(window_add(&window, WINDOW_MAX + 1, &frame, 7) != NULL);
	zmq_msg_close(&frame);
}

Test(window, skips_what_somebody_else_confirmed_but_not_what_is_in_flight)
{
	struct entry *flying;

	add(1, 1);
	flying = add(2, 2);
	add(3, 3);
	flying->state = ENTRY_FLYING;
	window.received = 3;
	window_skip(&window, 5);
	cr_assert(window_advance(&window) == 1);
	window_done(&window, flying);
	cr_assert(window_advance(&window) == 5);
}

Test(health, counts_the_time_of_a_record_from_the_end_of_an_outage)
{
	struct health health = {0};

	health_failure(&health, 1000, 0);
	cr_assert(!health_hopeless(&health, 1000, 9000, 5000), "in an outage nobody is to blame");
	cr_assert(health_success(&health, 9000));
	cr_assert(!health_hopeless(&health, 1000, 9001, 5000));
	cr_assert(!health_hopeless(&health, 1000, 15000, 5000), "nothing else succeeded since");
	health_success(&health, 14500);
	cr_assert(health_hopeless(&health, 1000, 15000, 5000));
}

Test(health, waits_at_least_as_long_as_asked)
{
	struct health health = {0};

	cr_assert(health_failure(&health, 0, 60000) == 60000);
	cr_assert(health.until_ms == 60000);
}

Test(backoff, doubles_up_to_its_cap)
{
	cr_assert(backoff_limit_ms(0, 100, 3000) == 100);
	cr_assert(backoff_limit_ms(3, 100, 3000) == 800);
	cr_assert(backoff_limit_ms(5, 100, 3000) == 3000);
	cr_assert(backoff_limit_ms(4000000000u, 100, 3000) == 3000);
	for (int i = 0; i < 1000; i++) {
		int64_t wait_ms = backoff_ms(2, 100, 3000);
		cr_assert(wait_ms >= 1 && wait_ms <= 400);
	}
}
