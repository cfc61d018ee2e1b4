/* What the hub keeps for whom and how long, while months pass and traffic goes on. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/hub.h"

#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>

#define DAY    INT64_C(86400000)
#define BUILDS 5

static struct test_hub *hub;
static struct peer *worker, *sink;
static int page, step;

static void open_hub(void)
{
	hub = hub_new(.bus = "  log_retention: 7d\n  raw_retention: 14d\n");
	worker = worker_of(hub);
	sink = reader_of(hub);
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ $fence ...");
	say(sink, "attach 'store' nil nil");
	hear(sink, "attached $session [$epoch 0] ...");
	say(sink, "credit $session 1000000");
}

static void close_hub(void)
{
	peer_free(&worker);
	peer_free(&sink);
	hub_free(&hub);
}

TestSuite(retention, .timeout = 120, .init = open_hub, .fini = close_hub);

/* A new version of each of the builds and a build that is new; the sink `store` confirms all of it. */
static void publish(void)
{
	int64_t last = 0;

	for (int number = 1; number <= BUILDS; number++) {
		with(worker, .number = number, .branch = step % 2 ? "a" : "b",
		     .observed_at = T0 + step * 1000);
	}
	with(worker, .number = 1000 + step, .observed_at = T0 + step * 1000);
	say(worker, "publish $fence %d nil", ++page);
	hear(worker, "ack %d %d 0 0 $fence", page, BUILDS + 1);
	step++;
	while (last < step * (BUILDS + 1)) {
		cr_assert(peer_wait(HERE, sink, patience_ms()));
		cr_assert(heard_is(sink, "records"), "the sink that is there gets everything");
		last = heard_head(sink)->ptr[4].via.i64;
	}
	say(sink, "ack $session [$epoch %lld] nil", (long long)last);
}

/* Waits until the hub has looked at its clocks and has nothing left to trim. It may have looked at one of
 * them before and at the other after they were set: then it is its turn again ten seconds later. */
static void settle(void)
{
	int64_t set = hub->clock->passed_ms + hub->clock->wrong_ms, until = test_now_ms() + patience_ms();
	char sql[128];

	snprintf(sql, sizeof sql, "SELECT value >= unixepoch() * 1000 + %lld FROM meta WHERE key = 'clock'",
		 (long long)set);
	for (int turn = 1; hub_sql(hub, sql) != 1; turn++) {
		cr_assert_lt(test_now_ms(), until);
		peer_wait(HERE, worker, 50);
		hub->clock->passed_ms += turn % 50 == 0 ? 10000 : 0;
	}
}

static void let_pass(int64_t ms)
{
	hub->clock->passed_ms += ms;
	settle();
}

static void expect_rows(const char *sql, int64_t wanted)
{
	cr_assert_eq(hub_sql(hub, sql), wanted, "%s: %lld, not %lld", sql, (long long)hub_sql(hub, sql),
		     (long long)wanted);
}

static void leave(const char *name)
{
	struct peer *leaver = reader_of(hub);

	say(leaver, "attach '%s' nil nil", name);
	hear(leaver, "attached $gone ...");
	say(leaver, "detach $gone");
	hear(leaver, "bye $gone");
	peer_free(&leaver);
}

/* What `name` gets until it has all; each build's versions must rise. Returns how many records. */
static int catch_up(struct peer *reader, int64_t versions[static 2000])
{
	int64_t last = 0;
	int count = 0;

	say(reader, "credit $back 100000");
	while (last < step * (BUILDS + 1)) {
		cr_assert(peer_wait(HERE, reader, patience_ms()));
		cr_assert(heard_is(reader, "records"));
		last = heard_head(reader)->ptr[4].via.i64;
		for (size_t i = 0; i < heard_bodies(reader); i++, count++) {
			int64_t number = heard_int(reader, i, "number"),
				version = heard_int(reader, i, "version");

			cr_assert(number > 0 && number < 2000 && version > versions[number]);
			versions[number] = version;
		}
	}
	return count;
}

static void expect_status(const char *words)
{
	struct said said = command_run(hub->place, "buildbus", ARGS("status", "-c", hub->place->config));

	cr_assert_eq(said.code, 0);
	expect_words(HERE, said.out, words);
	said_free(&said);
}

