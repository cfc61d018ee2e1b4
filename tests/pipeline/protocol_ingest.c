/* The ingest side of docs/protocol.md, spoken by a hand-written peer. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hub.h"

static struct test_hub *hub;
static struct peer *worker;

static bool short_ttl;

static void open_hub(void)
{
	hub = hub_new(.env = short_ttl ? ARGS("BUILDBUS_TEST_LEASE_TTL_MS=2000") : NULL);
	worker = worker_of(hub);
}

static void open_hub_of_short_ttl(void)
{
	short_ttl = true;
	open_hub();
}

static void close_hub(void)
{
	peer_free(&worker);
	hub_free(&hub);
}

TestSuite(ingest, .timeout = 120, .init = open_hub, .fini = close_hub);
TestSuite(lease_expiry, .timeout = 120, .init = open_hub_of_short_ttl, .fini = close_hub);

static void claim(struct peer *peer)
{
	value_forget("fence");
	say(peer, "claim 'buildkite' 'w1'");
	hear(peer, "lease 'buildkite:acme/web' $fence _ _ {} _ _");
}

Test(ingest, a_build_is_published_acknowledged_and_seen_unchanged_again)
{
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' $fence nil [] {} nil 15000");
	with(worker, .number = 17);
	with(worker, .number = 18, .state = "passed");
	say(worker, "publish $fence 1 b'cursor one'");
	hear(worker, "ack 1 2 0 0 $fence");
	with(worker, .number = 17, .observed_at = T0 + 1000);
	say(worker, "publish $fence 2 nil");
	hear(worker, "ack 2 0 1 0 $fence");
	say(worker, "done $fence 0 100 60000");
	hear(worker, "ack 2 0 0 0 $fence");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' $next b'cursor one' _ {} 100 15000");
}

Test(ingest, a_gap_in_n_is_told_which_n_to_resend_from)
{
	claim(worker);
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 0 0 0 $fence");
	with(worker, .number = 3);
	say(worker, "publish $fence 3 b'skipped'");
	hear(worker, "error 'expect' 0 2 $fence");
	with(worker, .number = 2);
	say(worker, "publish $fence 2 nil");
	hear(worker, "ack 2 1 0 0 $fence");
}

Test(ingest, a_repeated_n_is_acknowledged_again_without_effect)
{
	claim(worker);
	with(worker, .number = 1);
	say(worker, "publish $fence 1 b'first'");
	hear(worker, "ack 1 1 0 0 $fence");
	with(worker, .number = 2);
	say(worker, "publish $fence 1 b'other'");
	hear(worker, "ack 1 0 0 0 $fence");
	say(worker, "done $fence 0");
	hear(worker, "ack 1 ...");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ _ b'first' ...");
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM log"), 1);
}

Test(ingest, several_publishes_in_flight_are_answered_in_order)
{
	claim(worker);
	for (int n = 1; n <= 20; n++) {
		with(worker, .number = n);
		say(worker, "publish $fence %d b'c%d'", n, n);
	}
	say(worker, "heartbeat [$fence]");
	for (int n = 1; n <= 20; n++) {
		hear(worker, "ack %d 1 0 0 $fence", n);
	}
	hear(worker, "alive [[$fence 20]]");
}

Test(ingest, a_fence_that_is_done_is_refused_for_ever)
{
	claim(worker);
	say(worker, "done $fence 0");
	hear(worker, "ack 0 0 0 0 $fence");
	with(worker, .number = 1);
	say(worker, "publish $fence 1 b'late'");
	hear(worker, "error 'fence' nil nil $fence");
	say(worker, "targets $fence ['acme/x']");
	hear(worker, "error 'fence' nil nil $fence");
	say(worker, "done $fence 0");
	hear(worker, "error 'fence' nil nil $fence");
	say(worker, "heartbeat [$fence]");
	hear(worker, "alive []");
	hub_restart(hub);
	say(worker, "publish $fence 1 b'late'");
	hear(worker, "error 'fence' nil nil $fence");
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM log"), 0);
}

Test(ingest, a_target_is_leased_to_one_worker_at_a_time)
{
	struct peer *other = worker_of(hub);

	claim(worker);
	say(other, "claim 'buildkite' 'w2'");
	hear(other, "idle 1000");
	say(worker, "done $fence 60000");
	hear(worker, "ack ...");
	say(other, "claim 'buildkite' 'w2'");
	hear(other, "idle 1000");
	say(other, "claim 'circleci' 'w2'");
	hear(other, "idle _");
	peer_free(&other);
}

Test(lease_expiry, a_lease_whose_holder_is_silent_goes_to_the_next_claim_with_the_committed_cursor)
{
	struct peer *other = worker_of(hub);
	int64_t until = test_now_ms() + patience_ms();

	claim(worker);
	with(worker, .number = 1);
	say(worker, "publish $fence 1 b'kept'");
	hear(worker, "ack 1 1 0 0 $fence");
	child_event(hub->child, "lease.expired", "worker", "w1");
	say(worker, "publish $fence 2 b'too late'");
	hear(worker, "error 'fence' nil nil $fence");
	do {
		say(other, "claim 'buildkite' 'w2'");
		cr_assert(peer_wait(HERE, other, patience_ms()));
	} while (heard_is(other, "idle") && test_now_ms() < until);
	cr_assert(heard_matches(HERE, other, "lease 'buildkite:acme/web' $second b'kept' ..."));
	cr_assert_gt(value_of("second"), value_of("fence"));
	peer_free(&other);
}

Test(lease_expiry, heartbeats_keep_a_lease_and_tell_what_was_committed)
{
	int64_t until = test_now_ms() + 4000;

	claim(worker);
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 ...");
	/* Longer than the ttl; each heartbeat waits for its answer and for a reply to be due. */
	while (test_now_ms() < until) {
		say(worker, "heartbeat [$fence 999]");
		hear(worker, "alive [[$fence 1]]");
		peer_wait(HERE, worker, 300);
	}
	say(worker, "publish $fence 2 nil");
	hear(worker, "ack 2 0 0 0 $fence");
}

