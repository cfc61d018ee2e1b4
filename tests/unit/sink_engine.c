/* The engine against a hand-written hub and a sink that does as the test says. */
/* SPDX-License-Identifier: MIT */
#include "common/process.h"
#include "tests/unit/sink_plan.h"

#include <criterion/criterion.h>
#include <string.h>

static bool has_waited(void *arg)
{
	(void)arg;
	return plan.wait_to != 0;
}

Test(sink_engine, writes_everything_once_and_acknowledges_it)
{
	start();
	for (int i = 1; i <= 1000; i++) {
		fake_hub_add_number(run.hub, i % 50, i);
	}
	wait_position(1000);
	cr_assert(run.write_count == 1000);
	expect_order();
	stop();
}

Test(sink_engine, acknowledges_compacted_ranges)
{
	start();
	fake_hub_add_number(run.hub, 1, 1);
	fake_hub_add(run.hub, NULL, 0);
	fake_hub_add(run.hub, NULL, 0);
	wait_position(3);
	cr_assert(run.write_count == 1);
	stop();
}

Test(sink_engine, rejects_what_is_no_record)
{
	start();
	fake_hub_add_number(run.hub, 1, 1);
	fake_hub_add(run.hub, "\xc1garbage", 8);
	fake_hub_add_number(run.hub, 2, 2);
	wait_position(3);
	cr_assert(run.write_count == 2);
	cr_assert(run.hub->dead_count == 1 && run.hub->dead[0].seq == 2);
	stop();
}

