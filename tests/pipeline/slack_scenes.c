/* What a team wants to read in its channel, and what annoyed it: a scene each (facts of getsentry/eng-pipes
 * and of what its users asked for). */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "tests/pipeline/slack_scene.h"

TestSuite(slack_scenes, .init = slack_run_init, .fini = slack_run_fini, .timeout = 120);

#define RED     ":red_circle: "
#define GREEN   ":large_green_circle: "
#define YELLOW  ":large_yellow_circle: "
#define WHITE   ":white_circle: "
#define WEB     "acme/web main "
#define UNKNOWN "; it may be failing only because of "

/* Not OK, nothing else fails: one message. OK on another commit: the message is edited, the thread told. */
Test(slack_scenes, one_message_when_main_breaks_edited_when_it_is_fixed)
{
	play(.script = "09:00 web 16 a0 passed\n"
		       "09:05 web 17 a1 failed by=ann\n"
		       "#builds 1: " RED WEB "is failing: #17\n"
		       "09:20 web 18 a2 passed by=bob\n"
		       "#builds 1 = " GREEN WEB "is fixed by #18 after 15 min\n"
		       "#builds 1 > 2: " GREEN WEB "is passing again: #18 by bob, after 15 min\n"
		       "09:30 web 19 a3 passed\n");
}

/* Not OK while another failure is open: threaded under it, "may be failing only due to a previous commit".
 * Fixed: the oldest is green, those after it are unknown. */
Test(slack_scenes, what_fails_after_a_break_is_threaded_and_unknown_once_it_is_fixed)
{
	play(.script = "09:05 web 17 a1 failed\n"
		       "#builds 1: " RED WEB "is failing: #17\n"
		       "09:15 web 18 a2 failed\n"
		       "#builds 1 = " RED WEB "is failing: #17 and 1 more\n"
		       "#builds 1 > 2: #18 failed too" UNKNOWN "#17\n"
		       "09:25 web 19 a3 failed\n"
		       "#builds 1 = " RED WEB "is failing: #17 and 2 more\n"
		       "#builds 1 > 3: #19 failed too" UNKNOWN "#17\n"
		       "09:35 web 20 a4 passed by=bob\n"
		       "#builds 1 = " GREEN WEB "is fixed by #20 after 30 min\n"
		       "#builds 1 > 4: " GREEN WEB "is passing again: #20 by bob, after 30 min\n"
		       "#builds 1 > 2 = " WHITE "#18 is unknown: hidden behind the break of #17\n"
		       "#builds 1 > 3 = " WHITE "#19 is unknown: hidden behind the break of #17\n");
}

/* The window of 2 h that made it alert again while main was red all the time. */
Test(slack_scenes, a_failure_hours_later_is_still_the_same_outage)
{
	play(.script = "09:05 web 17 a1 failed\n"
		       "#builds 1: " RED WEB "is failing: #17\n"
		       "15:00 web 18 a2 failed\n"
		       "#builds 1 = " RED WEB "is failing: #17 and 1 more\n"
		       "#builds 1 > 2: #18 failed too" UNKNOWN "#17\n");
}

/* Same commit already failing: nothing. OK on the same commit: a flake. */
Test(slack_scenes, a_re_run_of_the_same_commit_is_a_flake_and_not_a_fix)
{
	play(.script = "09:05 web 17 a1 failed\n"
		       "#builds 1: " RED WEB "is failing: #17\n"
		       "09:15 web 17 a1 failed attempt=2 created=20\n"
		       "09:25 web 17 a1 passed attempt=3 created=30\n"
		       "#builds 1 = " YELLOW WEB "was flaky: #17 passed on the same commit\n"
		       "#builds 1 > 2: " YELLOW "#17 passed on the same commit: a flake, not a fix\n"
		       "09:35 web 18 a1 passed\n");
}

