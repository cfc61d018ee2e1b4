/* What rules change: who is told, where, when, how often. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/slack_scene.h"

#include <stdlib.h>
#include <string.h>

TestSuite(slack_scenes_rules, .init = slack_run_init, .fini = slack_run_fini, .timeout = 120);

#define RED   ":red_circle: "
#define GREEN ":large_green_circle: "
#define WHITE ":white_circle: "
#define WEB   "acme/web main "

Test(slack_scenes_rules, the_first_that_matches_says_where)
{
	slack_add_channel(&slack, "C0NIGHTLY", "nightly");
	play(.rules =
		     "{organization: globex, channel: none}, {pipeline: [web, web-*], branch: \"release/*\", "
		     "channel: \"#other\"}, {pipeline: web*, trigger: schedule, channel: C0NIGHTLY}, "
		     "{provider: "
		     "circleci, result: error}, {pipeline: web}",
	     .script = "09:00 web 17 a1 failed org=globex\n"
		       "09:01 web 18 a1 failed branch=release/1\n"
		       "#other 1: " RED "acme/web release/1 is failing: #18\n"
		       "09:02 web-old 3 a1 failed trigger=schedule\n"
		       "#nightly 1: " RED "acme/web-old main is failing: #3\n"
		       "09:03 web-old 4 a1 failed branch=ann/try\n"
		       "09:04 api 5 a1 failed provider=circleci\n"
		       "09:05 api 6 a1 error provider=circleci\n"
		       "#builds 1: " RED "acme/api main is failing: #6\n"
		       "09:06 api 7 a1 failed\n"
		       "09:07 web 19 a1 failed\n"
		       "#builds 2: " RED WEB "is failing: #19\n");
}

/* What failed at night is said in the morning, once; what came and went is not. */
Test(slack_scenes_rules, quiet_hours_end_with_one_digest_of_what_is_still_red)
{
	play(.rules = "{quiet_hours: {times: [\"22:00-07:00\", sat-sun], time_zone: UTC}}",
	     .script = "20:00 ui 1 c1 failed\n"
		       "#builds 1: " RED "acme/ui main is failing: #1\n"
		       "23:00 web 17 a1 failed\n"
		       "23:30 api 3 b1 failed\n"
		       "tue 01:00 app 5 d1 failed\n"
		       "tue 02:00 app 6 d2 passed\n"
		       "tue 03:00 ui 2 c2 failed\n"
		       "#builds 1 = " RED "acme/ui main is failing: #1 and 1 more\n"
		       "tue 06:59 wait\n"
		       "tue 07:00 wait\n"
		       "#builds 2: " RED "2 pipelines are failing\n"
		       "tue 07:30 web 18 a2 passed\n"
		       "#builds 2 = " RED "1 of 2 pipelines is still failing\n"
		       "sat 10:00 app 7 d3 failed\n"
		       "mon2 07:00 wait\n"
		       "#builds 3: " RED "acme/app main is failing: #7\n");
}

Test(slack_scenes_rules, quiet_hours_follow_the_clocks_of_people)
{
	play(.rules = "{quiet_hours: {times: \"22:00-07:00\", time_zone: America/New_York, digest: false}}",
	     .script = "04:00 web 17 a1 failed\n"
		       "04:30 api 3 b1 failed\n"
		       "11:59 wait\n"
		       "12:00 wait\n"
		       "#builds 1: " RED WEB "is failing: #17\n"
		       "#builds 2: " RED "acme/api main is failing: #3\n");
}

Test(slack_scenes_rules, what_stays_red_is_said_again_where_all_see_it)
{
	play(.rules = "{remind_every: 1d}",
	     .script = "fri 17:00 web 17 a1 failed\n"
		       "#builds 1: " RED WEB "is failing: #17\n"
		       "sat 16:59 wait\n"
		       "sat 17:01 wait\n"
		       "#builds 1 >> 2: :alarm_clock: " WEB "is failing for 1 d, since #17\n"
		       "sun 17:03 wait\n"
		       "#builds 1 >> 3: :alarm_clock: " WEB "is failing for 2 d, since #17\n"
		       "sun 18:00 web 18 a2 passed\n"
		       "#builds 1 = " GREEN WEB "is fixed by #18 after 2 d 1 h\n"
		       "#builds 1 >> 4: " GREEN WEB "is passing again: #18 by ann, after 2 d 1 h\n"
		       "tue2 18:00 wait\n");
}