Test(sink_engine, finds_the_one_poisoned_record_of_a_batch)
{
	plan.poison = 37;
	start();
	run.hub->range_max = 100;
	for (int i = 1; i <= 100; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_position(100);
	cr_assert(run.write_count == 99, "%zu written", run.write_count);
	cr_assert(run.hub->dead_count == 1, "%zu dead", run.hub->dead_count);
	cr_assert(run.hub->dead[0].seq == 37);
	cr_assert_str_eq(run.hub->dead[0].reason, "one of them is bad");
	cr_assert(run.batches < 30, "%zu batches: not by halves", run.batches);
	expect_order();
	stop();
}

Test(sink_engine, takes_out_the_culprit_that_the_sink_names)
{
	plan.reject = 5;
	start();
	for (int i = 1; i <= 10; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_position(10);
	cr_assert(run.write_count == 9);
	cr_assert(run.hub->dead_count == 1 && run.hub->dead[0].seq == 5);
	cr_assert_str_eq(run.hub->dead[0].reason, "number 5 is not wanted");
	stop();
}

Test(sink_engine, one_record_in_retry_stops_neither_the_others_nor_passes_its_own_versions)
{
	plan.retry = 3;
	start();
	for (int i = 1; i <= 20; i++) {
		fake_hub_add_number(run.hub, i % 10, i);
	}
	/* All but the two versions of number 3; the second may not overtake the first. */
	wait_written(18);
	cr_assert(run.hub->position <= 2);
	plan.retry = 0;
	wait_position(20);
	cr_assert(run.write_count == 20);
	expect_order();
	stop();
}

Test(sink_engine, one_big_record_in_retry_does_not_stop_the_others)
{
	static char message[4 << 20];
	struct build build;

	plan.retry = 1;
	start();
	memset(message, 'm', sizeof message);
	build_init(&build);
	build.id = TEXT("big");
	build.number = 1;
	build.version = 1;
	build.message = (struct text){message, sizeof message};
	fake_hub_add_build(run.hub, &build);
	for (int i = 2; i <= 3000; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_written(2999);
	cr_assert(run.hub->position == 0);
	plan.retry = 0;
	wait_position(3000);
	stop();
}

Test(sink_engine, runs_at_most_ten_thousand_records_ahead)
{
	plan.retry = 1;
	start();
	for (int i = 1; i <= 10100; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_written(WINDOW_MAX - 1);
	cr_assert(run.hub->most_ahead == WINDOW_MAX, "%lld ahead", (long long)run.hub->most_ahead);
	plan.retry = 0;
	wait_position(10100);
	cr_assert(run.write_count == 10100);
	stop();
}

Test(sink_engine, everything_waits_while_nothing_succeeds)
{
	plan.down = true;
	run.retry_for_ms = 1;
	start();
	for (int i = 1; i <= 10; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	run.wanted = 1;
	run_until(run.loop, is_written, NULL, 1000);
	cr_assert(run.batches > 1 && run.batches < 15, "%zu tries in a second", run.batches);
	plan.down = false;
	wait_position(10);
	cr_assert(run.hub->dead_count == 0, "an outage makes no dead letters");
	cr_assert(run.write_count == 10);
	stop();
}

static bool is_dead(void *arg)
{
	(void)arg;
	if (run.hub->position < run.hub->head - 1) {
		return run.hub->dead_count > 0;
	}
	fake_hub_add_number(run.hub, run.hub->head + 10, 1);
	return run.hub->dead_count > 0;
}

/* Alone in its batch, too: nobody takes it for an outage. */
Test(sink_engine, a_record_that_must_wait_for_its_time_is_no_failure_and_holds_up_nothing)
{
	plan.wait = 1;
	plan.wait_ms = 1000;
	run.retry_for_ms = 1;
	start();
	fake_hub_add_number(run.hub, 1, 1);
	cr_assert(until(has_waited));
	for (int i = 2; i <= 50; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_position(50);
	cr_expect_eq(run.writes[49].number, 1, "it held up the others");
	cr_expect_geq(now_ms(), plan.wait_to);
	cr_expect_eq(run.hub->dead_count, 0);
	stop();
}

Test(sink_engine, gives_up_on_a_record_that_fails_for_long_while_others_succeed)
{
	plan.retry = 2;
	run.retry_for_ms = 300;
	start();
	fake_hub_add_number(run.hub, 1, 1);
	fake_hub_add_number(run.hub, 2, 1);
	cr_assert(run_until(run.loop, is_dead, NULL, 8000));
	cr_assert(run.hub->dead[0].seq == 2);
	cr_assert(strstr(run.hub->dead[0].reason, "given up") != NULL);
	wait_position(run.hub->head);
	stop();
}

Test(sink_engine, keeps_several_batches_in_flight_and_the_order_of_each_build)
{
	plan.keep = true;
	plan.concurrency = 3;
	plan.batch = 4;
	start();
	run.hub->range_max = 4;
	for (int i = 1; i <= 24; i++) {
		fake_hub_add_number(run.hub, i % 6, i);
	}
	while (run.write_count < 24) {
		wait_kept(1);
		run_until(run.loop, has_ended, NULL, 20); /* others may come beside it */
		release();
	}
	wait_position(24);
	cr_assert(run.write_count == 24);
	cr_assert(run.most_flying > 1);
	expect_order();
	stop();
}

Test(sink_engine, gives_a_batch_one_version_of_a_build_where_the_sink_asks_so)
{
	plan.one_version = true;
	start();
	run.hub->range_max = 10;
	for (int i = 1; i <= 10; i++) {
		fake_hub_add_number(run.hub, 1, i);
	}
	wait_position(10);
	cr_assert(run.batches == 10);
	expect_order();
	stop();
}

static bool has_all_credit(void *arg)
{
	(void)arg;
	return run.hub->session && run.hub->credit > 0;
}

Test(sink_engine, asks_for_little_before_it_knows_how_big_records_are)
{
	start();
	cr_assert(until(has_all_credit));
	cr_assert(run.hub->credit <= 256, "%lld records, however big, may come", (long long)run.hub->credit);
	for (int i = 1; i <= 5000; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_position(5000);
	cr_assert(run.hub->credit <= 1024, "%lld", (long long)run.hub->credit);
	stop();
}

Test(sink_engine, drains_what_is_in_flight_then_detaches)
{
	plan.keep = true;
	plan.batch = 5;
	start();
	run.hub->range_max = 10;
	for (int i = 1; i <= 10; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_kept(1);
	engine_drain(&run.engine);
	cr_assert(!run_until(run.loop, has_ended, NULL, 50), "did not wait for the batch");
	release();
	cr_assert(until(has_ended));
	cr_assert(run.status == OK);
	cr_assert(run.hub->position == (int64_t)run.write_count && run.hub->position > 0);
	cr_assert(run.hub->byes == 1);
	stop();
}