/* #234: an older build that finishes later marked a newer failure as fixed. */
Test(slack_scenes, a_late_result_of_an_older_build_neither_breaks_nor_fixes)
{
	play(.script = "09:05 web 18 a2 failed created=3\n"
		       "#builds 1: " RED WEB "is failing: #18\n"
		       "09:10 web 17 a1 passed created=20\n"
		       "09:20 web 20 a4 passed created=3 by=bob\n"
		       "#builds 1 = " GREEN WEB "is fixed by #20 after 15 min\n"
		       "#builds 1 > 2: " GREEN WEB "is passing again: #20 by bob, after 15 min\n"
		       "09:30 web 19 a3 failed created=20\n");
}

/* #291: checks that never started are a failure too. */
Test(slack_scenes, what_could_not_start_or_took_too_long_is_told_cancelled_and_skipped_is_not)
{
	play(.script = "09:05 web 17 a1 error\n"
		       "#builds 1: " RED WEB "is failing: #17\n"
		       "09:06 web 18 a2 cancelled\n"
		       "09:07 web 19 a3 skipped\n"
		       "09:08 web 20 a4 running\n"
		       "09:09 api 3 b1 timeout\n"
		       "#builds 2: " RED "acme/api main is failing: #3\n");
}

/* #141, #947, #998: alerts on consecutive failures. */
Test(slack_scenes, after_three_failures_in_a_row_and_not_before)
{
	play(.rules = "{after_failures: 3, clear_after: 2}",
	     .script = "09:00 web 17 a1 failed\n"
		       "09:10 web 18 a2 failed\n"
		       "09:20 web 19 a3 passed\n"
		       "09:30 web 20 a4 passed\n"
		       "09:40 web 21 a5 failed\n"
		       "09:50 web 22 a6 failed\n"
		       "10:00 web 23 a7 failed\n"
		       "#builds 1: " RED WEB "is failing: #21 and 2 more\n"
		       "10:10 web 24 a8 passed\n"
		       "10:20 web 25 a9 passed by=bob\n"
		       "#builds 1 = " GREEN WEB "is fixed by #25 after 40 min\n"
		       "#builds 1 > 2: " GREEN WEB "is passing again: #25 by bob, after 40 min\n");
}

/* #258: how long main was down; whoever slept through the thread sees it in the channel. */
Test(slack_scenes, the_end_of_a_long_outage_is_shown_in_the_channel)
{
	play(.rules = "{broadcast_after: 2h}",
	     .script = "fri 17:00 web 17 a1 failed\n"
		       "#builds 1: " RED WEB "is failing: #17\n"
		       "mon2 09:10 web 18 a2 passed by=bob\n"
		       "#builds 1 = " GREEN WEB "is fixed by #18 after 2 d 16 h\n"
		       "#builds 1 >> 2: " GREEN WEB "is passing again: #18 by bob, after 2 d 16 h\n");
}

/* #945, #593: less of it. Other branches are nobody's alarm. */
Test(slack_scenes, other_branches_say_nothing_without_a_rule)
{
	play(.script = "09:00 web 17 a1 failed branch=ann/try\n"
		       "09:10 web 18 a2 passed branch=ann/try\n"
		       "09:20 web 19 a3 failed branch=trunk default=trunk\n"
		       "#builds 1: " RED "acme/web trunk is failing: #19\n");
}

/* After a crash, an outage of the bus or of Slack: what is still red and untold is told once. */
Test(slack_scenes, what_came_and_went_while_nobody_could_hear_is_not_told)
{
	play(.script =
		     "09:00 web 17 a1 failed\n"
		     "#builds 1: " RED WEB "is failing: #17\n"
		     "10:00 hub dies\n"
		     "10:10 api 3 b1 failed\n"
		     "10:20 api 4 b2 passed\n"
		     "10:30 web 18 a2 failed\n"
		     "10:40 ui 7 c1 failed\n"
		     "13:00 hub returns\n"
		     "#builds 1 = " RED WEB "is failing: #17 and 1 more\n"
		     "#builds 2: " RED "acme/ui main is failing: #7\n"
		     "13:10 ui 8 c2 passed by=bob\n"
		     "#builds 2 = " GREEN "acme/ui main is fixed by #8 after 2 h 30 min\n"
		     "#builds 2 >> 3: " GREEN "acme/ui main is passing again: #8 by bob, after 2 h 30 min\n");
}