Test(lease_expiry, time_in_which_the_hub_itself_was_stopped_is_held_against_nobody)
{
	claim(worker);
	child_signal(hub->child, SIGSTOP);
	peer_wait(HERE, worker, 4000); /* longer than the ttl: nothing can come */
	child_signal(hub->child, SIGCONT);
	child_event(hub->child, "hub.late", NULL, NULL);
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 0 0 0 $fence");
}

Test(ingest, a_restart_of_the_hub_keeps_leases_cursors_and_n)
{
	claim(worker);
	with(worker, .number = 1);
	say(worker, "publish $fence 1 b'one'");
	hear(worker, "ack 1 1 0 0 $fence");
	hub_restart(hub);
	say(worker, "heartbeat [$fence]");
	hear(worker, "alive [[$fence 1]]");
	with(worker, .number = 1);
	say(worker, "publish $fence 1 b'again'");
	hear(worker, "ack 1 0 0 0 $fence");
	with(worker, .number = 2);
	say(worker, "publish $fence 3 nil");
	hear(worker, "error 'expect' 0 2 $fence");
	with(worker, .number = 2);
	say(worker, "publish $fence 2 b'two'");
	hear(worker, "ack 2 1 0 0 $fence");
	say(worker, "done $fence 0");
	hear(worker, "ack 2 ...");
	claim(worker);
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM log"), 2);
}

Test(ingest, what_was_acknowledged_survives_kill_9_wherever_it_strikes)
{
	int acked = 0, sent = 0;

	claim(worker);
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 5; i++) {
			with(worker, .number = ++sent);
			say(worker, "publish $fence %d b'%d'", sent, sent);
		}
		for (int i = 0; i < round % 5; i++) { /* killed with some acks unread or unsent */
			hear(worker, "ack %d 1 0 0 $fence", ++acked);
		}
		hub_kill(hub);
		peer_free(&worker);
		cr_assert_geq(hub_sql(hub, "SELECT count(*) FROM log"), acked);
		cr_assert_eq(hub_sql(hub,
				     "SELECT l.last - CAST(t.cursor AS INTEGER) FROM lease l JOIN target t "
				     "ON t.name = l.target WHERE t.cursor IS NOT NULL OR l.last > 0"),
			     hub_sql(hub, "SELECT last FROM lease") ? 0 : INT64_MIN);
		cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM log"),
			     hub_sql(hub, "SELECT last FROM lease"));
		hub_start(hub);
		worker = worker_of(hub);
		say(worker, "heartbeat [$fence]");
		cr_assert(peer_wait(HERE, worker, patience_ms()));
		value_forget("last");
		cr_assert(heard_matches(HERE, worker, "alive [[$fence $last]]"));
		acked = sent = (int)value_of("last");
	}
}

