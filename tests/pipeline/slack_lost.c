/* slack.db is lost, used by another, or not ours. */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "tests/pipeline/slack_run.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(slack_lost, .init = slack_run_init, .fini = slack_run_fini, .timeout = 120);

static const char *file(const char *suffix)
{
	static char path[300];

	snprintf(path, sizeof path, "%s/slack.db%s", run.place->state, suffix);
	return path;
}

static bool is_looked_up(void *arg)
{
	(void)arg;
	return slack_asked(&slack, SLACK_HISTORY) > 0;
}

static void expect_conversation(const char *wanted)
{
	char *is = slack_conversation(&slack, NULL, false);

	same_conversation(is, wanted);
	free(is);
}

static void lose(void)
{
	unlink(file(""));
	unlink(file("-wal"));
	unlink(file("-shm"));
}

static void tell(void)
{
	run_start();
	clock_to(9 * HOUR_MS);
	build_comes(9 * HOUR_MS, "web 17 a failed");
	all_acked();
	slack_seen(1);
	run_stop();
}

/* It runs: the fix is the first thing to be said. */
static void is_found_again(void)
{
	cr_assert(run_until(run.loop, is_looked_up, NULL, (int)patience_ms()), "nothing is looked up");
	build_comes(10 * HOUR_MS, "web 18 b passed");
	all_acked();
	slack_seen(3);
	expect_conversation("#builds 1: :red_circle: acme/web main is failing: #17\n"
			    "#builds 1 = :large_green_circle: acme/web main is fixed by #18 after 1 h\n"
			    "#builds 1 >> 2: :large_green_circle: acme/web main is passing again: #18 by "
			    "ann, after 1 h\n");
}

Test(slack_lost, what_was_told_is_found_again)
{
	tell();
	lose();
	run_start();
	is_found_again();
}

Test(slack_lost, what_was_told_is_found_again_by_who_was_killed_before_it_knew_of_it)
{
	tell();
	lose();
	fake_hub_kill(run.hub);
	run_start();
	said("slack.rules");
	slack_kill();
	fake_hub_bind(run.hub);
	run_start();
	is_found_again();
}

/* What is lost can't even be noted: the position at the hub, which tells it, must stay. */
Test(slack_lost, what_was_told_is_found_again_by_who_could_not_note_that_it_is_lost)
{
	tell();
	lose();
	fake_hub_kill(run.hub);
	run_start();
	said("slack.rules");
	cr_assert(prlimit(child_pid(run.sink), RLIMIT_FSIZE, &(struct rlimit){1, 1}, NULL) == 0);
	fake_hub_bind(run.hub);
	cr_expect_eq(run_end(), 111);
	cr_expect_eq(run.hub->position, 1);
	child_free(&run.sink);
	run_start();
	is_found_again();
}

#define MANY 1000000

static bool is_refused(void *arg)
{
	(void)arg;
	return run.hub->full < MANY;
}

/* The hub keeps nothing: what was acknowledged is forgotten, and what can't be read keeps the sink from
 * coming to the end of what is there. */
Test(slack_lost, what_was_told_is_found_again_by_who_was_killed_while_everything_came_anew)
{
	tell();
	lose();
	fake_hub_add(run.hub, "?", 1);
	run.hub->full = MANY;
	run_start();
	cr_assert(run_until(run.loop, is_refused, NULL, (int)patience_ms()), "nothing came anew");
	slack_kill();
	cr_assert(run.hub->position == 0);
	run.hub->full = 0;
	run_start();
	is_found_again();
}

static bool is_two_messages(void *arg)
{
	sqlite3_stmt *row = NULL;
	sqlite3 *db;
	int count = 0;

	(void)arg;
	if (sqlite3_open_v2(file(""), &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, "SELECT count(*) FROM messages", -1, &row, NULL) == SQLITE_OK &&
	    sqlite3_step(row) == SQLITE_ROW) {
		count = sqlite3_column_int(row, 0);
	}
	sqlite3_finalize(row);
	sqlite3_close(db);
	return count == 2;
}

/* Until then nothing is said, though one of the two is fixed. */
Test(slack_lost, what_was_told_is_found_again_when_quiet_hours_end)
{
	int asked; /* who was stopped before the answer came has asked before */

	slack_configure(", rules: [{quiet_hours: {times: \"12:00-13:00\", time_zone: UTC}}]");
	tell();
	run_start();
	build_comes(9 * HOUR_MS, "api 3 a failed");
	all_acked();
	cr_assert(slack_seen(2));
	run_stop();
	asked = slack_asked(&slack, SLACK_HISTORY);
	lose();
	clock_to(12 * HOUR_MS + 10 * MINUTE_MS);
	run_start();
	cr_assert(run_until(run.loop, is_two_messages, NULL, (int)patience_ms()), "nothing is in doubt");
	build_comes(12 * HOUR_MS + 10 * MINUTE_MS, "web 18 b passed");
	all_acked();
	cr_assert(slack_events() == 2 && slack_asked(&slack, SLACK_HISTORY) == asked);
	clock_to(13 * HOUR_MS);
	cr_assert(slack_seen(4));
	build_comes(14 * HOUR_MS, "api 4 b passed");
	cr_assert(slack_seen(6));
	expect_conversation(
		"#builds 1: :red_circle: acme/web main is failing: #17\n"
		"#builds 2: :red_circle: acme/api main is failing: #3\n"
		"#builds 1 = :large_green_circle: acme/web main is fixed by #18 after 3 h 10 min\n"
		"#builds 1 >> 3: :large_green_circle: acme/web main is passing again: #18 by ann, after 3 h "
		"10 min\n"
		"#builds 2 = :large_green_circle: acme/api main is fixed by #4 after 5 h\n"
		"#builds 2 >> 4: :large_green_circle: acme/api main is passing again: #4 by ann, after 5 "
		"h\n");
}

Test(slack_lost, a_newer_file_is_left_alone)
{
	sqlite3 *db;

	run_start();
	child_ready(run.sink);
	run_stop();
	cr_assert(sqlite3_open(file(""), &db) == SQLITE_OK);
	cr_assert(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL) == SQLITE_OK);
	sqlite3_close(db);
	run_start();
	refuses("slack.db", "newer buildbus", "move the file away");
}

Test(slack_lost, nobody_else_may_read_it)
{
	struct stat status;

	run_start();
	child_ready(run.sink);
	cr_assert(stat(file(""), &status) == 0);
	cr_expect((status.st_mode & 0777) == 0600);
}
