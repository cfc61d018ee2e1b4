/* The world is deterministic, and its builds live as builds do. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/act.h"
#include "tests/sim/truth.h"
#include "tests/sim/when.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct world_options options = {.seed = 7,
					     .organizations = 2,
					     .pipelines = 7,
					     .builds = 300,
					     .start_ms = 1767225600000,
					     .history_ms = 30 * DAY_MS,
					     .arrival_gap_ms = 60 * SECOND_MS,
					     .speed = 1};

static struct text truth_of(struct world *world)
{
	struct text text = {0};

	truth_add(&text, world, NULL, NULL);
	return text;
}

static void cr_same_truth(struct world *a, struct world *b)
{
	struct text left = truth_of(a), right = truth_of(b);

	cr_assert_eq(left.size, right.size);
	cr_assert_eq(memcmp(left.data, right.data, left.size), 0);
	text_fini(&left);
	text_fini(&right);
}

Test(world, is_the_same_for_the_same_seed)
{
	struct world a, b;

	world_init(&a, &options);
	world_init(&b, &options);
	cr_same_truth(&a, &b);
	world_fini(&a);
	world_fini(&b);
}

Test(world, is_another_one_for_another_seed)
{
	struct world_options other = options;
	struct world a, b;
	struct text left, right;

	other.seed = 8;
	world_init(&a, &options);
	world_init(&b, &other);
	left = truth_of(&a);
	right = truth_of(&b);
	cr_assert(left.size != right.size || memcmp(left.data, right.data, left.size) != 0);
	text_fini(&left);
	text_fini(&right);
	world_fini(&a);
	world_fini(&b);
}

Test(world, does_not_depend_on_the_steps_of_the_clock)
{
	struct world a, b;

	world_init(&a, &options);
	world_init(&b, &options);
	world_advance(&a, options.start_ms + 3 * HOUR_MS);
	for (int64_t at = 0; at <= 3 * HOUR_MS; at += 7 * SECOND_MS) {
		struct text seen;

		world_advance(&b, options.start_ms + at);
		if (at % (70 * SECOND_MS) == 0) {
			seen = truth_of(&b); /* looking changes nothing */
			text_fini(&seen);
		}
	}
	world_advance(&b, options.start_ms + 3 * HOUR_MS);
	cr_same_truth(&a, &b);
	world_fini(&a);
	world_fini(&b);
}

Test(world, has_as_many_builds_as_asked_for)
{
	struct world world;
	struct world_options o = options;

	for (int builds = 0; builds < 40; builds++) {
		o.builds = builds;
		o.seed = (uint64_t)builds;
		world_init(&world, &o);
		cr_assert_eq(world.builds.count, (size_t)builds, "%zu instead of %d", world.builds.count,
			     builds);
		world_fini(&world);
	}
}

Test(world, lists_builds_by_creation_and_numbers_them_without_gap)
{
	struct world world;

	world_init(&world, &options);
	world_advance(&world, options.start_ms + DAY_MS);
	for (size_t i = 1; i < world.builds.count; i++) {
		cr_assert_leq(world.builds.items[i - 1]->created, world.builds.items[i]->created);
	}
	for (int p = 0; p < world.pipeline_count; p++) {
		const struct pipeline *pipeline = &world.pipelines[p];

		for (size_t i = 0; i < pipeline->builds.count; i++) {
			cr_assert_eq(pipeline->builds.items[i]->number, (int64_t)i + 1);
		}
	}
	world_fini(&world);
}

Test(world, shows_every_kind_of_build_in_a_month)
{
	unsigned states = 0;
	int blocked = 0, comebacks = 0, soft = 0, triggered = 0;
	struct world_options o = options;
	struct world world;

	o.builds = 2000;
	world_init(&world, &o);
	for (int64_t at = 0; at < DAY_MS; at += MINUTE_MS) {
		world_advance(&world, o.start_ms + at);
		for (size_t i = 0; i < world.builds.count; i++) {
			struct build *build = world.builds.items[i];

			build_look(build, world.now);
			states |= 1u << build->view.state;
			blocked += build->view.blocked;
		}
	}
	for (size_t i = 0; i < world.builds.count; i++) {
		const struct build *build = world.builds.items[i];

		triggered += build->triggered_from != NULL;
		for (int j = 0; j < build->job_count; j++) {
			comebacks += build->jobs[j].retry == RETRY_MANUAL;
			soft += build->jobs[j].soft_failed;
		}
	}
	cr_assert_eq(states, (1u << BUILD_BLOCKED) - 1, "states %x", states);
	cr_assert(blocked > 0 && comebacks > 0 && soft > 0 && triggered > 0);
	world_fini(&world);
}

/* Looking again while a view still holds must not find anything else. */
static void cr_view_holds(struct build *looked_at, int64_t now)
{
	struct view kept, fresh;

	build_look(looked_at, now);
	kept = looked_at->view;
	looked_at->view.until = 0;
	build_look(looked_at, now);
	fresh = looked_at->view;
	cr_assert_eq(kept.state, fresh.state, "%s kept, %s now", build_state_word(kept.state),
		     build_state_word(fresh.state));
	cr_assert(kept.blocked == fresh.blocked && kept.started == fresh.started &&
		  kept.until == fresh.until && kept.finished == fresh.finished &&
		  kept.failing == fresh.failing);
	looked_at->view = kept;
}

Test(world, shows_nothing_stale)
{
	struct world_options o = options;
	struct world w;

	o.builds = 100;
	o.arrival_gap_ms = 20 * SECOND_MS;
	world_init(&w, &o);
	for (int64_t at = 0; at < HOUR_MS; at += 333) {
		world_advance(&w, o.start_ms + at);
		for (size_t i = w.builds.count - 20; i < w.builds.count; i++) {
			cr_view_holds(w.builds.items[i], w.now);
		}
	}
	world_fini(&w);
}

