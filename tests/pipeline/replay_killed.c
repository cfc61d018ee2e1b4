/* Replays and retries into a real store while hub, sink and command are killed: every build is there in the
 * end, as the provider said last. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/trio.h"

#include <poll.h>
#include <sqlite3.h>
#include <stdlib.h>

#define BUILDS 600
#define KILLS  6

static struct child *store;

static void start_store(void)
{
	store = child_start(&(struct launch){.place = hub->place,
					     .program = "buildbus-sink-store",
					     .args = ARGS("-c", hub->place->config)});
	child_ready(store);
}

static void init(void)
{
	trio_open(.pipelines = "web");
	start_store();
}

static void fini(void)
{
	child_stop(store);
	child_free(&store);
	trio_close();
}

TestSuite(replay_killed, .timeout = 180, .init = init, .fini = fini);

static int64_t store_sql(const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *row = NULL;
	int64_t value = -1;

	sqlite3_open_v2(place_path(hub->place, "state/store.db"), &db, SQLITE_OPEN_READWRITE, NULL);
	sqlite3_busy_timeout(db, 5000);
	if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW) {
		value = sqlite3_column_int64(row, 0);
	}
	sqlite3_finalize(row);
	sqlite3_close(db);
	return value;
}

static int64_t ask_hub(const char *sql)
{
	return hub_sql(hub, sql);
}

/* Another process writes it: nothing tells when. */
static void becomes(int64_t (*ask)(const char *sql), const char *sql, int64_t wanted)
{
	int64_t until = test_now_ms() + 3 * patience_ms();

	while (ask(sql) != wanted && test_now_ms() < until) {
		poll(NULL, 0, 5);
	}
	cr_assert_eq(ask(sql), wanted, "%s: %lld", sql, (long long)ask(sql));
}

static void fill(void)
{
	for (int number = 1; number <= BUILDS; number += 50) {
		for (int i = 0; i < 50; i++) {
			with(worker, .number = number + i, .state = "passed", .pad = 200);
		}
		publish_given("50 0 0");
	}
	becomes(store_sql, "SELECT count(*) FROM builds", BUILDS);
	store_sql("DELETE FROM builds WHERE number < 600 RETURNING 1");
	while (store_sql("SELECT count(*) FROM builds") > 1) {
		store_sql("DELETE FROM builds WHERE number IN (SELECT number FROM builds WHERE number < 600 "
			  "LIMIT 100)"
			  " RETURNING 1");
	}
}

static struct child *command(const char *a, const char *b, const char *c, const char *d)
{
	return child_start(&(struct launch){.place = hub->place,
					    .program = "buildbus",
					    .args = ARGS(a, "-c", hub->place->config, b, c, d, "--json"),
					    .no_ready = true,
					    .stdout_path = place_path(hub->place, "out")});
}

/* What it is at when it is killed depends on how far it has come. */
static void kill_in_turn(int turn)
{
	if (turn % 3 == 2) {
		child_kill(store);
		child_free(&store);
		start_store();
	} else {
		hub_restart(hub);
	}
}

Test(replay_killed, a_replay_loses_none_whoever_dies)
{
	struct child *watcher;

	fill();
	watcher = command("replay", "--sink=store", "--from=0", NULL);
	becomes(ask_hub, "SELECT count(*) FROM replay", 1);
	child_kill(watcher);
	child_free(&watcher);
	for (int turn = 0; turn < KILLS; turn++) {
		char sql[100];

		snprintf(sql, sizeof sql, "SELECT count(*) >= %d FROM builds", 1 + turn * BUILDS / KILLS);
		becomes(store_sql, sql, 1);
		kill_in_turn(turn);
	}
	watcher = command("replay", "--sink=store", NULL, NULL);
	cr_assert_eq(child_end(watcher), 0);
	child_free(&watcher);
	cr_expect_eq(store_sql("SELECT count(*) FROM builds"), BUILDS);
	cr_expect_eq(store_sql("SELECT count(*) FROM builds WHERE state <> 'finished' OR id IS NULL"), 0);
	cr_expect_eq(hub_sql(hub, "SELECT count(*) FROM resend"), 0);
	cr_expect_eq(hub_sql(hub, "SELECT count(*) FROM dead"), 0);
}

Test(replay_killed, retries_lose_none_whoever_dies)
{
	struct child *retry;

	fill();
	hub_sql(hub, "INSERT INTO dead(at, stage, target, key, reason, body) SELECT at, 'sink:store', '', "
		     "id, 'refused',"
		     " record FROM log WHERE seq < 600");
	for (int turn = 0; turn < 4; turn++) {
		retry = command("dead", "retry", "--all", NULL);
		becomes(ask_hub, "SELECT count(*) < 600 OR max(resent) > 0 FROM dead", 1);
		child_kill(retry);
		child_free(&retry);
		kill_in_turn(turn);
	}
	retry = command("dead", "retry", "--all", NULL);
	cr_assert_eq(child_end(retry), 0);
	child_free(&retry);
	becomes(ask_hub, "SELECT count(*) FROM dead", 0);
	cr_expect_eq(store_sql("SELECT count(*) FROM builds"), BUILDS);
	becomes(ask_hub, "SELECT count(*) FROM resend", 0);
}
