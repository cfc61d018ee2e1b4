/* Many at once, quiet hours, channels that refuse. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/slack_talk.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(slack_crowd, .init = talk_init, .fini = talk_fini);

/* The first build of pipeline p<n>. */
static void pipeline_ends(int pipeline, int number, int result, void (*fold)(const struct build *build))
{
	struct build build = talk_build(number, result, number > 1 ? "b" : "a");
	char id[64], name[16];

	snprintf(id, sizeof id, "buildkite/acme/p%d/%d", pipeline, number);
	snprintf(name, sizeof name, "p%d", pipeline);
	build.id = text_of(id);
	build.pipeline = text_of(name);
	fold(&build);
}

static void in_book(void (*act)(void))
{
	struct err err;

	cr_assert(book_begin(talk.book, &err) == OK);
	act();
	cr_assert(book_commit(talk.book, &err) == OK, "%s", err.text);
}

static void speak(void)
{
	book_speak(talk.book, NULL, talk.now);
}

Test(slack_crowd, a_storm_ends_in_one_digest_that_is_edited)
{
	talk.config.storm = 2;
	for (int i = 1; i <= 5; i++) {
		pipeline_ends(i, 1, RESULT_FAILURE, talk_fold);
	}
	expect_said("1: :red_circle: acme/p1 main is failing: #1\n"
		    "2: :red_circle: acme/p2 main is failing: #1\n");
	talk_wait(10000);
	expect_said("3: :red_circle: 3 pipelines are failing\n");
	pipeline_ends(6, 1, RESULT_FAILURE, talk_fold);
	expect_said("3 = :red_circle: 4 pipelines are failing\n");
	talk_wait(2 * MIN);
	pipeline_ends(7, 10, RESULT_FAILURE, talk_fold);
	expect_said("4: :red_circle: acme/p7 main is failing: #10\n");
	for (int i = 3; i <= 6; i++) {
		pipeline_ends(i, 12, RESULT_SUCCESS, talk_fold);
	}
	expect_said("3 = :red_circle: 3 of 4 pipelines are still failing\n"
		    "3 = :red_circle: 2 of 4 pipelines are still failing\n"
		    "3 = :red_circle: 1 of 4 pipelines is still failing\n"
		    "3 = :large_green_circle: 4 pipelines were failing, all are passing again\n");
}

Test(slack_crowd, two_hundred_at_once_are_readable)
{
	for (int i = 1; i <= 200; i++) {
		pipeline_ends(i, 1, RESULT_FAILURE, talk_fold_silently);
	}
	in_book(speak);
	talk_wait(10000);
	expect_said("1: :red_circle: 200 pipelines are failing\n");
	cr_assert(strstr(talk.body, "*acme/p1* main"));
	cr_assert(strstr(talk.body, " more\""), "the rest is counted");
}

/* Ten failed jobs each, with long addresses. */
static void fail_with_jobs(const struct build *given)
{
	static struct job jobs[10];
	static char url[900];
	struct build build = *given;

	memset(url, 'u', sizeof url - 1);
	memcpy(url, "https://x.test/", 15);
	for (size_t i = 0; i < 10; i++) {
		job_init(&jobs[i]);
		jobs[i].name = TEXT("lint");
		jobs[i].url = text_of(url);
		jobs[i].result = RESULT_FAILURE;
	}
	build.jobs = (struct field_list){jobs, 10};
	talk_fold_silently(&build);
}

Test(slack_crowd, two_hundred_with_much_to_tell_are_told)
{
	for (int i = 1; i <= 200; i++) {
		pipeline_ends(i, 1, RESULT_FAILURE, fail_with_jobs);
	}
	in_book(speak);
	talk_wait(10000);
	expect_said("1: :red_circle: 200 pipelines are failing\n");
	cr_assert(strstr(talk.body, "*acme/p60* main"));
	cr_assert(strstr(talk.body, " more\""), "the rest is counted");
}

static char night[] = "22:00-07:00", utc[] = "UTC";
static char *nights[] = {night};

/* It is Thursday, 00:05 when build 0 ends. */
static void quiet_nights(void)
{
	talk.rule.quiet = (struct quiet){.times = {nights, 1}, .time_zone = utc};
}

Test(slack_crowd, what_is_still_red_in_the_morning_is_one_digest)
{
	quiet_nights();
	for (int i = 1; i <= 4; i++) {
		pipeline_ends(i, 1, RESULT_FAILURE, talk_fold);
	}
	pipeline_ends(1, 2, RESULT_SUCCESS, talk_fold);
	expect_said("");
	talk_wait(6 * 60 * MIN);
	expect_said("");
	talk_wait(60 * MIN);
	expect_said("1: :red_circle: 3 pipelines are failing\n");
}

Test(slack_crowd, one_that_is_still_red_in_the_morning_is_a_message)
{
	quiet_nights();
	pipeline_ends(1, 1, RESULT_FAILURE, talk_fold);
	pipeline_ends(2, 1, RESULT_FAILURE, talk_fold);
	pipeline_ends(2, 2, RESULT_SUCCESS, talk_fold);
	talk_wait(7 * 60 * MIN);
	expect_said("1: :red_circle: acme/p1 main is failing: #1\n");
}

