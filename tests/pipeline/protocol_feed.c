/* The feed side of docs/protocol.md, spoken by a hand-written peer. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/trio.h"

static void open_hub(void)
{
	trio_open(.pipelines = "web");
}

static void open_hub_of_short_ttl(void)
{
	trio_open(.env = ARGS("BUILDBUS_TEST_LEASE_TTL_MS=2000"));
}

TestSuite(feed, .timeout = 120, .init = open_hub, .fini = trio_close);
TestSuite(feed_expiry, .timeout = 120, .init = open_hub_of_short_ttl, .fini = trio_close);

Test(feed, a_record_arrives_after_its_commit_and_is_confirmed)
{
	say(sink, "attach 'store' nil nil");
	hear(sink, "attached $session [$epoch 0] nil [$epoch 0]");
	say(sink, "credit $session 10");
	publish(17, "running", T0);
	hear(sink, "records $session 1 1 [1]");
	cr_assert_eq(heard_bodies(sink), 1);
	cr_assert(text_is(heard_text(sink, 0, "id"), "buildkite/acme/web/17"));
	cr_assert(text_is(heard_text(sink, 0, "state"), "running"));
	cr_assert_eq(heard_int(sink, 0, "version"), T0);
	publish(17, "passed", T0 + 5000);
	hear(sink, "records $session 2 2 [2]");
	cr_assert(text_is(heard_text(sink, 0, "result"), "success"));
	cr_assert_eq(heard_int(sink, 0, "version"), T0 + 5000);
	say(sink, "ack $session [$epoch 2] nil");
	say(sink, "detach $session");
	hear(sink, "bye $session");
	say(sink, "attach 'store' nil nil");
	hear(sink, "attached $again [$epoch 2] nil [$epoch 2]");
}

Test(feed, credit_is_never_exceeded)
{
	attach(sink, "store", "session");
	for (int i = 1; i <= 10; i++) {
		publish(i, "passed", T0);
	}
	say(sink, "heartbeat $session");
	hear(sink, "alive $session 0"); /* nothing was sent without credit */
	say(sink, "credit $session 3");
	hear(sink, "records $session 1 3 [1 2 3]");
	cr_assert_eq(heard_bodies(sink), 3);
	say(sink, "heartbeat $session");
	hear(sink, "alive $session 3");
	say(sink, "credit $session 2");
	hear(sink, "records $session 4 5 [4 5]");
	say(sink, "credit $session 1000000");
	hear(sink, "records $session 6 10 [6 7 8 9 10]");
	/* Credit adds up to a million at most, and no sum overflows. */
	say(sink, "credit $session 9223372036854775807");
	hear(sink, "error 'malformed' nil _ nil");
	say(sink, "credit $session 6");
	hear(sink, "error 'malformed' nil _ nil");
	say(sink, "credit $session 5");
	publish(11, "passed", T0);
	hear(sink, "records $session 11 11 [11]");
}

Test(feed, a_second_instance_waits_and_takes_over_after_a_detach)
{
	struct peer *second = reader_of(hub);

	attach(sink, "store", "session");
	say(second, "attach 'store' nil nil");
	hear(second, "busy 1000");
	hear(sink, "alive $session 0 true"); /* asked whether it is still there; answers nothing */
	say(second, "attach 'other' nil nil");
	hear(second, "attached $other [_ 0] ...");
	say(sink, "detach $session");
	hear(sink, "bye $session");
	say(second, "attach 'store' nil nil");
	hear(second, "attached $second ...");
	say(sink, "heartbeat $session");
	hear(sink, "error 'no_session' 0 nil nil");
	peer_free(&second);
}

Test(feed, a_reader_takes_its_own_session_over_and_the_zombie_can_ack_nothing)
{
	struct peer *again = reader_of(hub);

	attach(sink, "store", "session");
	publish(1, "passed", T0);
	say(sink, "credit $session 1");
	hear(sink, "records $session 1 1 [1]");
	say(again, "attach 'store' $session nil");
	hear(again, "attached $new [$epoch 0] nil [$epoch 1]");
	say(sink, "ack $session [$epoch 1] b'note of a zombie'");
	hear(sink, "error 'no_session' 0 nil nil");
	say(sink, "reject $session 1 'no'");
	hear(sink, "error 'no_session' 0 nil nil");
	say(sink, "credit $session 1");
	hear(sink, "error 'no_session' 0 nil nil");
	say(again, "credit $new 5");
	hear(again, "records $new 1 1 [1]");
	say(again, "heartbeat $new");
	hear(again, "alive $new 1");
	cr_assert_eq(hub_sql(hub, "SELECT position FROM sink WHERE note IS NULL"), 0);
	peer_free(&again);
}

