/* The engine while its hub dies, forgets, or is another one. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/sink_plan.h"

#include <criterion/criterion.h>

static bool has_dead(void *arg)
{
	(void)arg;
	return run.hub->dead_count > 0;
}

Test(sink_engine_hub, does_not_write_again_what_it_wrote_before_the_hub_died)
{
	plan.keep = true;
	start();
	for (int i = 1; i <= 10; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_kept(1);
	fake_hub_kill(run.hub);
	release();
	plan.keep = false;
	fake_hub_bind(run.hub);
	wait_position(10);
	cr_assert(run.hub->attach_count >= 2);
	cr_assert(run.write_count == 10, "%zu writes", run.write_count);
	stop();
}

Test(sink_engine_hub, starts_anew_when_the_hub_has_another_epoch)
{
	start();
	for (int i = 1; i <= 5; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_position(5);
	fake_hub_kill(run.hub);
	run.hub->epoch = 9009;
	run.hub->position = 0;
	fake_hub_bind(run.hub);
	wait_written(10);
	wait_position(5);
	stop();
}

static bool is_attached_twice(void *arg)
{
	(void)arg;
	return run.hub->attach_count >= 2 && run.hub->session && run.hub->sent == run.hub->head;
}

Test(sink_engine_hub, writes_nothing_of_a_new_epoch_while_the_old_is_in_flight)
{
	plan.keep = true;
	plan.concurrency = 2;
	start();
	fake_hub_add_number(run.hub, 1, 1);
	wait_kept(1);
	fake_hub_kill(run.hub);
	run.hub->epoch = 9009;
	fake_hub_bind(run.hub);
	cr_assert(until(is_attached_twice));
	run_until(run.loop, has_ended, NULL, 50);
	cr_assert(run.kept_count == 1, "the new epoch overtook the old");
	release(); /* what the old one says counts for nothing; the new one follows it at once */
	wait_position(1);
	cr_assert(run.write_count == 2);
	stop();
}

Test(sink_engine_hub, tells_a_dead_letter_again_when_the_hub_did_not_confirm_it)
{
	plan.reject = 1;
	start();
	run.hub->quiet_rejects = true;
	fake_hub_add_number(run.hub, 1, 1);
	fake_hub_add_number(run.hub, 2, 1);
	wait_written(1);
	cr_assert(until(has_dead));
	cr_assert(run.hub->position == 0);
	run.hub->quiet_rejects = false;
	fake_hub_forget(run.hub);
	wait_position(2);
	cr_assert(run.hub->dead_count == 2 && run.hub->dead[1].seq == 1);
	stop();
}

Test(sink_engine_hub, a_full_window_is_freed_of_a_refused_record_after_the_session_was_lost)
{
	plan.retry = 1;
	start();
	for (int i = 1; i <= WINDOW_MAX + 100; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_written(WINDOW_MAX - 1);
	run.hub->quiet_rejects = true; /* it dies before it confirms */
	plan.retry = 0;
	plan.reject = 1;
	cr_assert(until(has_dead));
	run.hub->quiet_rejects = false;
	fake_hub_forget(run.hub);
	wait_position(WINDOW_MAX + 100);
	cr_assert(run.hub->dead_count == 2 && run.hub->dead[1].seq == 1);
	stop();
}

static void on_kept(void *user)
{
	++*(int *)user;
}

static int notes;
static bool are_noted(void *arg)
{
	(void)arg;
	return notes == 2;
}

Test(sink_engine_hub, keeps_notes_across_sessions)
{
	start();
	fake_hub_add_number(run.hub, 1, 1);
	wait_position(1);
	fake_hub_forget(run.hub);
	cr_assert(sink_note(&run.engine.context, TEXT("first"), on_kept, &notes) == OK);
	cr_assert(sink_note(&run.engine.context, TEXT("second"), on_kept, &notes) == OK);
	cr_assert(until(are_noted));
	cr_assert_str_eq(run.hub->note, "second");
	fake_hub_forget(run.hub);
	fake_hub_add_number(run.hub, 2, 1);
	wait_position(2);
	cr_assert_str_eq(run.note, "second");
	stop();
}

Test(sink_engine_hub, says_once_a_session_that_what_was_there_is_confirmed)
{
	start();
	for (int i = 1; i <= 700; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_position(700);
	cr_expect_eq(run.currents, 1);
	cr_expect_eq(run.current_at, 700, "%lld writes before", (long long)run.current_at);
	fake_hub_add_number(run.hub, 701, 701);
	wait_position(701);
	cr_expect_eq(run.currents, 1);
	fake_hub_kill(run.hub);
	fake_hub_add_number(run.hub, 702, 702);
	fake_hub_bind(run.hub);
	wait_position(702);
	cr_expect_eq(run.currents, 2);
	cr_expect_eq(run.current_at, 702);
	stop();
}
