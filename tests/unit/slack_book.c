/* What is said of builds, and what isn't. */
/* SPDX-License-Identifier: MIT */
#include "sinks/slack/book_private.h"
#include "tests/unit/slack_talk.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(slack_book, .init = talk_init, .fini = talk_fini);

Test(slack_book, a_break_is_one_message_that_is_edited_when_it_is_fixed)
{
	green(16, "a");
	expect_said("");
	red(17, "b");
	expect_said("1: :red_circle: acme/web main is failing: #17\n");
	green(20, "c");
	expect_said(
		"1 = :large_green_circle: acme/web main is fixed by #20 after 3 min\n"
		"1 > 2: :large_green_circle: acme/web main is passing again: #20 by Ann Lee, after 3 min\n");
	green(21, "d");
	expect_said("");
}

Test(slack_book, further_failures_are_replies_and_grey_after_the_fix)
{
	red(17, "a");
	red(18, "b");
	red(19, "c");
	expect_said("1: :red_circle: acme/web main is failing: #17\n"
		    "1 = :red_circle: acme/web main is failing: #17 and 1 more\n"
		    "1 > 2: #18 failed too; it may be failing only because of #17\n"
		    "1 = :red_circle: acme/web main is failing: #17 and 2 more\n"
		    "1 > 3: #19 failed too; it may be failing only because of #17\n");
	green(20, "d");
	expect_said(
		"1 = :large_green_circle: acme/web main is fixed by #20 after 3 min\n"
		"1 > 4: :large_green_circle: acme/web main is passing again: #20 by Ann Lee, after 3 min\n"
		"2 = :white_circle: #18 is unknown: hidden behind the break of #17\n"
		"3 = :white_circle: #19 is unknown: hidden behind the break of #17\n");
}

Test(slack_book, an_outage_longer_than_broadcast_after_is_told_to_the_channel)
{
	red(1, "a");
	green(200, "b");
	expect_said("1: :red_circle: acme/web main is failing: #1\n"
		    "1 = :large_green_circle: acme/web main is fixed by #200 after 3 h 19 min\n"
		    "1 >> 2: :large_green_circle: acme/web main is passing again: #200 by Ann Lee, after 3 h "
		    "19 min\n");
}

Test(slack_book, a_rerun_that_passes_is_a_flake)
{
	struct build again = talk_build(17, RESULT_SUCCESS, "a");

	red(17, "a");
	again.version = ++talk.version;
	again.attempt = 2;
	talk_fold(&again);
	expect_said("1: :red_circle: acme/web main is failing: #17\n"
		    "1 = :large_yellow_circle: acme/web main was flaky: #17 passed on the same commit\n"
		    "1 > 2: :large_yellow_circle: #17 passed on the same commit: a flake, not a fix\n");
}

Test(slack_book, the_same_commit_that_passes_in_another_build_is_a_flake)
{
	red(17, "a");
	green(18, "a");
	expect_said("1: :red_circle: acme/web main is failing: #17\n"
		    "1 = :large_yellow_circle: acme/web main was flaky: #18 passed on the same commit\n"
		    "1 > 2: :large_yellow_circle: #18 passed on the same commit: a flake, not a fix\n");
}

Test(slack_book, an_older_build_that_ends_late_neither_breaks_nor_fixes)
{
	green(20, "c");
	red(19, "b");
	expect_said("");
	red(30, "d");
	expect_said("1: :red_circle: acme/web main is failing: #30\n");
	green(29, "e");
	red(28, "f");
	expect_said("");
}

Test(slack_book, what_was_cancelled_or_skipped_says_nothing)
{
	struct build cancelled = talk_build(18, RESULT_CANCELLATION, "b"),
		     skipped = talk_build(19, RESULT_SKIP, "c");

	red(17, "a");
	expect_said("1: :red_circle: acme/web main is failing: #17\n");
	talk_fold(&cancelled);
	talk_fold(&skipped);
	expect_said("");
}

