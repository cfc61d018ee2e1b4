/* Many readers, greedy readers, lazy readers, and what `status` says of it all. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/trio.h"

static void open_hub(void)
{
	trio_open(.pipelines = "web");
}

TestSuite(readers, .timeout = 120, .init = open_hub, .fini = trio_close);

Test(readers, anonymous_readers_are_bounded_and_do_not_shut_sinks_out)
{
	int attached = 0;

	for (int i = 0; i < 300; i++) {
		say(sink, "attach nil nil nil");
	}
	for (int i = 0; i < 300; i++) {
		cr_assert(peer_wait(HERE, sink, patience_ms()));
		attached += heard_is(sink, "attached");
	}
	cr_assert_eq(attached, 256);
	attach(sink, "store", "session");
}

Test(readers, names_of_sinks_are_bounded)
{
	hub_sql(hub,
		"WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i WHERE x < 999) INSERT INTO "
		"sink(name, position, fresh_to, seen_at) SELECT 's' || x, 0, 0, 0 FROM i");
	say(sink, "attach 'the last' nil nil");
	hear(sink, "attached ...");
	say(sink, "attach 'one more' nil nil");
	hear(sink, "error 'malformed' nil _ nil");
	publish(1, "passed", T0); /* the others of the batch are not disturbed */
	say(sink, "status");
	hear(sink, "status _");
}

#define PUBLISHED 700

/* A reader that grants credit and does not read: it is fed from the log when it reads again, the others at
 * once, and the hub keeps little for it. */
Test(readers, a_reader_that_does_not_read_disturbs_nobody_and_misses_nothing)
{
	struct peer *lazy = peer_new_narrow(hub->feed);
	int64_t next = 1;

	attach(lazy, "lazy", "lazy");
	attach(sink, "store", "session");
	say(lazy, "credit $lazy 1000000");
	say(sink, "credit $session 1000000");
	for (int i = 1; i <= PUBLISHED; i++) {
		value_set("n", i);
		with(worker, .number = i, .pad = 4000);
		say(worker, "publish $fence $n nil");
		hear(worker, "ack $n 1 0 0 $fence");
		hear(sink, "records $session %d %d [%d]", i, i, i);
	}
	while (next <= PUBLISHED) {
		if (!peer_wait(HERE, lazy, 500)) {
			say(lazy, "heartbeat $lazy"); /* its next sign goes on */
			continue;
		}
		if (heard_is(lazy, "records")) {
			cr_assert_eq(heard_head(lazy)->ptr[3].via.i64, next, "ranges without gap");
			next = heard_head(lazy)->ptr[4].via.i64 + 1;
			cr_assert_eq(heard_bodies(lazy), heard_head(lazy)->ptr[5].via.array.size);
		}
	}
	peer_free(&lazy);
}

#define CROWD       16
#define CROWD_SHARE ((32 << 20) / CROWD)
#define CROWD_BUILD 50000 /* bytes */
#define CROWD_LOG   60

static struct crowd_reader {
	int64_t session, last;
	size_t bytes;
} crowd[CROWD];

/* Hears one message to any of them. */
static void hear_crowd(void)
{
	cr_assert(peer_wait(HERE, sink, patience_ms()));
	for (size_t i = 0; heard_is(sink, "records") && i < CROWD; i++) {
		if (heard_head(sink)->ptr[2].via.i64 == crowd[i].session) {
			crowd[i].last = heard_head(sink)->ptr[4].via.i64;
			for (size_t body = 0; body < heard_bodies(sink); body++) {
				crowd[i].bytes += heard_body(sink, body).size;
			}
		}
	}
}

static bool all_have_their_share(void)
{
	for (size_t i = 0; i < CROWD; i++) {
		if (crowd[i].bytes < CROWD_SHARE) {
			return false;
		}
	}
	return true;
}

/* They grant everything and say no more: each gets its part of what all may have on its way. One gives a
 * sign. */
Test(readers, anonymous_readers_without_a_sign_share_what_is_on_its_way)
{
	static char branch[CROWD_BUILD];

	memset(branch, 'b', sizeof branch - 1);
	for (int i = 1; i <= CROWD_LOG; i++) {
		value_set("n", i);
		with(worker, .number = i, .branch = branch);
		say(worker, "publish $fence $n nil");
		hear(worker, "ack $n 1 0 0 $fence");
	}
	for (size_t i = 0; i < CROWD; i++) {
		say(sink, "attach nil nil nil");
		hear(sink, "attached ...");
		crowd[i].session = heard_head(sink)->ptr[2].via.i64;
	}
	for (size_t i = 0; i < CROWD; i++) {
		say(sink, "credit %lld 1000000", (long long)crowd[i].session);
	}
	while (!all_have_their_share()) {
		hear_crowd();
	}
	while (crowd[CROWD - 1].last < CROWD_LOG) {
		say(sink, "heartbeat %lld", (long long)crowd[CROWD - 1].session);
		hear_crowd();
	}
	for (size_t i = 0; i < CROWD - 1; i++) {
		cr_expect_leq(crowd[i].bytes, CROWD_SHARE + 3 * CROWD_BUILD);
		cr_expect_lt(crowd[i].last, CROWD_LOG);
	}
}

