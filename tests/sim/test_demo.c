/* The demo is a company that one could believe in. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/artifacts.h"
#include "tests/sim/demo.h"
#include "tests/sim/truth.h"
#include "tests/sim/when.h"

#include <criterion/criterion.h>
#include <string.h>

/* A Wednesday, 10:00. */
static const struct world_options options = {.seed = 1,
					     .demo = true,
					     .builds = 3000,
					     .start_ms = 1768384800000,
					     .history_ms = 60 * DAY_MS,
					     .arrival_gap_ms = 12 * SECOND_MS,
					     .speed = 1};

static struct world world;

static void open_world(void)
{
	world_init(&world, &options);
}

static void close_world(void)
{
	world_fini(&world);
}

TestSuite(demo, .init = open_world, .fini = close_world);

static struct pipeline *pipeline_named(const char *slug)
{
	return world_pipeline(&world, &world.organizations[0], slug);
}

static bool is_on_default(const struct build *build)
{
	return strcmp(build->branch, build->pipeline->default_branch) == 0;
}

/* The newest build of the default branch that is over: how it ended. */
static enum build_state newest_end(const struct pipeline *pipeline)
{
	for (size_t i = pipeline->builds.count; i-- > 0;) {
		struct build *build = pipeline->builds.items[i];

		build_look(build, world.now);
		if (is_on_default(build) &&
		    (build->view.state == BUILD_PASSED || build->view.state == BUILD_FAILED)) {
			return build->view.state;
		}
	}
	return BUILD_NOT_RUN;
}

/* Of the default branches of the first organisation: how many of 1000 that were created then have passed. */
static int passed_permille(int64_t from, int64_t until)
{
	int passed = 0, over = 0;

	for (size_t i = build_list_from(&world.organizations[0].builds, from);
	     i < build_list_from(&world.organizations[0].builds, until); i++) {
		struct build *build = world.organizations[0].builds.items[i];

		build_look(build, world.now);
		if (is_on_default(build) &&
		    (build->view.state == BUILD_PASSED || build->view.state == BUILD_FAILED)) {
			over++;
			passed += build->view.state == BUILD_PASSED;
		}
	}
	cr_assert_gt(over, 0);
	return passed * 1000 / over;
}

static size_t count_between(int64_t from, int64_t until)
{
	return build_list_from(&world.builds, until) - build_list_from(&world.builds, from);
}

Test(demo, is_the_same_for_the_same_seed_and_start)
{
	struct world again;
	struct text left = {0}, right = {0};

	world_init(&again, &options);
	world_advance(&world, options.start_ms + 10 * MINUTE_MS);
	for (int64_t at = 0; at <= 10 * MINUTE_MS; at += 7 * SECOND_MS) {
		world_advance(&again, options.start_ms + at);
	}
	world_advance(&again, options.start_ms + 10 * MINUTE_MS);
	truth_add(&left, &world, NULL, NULL);
	truth_add(&right, &again, NULL, NULL);
	cr_assert_eq(left.size, right.size);
	cr_assert_eq(memcmp(left.data, right.data, left.size), 0);
	text_fini(&left);
	text_fini(&right);
	world_fini(&again);
}

Test(demo, has_about_as_many_builds_as_were_asked_for)
{
	size_t count = count_between(0, options.start_ms - DAY_MS);

	cr_assert(count > 2500 && count < 3700, "%zu", count);
}

Test(demo, sleeps_at_night_and_on_sundays)
{
	int64_t day = options.start_ms - options.start_ms % DAY_MS;
	size_t tuesday = count_between(day - DAY_MS, day);

	cr_assert_gt(count_between(day - DAY_MS + 8 * HOUR_MS, day - DAY_MS + 18 * HOUR_MS),
		     tuesday * 7 / 10);
	cr_assert_lt(count_between(day - 3 * DAY_MS, day - 2 * DAY_MS), tuesday / 3);
}

Test(demo, fails_as_a_whole_on_one_afternoon)
{
	int64_t at = options.start_ms;
	int64_t from;

	while (!demo_is_outage(&world, at)) {
		at -= HOUR_MS;
	}
	from = at - 3 * HOUR_MS;
	cr_assert_lt(passed_permille(from, at), 400);
	cr_assert_gt(passed_permille(from - 7 * DAY_MS, from - DAY_MS), 800);
}

Test(demo, waits_long_on_one_day)
{
	int64_t at = options.start_ms - 9 * DAY_MS;
	int64_t noon = at - at % DAY_MS + 12 * HOUR_MS;

	cr_assert_gt(demo_queue_percent(&world, noon), 10 * demo_queue_percent(&world, noon - 7 * DAY_MS));
}

Test(demo, has_what_failed_and_passed_on_one_commit)
{
	int repeated = 0, rebuilt = 0;

	for (size_t i = 0; i < world.builds.count; i++) {
		const struct build *build = world.builds.items[i];

		for (int j = 0; j < build->job_count; j++) {
			const struct job *job = &build->jobs[j];

			repeated += job->next >= 0 && job->ends == OUTCOME_FAILED &&
				    build->jobs[job->next].ends == OUTCOME_PASSED;
		}
		rebuilt += build->rebuilt_from && strcmp(build->commit, build->rebuilt_from->commit) == 0;
	}
	cr_assert_gt(repeated, 100);
	cr_assert_gt(rebuilt, 5);
}

Test(demo, coverage_goes_where_the_table_says)
{
	struct pipeline *web = pipeline_named("web");
	double first = -1, last = -1;

	for (size_t i = 0; i < web->builds.count; i++) {
		double share = artifact_coverage(web->builds.items[i], options.start_ms);

		if (share >= 0) {
			first = first < 0 ? share : first;
			last = share;
		}
	}
	cr_assert(first > 0.78 && first < 0.80, "%f", first);
	cr_assert(last > 0.82 && last < 0.85, "%f", last);
}

Test(demo, one_is_red_since_yesterday_and_one_breaks_and_is_mended_in_the_first_minutes)
{
	enum build_state then = newest_end(pipeline_named("checkout"));
	int64_t red_at = 0, green_at = 0;

	cr_assert_eq(newest_end(pipeline_named("data-warehouse")), BUILD_FAILED);
	cr_assert_eq(then, BUILD_PASSED);
	for (int64_t at = 0; at < 6 * MINUTE_MS && !green_at; at += SECOND_MS) {
		world_advance(&world, options.start_ms + at);
		then = newest_end(pipeline_named("checkout"));
		red_at = red_at || then == BUILD_PASSED ? red_at : at;
		green_at = red_at && then == BUILD_PASSED ? at : 0;
	}
	cr_assert(red_at > 0 && red_at < 100 * SECOND_MS, "red after %lld ms", (long long)red_at);
	cr_assert(green_at > 0, "red after %lld ms, not mended", (long long)red_at);
}

Test(demo, something_happens_every_few_seconds)
{
	size_t before = world.builds.count;

	world_advance(&world, options.start_ms + 10 * MINUTE_MS);
	cr_assert_gt(world.builds.count - before, 25);
	cr_assert_lt(world.builds.count - before, 120);
}