Test(slack_scenes_rules, a_build_that_waits_for_too_long_is_told_and_taken_back)
{
	play(.rules = "{stuck: {queued: 1d}}", .script =
						       "09:00 web 17 a1 queued took=1\n"
						       "09:10 api 3 b1 queued took=1\n"
						       "09:20 api 3 b1 running created=11\n"
						       "tue 08:58 wait\n"
						       "tue 09:02 wait\n"
						       "#builds 1: :hourglass: " WEB "#17 waits for 1 d\n"
						       "tue 10:00 web 17 a1 running created=1501\n"
						       "#builds 1 = " WHITE WEB "#17 started after 1 d 1 h\n"
						       "tue 10:10 web 17 a1 passed created=1511\n");
}

Test(slack_scenes_rules, a_build_that_takes_too_long_is_told)
{
	play(.rules = "{slow: {factor: 2}}",
	     .script = "08:00 web 1 a1 passed took=10\n08:01 web 2 a1 passed took=10\n"
		       "08:02 web 3 a1 passed took=10\n08:03 web 4 a1 passed took=10\n"
		       "08:04 web 5 a1 passed took=10\n08:05 web 6 a1 passed took=10\n"
		       "08:06 web 7 a1 passed took=10\n08:07 web 8 a1 passed took=10\n"
		       "08:08 web 9 a1 passed took=10\n08:20 web 10 a1 passed took=12\n"
		       "09:00 web 11 a1 passed took=20 created=21\n"
		       "10:00 web 12 a1 passed took=45\n"
		       "#builds 1: :snail: " WEB "#12 took 45 min, usually at most 12 min\n"
		       "11:00 web 13 a1 passed took=10\n"
		       "#builds 1 = " WHITE WEB "#12 was slow: it took 45 min, usually at most 12 min\n");
}

/* "after exactly three": no alert at the fourth. */
Test(slack_scenes_rules, consecutive_failures_are_told_once)
{
	play(.rules = "{after_failures: 3}",
	     .script = "09:00 web 1 a1 failed\n09:10 web 2 a2 failed\n"
		       "09:20 web 3 a3 failed\n"
		       "#builds 1: " RED WEB "is failing: #1 and 2 more\n"
		       "09:30 web 4 a4 failed\n"
		       "#builds 1 = " RED WEB "is failing: #1 and 3 more\n"
		       "#builds 1 > 2: #4 failed too; it may be failing only because of #1\n");
}

/* #205: who broke it. Whoever is in `users`, or is known to Slack by the e-mail; nobody else. */
Test(slack_scenes_rules, the_author_is_mentioned_when_known)
{
	char *text;

	slack_add_user(&slack, "U0BOB4567", "bob@example.com");
	play(.config = ", users: {ann: U0ANN4567, \"*@example.com\": lookup}",
	     .rules = "{mention: [author, S0TEAM123]}",
	     .script = "09:00 web 17 0a1b2c3d4e failed by=ann job=lint,test message=Break-it\n"
		       "#builds 1: " RED WEB "is failing: #17\n"
		       "09:01 api 3 b1 failed by=bob\n"
		       "#builds 2: " RED "acme/api main is failing: #3\n"
		       "09:02 ui 4 c1 failed by=eve\n"
		       "#builds 3: " RED "acme/ui main is failing: #4\n");
	text = slack_conversation(&slack, NULL, true);
	cr_expect(strstr(text, "0a1b2c3d Break-it by @U0ANN4567") ||
			  strstr(text, "`0a1b2c3d` Break-it by @U0ANN4567"),
		  "%s", text);
	cr_expect(strstr(text, "@subteam^S0TEAM123"), "%s", text);
	cr_expect(strstr(text, "by @U0BOB4567") && strstr(text, " by eve"), "%s", text);
	cr_expect(strstr(text, "\xe2\x80\xa2 lint (https://ci.example.com/web/17#lint)\n"), "%s", text);
	cr_expect(strstr(text, "#17 (https://ci.example.com/web/17)"), "%s", text);
	free(text);
}

/* Edited, it still says which build failed: that was lost once. */
Test(slack_scenes_rules, what_is_fixed_still_says_what_failed_and_since_when)
{
	char *json;

	play(.script = "08:00 web 16 a0 passed\n"
		       "09:00 web 17 a1 failed\n"
		       "#builds 1: " RED WEB "is failing: #17\n"
		       "09:10 web 18 a2 passed by=bob\n"
		       "#builds 1 = " GREEN WEB "is fixed by #18 after 10 min\n"
		       "#builds 1 > 2: " GREEN WEB "is passing again: #18 by bob, after 10 min\n");
	json = slack_conversation(&slack, NULL, true);
	cr_expect(strstr(json, "last green #16"), "%s", json);
	free(json);
	json = slack_message_json(&slack, "C0BUILDS", 1);
	cr_expect(strstr(json, "failed: <https://ci.example.com/web/17|#17>"), "%s", json);
	cr_expect(strstr(json, "<!date^1799053200^"), "%s", json);
	free(json);
}
