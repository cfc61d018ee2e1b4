/* Whatever happens between a message and what is known of it, a break is one message and a fix one edit. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/slack_rounds.h"

#include <sqlite3.h>

TestSuite(slack_killed, .init = slack_run_init, .fini = slack_run_fini, .timeout = 180);

/* Somebody else writes to slack.db: the sink can't. */
static sqlite3 *lock(void)
{
	char path[300];
	sqlite3 *db;

	snprintf(path, sizeof path, "%s/slack.db", run.place->state);
	cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
	sqlite3_busy_timeout(db, (int)patience_ms());
	cr_assert(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK, "%s",
		  sqlite3_errmsg(db));
	return db;
}

static void unlock(sqlite3 *db)
{
	sqlite3_close(db);
}

static void nothing(void)
{
}

/* The request came, its work was not done. */
static void before_the_work(void)
{
	slack_held();
	slack_kill();
	slack_let_go(&slack, true);
	run_start();
}

static void hold_edit(void)
{
	slack_hold(&slack, SLACK_UPDATE, SLACK_BEFORE, 0);
}

static void hold_edited(void)
{
	slack_hold(&slack, SLACK_UPDATE, SLACK_AFTER, 0);
}

/* So many turns of the loop. */
static bool count_down(void *arg)
{
	return --*(int *)arg == 0;
}

/* The answer came, and could not be kept: the file is locked. */
static void before_the_commit(void)
{
	int turns = 20;
	sqlite3 *db;

	slack_held();
	db = lock();
	slack_let_go(&slack, false);
	run_until(run.loop, count_down, &turns, (int)patience_ms());
	slack_kill();
	unlock(db);
	run_start();
}

static sqlite3 *locked;

static void hold_file(void)
{
	locked = lock();
}

/* The record came, and what it means could not be kept. */
static void before_the_intent(void)
{
	int turns = 20;

	run_until(run.loop, count_down, &turns, (int)patience_ms());
	cr_expect(run.hub->position < run.hub->head);
	slack_kill();
	unlock(locked);
	run_start();
}

Test(slack_killed, a_break_is_one_message_and_a_fix_one_edit_wherever_it_is_killed)
{
	static const struct {
		const char *name;
		void (*before_break)(void), (*after_break)(void), (*before_fix)(void), (*after_fix)(void);
	} rows[] = {
		{"nowhere", nothing, nothing, nothing, nothing},
		{"before it is known", hold_file, before_the_intent, hold_file, before_the_intent},
		{"at once", nothing, run_restart, nothing, run_restart},
		{"before a post", hold_post, before_the_work, nothing, nothing},
		{"after a post", hold_posted, before_the_work, nothing, nothing},
		{"before the commit of a post", hold_post, before_the_commit, nothing, nothing},
		{"before an edit", nothing, nothing, hold_edit, before_the_work},
		{"after an edit", nothing, nothing, hold_edited, before_the_work},
		{"before the commit of an edit", nothing, nothing, hold_edit, before_the_commit},
		{"before a reply", nothing, nothing, hold_post, before_the_work},
		{"after a reply", nothing, nothing, hold_posted, before_the_work},
		{"before the commit of a reply", nothing, nothing, hold_post, before_the_commit},
	};

	run_start();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		cr_log_info("killed %s", rows[i].name);
		rows[i].before_break();
		tell(i);
		rows[i].after_break();
		all_acked();
		slack_seen(3 * i + 1);
		rows[i].before_fix();
		fix(i);
		rows[i].after_fix();
		has_rounds(i + 1);
	}
}

/* The clock of this machine is an hour before or behind Slack's. */
Test(slack_killed, a_message_is_found_again_by_a_clock_that_is_wrong)
{
	static const int64_t wrong_ms[] = {-HOUR_MS, HOUR_MS};

	run_start();
	for (size_t i = 0; i < 2; i++) {
		slack_lock(&slack);
		slack.ahead_ms = test_clock->wrong_ms + wrong_ms[i];
		slack_unlock(&slack);
		hold_posted();
		tell(i);
		before_the_work();
		all_acked();
		slack_seen(3 * i + 1);
		fix(i);
		has_rounds(i + 1);
	}
}

/* By pages: who came back after the night finds it below what people wrote. */
Test(slack_killed, a_message_is_found_again_below_a_thousand_others)
{
	run_start();
	clock_to(AT(0));
	hold_posted();
	build_comes(AT(0), "web 1 a1 failed");
	slack_held();
	slack_kill();
	slack_let_go(&slack, true);
	slack_chatter(&slack, 0, 1000);
	clock_to(AT(10));
	run_start();
	build_comes(AT(10), "web 2 a2 passed");
	all_acked();
	cr_expect(slack_seen(3));
	cr_expect(slack_posted(&slack) == 2 && slack_edited(&slack) == 1);
}
