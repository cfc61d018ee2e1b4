/* `buildbus sync` into the embedded store: everything real but the provider. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/sync_run.h"
#include "tests/support/truth.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(sync, .timeout = 240);

static struct place *place;
static struct sync_place where;
static struct simulator *sim;

static void configure(const char *token)
{
	place_write(place, "buildbus.yml",
		    "bus: {state_dir: %s}\n"
		    "sources:\n  - buildkite:\n      access_token: %s\n      organization_slug: acme\n"
		    "      pipeline_slug: '*'\n      since: 90d\n      api_url: %s\n",
		    place->state, token, sim->api);
}

static void open_place(void)
{
	where.place = place = place_new();
	sim = simulator_new(place, "--builds", "300", "--pipelines", "6");
	configure(SIM_TOKEN);
}

static void close_place(void)
{
	simulator_free(&sim);
	place_free(&place);
}

#define SYNC(code, ...) sync_once(&where, code, __VA_ARGS__)

Test(sync, carries_everything_and_says_so, .init = open_place, .fini = close_place)
{
	struct sync_run first = SYNC(0, NULL);

	expect_store(&where, sim);
	cr_expect(strstr(first.out, "store: 300 new, 0 updated, 0 unchanged, 0 failed\n"), "%s", first.out);
	cr_expect(strstr(first.out, "The data has been synced successfully!\n"));
	cr_expect(strncmp(first.err, "reading 6 pipelines\nread ", 25) == 0, "%s", first.err);
	sync_run_free(&first);
}

/* The next run finds nothing here, and the destination has it all. */
Test(sync, leaves_nothing_behind_and_repeats_at_no_cost_to_the_destination, .init = open_place,
     .fini = close_place)
{
	struct sync_run first = SYNC(0, "--json"), second;

	cr_expect_eq(db_int(place, "hub.db", "SELECT 1"), INT64_MIN, "the hub is temporary");
	second = SYNC(0, "--json");
	cr_expect_eq(sync_told(&second, "new"), 0);
	cr_expect_eq(sync_told(&second, "updated"), 0);
	cr_expect_geq(sync_told(&second, "unchanged"), 6 * 28,
		      "the newest of each pipeline are looked at again");
	cr_expect_lt(sync_told(&second, "fetched"), 300, "and not everything");
	sync_run_free(&first);
	sync_run_free(&second);
}

Test(sync, with_state_asks_only_for_what_is_new, .init = open_place, .fini = close_place)
{
	struct sync_run first = SYNC(0, "--state", place->state, "--json"), second;

	simulator_do(sim, "build", "{'pipeline': 'acme/web', 'duration_ms': null}");
	second = SYNC(0, "--state", place->state, "--json");
	expect_store(&where, sim);
	cr_expect_eq(sync_told(&second, "ok"), 1);
	cr_expect_eq(sync_told(&second, "new"), 1);
	cr_expect_eq(sync_told(&second, "updated"), 0);
	cr_expect_lt(sync_told(&second, "fetched"), 100, "%s", second.out);
	sync_run_free(&first);
	sync_run_free(&second);
}

Test(sync, takes_the_newest_of_a_new_pipeline_unless_told_otherwise, .init = open_place, .fini = close_place)
{
	struct sync_run run;

	place_write(place, "buildbus.yml",
		    "bus: {state_dir: %s}\nsources:\n  - buildkite:\n      access_token: %s\n"
		    "      organization_slug: acme\n      pipeline_slug: web\n      api_url: %s\n",
		    place->state, SIM_TOKEN, sim->api);
	run = SYNC(0, "--initial-sync-limit", "7", "--json");
	cr_expect_eq(sync_told(&run, "new"), 7);
	sync_run_free(&run);
	run = SYNC(0, "--json");
	cr_expect_eq(sync_told(&run, "new") + sync_told(&run, "unchanged"), 28);
	sync_run_free(&run);
	run = SYNC(0, "--since", "3650d", "--json");
	cr_expect_gt(sync_told(&run, "new"), 0);
	sync_run_free(&run);
}

Test(sync, a_dry_run_writes_nothing, .init = open_place, .fini = close_place)
{
	struct sync_run run = SYNC(0, "--dry-run", "--json");

	cr_expect_eq(sync_told(&run, "fetched"), 300);
	cr_expect_eq(sync_told(&run, "new"), 0);
	cr_expect_eq(db_int(place, "store.db", "SELECT count(*) FROM builds"), 0);
	sync_run_free(&run);
	run = SYNC(2, "--dry-run", "--state", place->state);
	sync_run_free(&run);
}

