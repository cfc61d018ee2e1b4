/* targets{}: what a discovery finds is visited, what it no longer finds is not. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hub.h"

static struct test_hub *hub;
static struct peer *worker;

static void open_hub(void)
{
	hub = hub_new(.pipelines = "\"*\"");
	worker = worker_of(hub);
	hold_live(worker);
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/*' $discovery ...");
}

static void close_hub(void)
{
	peer_free(&worker);
	hub_free(&hub);
}

TestSuite(discovery, .timeout = 120, .init = open_hub, .fini = close_hub);

static int64_t active(void)
{
	return hub_sql(hub, "SELECT count(*) FROM target WHERE active = 1 AND parent IS NOT NULL");
}

Test(discovery, found_targets_are_due_at_once_and_gone_ones_are_no_longer_visited)
{
	say(worker, "targets $discovery ['acme/web' 'acme/api' 'acme/docs']");
	hear(worker, "ack 0 3 0 0 $discovery");
	hub_sql(hub, "UPDATE target SET due_at = name <> 'buildkite:acme/api' WHERE parent IS NOT NULL");
	for (int i = 0; i < 3; i++) {
		say(worker, "claim 'buildkite' 'w1'");
		hear(worker, "lease %s $fence%d nil ...", i == 0 ? "'buildkite:acme/api'" : "_", i);
	}
	say(worker, "publish $fence0 1 b'kept'");
	hear(worker, "ack ...");
	say(worker, "targets $discovery ['acme/web' 'acme/new']");
	hear(worker, "ack 0 1 1 2 $discovery");
	for (int i = 0; i < 3; i++) {
		say(worker, "done $fence%d 0", i);
		hear(worker, "ack ...");
	}
	for (int i = 0; i < 2; i++) {
		say(worker, "claim 'buildkite' 'w1'");
		hear(worker, "lease _ _ nil ...");
		cr_assert(!heard_matches(HERE, worker, "lease 'buildkite:acme/api' ..."));
		cr_assert(!heard_matches(HERE, worker, "lease 'buildkite:acme/docs' ..."));
	}
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "idle _");
	say(worker, "targets $discovery ['acme/web' 'acme/new' 'acme/api']");
	hear(worker, "ack 0 1 2 0 $discovery");
	say(worker, "claim 'buildkite' 'w1'"); /* it is back, with its cursor */
	hear(worker, "lease 'buildkite:acme/api' _ b'kept' ...");
}

/* A list that is far longer than a page: all that is gone is retired, not only some. */
Test(discovery, hundreds_may_go_at_once)
{
	char list[16384] = "", *at = list;

	for (int i = 0; i < 500; i++) {
		at += snprintf(at, sizeof list - (size_t)(at - list), "'acme/p%d' ", i);
	}
	say(worker, "targets $discovery [%s]", list);
	hear(worker, "ack 0 500 0 0 $discovery");
	cr_assert_eq(active(), 500);
	say(worker, "targets $discovery ['acme/p499']");
	hear(worker, "ack 0 0 1 499 $discovery");
	cr_assert_eq(active(), 1);
}

/* A token that lost its teams, or a fault: nothing goes at once. */
Test(discovery, an_empty_list_is_not_believed_for_an_hour)
{
	say(worker, "targets $discovery ['acme/web' 'acme/api']");
	hear(worker, "ack 0 2 0 0 $discovery");
	for (int i = 0; i < 2; i++) {
		say(worker, "targets $discovery []");
		hear(worker, "ack 0 0 0 0 $discovery");
	}
	cr_assert_eq(active(), 2);
	child_event(hub->child, "hub.found_nothing", "kept", "2");
	hub_sql(hub, "UPDATE meta SET value = value - 3600001 WHERE key = 'empty:buildkite:acme/*'");
	say(worker, "targets $discovery []");
	hear(worker, "ack 0 0 0 2 $discovery");
	cr_assert_eq(active(), 0);
	cr_assert_eq(child_count(hub->child, "hub.found_nothing"), 1);
}

Test(discovery, what_is_found_again_begins_the_hour_anew)
{
	say(worker, "targets $discovery ['acme/web']");
	hear(worker, "ack 0 1 0 0 $discovery");
	say(worker, "targets $discovery []");
	hear(worker, "ack 0 0 0 0 $discovery");
	hub_sql(hub, "UPDATE meta SET value = value - 3600001 WHERE key = 'empty:buildkite:acme/*'");
	say(worker, "targets $discovery ['acme/web']");
	hear(worker, "ack 0 0 1 0 $discovery");
	say(worker, "targets $discovery []");
	hear(worker, "ack 0 0 0 0 $discovery");
	cr_assert_eq(active(), 1);
}