Test(slack_crowd, without_digest_each_is_told_in_the_morning)
{
	quiet_nights();
	talk.rule.quiet_digest = false;
	pipeline_ends(1, 1, RESULT_FAILURE, talk_fold);
	pipeline_ends(2, 1, RESULT_FAILURE, talk_fold);
	talk_wait(7 * 60 * MIN);
	expect_said("1: :red_circle: acme/p1 main is failing: #1\n"
		    "2: :red_circle: acme/p2 main is failing: #1\n");
}

Test(slack_crowd, a_fix_at_night_edits_at_once_and_replies_in_the_morning)
{
	struct build fixed;

	red(1, "a");
	quiet_nights();
	expect_said("1: :red_circle: acme/web main is failing: #1\n");
	red(2, "b");
	expect_said("1 = :red_circle: acme/web main is failing: #1 and 1 more\n");
	fixed = talk_build(3, RESULT_SUCCESS, "c");
	talk_fold(&fixed);
	expect_said("1 = :large_green_circle: acme/web main is fixed by #3 after 2 min\n");
	talk_wait(8 * 60 * MIN);
	expect_said(
		"1 > 2: :large_green_circle: acme/web main is passing again: #3 by Ann Lee, after 2 min\n");
}

static void mute(void)
{
	book_mute(talk.book, "#builds", "is_archived", talk.now);
}

static void unmute(void)
{
	book_unmute(talk.book, "#builds");
	book_speak(talk.book, "#builds", talk.now);
}

Test(slack_crowd, a_channel_that_is_cured_hears_what_is_still_so)
{
	red(1, "a");
	expect_said("1: :red_circle: acme/web main is failing: #1\n");
	pipeline_ends(1, 1, RESULT_FAILURE, talk_fold_silently);
	in_book(mute);
	for (int i = 2; i <= 4; i++) {
		pipeline_ends(i, 1, RESULT_FAILURE, talk_fold);
	}
	pipeline_ends(2, 2, RESULT_SUCCESS, talk_fold);
	expect_said("");
	in_book(unmute);
	talk_say();
	expect_said("2: :red_circle: acme/p1 main is failing: #1\n"
		    "3: :red_circle: acme/p3 main is failing: #1\n"
		    "4: :red_circle: acme/p4 main is failing: #1\n");
}

Test(slack_crowd, what_was_not_said_yet_is_taken_back)
{
	pipeline_ends(1, 1, RESULT_FAILURE, talk_fold_silently);
	in_book(speak);
	in_book(mute);
	talk_say();
	expect_said("");
	in_book(unmute);
	talk_say();
	expect_said("2: :red_circle: acme/p1 main is failing: #1\n");
}

Test(slack_crowd, old_news_wait_for_what_follows)
{
	struct build broken = talk_build(1, RESULT_FAILURE, "a"), fixed = talk_build(2, RESULT_SUCCESS, "b");

	talk.now = T0 + 180 * MIN;
	talk_fold(&broken);
	talk_fold(&fixed);
	talk_wait(MIN);
	expect_said("");
	broken = talk_build(3, RESULT_FAILURE, "c");
	talk_fold(&broken);
	expect_said("");
	talk_wait(MIN);
	expect_said("1: :red_circle: acme/web main is failing: #3\n");
}

static char none[] = "none";

Test(slack_crowd, a_rule_without_channel_says_nothing)
{
	talk.rule.channel = none;
	red(1, "a");
	red(2, "b");
	green(3, "c");
	expect_said("");
}

static char hook[] = "https://hooks.slack.com/services/T/B/x";

Test(slack_crowd, a_webhook_can_only_post)
{
	talk.config.token = NULL;
	talk.config.webhook_url = hook;
	red(1, "a");
	red(2, "b");
	green(3, "c");
	red(4, "d");
	green(5, "d");
	expect_said("1: :red_circle: acme/web main is failing: #1\n"
		    "1 > 2: :large_green_circle: acme/web main is passing again: #3 by Ann Lee, after 2 min\n"
		    "3: :red_circle: acme/web main is failing: #4\n"
		    "3 > 4: :large_yellow_circle: acme/web main #5 passed on the same commit: a flake, not a "
		    "fix\n");
	cr_assert(!strstr(talk.body, "metadata") && !strstr(talk.body, "thread_ts"));
}

static struct operation refused;

static void refuse(void)
{
	book_refused(talk.book, &refused, true);
}

Test(slack_crowd, what_can_never_be_said_leaves_nothing_behind)
{
	struct build broken = talk_build(1, RESULT_FAILURE, "a"), more = talk_build(2, RESULT_FAILURE, "b");

	talk_fold_silently(&broken);
	in_book(speak);
	talk_fold_silently(&more);
	cr_assert(book_next(talk.book, NULL, talk.now, &refused));
	in_book(refuse);
	cr_expect_eq(book_waiting(talk.book), 0);
	green(3, "c");
	expect_said("");
	red(4, "d");
	expect_said("3: :red_circle: acme/web main is failing: #4\n");
}

static void forget(void)
{
	book_forget(talk.book, talk.now + INT64_C(200) * 24 * 60 * MIN);
}

Test(slack_crowd, what_is_still_to_be_said_is_not_forgotten)
{
	struct build fixed = talk_build(2, RESULT_SUCCESS, "b");

	red(1, "a");
	talk.said[0] = '\0';
	talk_fold_silently(&fixed);
	in_book(forget);
	talk_say();
	expect_said(
		"1 = :large_green_circle: acme/web main is fixed by #2 after 1 min\n"
		"1 > 2: :large_green_circle: acme/web main is passing again: #2 by Ann Lee, after 1 min\n");
}
