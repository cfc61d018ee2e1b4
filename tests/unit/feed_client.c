/* The reader's side of the feed against a hand-written hub that also misbehaves. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/feed_case.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(feed_client, waits_for_a_hub_that_starts_later)
{
	start(false);
	run_until(reader.loop, is_attached, NULL, 1200);
	cr_assert(reader.attached == 0);
	fake_hub_bind(reader.hub);
	wait_attached(1);
	fake_hub_add_number(reader.hub, 1, 1);
	wait_records(1);
	stop();
}

Test(feed_client, takes_records_within_its_credit_only)
{
	start(true);
	reader.credit = 3;
	wait_attached(1);
	for (int i = 1; i <= 10; i++) {
		fake_hub_add_number(reader.hub, i, 1);
	}
	wait_records(3);
	cr_assert(feed_client_credit_left(reader.feed) == 0);
	cr_assert(reader.hub->sent == 3);
	feed_client_credit(reader.feed, 7);
	wait_records(10);
	cr_assert(reader.last == 10);
	stop();
}

Test(feed_client, waits_while_another_instance_holds_the_name)
{
	start(true);
	reader.hub->busy = 3;
	wait_attached(1);
	cr_assert(reader.waited == 3);
	cr_assert_str_eq(reader.why, "another instance holds this name");
	cr_assert(reader.hub->attach_count == 4);
	stop();
}

/* Else it would ask once more, and be told for the life of a session that it holds the name itself. */
Test(feed_client, takes_the_session_that_crosses_the_word_that_it_may_ask)
{
	start(true);
	reader.hub->woke = true;
	wait_attached(1);
	cr_assert(reader.waited == 0, "%s", reader.why);
	cr_assert(reader.hub->attach_count == 1);
	stop();
}

Test(feed_client, attaches_again_with_its_session_when_a_range_is_missing)
{
	start(true);
	wait_attached(1);
	reader.hub->skip_range = true;
	fake_hub_add_number(reader.hub, 1, 1);
	fake_hub_add_number(reader.hub, 2, 1);
	wait_attached(2);
	wait_records(2);
	cr_assert(reader.seqs[0] == 1 && reader.seqs[1] == 2);
	cr_assert(reader.hub->attach_sessions[0] == 0);
	cr_assert(reader.hub->attach_sessions[1] == 41, "not its old session");
	stop();
}

Test(feed_client, notices_by_heartbeat_that_the_last_range_was_lost)
{
	start(true);
	wait_attached(1);
	reader.hub->drop_last = true;
	fake_hub_add_number(reader.hub, 1, 1);
	wait_attached(2);
	wait_records(1);
	cr_assert_str_eq(reader.why, "records were lost on the way");
	stop();
}

Test(feed_client, attaches_again_when_its_session_is_unknown)
{
	start(true);
	wait_attached(1);
	fake_hub_forget(reader.hub);
	wait_attached(2);
	cr_assert(reader.hub->attach_sessions[1] == 41);
	stop();
}

Test(feed_client, makes_a_new_connection_when_the_hub_is_silent)
{
	start(true);
	wait_attached(1);
	reader.hub->deaf = true;
	cr_assert(run_until(reader.loop, has_waited, NULL, 15000));
	cr_assert_str_eq(reader.why, "the hub is silent");
	reader.hub->deaf = false;
	wait_attached(2);
	stop();
}

Test(feed_client, outlives_a_restart_of_the_hub)
{
	start(true);
	wait_attached(1);
	fake_hub_add_number(reader.hub, 1, 1);
	wait_records(1);
	feed_client_ack(reader.feed, 1);
	wait_position(1);
	fake_hub_kill(reader.hub);
	fake_hub_bind(reader.hub);
	wait_attached(2);
	cr_assert(reader.position == 1);
	fake_hub_add_number(reader.hub, 2, 1);
	wait_records(2);
	cr_assert(reader.seqs[1] == 2);
	stop();
}

Test(feed_client, acknowledges_no_more_than_came_in_this_session)
{
	start(true);
	wait_attached(1);
	for (int i = 1; i <= 5; i++) {
		fake_hub_add_number(reader.hub, i, 1);
	}
	wait_records(5);
	/* The hub is restarted before it hears of it, and sends all again but only with credit. */
	fake_hub_kill(reader.hub);
	feed_client_ack(reader.feed, 5);
	reader.credit = 2;
	fake_hub_bind(reader.hub);
	wait_attached(2);
	wait_position(2);
	cr_assert(reader.hub->position == 2);
	feed_client_credit(reader.feed, 3);
	wait_position(5);
	cr_assert(reader.attached == 2, "an ack beyond what was sent ended the session");
	stop();
}

