/* The live walk of an organization, as a worker sees it: docs/protocol.md section 2. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hub.h"

static struct test_hub *hub;
static struct peer *worker;

static void open_hub_of(const char *pipelines)
{
	hub = hub_new(.pipelines = pipelines, .poll = "1h");
	worker = worker_of(hub);
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/@live' $live nil [] {} _ _");
	hub_sql(hub, "UPDATE target SET due_at = 1 WHERE name = 'buildkite:acme/web'"); /* it comes first */
}

static void open_hub(void)
{
	open_hub_of("[web, api]");
}

static void open_hub_of_all(void)
{
	open_hub_of("\"*\"");
}

static void close_hub(void)
{
	peer_free(&worker);
	hub_free(&hub);
}

TestSuite(live, .timeout = 120, .init = open_hub, .fini = close_hub);
TestSuite(live_of_all, .timeout = 120, .init = open_hub_of_all, .fini = close_hub);

/* Ends the lease of a visit that left nothing to read. */
static void settle(const char *fence)
{
	say(worker, "done $%s 3600000 nil nil nil true", fence);
	hear(worker, "ack ...");
}

static void claim_nothing(void)
{
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "idle _");
}

/* Both pipelines, in the order that the hub gives them. */
static void visit_pipelines(void)
{
	for (int i = 0; i < 2; i++) {
		value_forget("own");
		say(worker, "claim 'buildkite' 'w1'");
		hear(worker, "lease _ $own ...");
		settle("own");
	}
}

static int64_t due_in_ms(const char *target)
{
	char sql[200];

	snprintf(sql, sizeof sql,
		 "SELECT due_at - CAST(86400000 * (julianday('now') - 2440587.5) AS INTEGER) FROM target"
		 " WHERE name = '%s'",
		 target);
	return hub_sql(hub, sql);
}

static void make_due(const char *target)
{
	char sql[200];

	snprintf(sql, sizeof sql, "UPDATE target SET due_at = 0 WHERE name = '%s'", target);
	hub_sql(hub, sql);
}

Test(live, a_build_belongs_to_the_target_of_its_pipeline_whoever_brings_it)
{
	with(worker, .number = 17, .pipeline = "api", .key = "api#17");
	say(worker, "publish $live 1 b'cursor'");
	hear(worker, "ack 1 1 0 0 $live");
	cr_assert_eq(
		hub_sql(hub, "SELECT count(*) FROM build WHERE target = 'buildkite:acme/api' AND key = '17'"),
		1);
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' ...");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/api' $api nil _ ...");
	with(worker, .number = 17, .pipeline = "api", .observed_at = T0 + 1000);
	say(worker, "publish $api 1 nil");
	hear(worker, "ack 1 0 1 0 $api");
	with(worker, .number = 17, .pipeline = "api", .key = "api#17", .state = "passed");
	say(worker, "publish $live 2 nil");
	hear(worker, "ack 2 0 0 1 $live"); /* the other lease had seen it later */
}

Test(live, an_open_build_that_it_does_not_bring_is_among_its_due_keys)
{
	with(worker, .number = 17, .pipeline = "api", .key = "api#17");
	with(worker, .number = 18, .pipeline = "web", .key = "web#18");
	say(worker, "publish $live 1 nil");
	hear(worker, "ack 1 2 0 0 $live");
	settle("live");
	hub_sql(hub, "UPDATE build SET due_at = 0 WHERE key = '17'");
	make_due("buildkite:acme/@live");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/@live' $next _ ['api#17'] ...");
	with(worker, .kind = "gone", .key = "api#17", .observed_at = T0 + 1000);
	say(worker, "publish $next 1 nil");
	hear(worker, "ack ...");
	cr_assert_eq(hub_sql(hub, "SELECT misses FROM build WHERE key = '17'"), 1);
}

Test(live, a_build_of_a_pipeline_that_is_not_followed_is_dropped)
{
	with(worker, .number = 1, .pipeline = "docs", .key = "docs#1");
	with(worker, .number = 1, .pipeline = "web", .key = "web#1");
	say(worker, "publish $live 1 nil");
	hear(worker, "ack 1 1 0 1 $live");
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM build"), 1);
}

