/* Clocks that are wrong, and history that grows: the hub goes on and stays small. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/trio.h"

#define FUTURE 4000000000000 /* 2096: no clock that is right says so */
#define HOUR   3600000

static void open_hub(void)
{
	trio_open(.poll = "60s");
}

static void open_forgetful_hub(void)
{
	trio_open(.poll = "60s", .bus = "  log_retention: 1s\n  raw_retention: 1s\n");
}

TestSuite(clock, .timeout = 120, .init = open_hub, .fini = trio_close);
TestSuite(retention, .timeout = 120, .init = open_forgetful_hub, .fini = trio_close);

Test(clock, a_state_that_a_clock_ahead_has_dated_is_overtaken_by_what_is_seen_later)
{
	with(worker, .number = 1, .state = "running", .observed_at = FUTURE);
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 1 0 0 $fence");
	with(worker, .number = 1, .state = "passed", .observed_at = T0);
	say(worker, "publish $fence 2 nil");
	hear(worker, "ack 2 1 0 0 $fence");
	cr_assert_eq(hub_sql(hub, "SELECT version FROM build"), FUTURE + 1, "versions never sink");
	with(worker, .number = 1, .state = "running", .observed_at = T0 - 1000);
	say(worker, "publish $fence 3 nil");
	hear(worker, "ack 3 0 0 1 $fence");
}

Test(clock, where_the_hubs_own_clock_is_behind_the_providers_order_counts)
{
	with(worker, .number = 1, .state = "passed", .observed_at = FUTURE);
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 1 0 0 $fence");
	with(worker, .number = 1, .state = "running", .observed_at = FUTURE - 1000);
	say(worker, "publish $fence 2 nil");
	hear(worker, "ack 2 0 0 1 $fence");
}

Test(clock, a_build_that_a_clock_ahead_has_dated_can_still_be_gone)
{
	with(worker, .number = 1, .observed_at = FUTURE);
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 1 0 0 $fence");
	for (int n = 0; n < 3; n++) {
		with(worker, .number = 1, .kind = "gone", .observed_at = T0 + n * HOUR);
		say(worker, "publish $fence %d nil", n + 2);
		hear(worker, "ack %d %d 0 0 $fence", n + 2, n == 2);
	}
}

Test(clock, what_is_due_goes_back_with_the_hubs_clock)
{
	with(worker, .number = 1);
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 1 0 0 $fence");
	say(worker, "done $fence 0");
	hear(worker, "ack ...");
	hub_stop(hub);
	/* As if all of this had been written a day from now. */
	hub_sql(hub, "INSERT OR REPLACE INTO meta VALUES('clock', unixepoch() * 1000 + 86401000)");
	hub_sql(hub, "UPDATE target SET due_at = due_at + 86400000");
	hub_sql(hub, "UPDATE build SET due_at = due_at + 86400000");
	hub_start(hub);
	peer_free(&worker);
	worker = worker_of(hub);
	child_event(hub->child, "hub.clock_back", NULL, NULL);
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease ...");
	cr_assert_leq(hub_sql(hub, "SELECT due_at - unixepoch() * 1000 FROM build"), 120000);
}

Test(clock, a_build_that_could_not_be_read_is_asked_for_again_when_the_clock_has_gone_back)
{
	with(worker, .number = 1, .body = "{\"number\": broken");
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 0 0 0 $fence");
	hub_stop(hub);
	hub_sql(hub, "INSERT OR REPLACE INTO meta VALUES('clock', unixepoch() * 1000 + 86401000)");
	hub_sql(hub, "UPDATE dead SET retry_at = retry_at + 86400000");
	hub_start(hub);
	child_event(hub->child, "hub.clock_back", NULL, NULL);
	cr_assert_leq(hub_sql(hub, "SELECT retry_at - unixepoch() * 1000 FROM dead"), 10000);
}

/* So many versions of one build, each unlike the one before. */
static void publish_versions(int first, int count)
{
	for (int n = first; n < first + count; n += 100) {
		for (int i = 0; i < 100; i++) {
			with(worker, .number = 1, .branch = i % 2 ? "a" : "b", .observed_at = T0 + n + i);
		}
		say(worker, "publish $fence %d nil", n / 100 + 1);
		hear(worker, "ack %d 100 0 0 $fence", n / 100 + 1);
	}
}

Test(retention, what_is_superseded_goes_as_fast_as_it_came)
{
	int64_t until = test_now_ms() + 16000; /* a slice of 200 every ten seconds would take 75 */

	publish_versions(0, 1500);
	while (hub_sql(hub, "SELECT count(*) FROM log") > 1 && test_now_ms() < until) {
		peer_wait(HERE, worker, 200);
	}
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM log"), 1);
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM superseded"), 0);
	cr_assert_leq(hub_sql(hub, "SELECT count(*) FROM raw"), 200);
}

Test(clock, a_new_sink_is_led_past_superseded_versions_in_short_steps)
{
	int64_t last = 0;

	publish_versions(0, 5000);
	say(sink, "attach 'store' nil nil");
	hear(sink, "attached $session [$epoch 0] nil [$epoch 5000]");
	say(sink, "credit $session 1");
	while (last < 5000) {
		cr_assert(peer_wait(HERE, sink, patience_ms()));
		cr_assert(heard_is(sink, "records"));
		cr_assert_eq(heard_head(sink)->ptr[3].via.i64, last + 1, "a gap");
		cr_assert_leq(heard_head(sink)->ptr[4].via.i64 - last, 2000, "looked at too many at once");
		last = heard_head(sink)->ptr[4].via.i64;
		cr_assert_eq(heard_bodies(sink), last == 5000);
	}
}
