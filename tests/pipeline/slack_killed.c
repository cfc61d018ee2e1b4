/* Whatever happens between a message and what is known of it, a break is one message and a fix one edit. */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "tests/pipeline/slack_run.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

TestSuite(slack_killed, .init = slack_run_init, .fini = slack_run_fini, .timeout = 180);

#define AT(minute) (9 * HOUR_MS + (minute)*MINUTE_MS)

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

/* A break, and its fix ten minutes later. */
static void tell(size_t round)
{
	char line[100];

	clock_to(AT(20 * (int64_t)round));
	snprintf(line, sizeof line, "web %zu a%zu failed", 2 * round + 1, 2 * round + 1);
	build_comes(AT(20 * (int64_t)round), line);
}

static void fix(size_t round)
{
	char line[100];

	clock_to(AT(20 * (int64_t)round + 10));
	snprintf(line, sizeof line, "web %zu a%zu passed", 2 * round + 2, 2 * round + 2);
	build_comes(AT(20 * (int64_t)round + 10), line);
}

/* Each round is a message, its edit, its reply: in all so many, in this order. */
static void has_rounds_at(struct spot spot, size_t rounds)
{
	char *wanted = NULL, *is;
	size_t size;
	FILE *out = open_memstream(&wanted, &size);

	for (size_t i = 0; i < rounds; i++) {
		fprintf(out,
			"#builds %zu: :red_circle: acme/web main is failing: #%zu\n"
			"#builds %zu = :large_green_circle: acme/web main is fixed by #%zu after 10 min\n"
			"#builds %zu > %zu: :large_green_circle: acme/web main is passing again: #%zu by "
			"ann, "
			"after 10 min\n",
			2 * i + 1, 2 * i + 1, 2 * i + 1, 2 * i + 2, 2 * i + 1, 2 * i + 2, 2 * i + 2);
	}
	fclose(out);
	all_acked_at(spot);
	slack_seen(3 * rounds);
	is = slack_conversation(&slack, NULL, false);
	same_conversation_at(spot, is, wanted);
	free(is);
	free(wanted);
}
#define has_rounds(rounds) has_rounds_at(HERE, rounds)

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

static void hold_post(void)
{
	slack_hold(&slack, SLACK_POST, SLACK_BEFORE, 0);
}

static void hold_posted(void)
{
	slack_hold(&slack, SLACK_POST, SLACK_AFTER, 0);
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

/* What is lost on the way without a crash: looked up before it is said again. */
Test(slack_killed, an_unknown_outcome_is_looked_up)
{
	static const struct slack_failure rows[] = {
		{.times = 1, .code = 0},
		{.times = 1, .code = 0, .after = true},
		{.times = 1, .code = 500},
		{.times = 1, .code = 500, .after = true},
		{.times = 1, .code = 200, .error = "request_timeout", .after = true},
		{.times = 1, .code = 200, .error = "fatal_error"},
		{.times = 1, .code = 200, .error = "internal_error", .after = true},
		{.times = 1, .code = 429, .retry_after_s = 7},
		{.times = 3, .code = 503},
	};
	size_t round = 0;

	run_start();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++, round += 2) {
		slack_fail(&slack, SLACK_POST, rows[i]);
		tell(round);
		all_acked();
		slack_seen(3 * round + 1);
		fix(round);
		has_rounds(round + 1);
		tell(round + 1);
		all_acked();
		slack_seen(3 * round + 4);
		slack_fail(&slack, SLACK_UPDATE, rows[i]);
		fix(round + 1);
		has_rounds(round + 2);
	}
}

static void set_room(rlim_t bytes)
{
	struct rlimit limit = {bytes, RLIM_INFINITY};

	cr_assert(prlimit(child_pid(run.sink), RLIMIT_FSIZE, &limit, NULL) == 0);
}

/* Nobody may look for it, and that it was not found can't be kept. */
Test(slack_killed, an_unknown_outcome_is_told_once_when_the_disk_has_room_again)
{
	slack_fail(&slack, SLACK_LIST,
		   (struct slack_failure){.times = -1, .code = 200, .error = "missing_scope"});
	run_start();
	hold_post();
	tell(0);
	slack_held();
	all_acked();
	set_room(0);
	slack_let_go(&slack, true);
	slack_says("\"slack.blind\"", 1);
	build_comes(AT(1), "api 1 a1 passed");
	slack_says("\"sink.retry\"", 1); /* else it turns in a circle */
	set_room(RLIM_INFINITY);
	slack_seen(1);
	fix(0);
	has_rounds(1);
}

/* NULL: it works again. */
static void refuse(const char *word)
{
	struct slack_failure failure = {.times = word ? -1 : 0, .code = 200, .error = word};

	slack_fail(&slack, SLACK_HISTORY, failure);
	slack_fail(&slack, SLACK_POST, failure);
}

/* A look-up that is refused says nothing of what became of it. */
Test(slack_killed, an_unknown_outcome_is_looked_up_when_nothing_is_refused_any_more)
{
	static const struct {
		void (*hold)(void);
		const char *word;
	} rows[] = {{hold_post, "invalid_auth"},
		    {hold_posted, "token_revoked"},
		    {hold_posted, "channel_not_found"}};

	run_start();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rows[i].hold();
		tell(i);
		slack_held();
		refuse(rows[i].word);
		slack_let_go(&slack, true);
		slack_says("\"slack.refused\"", (int)i + 1);
		refuse(NULL);
		all_acked();
		slack_seen_late(3 * i + 1);
		fix(i);
		has_rounds(i + 1);
	}
}

/* The id of a channel that was away is asked for, and can't be kept. */
Test(slack_killed, an_unknown_outcome_is_looked_up_when_the_channel_is_known_again)
{
	run_start();
	hold_posted();
	tell(0);
	slack_held();
	all_acked();
	refuse("channel_not_found");
	slack_let_go(&slack, true);
	slack_says("\"slack.refused\"", 1);
	refuse(NULL);
	slack_hold(&slack, SLACK_LIST, SLACK_BEFORE, 0);
	clock_to(clock_now() + 5 * MINUTE_MS);
	slack_held();
	set_room(0);
	slack_let_go(&slack, false);
	slack_says("\"slack.file\"", 1);
	set_room(RLIM_INFINITY);
	fix(0);
	has_rounds(1);
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