Test(live_of_all, a_build_of_a_pipeline_that_nobody_knows_yet_is_kept_and_hurries_the_discovery)
{
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/*' $discovery ...");
	say(worker, "targets $discovery ['acme/web']");
	hear(worker, "ack 0 1 0 0 $discovery");
	say(worker, "done $discovery 600000");
	hear(worker, "ack ...");
	with(worker, .number = 1, .pipeline = "docs", .key = "docs#1");
	say(worker, "publish $live 1 nil");
	hear(worker, "ack 1 1 0 0 $live");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' ...");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/*' $again ...");
	say(worker, "targets $again ['acme/web' 'acme/docs']");
	hear(worker, "ack 0 1 1 0 $again");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/docs' _ nil _ ...");
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM build WHERE target = 'buildkite:acme/docs'"), 1);
}

Test(live, a_key_that_names_no_pipeline_is_a_dead_letter)
{
	static const char *const keys[] = {"17", "#17", "web#", "a/b#1", "@live#1", "w*#1"};

	for (int i = 0; i < 6; i++) {
		with(worker, .number = 17, .key = keys[i]);
		say(worker, "publish $live %d nil", i + 1);
		hear(worker, "ack %d 0 0 0 $live", i + 1);
	}
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM dead WHERE stage = 'envelope'"), 6);
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM build"), 0);
}

Test(live, a_dead_letter_of_a_live_walk_goes_when_the_pipeline_s_own_visit_can_read_the_build)
{
	with(worker, .number = 17, .key = "web#17", .body = "[]");
	say(worker, "publish $live 1 nil");
	hear(worker, "ack 1 0 0 0 $live");
	cr_assert_eq(
		hub_sql(hub, "SELECT count(*) FROM dead WHERE target = 'buildkite:acme/web' AND key = '17'"),
		1);
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' $web ...");
	with(worker, .number = 17);
	say(worker, "publish $web 1 nil");
	hear(worker, "ack 1 1 0 0 $web");
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM dead"), 0);
}

Test(live, while_it_stands_in_the_pipelines_are_due_rarely)
{
	settle("live");
	visit_pipelines();
	cr_assert_gt(due_in_ms("buildkite:acme/web"), 3600000);
	cr_assert_gt(due_in_ms("buildkite:acme/api"), 3600000);
	claim_nothing();
	/* Again and again: what stands in prolongs itself. */
	hub_sql(hub, "UPDATE target SET due_at = 0");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/@live' $live2 ...");
	settle("live2");
	cr_assert_gt(due_in_ms("buildkite:acme/web"), 3600000);
	claim_nothing();
}

Test(live, it_stands_in_for_none_whose_last_visit_was_not_whole)
{
	settle("live");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' $web ...");
	say(worker, "done $web 5000"); /* more to read */
	hear(worker, "ack ...");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/api' $api ...");
	say(worker, "done $api 5000 nil nil 'it failed' true");
	hear(worker, "ack ...");
	cr_assert_leq(due_in_ms("buildkite:acme/web"), 5000);
	cr_assert_leq(due_in_ms("buildkite:acme/api"), 5000);
	make_due("buildkite:acme/@live");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/@live' $live2 ...");
	settle("live2");
	cr_assert_leq(due_in_ms("buildkite:acme/web"), 5000);
	cr_assert_leq(due_in_ms("buildkite:acme/api"), 5000);
}

/* Between the pipelines' last visits and the new beginning of the walk nobody has read. */
Test(live, after_a_gap_it_stands_in_for_none_that_was_not_visited_since)
{
	settle("live");
	visit_pipelines();
	hub_sql(hub, "UPDATE target SET net_at = 1 WHERE name LIKE '%/@live'");
	hub_sql(hub, "UPDATE target SET settled_from = settled_from - 100000, due_at = 0");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/@live' $live2 ...");
	settle("live2");
	cr_assert_lt(due_in_ms("buildkite:acme/web"), 0);
	visit_pipelines();
	cr_assert_gt(due_in_ms("buildkite:acme/web"), 3600000);
}

Test(live, it_begins_anew_after_an_hour_in_which_it_did_not_stand_in)
{
	settle("live");
	hub_sql(hub, "UPDATE target SET due_at = 0, net_at = net_at - 7200000 - 3500000");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/@live' $live2 _ _ {} ...");
	settle("live2");
	hub_sql(hub, "UPDATE target SET due_at = 0, net_at = net_at - 7200000 - 3700000");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/@live' $live3 _ _ {'anew' true} ...");
}

/* Or pipelines would fall due in the middle of each visit where a provider is slow. */
Test(live, one_that_took_long_stands_in_for_longer)
{
	hub_sql(hub, "UPDATE lease SET since = since - 600000");
	hub_restart(hub);
	settle("live");
	cr_assert_geq(hub_sql(hub, "SELECT net_at - visited_at FROM target WHERE name LIKE '%/@live'"),
		      2 * (3600000 + 600000));
}

Test(live, one_that_fails_does_not_stand_in)
{
	say(worker, "done $live 600000 nil nil 'the token can not list them'");
	hear(worker, "ack ...");
	visit_pipelines();
	cr_assert_leq(due_in_ms("buildkite:acme/web"), 3600000);
}

Test(live, what_it_stands_in_for_outlives_the_hub)
{
	settle("live");
	visit_pipelines();
	hub_restart(hub);
	claim_nothing();
	cr_assert_gt(due_in_ms("buildkite:acme/web"), 3600000);
}

/* The walk has a pipeline's place in the list of a discovery only under a name that no pipeline has. */
Test(live_of_all, it_can_not_be_discovered)
{
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/*' $discovery ...");
	say(worker, "targets $discovery ['acme/@live']");
	hear(worker, "error 'malformed' nil ...");
}
