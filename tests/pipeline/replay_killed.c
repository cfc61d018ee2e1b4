/* Replays and retries into a real store while hub, sink and command are killed: every build is there in the
 * end, as the provider said last. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/trio.h"
#include "tests/support/truth.h"

#include <stdlib.h>

#define BUILDS 600
#define KILLS  6

static struct child *store;

static void init(void)
{
	be_patient(3);
	trio_open(.pipelines = "web");
	store = hub_store(hub);
}

static void fini(void)
{
	child_stop(store);
	child_free(&store);
	trio_close();
}

TestSuite(replay_killed, .timeout = 180, .init = init, .fini = fini);

static void fill(void)
{
	for (int number = 1; number <= BUILDS; number += 50) {
		for (int i = 0; i < 50; i++) {
			with(worker, .number = number + i, .state = "passed", .pad = 200);
		}
		publish_given("50 0 0");
	}
	db_becomes(hub->place, "store.db", BUILDS, "SELECT count(*) FROM builds");
	db_change(hub->place, "store.db", "DELETE FROM builds WHERE number < 600");
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
		store = hub_store(hub);
	} else {
		hub_restart(hub);
	}
}

Test(replay_killed, a_replay_loses_none_whoever_dies)
{
	struct child *watcher;

	fill();
	watcher = command("replay", "--sink=store", "--from=0", NULL);
	db_becomes(hub->place, "hub.db", 1, "SELECT count(*) FROM replay");
	child_kill(watcher);
	child_free(&watcher);
	for (int turn = 0; turn < KILLS; turn++) {
		char sql[100];

		snprintf(sql, sizeof sql, "SELECT count(*) >= %d FROM builds", 1 + turn * BUILDS / KILLS);
		db_becomes(hub->place, "store.db", 1, sql);
		kill_in_turn(turn);
	}
	watcher = command("replay", "--sink=store", NULL, NULL);
	cr_assert_eq(child_end(watcher), 0);
	child_free(&watcher);
	cr_expect_eq(db_int(hub->place, "store.db", "SELECT count(*) FROM builds"), BUILDS);
	cr_expect_eq(db_int(hub->place, "store.db",
			    "SELECT count(*) FROM builds WHERE state <> 'finished' OR id IS NULL"),
		     0);
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
		db_becomes(hub->place, "hub.db", 1, "SELECT count(*) < 600 OR max(resent) > 0 FROM dead");
		child_kill(retry);
		child_free(&retry);
		kill_in_turn(turn);
	}
	retry = command("dead", "retry", "--all", NULL);
	cr_assert_eq(child_end(retry), 0);
	child_free(&retry);
	db_becomes(hub->place, "hub.db", 0, "SELECT count(*) FROM dead");
	cr_expect_eq(db_int(hub->place, "store.db", "SELECT count(*) FROM builds"), BUILDS);
	db_becomes(hub->place, "hub.db", 0, "SELECT count(*) FROM resend");
}
