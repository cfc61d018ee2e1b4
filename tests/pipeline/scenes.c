/* Builds that an ordinary poller loses. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/play.h"

TestSuite(scenes, .timeout = 180);

#define EMPTY       SIM("--builds", "0", "--pipelines", "1")
#define BUILD(how)  STEP("build", .json = "{'pipeline': 'web', " how "}")
#define ACT(what)   STEP("act", .json = "{'pipeline': 'web', " what "}")
#define ADVANCE(ms) STEP("advance", .json = "{'ms': " #ms "}")
#define LATENCY(ms) STEP("faults", .json = "{'latency_ms': " #ms "}")
/* Enough to push what came before off the first page of the naive pollers. */
#define TWENTY_FIVE_PASS STEP("build", .json = "{'pipeline': 'web'}", .times = 25)

Test(scenes, a_build_that_finishes_after_newer_ones_is_not_lost)
{
	play(EMPTY, .naive_page = 10,
	     STEPS(BUILD("'duration_ms': null"), TWENTY_FIVE_PASS, ADVANCE(120000), STEP("visit"),
		   STEP("truth"), ADVANCE(600000), ACT("'number': 1, 'action': 'finish'"), ADVANCE(1000),
		   STEP("visit")));
}

Test(scenes, builds_that_run_in_parallel_and_finish_backwards_are_not_lost)
{
	play(EMPTY, .naive_page = 10,
	     STEPS(BUILD("'duration_ms': null"), BUILD("'duration_ms': null"), BUILD("'duration_ms': null"),
		   TWENTY_FIVE_PASS, ADVANCE(120000), STEP("visit"),
		   ACT("'number': 3, 'action': 'finish', 'result': 'failed'"), ADVANCE(300000), STEP("visit"),
		   ACT("'number': 2, 'action': 'cancel'"), ACT("'number': 1, 'action': 'finish'"),
		   ADVANCE(1000), STEP("visit")));
}

Test(scenes, a_build_that_is_blocked_for_a_day_and_then_goes_on_is_not_lost)
{
	play(EMPTY, .naive_page = 10,
	     STEPS(BUILD("'block': true"), TWENTY_FIVE_PASS, ADVANCE(120000), STEP("visit"), STEP("truth"),
		   ADVANCE(86400000), STEP("visit"), STEP("truth"), ACT("'number': 1, 'action': 'unblock'"),
		   ADVANCE(120000), STEP("visit")));
}

Test(scenes, a_build_that_is_retried_days_after_it_finished_is_not_stale)
{
	play(EMPTY, .naive_page = 10,
	     STEPS(BUILD("'result': 'failed'"), TWENTY_FIVE_PASS, ADVANCE(120000), STEP("visit"),
		   STEP("truth"), ADVANCE(259200000), STEP("visit"), ACT("'number': 1, 'action': 'retry'"),
		   ADVANCE(120000), STEP("visit")));
}

/* A hundred shift the pages by a whole one. One more comes with a newer number but an older created_at. */
Test(scenes, builds_that_appear_while_pages_are_read_hide_none)
{
	play(SIM("--builds", "300", "--pipelines", "1"), .naive_page = 100,
	     STEPS(BUILD("'jobs': 1"), ACT("'action': 'appear', 'after_pages': 1, 'count': 100"),
		   ACT("'action': 'appear', 'after_pages': 3, 'age_ms': 90000"), STEP("visit"),
		   STEP("visit")));
}

Test(scenes, a_fetcher_that_is_killed_after_page_2_of_5_leaves_no_gap)
{
	play(SIM("--builds", "450", "--pipelines", "1"), .naive_page = 100,
	     STEPS(LATENCY(300), STEP("die"), LATENCY(0), STEP("visit")));
}

/* The API refuses page numbers that skip more builds than its limit. */
Test(scenes, a_pipeline_with_more_builds_than_page_numbers_reach_is_read_whole)
{
	play(SIM("--builds", "600", "--pipelines", "1", "--deep-limit", "300"), .naive_page = 100,
	     STEPS(STEP("visit")));
}
