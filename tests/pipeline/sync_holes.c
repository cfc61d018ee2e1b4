/* The holes of a sync that asks for numbers above the newest one it knows, as the tool that this one replaces
 * does: each of these builds is out of its sight for ever. Both run over the same world, and the old one must
 * lose the build. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/old_sync.h"
#include "tests/pipeline/sync_run.h"
#include "tests/support/truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct place *place;
static struct sync_place where;
static struct simulator *sim;
static struct old_sync *first, *last; /* releases */

#define FIVE  "--initial-sync-limit", "5"
#define SHORT "'duration_ms': 1000"

static void open_holes(void)
{
	where.place = place = place_new();
	sim = simulator_new(place, "--builds", "0", "--pipelines", "1");
	first = old_sync_new(OLD_FIRST, sim);
	last = old_sync_new(OLD_LAST, sim);
	place_write(place, "buildbus.yml",
		    "bus: {state_dir: %s}\nsources:\n  - buildkite:\n      access_token: %s\n"
		    "      organization_slug: acme\n      pipeline_slug: web\n      api_url: %s\n",
		    place->state, SIM_TOKEN, sim->api);
}

static void close_holes(void)
{
	old_sync_free(&first);
	old_sync_free(&last);
	simulator_free(&sim);
	place_free(&place);
}

TestSuite(sync_holes, .timeout = 240, .init = open_holes, .fini = close_holes);

/* One run of each. */
static void all_sync(void)
{
	struct sync_run run = sync_once(&where, 0, FIVE);

	sync_run_free(&run);
	old_sync_run(first, world_now_ms(sim), 5, 0);
	old_sync_run(last, world_now_ms(sim), 5, 0);
}

static int64_t stored(int number, const char *state)
{
	char sql[128];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM builds WHERE number = %d AND provider_state = '%s'",
		 number, state);
	return db_int(place, "store.db", sql);
}

static bool old_says(const struct old_sync *old, int number, const char *status)
{
	const char *said = old_sync_status(old, number);

	return said && strcmp(said, status) == 0;
}

Test(sync_holes, a_build_that_runs_while_a_newer_one_ends_is_not_lost)
{
	world_build(sim, "'duration_ms': null");
	world_builds(sim, 9, SHORT);
	all_sync();
	world_act(sim, 1, "finish");
	world_pass(sim, HOUR);
	all_sync();
	cr_expect_eq(stored(1, "passed"), 1);
	cr_expect_null(old_sync_status(first, 1), "the scene shows nothing");
	cr_expect_null(old_sync_status(last, 1), "nor to the last release: it was not among the newest");
}

Test(sync_holes, a_build_that_was_seen_running_is_followed_to_its_end)
{
	world_build(sim, "'duration_ms': null");
	world_pass(sim, MINUTE);
	all_sync();
	cr_expect_eq(stored(1, "running"), 1);
	world_builds(sim, 9, SHORT);
	all_sync();
	world_act(sim, 1, "finish");
	world_pass(sim, 24 * HOUR);
	world_builds(sim, 1, SHORT);
	all_sync();
	cr_expect_eq(stored(1, "passed"), 1);
	cr_expect_null(old_sync_status(first, 1), "the scene shows nothing");
}

Test(sync_holes, a_build_that_waits_in_the_queue_while_newer_ones_run_is_not_lost)
{
	world_build(sim, SHORT ", 'queue_ms': 3600000");
	world_builds(sim, 9, SHORT);
	all_sync();
	world_pass(sim, HOUR);
	all_sync();
	cr_expect_eq(stored(1, "passed"), 1);
	cr_expect_null(old_sync_status(first, 1), "the scene shows nothing");
	cr_expect_null(old_sync_status(last, 1), "the scene shows nothing");
}

Test(sync_holes, a_build_that_waits_at_a_block_step_is_not_lost)
{
	world_build(sim, SHORT ", 'block': true");
	world_builds(sim, 9, SHORT);
	all_sync();
	world_act(sim, 1, "unblock");
	world_pass(sim, HOUR);
	all_sync();
	cr_expect_eq(stored(1, "passed"), 1);
	cr_expect_null(old_sync_status(first, 1), "the scene shows nothing");
	cr_expect_null(old_sync_status(last, 1), "the scene shows nothing");
}

Test(sync_holes, a_build_that_is_run_again_is_read_again)
{
	world_build(sim, SHORT ", 'result': 'failed'");
	world_pass(sim, MINUTE);
	all_sync();
	cr_expect_eq(stored(1, "failed"), 1);
	world_builds(sim, 9, SHORT);
	world_pass(sim, 24 * HOUR);
	world_act(sim, 1, "retry");
	world_pass(sim, HOUR);
	all_sync();
	cr_expect_eq(db_int(place, "store.db", "SELECT attempt FROM builds WHERE number = 1"), 2);
	cr_expect_eq(stored(1, "passed"), 1);
	cr_expect(old_says(first, 1, "failed"), "the scene shows nothing");
	cr_expect(old_says(last, 1, "failed"), "the scene shows nothing");
}

/* Newest first, as the lists come, the rest of a run that is killed would be below what the next one asks
 * for. */
Test(sync_holes, a_run_killed_while_it_writes_leaves_nothing_behind_its_newest)
{
	world_builds(sim, 1, SHORT);
	all_sync();
	world_builds(sim, 300, SHORT);
	for (int i = 0; i < 8; i++) {
		struct child *sync = sync_start(&where, ARGS(FIVE), "out");

		for (int64_t before = db_int(place, "store.db", "SELECT count(*) FROM builds"), now = before;
		     now == before && !child_ended(sync);) {
			now = db_int(place, "store.db", "SELECT count(*) FROM builds");
		}
		child_kill(sync);
		child_free(&sync);
	}
	old_sync_run(last, world_now_ms(sim), 5, 3);
	all_sync();
	expect_store(&where, sim);
	cr_expect_not_null(old_sync_status(last, 301));
	cr_expect_null(old_sync_status(last, 298), "the scene shows nothing");
}