Test(feed_expiry, a_silent_reader_loses_its_session_after_the_ttl)
{
	attach(sink, "store", "session");
	child_event(hub->child, "feed.expired", "sink", "store");
	say(sink, "heartbeat $session");
	hear(sink, "error 'no_session' 0 nil nil");
	attach(sink, "store", "session");
}

Test(feed, the_successor_of_a_killed_reader_need_not_wait_for_the_ttl)
{
	struct peer *second = reader_of(hub);
	int64_t at = test_now_ms();

	attach(sink, "store", "session");
	peer_free(&sink);
	do {
		say(second, "attach 'store' nil nil");
		cr_assert(peer_wait(HERE, second, patience_ms()));
	} while (heard_is(second, "busy") && test_now_ms() - at < 2000);
	cr_assert(heard_is(second, "attached"));
	sink = second;
}

Test(feed, a_note_is_durable_when_it_is_answered)
{
	attach(sink, "store", "session");
	publish(1, "passed", T0);
	say(sink, "credit $session 9");
	hear(sink, "records ...");
	say(sink, "ack $session [$epoch 0] b'will load 1..1'");
	hear(sink, "alive $session 1");
	hub_restart(hub);
	say(sink, "attach 'store' $session nil");
	hear(sink, "attached $next [$epoch 0] b'will load 1..1' [$epoch 1]");
	say(sink, "credit $next 9");
	hear(sink, "records $next 1 1 [1]");
	say(sink, "ack $next [$epoch 1] nil"); /* nil: as it is */
	say(sink, "detach $next");
	hear(sink, "bye $next");
	say(sink, "attach 'store' nil nil");
	hear(sink, "attached _ [$epoch 1] b'will load 1..1' [$epoch 1]");
}

Test(feed, an_ack_of_what_was_not_sent_is_refused_and_an_older_one_ignored)
{
	attach(sink, "store", "session");
	publish(1, "passed", T0);
	publish(2, "passed", T0);
	say(sink, "credit $session 1");
	hear(sink, "records $session 1 1 [1]");
	say(sink, "ack $session [$epoch 2] nil");
	hear(sink, "error 'malformed' nil _ nil");
	say(sink, "ack $session [7 1] nil"); /* of another hub.db */
	hear(sink, "error 'malformed' nil _ nil");
	say(sink, "ack $session [$epoch 1] nil");
	say(sink, "ack $session [$epoch 0] nil");
	say(sink, "ack $session [$epoch -5] nil");
	say(sink, "detach $session");
	hear(sink, "bye $session");
	say(sink, "attach 'store' nil nil");
	hear(sink, "attached _ [$epoch 1] nil [$epoch 2]");
}

Test(feed, a_rejected_record_is_a_dead_letter_and_moves_nothing)
{
	attach(sink, "store", "session");
	publish(1, "passed", T0);
	say(sink, "credit $session 1");
	hear(sink, "records $session 1 1 [1]");
	say(sink, "reject $session 1 'no such project'");
	hear(sink, "alive $session 1");
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM dead WHERE stage = 'sink:store' AND "
				  "key = 'buildkite/acme/web/1' AND reason = 'no such project' AND "
				  "body = (SELECT record FROM log WHERE seq = 1)"),
		     1);
	cr_assert_eq(hub_sql(hub, "SELECT position FROM sink"), 0);
	say(sink, "reject $session 2 'not sent'");
	hear(sink, "error 'malformed' nil _ nil");
	say(sink, "attach nil nil nil");
	hear(sink, "attached $anonymous ...");
	say(sink, "reject $anonymous 1 'x'");
	hear(sink, "error 'malformed' nil _ nil");
}

Test(feed, a_new_sink_gets_the_newest_version_of_every_build_and_then_the_log)
{
	publish(1, "running", T0);
	publish(2, "running", T0);
	publish(1, "passed", T0 + 1000);
	publish(3, "running", T0);
	publish(2, "failed", T0 + 1000);
	attach(sink, "late", "session");
	publish(3, "passed", T0 + 2000);
	publish(3, "failed", T0 + 3000);
	say(sink, "credit $session 100");
	/* 1, 2 and 4 are superseded (4 meanwhile); up to 5 they are skipped. */
	hear(sink, "records $session 1 5 [3 5]");
	cr_assert(text_is(heard_text(sink, 0, "id"), "buildkite/acme/web/1"));
	cr_assert(text_is(heard_text(sink, 0, "state"), "finished"));
	hear(sink, "records $session 6 7 [6 7]");
	cr_assert_eq(heard_int(sink, 0, "version"), T0 + 2000);
	cr_assert_eq(heard_int(sink, 1, "version"), T0 + 3000);
	/* It is no longer new after a restart in between. */
	say(sink, "ack $session [$epoch 3] nil");
	say(sink, "detach $session");
	hear(sink, "bye $session");
	hub_restart(hub);
	attach(sink, "late", "session");
	say(sink, "credit $session 100");
	hear(sink, "records $session 4 5 [5]");
	hear(sink, "records $session 6 7 [6 7]");
}