static bool is_noted_and_rejected(void *arg)
{
	(void)arg;
	return reader.noted == 2 && reader.rejected == 2;
}

Test(feed_client, tells_notes_and_rejects_apart_by_order)
{
	start(true);
	wait_attached(1);
	fake_hub_add_number(reader.hub, 1, 1);
	fake_hub_add_number(reader.hub, 2, 1);
	wait_records(2);
	feed_client_ack(reader.feed, 1);
	cr_assert(feed_client_note(reader.feed, TEXT("one")) == OK);
	cr_assert(feed_client_reject(reader.feed, 2, "no good") == OK);
	cr_assert(feed_client_note(reader.feed, TEXT("two")) == OK);
	cr_assert(feed_client_reject(reader.feed, 3, "not come yet") == ERR_AGAIN);
	cr_assert(until(is_noted_and_rejected));
	cr_assert_str_eq(reader.hub->note, "two");
	cr_assert(reader.hub->position == 1);
	cr_assert(reader.hub->dead_count == 1 && reader.hub->dead[0].seq == 2);
	fake_hub_forget(reader.hub);
	wait_attached(2);
	cr_assert_str_eq(reader.note, "two");
	stop();
}

static bool has_been_asked(void *arg)
{
	(void)arg;
	return reader.hub->dead_count == 1;
}

static bool is_rejected(void *arg)
{
	(void)arg;
	return reader.rejected > 0;
}

Test(feed_client, takes_no_probe_for_the_answer_to_its_reject)
{
	start(true);
	wait_attached(1);
	fake_hub_add_number(reader.hub, 1, 1);
	wait_records(1);
	reader.hub->quiet_rejects = true; /* its commit takes a while */
	cr_assert(feed_client_reject(reader.feed, 1, "no good") == OK);
	cr_assert(until(has_been_asked));
	fake_hub_probe(reader.hub);
	cr_assert(!run_until(reader.loop, is_rejected, NULL, 200),
		  "a reject that is not durable was believed");
	stop();
}

Test(feed_client, says_an_ack_again_that_the_hub_had_no_room_for)
{
	start(true);
	wait_attached(1);
	fake_hub_add_number(reader.hub, 1, 1);
	wait_records(1);
	reader.hub->full = 1;
	feed_client_ack(reader.feed, 1);
	wait_position(1);
	cr_assert(reader.attached == 1, "an ack needs no new session");
	stop();
}

Test(feed_client, attaches_again_when_the_hub_had_no_room_for_a_reject)
{
	start(true);
	wait_attached(1);
	fake_hub_add_number(reader.hub, 1, 1);
	wait_records(1);
	reader.hub->full = 1;
	cr_assert(feed_client_reject(reader.feed, 1, "no good") == OK);
	wait_attached(2);
	cr_assert(reader.rejected == 0);
	cr_assert_str_eq(reader.why, "the hub's disk is full");
	stop();
}

static bool has_failed(void *arg)
{
	(void)arg;
	return reader.failed == 1;
}

Test(feed_client, stops_when_the_hub_speaks_another_version)
{
	start(true);
	reader.hub->refuse = "version";
	cr_assert(until(has_failed));
	cr_assert(strstr(reader.failure, "version") != NULL, "%s", reader.failure);
	cr_assert(reader.hub->attach_count == 1);
	stop();
}

static bool has_detached(void *arg)
{
	(void)arg;
	return reader.detached == 1;
}

Test(feed_client, detaches_after_its_last_ack)
{
	start(true);
	wait_attached(1);
	fake_hub_add_number(reader.hub, 1, 1);
	wait_records(1);
	feed_client_ack(reader.feed, 1);
	feed_client_detach(reader.feed);
	cr_assert(until(has_detached));
	cr_assert(reader.hub->byes == 1 && reader.hub->position == 1);
	stop();
}

Test(feed_client, detaches_within_a_second_when_there_is_no_hub)
{
	start(false);
	run_until(reader.loop, has_detached, NULL, 50);
	feed_client_detach(reader.feed);
	cr_assert(run_until(reader.loop, has_detached, NULL, 2000));
	stop();
}