Test(slack_book, a_version_more_of_the_same_failure_says_nothing)
{
	red(17, "a");
	expect_said("1: :red_circle: acme/web main is failing: #17\n");
	red(17, "a");
	expect_said("");
}

Test(slack_book, after_so_many_failures)
{
	talk.rule.after_failures = 3;
	red(1, "a");
	red(2, "b");
	expect_said("");
	red(3, "c");
	expect_said("1: :red_circle: acme/web main is failing: #1 and 2 more\n");
	green(4, "d");
	red(5, "e");
	green(6, "f");
	expect_said(
		"1 = :large_green_circle: acme/web main is fixed by #4 after 3 min\n"
		"1 > 2: :large_green_circle: acme/web main is passing again: #4 by Ann Lee, after 3 min\n");
}

Test(slack_book, cleared_after_so_many_passes_in_a_row)
{
	talk.rule.clear_after = 2;
	red(1, "a");
	green(2, "b");
	red(3, "c");
	green(4, "d");
	talk.said[0] = '\0';
	green(5, "e");
	expect_said("1 = :large_green_circle: acme/web main is fixed by #5 after 4 min\n"
		    "1 > 3: :large_green_circle: acme/web main is passing again: #5 by Ann Lee, after 4 min\n"
		    "2 = :white_circle: #3 is unknown: hidden behind the break of #1\n");
}

Test(slack_book, what_breaks_in_a_catch_up_is_told_once_if_it_is_still_so)
{
	struct build builds[] = {talk_build(1, RESULT_FAILURE, "a"), talk_build(2, RESULT_SUCCESS, "b"),
				 talk_build(3, RESULT_FAILURE, "c"), talk_build(4, RESULT_FAILURE, "d")};
	struct err err;

	for (size_t i = 0; i < sizeof builds / sizeof *builds; i++) {
		talk_fold_silently(&builds[i]);
	}
	talk_say();
	expect_said("");
	for (int i = 0; i < 2; i++) {
		cr_assert(book_begin(talk.book, &err) == OK);
		book_speak(talk.book, NULL, talk.now);
		cr_assert(book_commit(talk.book, &err) == OK);
		talk_say();
	}
	expect_said("1: :red_circle: acme/web main is failing: #3 and 1 more\n");
}

Test(slack_book, backfill_never_alerts_until_a_live_build_fails)
{
	struct build old = talk_build(1, RESULT_FAILURE, "a");

	old.origin = ORIGIN_BACKFILL;
	talk_fold(&old);
	expect_said("");
	red(2, "b");
	expect_said("1: :red_circle: acme/web main is failing: #1 and 1 more\n");
}

Test(slack_book, a_reminder_comes_as_long_as_it_is_red)
{
	talk.rule.remind_every_ms = 24 * 60 * MIN;
	red(1, "a");
	talk.said[0] = '\0';
	talk_wait(49 * 60 * MIN);
	expect_said("1 >> 2: :alarm_clock: acme/web main is failing for 1 d, since #1\n"
		    "1 >> 3: :alarm_clock: acme/web main is failing for 2 d, since #1\n");
	green(5000, "b");
	talk.said[0] = '\0';
	talk_wait(49 * 60 * MIN);
	expect_said("");
}

static size_t count_rows(const char *what)
{
	size_t count = 0;

	for (const char *at = talk.body; (at = strstr(at, what)); at += strlen(what)) {
		count++;
	}
	return count;
}

Test(slack_book, failed_jobs_that_do_not_fit_are_counted)
{
	static struct job jobs[40];
	static char url[900];
	struct build build = talk_build(1, RESULT_FAILURE, "a");

	memset(url, 'u', sizeof url - 1);
	memcpy(url, "https://x.test/", 15);
	for (size_t i = 0; i < 40; i++) {
		job_init(&jobs[i]);
		jobs[i].name = TEXT("lint");
		jobs[i].url = text_of(url);
		jobs[i].result = i < 30 ? RESULT_FAILURE : RESULT_SUCCESS;
	}
	build.jobs = (struct field_list){jobs, 40};
	talk_fold(&build);
	cr_expect_eq(count_rows("|lint>"), 3, "%zu", count_rows("|lint>"));
	cr_expect_eq(count_rows("and 27 more failed jobs"), 1, "%s", talk.body);
}

