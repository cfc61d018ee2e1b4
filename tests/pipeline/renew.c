/* `replay --renormalize`: after a fix in the normaliser, records anew of what the raw archive and the dead
 * letters hold, without a request to the provider (there is none here), into a real store. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/trio.h"
#include "tests/support/truth.h"

#include <stdio.h>
#include <stdlib.h>

static struct child *store;

static void init(void)
{
	hub = hub_new(.idle = true);
	hub->program = OLD_NORMALIZER;
	hub_start(hub);
	trio_connect();
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' $fence ...");
	store = hub_store(hub);
}

static void fini(void)
{
	child_stop(store);
	child_free(&store);
	trio_close();
}

TestSuite(renew, .timeout = 120, .init = init, .fini = fini);

static void replay(const char *words)
{
	struct said said = command_run(
		hub->place, "buildbus",
		ARGS("replay", "-c", hub->place->config, "--sink", "store", "--from", "0", "--renormalize"));

	cr_assert_eq(said.code, 0, "%s%s", said.out, said.errors);
	expect_words(HERE, said.out, words);
	said_free(&said);
}

static void fix_the_code(void)
{
	hub_stop(hub);
	hub->program = NULL;
	hub_start(hub);
	child_event(store, "sink.attached", NULL, NULL);
}

Test(renew, only_what_comes_out_differently_is_a_new_version)
{
	for (int number = 1; number <= 40; number++) {
		with(worker, .number = number, .state = "passed", .branch = number % 4 ? "fix" : "main");
		publish_given("1 0 0");
	}
	publish(41, "running", T0);
	publish(41, "passed", T0 + 5000);
	with(worker, .number = 50, .state = "passed", .branch = "unreadable");
	publish_given("0 0 0");
	db_becomes(hub->place, "store.db", 41, "SELECT count(*) FROM builds");
	cr_expect_eq(db_int(hub->place, "store.db", "SELECT count(*) FROM builds WHERE branch = 'master'"),
		     11);
	fix_the_code();
	/* 10 that were called master, 41, and the one that could not be read. */
	replay("store: 30 records sent again, 12 made anew");
	cr_expect_eq(db_int(hub->place, "store.db", "SELECT count(*) FROM builds"), 42);
	cr_expect_eq(db_int(hub->place, "store.db", "SELECT count(*) FROM builds WHERE branch = 'master'"),
		     0);
	cr_expect_eq(db_int(hub->place, "store.db", "SELECT count(*) FROM builds WHERE branch = 'main'"), 11);
	cr_expect_eq(db_int(hub->place, "store.db", "SELECT count(*) FROM builds WHERE state = 'running'"),
		     0);
	cr_expect_eq(hub_sql(hub, "SELECT version FROM build WHERE key = '41'"), T0 + 5001);
	cr_expect_eq(hub_sql(hub, "SELECT version FROM build WHERE key = '1'"), T0);
	cr_expect_eq(hub_sql(hub, "SELECT count(*) FROM dead"), 0);
	replay("store: 42 records sent again, 0 made anew");
}

Test(renew, a_build_that_is_gone_stays_so)
{
	publish(1, "running", T0);
	for (int hours = 1; hours <= 3; hours++) {
		with(worker, .number = 1, .kind = "gone", .observed_at = T0 + 3600000 * hours);
		publish_given(hours < 3 ? "0 0 0" : "1 0 0");
	}
	fix_the_code();
	replay("store: 1 records sent again, 0 made anew");
	db_becomes(hub->place, "store.db", 1,
		   "SELECT provider_state = 'gone' AND state = 'finished' FROM builds");
}

Test(renew, what_was_seen_unchanged_since_is_not_older)
{
	with(worker, .number = 1, .state = "passed");
	publish_given("1 0 0");
	with(worker, .number = 1, .state = "passed", .observed_at = T0 + 60000);
	publish_given("0 1 0");
	fix_the_code();
	replay("store: 0 records sent again, 1 made anew");
	db_becomes(hub->place, "store.db", 1, "SELECT branch = 'main' AND origin = 'replay' FROM builds");
	cr_expect_eq(hub_sql(hub, "SELECT observed_at FROM build"), T0 + 60000);
}