static void with_slugs(int from, int count)
{
	msgpack_sbuffer bytes;
	msgpack_packer to;

	msgpack_sbuffer_init(&bytes);
	msgpack_packer_init(&to, &bytes, msgpack_sbuffer_write);
	msgpack_pack_array(&to, (size_t)count);
	for (int i = from; i < from + count; i++) {
		char slug[128];
		int size = snprintf(slug, sizeof slug, "acme/a-pipeline-with-a-name-that-is-rather-long-%06d",
				    i);

		msgpack_pack_str_with_body(&to, slug, (size_t)size);
	}
	peer_with(worker, bytes.data, bytes.size);
	msgpack_sbuffer_destroy(&bytes);
}

/* 30,000 of them are 1.6 MB: more than a head may have. */
Test(discovery, a_list_may_go_on_in_bodies)
{
	with_slugs(0, 15000);
	with_slugs(15000, 15000);
	say(worker, "targets $discovery ['acme/web']");
	be_patient(3);
	hear(worker, "ack 0 30001 0 0 $discovery");
	with_slugs(29000, 1000);
	say(worker, "targets $discovery []");
	hear(worker, "ack 0 0 1000 29001 $discovery");
	cr_assert_eq(active(), 1000);
}

Test(discovery, a_body_that_is_no_list_of_slugs_is_refused)
{
	static const char *const bad[] = {
		"x", "\x80", "\xdd\xff\xff\xff\xff", "\x91\x07", "\x91\xa1*", "\x91\x91\x90", "\x90\x90"};

	say(worker, "targets $discovery ['acme/web']");
	hear(worker, "ack 0 1 0 0 $discovery");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		peer_with(worker, bad[i], strlen(bad[i]));
		say(worker, "targets $discovery ['acme/a']");
		hear(worker, "error 'malformed' nil _ $discovery");
	}
	peer_with(worker, "", 0);
	say(worker, "targets $discovery ['acme/a']");
	hear(worker, "error 'malformed' nil _ $discovery");
	cr_assert_eq(active(), 1);
}

Test(discovery, a_list_with_a_slug_that_can_not_be_is_refused_whole)
{
	static const char *const bad[] = {"7", "nil", "''", "['x']", "'acme/*'"};

	say(worker, "targets $discovery ['acme/web']");
	hear(worker, "ack 0 1 0 0 $discovery");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		say(worker, "targets $discovery ['acme/a' %s]", bad[i]);
		hear(worker, "error 'malformed' nil _ $discovery");
	}
	say_raw(worker, "\x94\x01\xa7targets\x01\x91\xa3\x61\x00\x62", 15);
	cr_assert(peer_wait(HERE, worker, patience_ms()));
	cr_assert(heard_is(worker, "error"));
	cr_assert_eq(active(), 1);
}

Test(discovery, what_was_found_survives_a_restart_and_goes_with_its_discovery)
{
	say(worker, "targets $discovery ['acme/web' 'acme/api']");
	hear(worker, "ack 0 2 0 0 $discovery");
	hub_restart(hub);
	cr_assert_eq(active(), 2);
	hub_stop(hub);
	hub_configure(hub, &(struct hub_setup){.pipelines = "api"});
	hub_start(hub);
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM target WHERE active = 1"), 1);
	hub_stop(hub);
	hub_configure(hub, &(struct hub_setup){.pipelines = "\"*\""});
	hub_start(hub);
	child_event(hub->child, "hub.open", "leases", "2");
}

Test(discovery, a_reload_takes_up_new_targets_without_a_restart)
{
	hub_configure(hub, &(struct hub_setup){.pipelines = "[web, api, \"*\"]"});
	child_signal(hub->child, SIGHUP);
	child_event(hub->child, "proc.reloaded", NULL, NULL);
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease ...");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease ...");
	say(worker, "targets $discovery ['acme/web' 'acme/docs']");
	hear(worker, "ack 0 1 1 0 $discovery");
}

/* A pipeline that was archived or renamed while it ran: its builds still finish, or are found to be gone. */
Test(discovery, a_target_with_open_builds_is_visited_until_they_are_over)
{
	say(worker, "targets $discovery ['acme/web']");
	hear(worker, "ack 0 1 0 0 $discovery");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' $fence ...");
	with(worker, .number = 1, .state = "running");
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 1 0 0 $fence");
	say(worker, "targets $discovery ['acme/api']");
	hear(worker, "ack 0 1 0 0 $discovery");
	cr_assert_eq(active(), 2);
	with(worker, .number = 1, .state = "passed", .observed_at = T0 + 1000);
	say(worker, "publish $fence 2 nil");
	hear(worker, "ack 2 1 0 0 $fence");
	say(worker, "targets $discovery ['acme/api']");
	hear(worker, "ack 0 0 1 1 $discovery");
	cr_assert_eq(active(), 1);
}
