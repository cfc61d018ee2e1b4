/* When a target is due again: docs/decisions/0005-one-walk-for-all.md, and config.md under poll_interval. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hub.h"

static struct test_hub *hub;
static struct peer *worker;

static void open_hub_with(const char *poll)
{
	hub = hub_new(.pipelines = "web", .poll = poll);
	worker = worker_of(hub);
}

static void close_hub(void)
{
	peer_free(&worker);
	hub_free(&hub);
}

TestSuite(due, .timeout = 120, .fini = close_hub);

static void claim(void)
{
	value_forget("fence");
	hub_sql(hub, "UPDATE target SET due_at = 0 WHERE due_at IS NOT NULL");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' $fence ...");
}

/* Ends the visit; in how many ms the next one is due. */
static int64_t settle(int poll_ms)
{
	say(worker, "done $fence %d nil nil nil true", poll_ms);
	hear(worker, "ack ...");
	return hub_sql(hub, "SELECT due_at - visited_at FROM target");
}

static int64_t visit(int poll_ms)
{
	claim();
	return settle(poll_ms);
}

/* A visit that finds something. */
static int64_t finds(const char *state)
{
	claim();
	with(worker, .number = 1, .state = state);
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 1 0 0 $fence");
	return settle(10000);
}

static void quiet_since(int minutes)
{
	char sql[120];

	snprintf(sql, sizeof sql, "UPDATE target SET news_at = news_at - %d", minutes * 60000);
	hub_sql(hub, sql);
}

/* The times of due_at and visited_at are taken one after the other. */
static void near(int64_t ms, int64_t expected)
{
	cr_expect(ms > expected - 100 && ms <= expected + 1500, "%lld ms instead of %lld", (long long)ms,
		  (long long)expected);
}

Test(due, at_each_interval_while_it_is_not_quiet_for_long)
{
	open_hub_with("10s");
	near(visit(10000), 10000);
	quiet_since(3);
	near(visit(10000), 10000);
}

Test(due, less_often_the_longer_nothing_happens_up_to_four_intervals)
{
	open_hub_with("10s");
	visit(10000);
	quiet_since(5);
	near(visit(10000), 15000);
	quiet_since(5);
	near(visit(10000), 30000);
	quiet_since(600);
	near(visit(10000), 40000);
}

Test(due, at_least_once_a_minute)
{
	open_hub_with("30s");
	visit(30000);
	quiet_since(6000);
	near(visit(30000), 60000);
}

Test(due, never_more_often_than_at_the_interval)
{
	open_hub_with("5m");
	visit(300000);
	quiet_since(6000);
	near(visit(300000), 300000);
}

Test(due, at_each_interval_again_once_something_is_new)
{
	open_hub_with("10s");
	visit(10000);
	quiet_since(600);
	near(finds("passed"), 10000);
	near(visit(10000), 10000);
}

Test(due, at_each_interval_while_a_build_is_open)
{
	open_hub_with("10s");
	finds("running");
	quiet_since(600);
	cr_expect_leq(visit(10000), 10000);
}

/* A build that waits for a person for days is no reason for haste; it has a time of its own. */
Test(due, less_often_while_an_old_build_is_open)
{
	open_hub_with("10s");
	finds("running");
	quiet_since(600);
	hub_sql(hub, "UPDATE build SET observed_at = due_at - 1000000, due_at = due_at + 2000000");
	near(visit(10000), 40000);
}

Test(due, as_the_worker_says_where_something_is_left_to_read)
{
	open_hub_with("10s");
	visit(10000);
	quiet_since(600);
	claim();
	say(worker, "done $fence 0");
	hear(worker, "ack ...");
	near(hub_sql(hub, "SELECT due_at - visited_at FROM target"), 0);
}

Test(due, what_was_quiet_outlives_the_hub)
{
	open_hub_with("10s");
	visit(10000);
	quiet_since(600);
	hub_restart(hub);
	near(visit(10000), 40000);
}