/* A new sink need not wait for one long look over all that is superseded: ranges without bodies lead it on.
 */
Test(feed, ranges_may_be_empty_and_follow_each_other_without_a_gap)
{
	int64_t next = 1, bodies = 0, empty = 0;

	for (int i = 1; i <= 6; i++) {
		for (int k = 0; k < 800; k++) {
			with(worker, .branch = k % 2 ? "a" : "b", .observed_at = T0 + i * 1000000 + k * 1000);
		}
		say(worker, "publish $fence %d nil", i);
		hear(worker, "ack %d 800 0 0 $fence", i);
	}
	attach(sink, "late", "session");
	say(sink, "credit $session 10");
	while (next <= 4800) {
		cr_assert(peer_wait(HERE, sink, patience_ms()));
		cr_assert(heard_is(sink, "records"));
		cr_assert_eq(heard_head(sink)->ptr[3].via.i64, next);
		next = heard_head(sink)->ptr[4].via.i64 + 1;
		bodies += (int64_t)heard_bodies(sink);
		empty += heard_bodies(sink) == 0;
	}
	cr_assert_eq(bodies, 1);
	cr_assert_gt(empty, 0);
	/* They cost no credit. */
	say(sink, "credit $session 999991");
	say(sink, "credit $session 1");
	hear(sink, "error 'malformed' ...");
}

Test(feed, an_anonymous_reader_starts_after_from_or_with_the_newest_versions)
{
	publish(1, "running", T0);
	publish(1, "passed", T0 + 1000);
	publish(2, "passed", T0);
	say(sink, "attach nil nil nil");
	hear(sink, "attached $fresh [$epoch 0] nil [$epoch 3]");
	say(sink, "credit $fresh 10");
	hear(sink, "records $fresh 1 3 [2 3]");
	say(sink, "attach nil nil [$epoch 1]");
	hear(sink, "attached $after [$epoch 1] nil [$epoch 3]");
	say(sink, "credit $after 10");
	hear(sink, "records $after 2 3 [2 3]");
	say(sink, "attach nil nil [$epoch 0]");
	hear(sink, "attached $all [$epoch 0] nil [$epoch 3]");
	say(sink, "credit $all 10");
	hear(sink, "records $all 1 3 [1 2 3]");
	/* A position of another hub.db, or beyond this one: as if there were none. */
	say(sink, "attach nil nil [5 2]");
	hear(sink, "attached $other [$epoch 0] nil [$epoch 3]");
	say(sink, "credit $other 10");
	hear(sink, "records $other 1 3 [2 3]");
	say(sink, "attach nil nil [$epoch 99]");
	hear(sink, "attached $beyond [$epoch 0] nil [$epoch 3]");
	say(sink, "credit $beyond 10");
	hear(sink, "records $beyond 1 3 [2 3]");
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM sink"), 0);
}

Test(feed, a_restart_of_the_hub_ends_sessions_and_resends_what_was_not_acknowledged)
{
	attach(sink, "store", "session");
	say(sink, "credit $session 10");
	for (int i = 1; i <= 3; i++) {
		publish(i, "passed", T0);
		hear(sink, "records $session %d %d [%d]", i, i, i);
	}
	say(sink, "ack $session [$epoch 1] nil");
	say(sink, "heartbeat $session");
	hear(sink, "alive $session 3");
	hub_restart(hub);
	say(sink, "heartbeat $session");
	hear(sink, "error 'no_session' 0 nil nil");
	say(sink, "attach 'store' $session nil");
	hear(sink, "attached $next [$epoch 1] nil [$epoch 3]");
	cr_assert_gt(value_of("next"), value_of("session"), "never used twice");
	say(sink, "credit $next 10");
	hear(sink, "records $next 2 3 [2 3]");
	say(worker, "heartbeat [$fence]");
	hear(worker, "alive [[$fence 3]]");
	publish(4, "passed", T0);
	hear(sink, "records $next 4 4 [4]");
}