Test(sync, a_refused_token_is_one_sentence_and_exit_1, .init = open_place, .fini = close_place)
{
	struct sync_run run;

	configure("bkua_not_this_one");
	run = SYNC(1, NULL);
	cr_expect(strstr(run.err, "does not accept the token (401)"), "%s", run.err);
	cr_expect(strstr(run.err, "check access_token"), "%s", run.err);
	cr_expect_eq(strchr(run.err, '\n'), strrchr(run.err, '\n'), "one line: %s", run.err);
	cr_expect_null(strstr(run.out, "successfully"));
	sync_run_free(&run);
}

Test(sync, an_outage_ends_with_the_time_and_soft_fail_forgives_it, .init = open_place, .fini = close_place)
{
	struct sync_run run;

	simulator_free(&sim);
	run = SYNC(1, "--timeout", "3s");
	cr_expect(strstr(run.err, "(--timeout)"), "%s", run.err);
	cr_expect(strstr(run.err, "waiting: "), "%s", run.err);
	cr_expect(strstr(strstr(run.err, "gave up"), "onnect"), "%s", run.err);
	sync_run_free(&run);
	run = SYNC(0, "--timeout", "1s", "--soft-fail");
	sync_run_free(&run);
}

Test(sync, a_short_outage_is_waited_for, .init = open_place, .fini = close_place)
{
	struct sync_run run;

	simulator_do(sim, "faults", "{'kind': 'error-html', 'status': 503, 'route': 'builds', 'count': 12}");
	run = SYNC(0, NULL);
	expect_store(&where, sim);
	sync_run_free(&run);
}

Test(sync, wrong_usage_and_configuration_are_exit_2, .init = open_place, .fini = close_place)
{
	const char *const wrong[][4] = {{"--timeout", "soon"},
					{"--since", "ever"},
					{"--initial-sync-limit", "0"},
					{"--coverage", "--no-coverage"}};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct sync_run run = SYNC(2, wrong[i][0], wrong[i][1]);

		cr_expect(strstr(run.err, wrong[i][0]), "%s", run.err);
		sync_run_free(&run);
	}
	place_write(place, "buildbus.yml", "bus: {state_dir: %s}\n", place->state);
	{
		struct sync_run run = SYNC(2, NULL);

		cr_expect(strstr(run.err, "names no source"), "%s", run.err);
		sync_run_free(&run);
	}
}

Test(sync, an_interrupted_run_says_so, .init = open_place, .fini = close_place)
{
	struct child *sync;

	simulator_do(sim, "faults", "{'latency_ms': 2000}");
	sync = sync_start(&where, ARGS(NULL), "out");
	simulator_served(sim, "total", 1);
	child_signal(sync, SIGINT);
	cr_expect_eq(child_end(sync), 1);
	cr_expect(child_said(sync, "interrupted; what was written stays"));
	child_free(&sync);
}

/* Here: no file may grow beyond that. */
Test(sync, a_full_disk_is_told_while_it_waits, .init = open_place, .fini = close_place)
{
	struct child *sync = child_start(&(struct launch){
		.place = place,
		.program = "buildbus",
		.args = ARGS("sync", "-c", place->config, "--timeout", "20s"),
		.file_size_max = 300000,
		.no_ready = true,
		.stdout_path = place_path(place, "out"),
	});

	child_says(sync, "buildbus: waiting: ");
	child_says(sync, "hub.db");
	child_signal(sync, SIGTERM);
	cr_expect_eq(child_end(sync), 1);
	child_free(&sync);
}