Test(world, has_times_in_order)
{
	struct world w;

	world_init(&w, &options);
	for (int64_t at = 0; at < 5 * DAY_MS; at += 17 * MINUTE_MS) {
		world_advance(&w, options.start_ms + at);
		for (size_t i = 0; i < w.builds.count; i++) {
			struct build *one = w.builds.items[i];
			const struct view *view = &one->view;

			build_look(one, w.now);
			cr_assert_leq(one->created, w.now);
			cr_assert(!view->started ||
				  (view->started >= one->created && view->started <= w.now));
			cr_assert(!view->finished ||
				  (view->finished >= view->started && view->finished <= w.now));
		}
	}
	world_fini(&w);
}

static struct world world;
static struct build *build;
static struct err err;

static void setup(void)
{
	struct world_options o = options;

	o.arrival_gap_ms = 0;
	world_init(&world, &o);
}

static void teardown(void)
{
	world_fini(&world);
}

static void given(struct scenario scenario)
{
	cr_assert_eq(act_new_build(&world, &world.pipelines[0], &scenario, &build, &err), OK);
}

static void when(struct act act)
{
	cr_assert_eq(act_on_build(&world, build, &act, &err), OK, "%s", err.text);
}

static void after(int64_t ms)
{
	world_advance(&world, world.now + ms);
}

static void then(enum build_state state, bool blocked)
{
	build_look(build, world.now);
	cr_assert_eq(build->view.state, state, "%s", build_state_word(build->view.state));
	cr_assert_eq(build->view.blocked, blocked);
}

TestSuite(act, .init = setup, .fini = teardown);

Test(act, a_build_waits_runs_and_passes)
{
	given((struct scenario){.jobs = 2, .queue_ms = 5000, .duration_ms = 60000});
	then(BUILD_SCHEDULED, false);
	after(5000);
	then(BUILD_RUNNING, false);
	cr_assert_eq(build->view.started, world.now);
	after(59999);
	then(BUILD_RUNNING, false);
	after(1);
	then(BUILD_PASSED, false);
	cr_assert_eq(build->view.finished, world.now);
}

Test(act, builds_finish_out_of_order)
{
	struct build *first;

	given((struct scenario){.jobs = 1, .duration_ms = NEVER});
	first = build;
	given((struct scenario){.jobs = 1, .duration_ms = NEVER});
	after(1000);
	when((struct act){.action = "finish", .result = "failed"});
	then(BUILD_FAILED, false);
	build = first;
	then(BUILD_RUNNING, false);
	after(DAY_MS);
	then(BUILD_RUNNING, false);
	when((struct act){.action = "finish"});
	then(BUILD_PASSED, false);
	cr_assert_eq(build->view.finished, world.now);
}

Test(act, a_build_is_blocked_for_a_day)
{
	given((struct scenario){.jobs = 1, .duration_ms = 1000, .blocked_state = BUILD_PASSED});
	after(500);
	when((struct act){.action = "block", .duration_ms = 1000});
	then(BUILD_PASSED, true);
	after(DAY_MS);
	then(BUILD_PASSED, true);
	when((struct act){.action = "unblock"});
	then(BUILD_RUNNING, false);
	after(1000);
	then(BUILD_PASSED, false);
	cr_assert_eq(build->view.finished, world.now);
}

Test(act, a_finished_build_is_retried_days_later)
{
	int64_t finished;

	given((struct scenario){.jobs = 3, .duration_ms = 1000, .result = "failed"});
	after(1000);
	then(BUILD_FAILED, false);
	finished = build->view.finished;
	after(3 * DAY_MS);
	when((struct act){.action = "retry", .duration_ms = 2000});
	then(BUILD_RUNNING, false);
	cr_assert_eq(build->view.finished, 0);
	cr_assert(job_superseded(build, 2, world.now));
	after(2000);
	then(BUILD_PASSED, false);
	cr_assert_gt(build->view.finished, finished);
}

Test(act, a_cancelled_build_takes_its_time_to_stop)
{
	given((struct scenario){.jobs = 1, .duration_ms = HOUR_MS});
	after(1000);
	when((struct act){.action = "cancel", .grace_ms = 5000});
	then(BUILD_CANCELING, false);
	after(5000);
	then(BUILD_CANCELED, false);
}

Test(act, a_failure_shows_while_others_run)
{
	given((struct scenario){.jobs = 2, .duration_ms = NEVER});
	after(1000);
	when((struct act){.action = "finish", .job = build->jobs[0].uuid, .result = "failed"});
	then(BUILD_FAILING, false);
	when((struct act){.action = "finish"});
	then(BUILD_FAILED, false);
}

Test(act, what_does_not_fit_is_refused_and_changes_nothing)
{
	static const char *const actions[] = {"start", "finish", "unblock", "cancel", "dance"};

	given((struct scenario){.jobs = 1, .duration_ms = 1000});
	after(1000);
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		struct act act = {.action = actions[i]};

		cr_assert_eq(act_on_build(&world, build, &act, &err), ERR_DATA, "%s", actions[i]);
		then(BUILD_PASSED, false);
	}
}

Test(act, a_deleted_build_is_gone)
{
	size_t before = world.builds.count;
	int64_t number;

	given((struct scenario){.jobs = 1});
	number = build->number;
	when((struct act){.action = "delete"});
	cr_assert_null(pipeline_build(&world.pipelines[0], number));
	cr_assert_eq(world.builds.count, before);
}
