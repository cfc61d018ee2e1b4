/* Builds that take too long, or wait for too long. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/slack_talk.h"

#include <criterion/criterion.h>

TestSuite(slack_slow, .init = talk_init, .fini = talk_fini);

static void takes(int number, int64_t duration_ms)
{
	struct build build = talk_build(number, RESULT_SUCCESS, "a");

	build.duration_ms = duration_ms;
	talk_fold(&build);
}

Test(slack_slow, a_build_far_over_what_is_usual_is_told_until_one_is_not)
{
	talk.rule.slow_factor = 2;
	talk.rule.slow_at_least_ms = MIN;
	for (int i = 1; i <= 10; i++) {
		takes(i, 10 * MIN);
	}
	takes(11, 20 * MIN);
	expect_said("");
	takes(12, 42 * MIN);
	expect_said("1: :snail: acme/web main #12 took 42 min, usually at most 10 min\n");
	takes(13, 45 * MIN);
	expect_said("1 = :snail: acme/web main #13 took 45 min, usually at most 10 min\n");
	takes(14, 10 * MIN);
	expect_said(
		"1 = :white_circle: acme/web main #13 was slow: it took 45 min, usually at most 10 min\n");
}

Test(slack_slow, few_builds_say_nothing_about_what_is_usual)
{
	talk.rule.slow_factor = 2;
	for (int i = 1; i <= 9; i++) {
		takes(i, MIN);
	}
	takes(10, 60 * MIN);
	expect_said("");
}

static struct build queued(int number)
{
	struct build build = talk_build(number, RESULT_NULL, "a");

	build.state = STATE_QUEUED;
	build.queued_at = number % 2 ? INT_NULL : build.created_at;
	build.started_at = build.finished_at = build.duration_ms = INT_NULL;
	return build;
}

Test(slack_slow, a_build_that_waits_too_long_is_told_and_edited_when_it_starts)
{
	struct build build = queued(31);

	talk.rule.stuck_queued_ms = 30 * MIN;
	talk_fold(&build);
	talk_wait(29 * MIN);
	expect_said("");
	talk_wait(2 * MIN);
	expect_said("1: :hourglass: acme/web main #31 waits for 30 min\n");
	build.state = STATE_RUNNING;
	build.version = ++talk.version;
	build.started_at = build.created_at + 50 * MIN;
	talk_fold(&build);
	expect_said("1 = :white_circle: acme/web main #31 started after 50 min\n");
	talk_wait(120 * MIN);
	expect_said("");
}

Test(slack_slow, what_starts_in_time_is_not_told)
{
	struct build build = queued(31);

	talk.rule.stuck_queued_ms = 30 * MIN;
	talk_fold(&build);
	build.state = STATE_RUNNING;
	build.version = ++talk.version;
	build.started_at = build.created_at + 5 * MIN;
	talk_fold(&build);
	talk_wait(120 * MIN);
	expect_said("");
}