Test(slack_scenes, nothing_is_said_twice_after_a_crash_nor_by_a_replay)
{
	play(.script = "09:00 web 17 a1 failed\n"
		       "#builds 1: " RED WEB "is failing: #17\n"
		       "09:10 restart\n"
		       "09:20 web 17 a1 failed origin=replay created=25\n"
		       "09:30 api 3 b1 failed origin=backfill\n"
		       "09:40 api 4 b2 failed\n"
		       "#builds 2: " RED "acme/api main is failing: #3 and 1 more\n");
}

/* Two hundred pipelines at once must be readable; so must five when three are a storm. */
Test(slack_scenes, a_storm_is_one_message)
{
	play(.config = ", storm: 3", .script = "08:00 p1 0 a0 passed\n"
					       "09:00 p1 1 a1 failed\n"
					       "09:00 and p2 1 a1 failed\n"
					       "09:00 and p3 1 a1 failed\n"
					       "09:00 and p4 1 a1 failed\n"
					       "09:00 and p5 1 a1 failed\n"
					       "#builds 1: " RED "acme/p1 main is failing: #1\n"
					       "#builds 2: " RED "acme/p2 main is failing: #1\n"
					       "#builds 3: " RED "acme/p3 main is failing: #1\n"
					       "#builds 4: " RED "2 pipelines are failing\n"
					       "09:10 p4 2 a2 passed\n"
					       "#builds 4 = " RED "1 of 2 pipelines is still failing\n"
					       "09:20 p5 2 a2 passed\n"
					       "#builds 4 = " GREEN
					       "2 pipelines were failing, all are passing again\n");
}

/* Known together, they are told together. */
Test(slack_scenes, what_is_found_broken_at_once_is_one_message)
{
	play(.config = ", storm: 3", .script = "08:00 p1 0 a0 passed\n"
					       "09:00 hub dies\n"
					       "09:01 p1 1 a1 failed\n09:02 p2 1 a1 failed\n09:03 p3 1 a1 "
					       "failed\n09:04 p4 1 a1 failed\n"
					       "10:00 hub returns\n"
					       "#builds 1: " RED "4 pipelines are failing\n"
					       "10:10 p1 2 a2 passed\n"
					       "#builds 1 = " RED "3 of 4 pipelines are still failing\n");
}

/* Asked to end while Slack does not answer: it ends in time, and what it did not hear of it looks up. */
Test(slack_scenes, a_sink_that_is_stopped_within_a_request_says_nothing_twice)
{
	slack_hold(&slack, SLACK_POST, SLACK_AFTER, 0);
	slack_configure("");
	run_start();
	build_comes(9 * HOUR_MS, "web 17 a1 failed");
	slack_held();
	run_stop();
	slack_let_go(&slack, true);
	fake_hub_forget(run.hub);
	run_start();
	clock_to(10 * HOUR_MS);
	build_comes(10 * HOUR_MS, "web 18 a2 passed");
	cr_expect(slack_seen(3));
	cr_expect(slack_posted(&slack) == 2 && slack_edited(&slack) == 1);
}

Test(slack_scenes, slack_that_is_away_for_an_hour_gets_what_is_still_true)
{
	play(.script = "09:00 web 17 a1 failed\n"
		       "#builds 1: " RED WEB "is failing: #17\n"
		       "09:30 slack fails\n"
		       "09:40 web 18 a2 passed by=bob\n"
		       "09:50 api 3 b1 failed\n"
		       "10:30 slack works\n"
		       "#builds 1 = " GREEN WEB "is fixed by #18 after 40 min\n"
		       "#builds 1 > 2: " GREEN WEB "is passing again: #18 by bob, after 40 min\n"
		       "#builds 3: " RED "acme/api main is failing: #3\n");
}