Test(ingest, due_keys_of_open_builds_come_with_the_lease_and_do_not_make_it_spin)
{
	claim(worker);
	for (int n = 1; n <= 210; n++) {
		with(worker, .number = n, .state = n == 7 ? "passed" : "running");
	}
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 210 0 0 $fence");
	say(worker, "done $fence 60000");
	hear(worker, "ack ...");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "idle _");
	/* poll_interval is 1 s: due then, though the next visit by itself is a minute away. */
	cr_assert_not(peer_wait(HERE, worker, 1500));
	claim(worker);
	cr_assert_eq(heard_head(worker)->ptr[5].via.array.size, 200, "at most 200 keys");
	say(worker, "done $fence 60000");
	hear(worker, "ack ...");
	claim(worker); /* at once: nine more are due */
	cr_assert_eq(heard_head(worker)->ptr[5].via.array.size, 9);
	say(worker, "done $fence 60000");
	hear(worker, "ack ...");
	say(worker, "claim 'buildkite' 'w1'"); /* handed out, not brought: not due before poll_interval */
	hear(worker, "idle _");
}

Test(ingest, a_budget_is_shared_and_nonsense_about_it_is_harmless)
{
	claim(worker);
	say(worker, "done $fence 0 9223372036854775807 1");
	hear(worker, "ack ...");
	claim(worker);
	say(worker, "done $fence 0 -5 -7");
	hear(worker, "ack ...");
	claim(worker);
	say(worker, "done $fence 0 50 30000");
	hear(worker, "ack ...");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ _ _ _ {} 100 15000");
}

Test(ingest, a_worker_that_knows_no_budget_leaves_it_unknown)
{
	claim(worker);
	say(worker, "done $fence 0 nil nil nil false nil");
	hear(worker, "ack ...");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ _ _ _ {} nil 15000");
}

Test(ingest, targets_are_for_discoveries_only)
{
	claim(worker);
	say(worker, "targets $fence ['acme/other']");
	hear(worker, "error 'malformed' nil _ $fence");
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 0 0 0 $fence");
}

Test(ingest, a_build_that_another_one_replaced_under_its_key_is_over)
{
	claim(worker);
	with(worker, .number = 5, .state = "running", .uid = "11111111-old");
	with(worker, .number = 6, .state = "passed", .uid = "66666666-old");
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 2 0 0 $fence");
	/* The pipeline was deleted and made anew: its numbers begin again. */
	with(worker, .number = 5, .state = "running", .uid = "22222222-new", .observed_at = T0 + 1000);
	with(worker, .number = 6, .state = "running", .uid = "77777777-new", .observed_at = T0 + 1000);
	say(worker, "publish $fence 2 nil");
	hear(worker, "ack 2 2 0 0 $fence");
	cr_assert_eq(hub_sql(hub, "SELECT finished FROM build WHERE id = 'buildkite/acme/web/5'"), 1);
	cr_assert_eq(hub_sql(hub, "SELECT finished FROM build WHERE id = 'buildkite/acme/web/5~22222222'"),
		     0);
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM build WHERE finished = 0"), 2);
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM log"), 5);
}

Test(ingest, an_open_build_that_is_too_big_is_looked_after_but_not_at_every_poll)
{
	claim(worker);
	with(worker, .number = 1, .state = "running");
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 1 0 0 $fence");
	with(worker, .number = 1, .kind = "oversize", .observed_at = T0 + 1000);
	say(worker, "publish $fence 2 nil");
	hear(worker, "ack 2 0 0 0 $fence");
	cr_assert_gt(hub_sql(hub, "SELECT due_at - unixepoch() * 1000 FROM build"), 600000);
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM dead"), 1);
}

Test(ingest, a_dead_letter_goes_when_its_build_can_be_read)
{
	claim(worker);
	with(worker, .number = 1, .body = "{\"number\": broken");
	with(worker, .number = 2, .body = "{\"number\": broken");
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 0 0 0 $fence");
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM dead"), 2);
	hub_restart(hub);
	with(worker, .number = 1, .observed_at = T0 + 1000);
	say(worker, "publish $fence 2 nil");
	hear(worker, "ack 2 1 0 0 $fence");
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM dead"), 1);
	cr_assert_eq(hub_sql(hub, "SELECT CAST(key AS INTEGER) FROM dead"), 2);
}