Test(renew, a_store_that_was_altered_or_is_behind_ends_equal)
{
	for (int number = 1; number <= 30; number++) {
		publish(number, "passed", T0);
	}
	db_becomes(hub->place, "store.db", 30, "SELECT count(*) FROM builds");
	db_change(hub->place, "store.db", "DELETE FROM builds WHERE number % 2");
	db_becomes(hub->place, "store.db", 15, "SELECT count(*) FROM builds WHERE number % 2 = 0");
	db_change(hub->place, "store.db", "DELETE FROM builds WHERE number = 7");
	fix_the_code();
	replay("0 records sent again, 30 made anew");
	db_becomes(hub->place, "store.db", 30, "SELECT count(*) FROM builds");
	db_change(hub->place, "store.db", "DELETE FROM builds WHERE number = 7");
	replay("30 records sent again, 0 made anew");
	db_becomes(hub->place, "store.db", 30, "SELECT count(*) FROM builds");
}

Test(renew, a_renamed_pipeline_keeps_its_builds_and_its_name)
{
	with(worker, .number = 1, .state = "running");
	publish_given("1 0 0");
	with(worker, .number = 1, .state = "passed", .pipeline = "site", .pipeline_uid = "pipe-web",
	     .observed_at = T0 + 5000);
	publish_given("1 0 0");
	fix_the_code();
	replay("store: 0 records sent again, 1 made anew");
	cr_expect_eq(
		hub_sql(hub, "SELECT count(*) FROM build WHERE id = 'buildkite/acme/web/1' AND finished"), 1);
	cr_expect_eq(hub_sql(hub, "SELECT count(*) FROM build"), 1);
	cr_expect_eq(hub_sql(hub, "SELECT prefix = 'buildkite/acme/site' FROM pipeline ORDER BY since DESC"),
		     1);
	db_becomes(hub->place, "store.db", 1, "SELECT branch = 'main' AND state = 'finished' FROM builds");
}

/* 500, or BUILDBUS_TEST_BUILDS. */
static int64_t many(void)
{
	const char *text = getenv("BUILDBUS_TEST_BUILDS");

	return text ? strtoll(text, NULL, 10) : 500;
}

/* Every tenth is one that the old code called wrongly. */
static void publish_many(int64_t builds)
{
	for (int number = 1; number <= builds; number += 50) {
		for (int i = 0; i < 50; i++) {
			with(worker, .number = number + i, .state = "passed",
			     .branch = i % 10 ? "fix" : "main", .pad = 300);
		}
		publish_given("50 0 0");
	}
}

Test(renew, of_many_builds_the_store_ends_equal, .timeout = 600)
{
	int64_t builds = many() / 50 * 50, began, renewed;
	char sent[80], made[80];

	be_patient(builds > 5000 ? 30 : 3);
	publish_many(builds);
	db_becomes(hub->place, "store.db", builds, "SELECT count(*) FROM builds");
	fix_the_code();
	began = test_now_ms();
	snprintf(made, sizeof made, "%lld records sent again, %lld made anew", (long long)(builds / 10 * 9),
		 (long long)(builds / 10));
	replay(made);
	renewed = test_now_ms();
	snprintf(sent, sizeof sent, "%lld records sent again, 0 made anew", (long long)builds);
	replay(sent);
	printf("%lld builds: made anew and sent in %lld ms, looked at and sent again in %lld ms\n",
	       (long long)builds, (long long)(renewed - began), (long long)(test_now_ms() - renewed));
	cr_expect_eq(db_int(hub->place, "store.db", "SELECT count(*) FROM builds WHERE branch = 'main'"),
		     builds / 10);
	cr_expect_eq(db_int(hub->place, "store.db", "SELECT count(*) FROM builds"), builds);
	cr_expect_eq(hub_sql(hub, "SELECT count(*) FROM dead"), 0);
}

Test(renew, a_hub_that_is_killed_on_the_way_makes_none_twice)
{
	struct child *command;

	publish_many(400);
	db_becomes(hub->place, "store.db", 400, "SELECT count(*) FROM builds");
	fix_the_code();
	command = child_start(&(struct launch){.place = hub->place,
					       .program = "buildbus",
					       .args = ARGS("replay", "-c", hub->place->config, "--sink",
							    "store", "--from", "0", "--renormalize"),
					       .no_ready = true});
	for (int made = 1; made <= 31; made += 10) {
		char sql[80];

		snprintf(sql, sizeof sql, "SELECT made >= %d FROM replay", made);
		db_becomes(hub->place, "hub.db", 1, sql);
		hub_restart(hub);
	}
	cr_assert_eq(child_end(command), 0);
	child_free(&command);
	cr_expect_eq(hub_sql(hub, "SELECT count(*) FROM log"), 440);
	cr_expect_eq(db_int(hub->place, "store.db", "SELECT count(*) FROM builds WHERE branch = 'master'"),
		     0);
	cr_expect_eq(db_int(hub->place, "store.db", "SELECT count(*) FROM builds"), 400);
}