Test(readers, status_tells_where_everything_is)
{
	publish(1, "running", T0);
	attach(sink, "store", "session");
	say(sink, "status");
	hear(sink,
	     "status {'version' _ 'epoch' $epoch 'head' 1 'uptime_ms' _ 'restored_at' nil 'builds' 1 'open' "
	     "1 'dead' 0 "
	     "'disk' {'free_bytes' _ 'min_free_bytes' 1048576 'taking' true 'db_bytes' _ 'why' nil "
	     "'wal_bytes' _ 'spare_bytes' _} "
	     "'since_start' {'publishes' 1 'changed' 1 'unchanged' 0 'stale' 0 ...} "
	     "'sinks' [{'name' 'store' 'attached' true 'position' 0 'lag_records' 1 'lag_ms' _ "
	     "'seen_ms_ago' 0 'lapsed' false 'dead' 0 'configured' true 'still_ms' _ 'lapsed_ms_ago' nil "
	     "'missed_versions' 0}] "
	     "'sources' [{'name' 'buildkite' 'provider' 'buildkite' 'targets' 1 'visits' 1 'due' 0 "
	     "'overdue_ms' 0 "
	     "'failing' 0 'open' 1 'asked_ms_ago' _ 'budget_per_min' nil 'workers' [{'worker' 'w1' "
	     "'budget_per_min' nil}]}] "
	     "'problems' [] "
	     "'last_minute' {'publishes' 1 'changed' 1 'unchanged' 0 'stale' 0 'sent' _ 'acked' 0 "
	     "'rollbacks' 0} "
	     "'refused' [] 'replays' [] 'orphans' 0 'owed' 0 "
	     "'targets' [{'target' 'buildkite:acme/web' 'due_in_ms' nil 'visited_ms_ago' _ 'open' 1 "
	     "'cursor_bytes' _ 'last_error' nil 'lease' {'worker' 'w1' 'fence' $fence 'last' 1 'age_ms' _}}] "
	     "'cut' false}");
}

#define STATUS_WITH_ERROR(why)                                                                               \
	"status {'version' _ 'epoch' _ 'head' _ 'uptime_ms' _ 'restored_at' _ 'builds' _ 'open' _ 'dead' _ " \
	"'disk' _ "                                                                                          \
	"'since_start' _ 'sinks' _ 'sources' _ 'problems' _ 'last_minute' _ 'refused' _ 'replays' _ "        \
	"'orphans' _ 'owed' "                                                                                \
	"_ "                                                                                                 \
	"'targets' [{'target' _ 'due_in_ms' _ 'visited_ms_ago' _ 'open' _ "                                  \
	"'cursor_bytes' _ 'last_error' " why " ...}] ...}"

Test(readers, status_tells_why_the_last_visit_failed_until_one_succeeds)
{
	say(worker, "done $fence 0 nil nil 'connection refused'");
	hear(worker, "ack ...");
	say(sink, "status");
	hear(sink, STATUS_WITH_ERROR("'connection refused'"));
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ $again ...");
	say(worker, "done $again 0 nil nil");
	hear(worker, "ack ...");
	say(sink, "status");
	hear(sink, STATUS_WITH_ERROR("nil"));
}

/* No reader takes a head over 1 MiB: a hub with many targets would have no status at all. */
Test(readers, status_of_many_targets_is_cut_at_the_bound_of_a_head)
{
	const msgpack_object_map *map;

	hub_sql(hub,
		"WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i WHERE x < 12000) INSERT INTO "
		"target(name, provider, source, active, due_at) SELECT 'buildkite:acme/a-long-name-' || x, "
		"'buildkite', 'buildkite', 1, 9000000000000 FROM i");
	say(sink, "status");
	hear(sink, "status _");
	cr_assert_lt(heard_size(sink), 1 << 20);
	map = &heard_head(sink)->ptr[2].via.map;
	cr_assert_gt(map->ptr[map->size - 2].val.via.array.size, 5000);
	cr_assert(map->ptr[map->size - 1].val.via.boolean, "it says that it is cut");
}