Test(slack_book, what_is_long_over_is_forgotten)
{
	struct err err;

	red(1, "a");
	green(2, "b");
	red(3, "c");
	cr_assert(book_begin(talk.book, &err) == OK);
	book_forget(talk.book, talk.now + INT64_C(200) * 24 * 60 * MIN);
	cr_assert(book_commit(talk.book, &err) == OK);
	talk.said[0] = '\0';
	green(4, "d");
	expect_said(
		"3 = :large_green_circle: acme/web main is fixed by #4 after 1 min\n"
		"3 > 4: :large_green_circle: acme/web main is passing again: #4 by Ann Lee, after 1 min\n");
}

/* What Slack is asked for is what the answer is kept under. */
Test(slack_book, an_author_whose_address_is_odd_is_asked_for_once)
{
	char key[] = "*", value[] = "lookup", *keys[] = {key}, *values[] = {value};
	struct build build = talk_build(17, RESULT_FAILURE, "a");
	struct operation operation;
	struct err err;

	talk.config.users = (struct config_map){keys, values, 1};
	build.author.email = (struct text){"ann\0@x", 6};
	cr_assert(book_begin(talk.book, &err) == OK);
	book_fold(talk.book, &build, build.finished_at, false);
	cr_assert(book_commit(talk.book, &err) == OK);
	talk.now = build.finished_at;
	cr_assert(book_next(talk.book, NULL, talk.now, &operation));
	if (operation.email) {
		cr_assert(book_begin(talk.book, &err) == OK);
		book_user(talk.book, operation.email, NULL, INT64_MAX);
		cr_assert(book_commit(talk.book, &err) == OK);
	}
	cr_assert(book_next(talk.book, NULL, talk.now, &operation));
	cr_expect_null(operation.email);
	talk.config.users = (struct config_map){0};
}

static int deny_jobs(void *arg, int action, const char *table, const char *column, const char *file,
		     const char *trigger)
{
	(void)arg, (void)file, (void)trigger;
	return action == SQLITE_READ && strcmp(table, "alerts") == 0 && strcmp(column, "jobs") == 0
		       ? SQLITE_DENY
		       : SQLITE_OK;
}

Test(slack_book, what_cannot_be_read_is_said_when_it_can)
{
	sqlite3_set_authorizer(talk.book->db.db, deny_jobs, NULL);
	red(17, "a");
	expect_said("");
	sqlite3_set_authorizer(talk.book->db.db, NULL, NULL);
	talk_say();
	expect_said("1: :red_circle: acme/web main is failing: #17\n");
}

Test(slack_book, an_older_version_that_comes_again_says_nothing)
{
	struct build failed = talk_build(17, RESULT_FAILURE, "a"),
		     passed = talk_build(17, RESULT_SUCCESS, "a");

	talk_fold(&failed);
	talk_fold(&passed);
	talk.said[0] = '\0';
	talk_fold(&failed);
	expect_said("");
}

Test(slack_book, a_rerun_is_a_flake_where_nobody_knows_the_commit)
{
	red(17, "");
	talk.said[0] = '\0';
	green(17, "");
	expect_said("1 = :large_yellow_circle: acme/web main was flaky: #17 passed on the same commit\n"
		    "1 > 2: :large_yellow_circle: #17 passed on the same commit: a flake, not a fix\n");
	red(18, "");
	talk.said[0] = '\0';
	green(19, "");
	expect_said(
		"3 = :large_green_circle: acme/web main is fixed by #19 after 1 min\n"
		"3 > 4: :large_green_circle: acme/web main is passing again: #19 by Ann Lee, after 1 min\n");
}