/* An old folder whose run is dead goes with the next run; that of a run that lives stays. */
Test(sync, what_killed_runs_leave_is_swept, .init = open_place, .fini = close_place)
{
	const struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	char left[2][256];
	struct sync_run run;
	int held;

	for (int i = 0; i < 2; i++) {
		snprintf(left[i], sizeof left[i], "%s/buildbus-sync.%06d", place->folder, i);
		cr_assert_eq(mkdir(left[i], 0700), 0);
		place_write(place, i ? "buildbus-sync.000001/hub.db" : "buildbus-sync.000000/hub.db", "left");
	}
	snprintf(left[1] + strlen(left[1]), 16, "/sync.lock");
	held = open(left[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	cr_assert_eq(flock(held, LOCK_EX), 0);
	*strrchr(left[1], '/') = '\0';
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(utimensat(AT_FDCWD, left[i], old, 0), 0);
	}
	setenv("TMPDIR", place->folder, 1);
	run = SYNC(0, NULL);
	sync_run_free(&run);
	cr_expect_neq(access(left[0], F_OK), 0, "the dead one's stays");
	cr_expect_eq(access(left[1], F_OK), 0, "the living one's is gone");
	close(held);
}

Test(sync, two_runs_on_one_state_follow_each_other, .init = open_place, .fini = close_place)
{
	const char *const *args = ARGS("--state", place->state, "--json");
	struct child *one, *other;

	simulator_do(sim, "faults", "{'latency_ms': 200}");
	one = sync_start(&where, args, "one");
	simulator_served(sim, "total", 1);
	other = sync_start(&where, args, "other");
	cr_expect_eq(child_end(other), 0);
	cr_expect(child_said(other, "another buildbus sync (pid "));
	cr_expect_eq(child_end(one), 0);
	expect_store(&where, sim);
	child_free(&one);
	child_free(&other);
}

Test(sync, killed_anywhere_and_run_again_is_whole, .init = open_place, .fini = close_place)
{
	simulator_do(sim, "faults", "{'latency_ms': 20}");
	for (int requests = 1; requests <= 9; requests += 2) {
		int64_t before = simulator_count(sim, "total");
		struct child *sync = sync_start(&where, ARGS("--state", place->state), "out");
		struct sync_run again;

		simulator_served(sim, "total", before + requests);
		child_kill(sync);
		child_free(&sync);
		again = SYNC(0, "--state", place->state);
		sync_run_free(&again);
		expect_store(&where, sim);
		simulator_do(sim, "build", "{'pipeline': 'acme/web', 'duration_ms': 1000}");
	}
}

/* Both write one store.db; the page is that of the one that stays. */
Test(sync, runs_beside_up_on_the_same_configuration, .init = open_place, .fini = close_place)
{
	struct child *up;
	struct sync_run run;
	char *truth;

	place_write(place, "buildbus.yml",
		    "bus: {state_dir: %s}\n"
		    "sources:\n  - buildkite: {access_token: %s, organization_slug: acme,\n"
		    "      pipeline_slug: '*', since: 90d, poll_interval: 1s, api_url: '%s'}\n"
		    "destinations:\n  - store: {listen: '127.0.0.1:%d'}\n",
		    place->state, SIM_TOKEN, sim->api, free_port());
	up = child_start(&(struct launch){.place = place,
					  .program = "buildbus",
					  .args = ARGS("up", "-c", place->config),
					  .no_ready = true});
	child_event(up, "store.listening", NULL, NULL);
	run = SYNC(0, NULL);
	cr_expect_null(strstr(run.err, "in use"), "%s", run.err);
	sync_run_free(&run);
	run = SYNC(0, "--dry-run");
	sync_run_free(&run);
	simulator_do(sim, "build", "{'pipeline': 'acme/web', 'duration_ms': 1000}");
	truth = simulator_truth(sim, NULL);
	store_holds(place, truth);
	child_stop(up);
	free(truth);
	child_free(&up);
}

static int64_t artifacts_asked(void)
{
	int64_t before = simulator_count(sim, "artifacts");
	struct sync_run run = SYNC(0, "--coverage");

	sync_run_free(&run);
	expect_store(&where, sim);
	return simulator_count(sim, "artifacts") - before;
}

static void open_covered(void)
{
	where.place = place = place_new();
	sim = simulator_new(place, "--builds", "0", "--pipelines", "1");
	configure(SIM_TOKEN);
	world_builds(sim, 3, "'duration_ms': 1000");
	simulator_do(
		sim, "artifact",
		"{'pipeline': 'web', 'number': 2, 'path': 'coverage-summary.json', 'body': '{\\\"pct\\\": "
		"0.6}'}");
}

/* What finished after the last one that has a coverage may have been written by a run without. */
Test(sync, coverage_that_is_known_is_not_asked_for_again, .init = open_covered, .fini = close_place)
{
	cr_expect_eq(artifacts_asked(), 3);
	cr_expect_eq(artifacts_asked(), 1);
}