Test(retention, a_sink_that_is_away_for_a_month_loses_intermediate_versions_only)
{
	struct peer *back = reader_of(hub);
	int64_t versions[2000] = {0};
	int records;

	leave("gone");
	for (int days = 0; days < 30; days += 5) {
		publish();
		let_pass(5 * DAY);
	}
	child_event(hub->child, "hub.sink_lapsed", "sink", "gone");
	publish();
	let_pass(DAY);
	/* Left are the newest version of each build and what was superseded in the last seven days. */
	expect_rows("SELECT count(*) FROM log", BUILDS + step + 2 * BUILDS);
	expect_rows("SELECT count(*) FROM raw", 3);
	expect_rows("SELECT count(*) FROM sink WHERE lapsed_at IS NOT NULL AND name = 'gone'", 1);
	expect_rows("SELECT count(*) FROM sink WHERE lapsed_at IS NULL AND name = 'store'", 1);
	expect_rows("SELECT missed FROM sink WHERE name = 'gone'", (step - 3) * BUILDS);
	hub_restart(hub); /* what is in its memory is sent as long as it is there */
	say(sink, "attach 'store' $session nil");
	value_forget("session");
	hear(sink, "attached $session ...");
	say(sink, "credit $session 1000000");
	expect_status("STUCK   gone, for |it is not there|LOOK AT gone, for |intermediate versions are gone "
		      "for it");
	say(back, "attach 'gone' nil nil");
	hear(back, "attached $back [$epoch 0] ...");
	records = catch_up(back, versions);
	cr_assert_eq(records, BUILDS + step + 2 * BUILDS);
	for (int number = 1; number <= BUILDS; number++) {
		cr_assert_eq(versions[number], T0 + (step - 1) * 1000, "the newest of build %d", number);
	}
	for (int i = 0; i < step; i++) {
		cr_assert_eq(versions[1000 + i], T0 + i * 1000, "build %d was there once", 1000 + i);
	}
	expect_rows("SELECT count(*) FROM sink WHERE lapsed_at IS NULL", 2);
	publish(); /* and it goes on */
	cr_assert_eq(catch_up(back, versions), BUILDS + 1);
	peer_free(&back);
}

Test(retention, a_sink_that_is_away_for_six_days_misses_nothing)
{
	struct peer *back = reader_of(hub);
	int64_t versions[2000] = {0};

	leave("gone");
	for (int days = 0; days < 6; days += 2) {
		publish();
		let_pass(2 * DAY);
	}
	publish();
	say(back, "attach 'gone' nil nil");
	hear(back, "attached $back [$epoch 0] ...");
	cr_assert_eq(catch_up(back, versions), step * (BUILDS + 1));
	expect_rows("SELECT sum(missed) FROM sink", 0);
	peer_free(&back);
}

Test(retention, a_clock_that_jumps_forward_makes_nothing_older)
{
	leave("gone");
	publish();
	publish();
	let_pass(1000);
	hub->clock->wrong_ms = 400 * DAY;
	child_event(hub->child, "hub.clock_forward", NULL, NULL);
	let_pass(60000);
	expect_rows("SELECT count(*) FROM log", step * (BUILDS + 1));
	expect_rows("SELECT count(*) FROM raw", step);
	expect_rows("SELECT count(*) FROM sink WHERE lapsed_at IS NOT NULL", 0);
	hub_restart(hub); /* it still knows when it starts again */
	let_pass(6 * DAY);
	expect_rows("SELECT count(*) FROM log", step * (BUILDS + 1));
	let_pass(2 * DAY); /* but time that really passes counts */
	expect_rows("SELECT count(*) FROM log", BUILDS + step);
}

Test(retention, the_time_that_the_hub_itself_was_away_is_nobodys_absence)
{
	leave("gone");
	publish();
	publish();
	let_pass(1000);
	hub_stop(hub);
	hub->clock->passed_ms += 30 * DAY;
	hub_start(hub);
	let_pass(3 * DAY); /* longer than it waits after its start */
	expect_rows("SELECT count(*) FROM sink WHERE lapsed_at IS NOT NULL", 0);
	let_pass(5 * DAY);
	expect_rows("SELECT count(*) FROM sink WHERE lapsed_at IS NOT NULL", 2);
}

static int64_t wal_size(void)
{
	struct stat info;

	return stat(place_path(hub->place, "state/hub.db-wal"), &info) == 0 ? info.st_size : 0;
}

Test(retention, the_wal_is_cut_when_the_reader_that_kept_it_has_gone)
{
	int64_t until = test_now_ms() + patience_ms();
	sqlite3 *reader;

	publish();
	cr_assert_eq(sqlite3_open(place_path(hub->place, "state/hub.db"), &reader), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM log", NULL, NULL, NULL), SQLITE_OK);
	hub_sql(hub, "CREATE TABLE ballast AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
		     " WHERE i < 101) SELECT zeroblob(1 << 20) FROM n");
	expect_status("LOOK AT hub: hub.db-wal has 10");
	publish(); /* nobody waits for the reader */
	sqlite3_close(reader);
	while (wal_size() > 64 << 20) {
		cr_assert_lt(test_now_ms(), until);
		peer_wait(HERE, worker, 50);
	}
	publish();
}
