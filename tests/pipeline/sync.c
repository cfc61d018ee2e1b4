/* `buildbus sync` into the embedded store: everything real but the provider. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

TestSuite(sync, .timeout = 240);

static struct place *place;
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
	place = place_new();
	sim = simulator_new(place, "--builds", "300", "--pipelines", "6");
	configure(SIM_TOKEN);
}

static void close_place(void)
{
	simulator_free(&sim);
	place_free(&place);
}

/* What one run printed; heap. */
struct run {
	char *out, *err;
	int code;
};

static struct child *start(const char *const *args, const char *out)
{
	const struct launch launch = {
		.place = place,
		.program = "buildbus",
		.args = args,
		.no_ready = true,
		.stdout_path = place_path(place, out),
	};

	return child_start(&launch);
}

#define SYNC(...) run_sync(ARGS("sync", "--config-file", place->config, __VA_ARGS__))
static struct run run_sync(const char *const *args)
{
	static int number;
	char out[16];
	struct child *sync;
	struct run run = {0};
	size_t size;

	snprintf(out, sizeof out, "out-%d", number++);
	sync = start(args, out);
	run.code = child_end(sync);
	run.err = child_text(sync);
	run.out = place_read(place, out, &size);
	child_free(&sync);
	return run;
}

static void run_free(struct run *run)
{
	free(run->out);
	free(run->err);
}

/* The number at a key of the object that --json printed. */
static int64_t told(const struct run *run, const char *key)
{
	yyjson_doc *doc = yyjson_read(run->out, strlen(run->out), 0);
	yyjson_val *value = yyjson_obj_get(yyjson_doc_get_root(doc), key);
	int64_t number = yyjson_is_bool(value) ? yyjson_get_bool(value) : yyjson_get_sint(value);

	cr_assert_not_null(value, "no %s in: %s", key, run->out);
	yyjson_doc_free(doc);
	return number;
}

static void expect_truth(void)
{
	char *truth = simulator_truth(sim, NULL);
	char *difference = truth_differs(place_path(place, "state/store.db"), truth);

	cr_assert_null(difference, "%s", difference);
	free(truth);
}

static void expect_code(const struct run *run, int code)
{
	cr_assert_eq(run->code, code, "exit %d: %s%s", run->code, run->err, run->out);
}

Test(sync, carries_everything_and_says_so, .init = open_place, .fini = close_place)
{
	struct run first = SYNC(NULL);

	expect_code(&first, 0);
	expect_truth();
	cr_expect(strstr(first.out, "store: 300 new, 0 updated, 0 unchanged, 0 failed\n"), "%s", first.out);
	cr_expect(strstr(first.out, "The data has been synced successfully!\n"));
	cr_expect(strstr(first.err, "reading 6 pipelines\n"), "%s", first.err);
	run_free(&first);
}

/* The next run finds nothing here, and the destination has it all. */
Test(sync, leaves_nothing_behind_and_repeats_at_no_cost_to_the_destination, .init = open_place,
     .fini = close_place)
{
	struct run first = SYNC("--json", NULL), second;

	expect_code(&first, 0);
	cr_expect_eq(db_int(place, "hub.db", "SELECT 1"), INT64_MIN, "the hub is temporary");
	second = SYNC("--json", NULL);
	expect_code(&second, 0);
	cr_expect_eq(told(&second, "new"), 0);
	cr_expect_eq(told(&second, "updated"), 0);
	cr_expect_geq(told(&second, "unchanged"), 6 * 28, "the newest of each pipeline are looked at again");
	cr_expect_lt(told(&second, "fetched"), 300, "and not everything");
	run_free(&first);
	run_free(&second);
}

Test(sync, with_state_asks_only_for_what_is_new, .init = open_place, .fini = close_place)
{
	struct run first = SYNC("--state", place->state, "--json", NULL), second;

	expect_code(&first, 0);
	simulator_do(sim, "build", "{'pipeline': 'acme/web', 'duration_ms': null}");
	second = SYNC("--state", place->state, "--json", NULL);
	expect_code(&second, 0);
	expect_truth();
	cr_expect_eq(told(&second, "ok"), 1);
	cr_expect_eq(told(&second, "new"), 1);
	cr_expect_eq(told(&second, "updated"), 0);
	cr_expect_lt(told(&second, "fetched"), 100, "%s", second.out);
	run_free(&first);
	run_free(&second);
}

Test(sync, takes_the_newest_of_a_new_pipeline_unless_told_otherwise, .init = open_place, .fini = close_place)
{
	struct run run;

	place_write(place, "buildbus.yml",
		    "bus: {state_dir: %s}\nsources:\n  - buildkite:\n      access_token: %s\n"
		    "      organization_slug: acme\n      pipeline_slug: web\n      api_url: %s\n",
		    place->state, SIM_TOKEN, sim->api);
	run = SYNC("--initial-sync-limit", "7", "--json", NULL);
	expect_code(&run, 0);
	cr_expect_eq(told(&run, "new"), 7);
	run_free(&run);
	run = SYNC("--json", NULL);
	expect_code(&run, 0);
	cr_expect_eq(told(&run, "new") + told(&run, "unchanged"), 28);
	run_free(&run);
	run = SYNC("--since", "3650d", "--json", NULL);
	expect_code(&run, 0);
	cr_expect_gt(told(&run, "new"), 0);
	run_free(&run);
}

Test(sync, a_dry_run_writes_nothing, .init = open_place, .fini = close_place)
{
	struct run run = SYNC("--dry-run", "--json", NULL);

	expect_code(&run, 0);
	cr_expect_eq(told(&run, "fetched"), 300);
	cr_expect_eq(told(&run, "new"), 0);
	cr_expect_eq(db_int(place, "store.db", "SELECT count(*) FROM builds"), 0);
	run_free(&run);
	run = SYNC("--dry-run", "--state", place->state, NULL);
	expect_code(&run, 2);
	run_free(&run);
}

Test(sync, a_refused_token_is_one_sentence_and_exit_1, .init = open_place, .fini = close_place)
{
	struct run run;

	configure("bkua_not_this_one");
	run = SYNC(NULL);
	expect_code(&run, 1);
	cr_expect(strstr(run.err, "does not accept the token (401)"), "%s", run.err);
	cr_expect(strstr(run.err, "check access_token"), "%s", run.err);
	cr_expect_eq(strchr(run.err, '\n'), strrchr(run.err, '\n'), "one line: %s", run.err);
	cr_expect_null(strstr(run.out, "successfully"));
	run_free(&run);
}

Test(sync, an_outage_ends_with_the_time_and_soft_fail_forgives_it, .init = open_place, .fini = close_place)
{
	struct run run;

	simulator_free(&sim);
	run = SYNC("--timeout", "3s", NULL);
	expect_code(&run, 1);
	cr_expect(strstr(run.err, "(--timeout)"), "%s", run.err);
	cr_expect(strstr(run.err, "waiting: "), "%s", run.err);
	cr_expect(strstr(strstr(run.err, "gave up"), "onnect"), "%s", run.err);
	run_free(&run);
	run = SYNC("--timeout", "1s", "--soft-fail", NULL);
	expect_code(&run, 0);
	run_free(&run);
}

Test(sync, a_short_outage_is_waited_for, .init = open_place, .fini = close_place)
{
	struct run run;

	simulator_do(sim, "faults", "{'kind': 'error-html', 'status': 503, 'route': 'builds', 'count': 12}");
	run = SYNC(NULL);
	expect_code(&run, 0);
	expect_truth();
	run_free(&run);
}

Test(sync, wrong_usage_and_configuration_are_exit_2, .init = open_place, .fini = close_place)
{
	const char *const wrong[][4] = {{"--timeout", "soon"},
					{"--since", "ever"},
					{"--initial-sync-limit", "0"},
					{"--coverage", "--no-coverage"}};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct run run = SYNC(wrong[i][0], wrong[i][1], NULL);

		expect_code(&run, 2);
		cr_expect(strstr(run.err, wrong[i][0]), "%s", run.err);
		run_free(&run);
	}
	place_write(place, "buildbus.yml", "bus: {state_dir: %s}\n", place->state);
	{
		struct run run = SYNC(NULL);

		expect_code(&run, 2);
		cr_expect(strstr(run.err, "names no source"), "%s", run.err);
		run_free(&run);
	}
}

Test(sync, an_interrupted_run_says_so, .init = open_place, .fini = close_place)
{
	struct child *sync;

	simulator_do(sim, "faults", "{'latency_ms': 2000}");
	sync = start(ARGS("sync", "-c", place->config), "out");
	simulator_served(sim, "total", 1);
	child_signal(sync, SIGINT);
	cr_expect_eq(child_end(sync), 1);
	cr_expect(child_said(sync, "interrupted; what was written stays"));
	child_free(&sync);
}

Test(sync, two_runs_on_one_state_follow_each_other, .init = open_place, .fini = close_place)
{
	const char *const *args = ARGS("sync", "-c", place->config, "--state", place->state, "--json");
	struct child *one, *other;

	simulator_do(sim, "faults", "{'latency_ms': 200}");
	one = start(args, "one");
	simulator_served(sim, "total", 1);
	other = start(args, "other");
	cr_expect_eq(child_end(other), 0);
	cr_expect(child_said(other, "another buildbus sync (pid "));
	cr_expect_eq(child_end(one), 0);
	expect_truth();
	child_free(&one);
	child_free(&other);
}

Test(sync, killed_anywhere_and_run_again_is_whole, .init = open_place, .fini = close_place)
{
	simulator_do(sim, "faults", "{'latency_ms': 20}");
	for (int requests = 1; requests <= 9; requests += 2) {
		int64_t before = simulator_count(sim, "total");
		struct child *sync = start(ARGS("sync", "-c", place->config, "--state", place->state), "out");
		struct run again;

		simulator_served(sim, "total", before + requests);
		child_kill(sync);
		child_free(&sync);
		again = SYNC("--state", place->state, NULL);
		expect_code(&again, 0);
		run_free(&again);
		expect_truth();
		simulator_do(sim, "build", "{'pipeline': 'acme/web', 'duration_ms': 1000}");
	}
}

/* The holes of a sync that only asks for numbers above the newest one it knows (the tool that this one
 * replaces): each of these builds is out of its sight for ever. */

static void configure_web(void)
{
	place_write(place, "buildbus.yml",
		    "bus: {state_dir: %s}\nsources:\n  - buildkite:\n      access_token: %s\n"
		    "      organization_slug: acme\n      pipeline_slug: web\n      api_url: %s\n",
		    place->state, SIM_TOKEN, sim->api);
}

static void open_holes(void)
{
	place = place_new();
	sim = simulator_new(place, "--builds", "0", "--pipelines", "1");
	configure_web();
}

static void build(const char *how)
{
	char json[256];

	snprintf(json, sizeof json, "{'pipeline': 'acme/web', %s}", how);
	simulator_do(sim, "build", json);
}

static void act(int number, const char *action)
{
	char json[128];

	snprintf(json, sizeof json, "{'pipeline': 'acme/web', 'number': %d, 'action': '%s'}", number, action);
	simulator_do(sim, "act", json);
}

static void pass(int64_t ms)
{
	char json[64];

	snprintf(json, sizeof json, "{'ms': %lld}", (long long)ms);
	simulator_do(sim, "advance", json);
}

static void sync_five(void)
{
	struct run run = SYNC("--initial-sync-limit", "5", NULL);

	expect_code(&run, 0);
	run_free(&run);
}

static void expect_state(int number, const char *state)
{
	char sql[128];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM builds WHERE number = %d AND provider_state = '%s'",
		 number, state);
	cr_expect_eq(db_int(place, "store.db", sql), 1, "#%d is not %s", number, state);
}

Test(sync, a_build_that_ends_after_many_newer_ones_is_not_lost, .init = open_holes, .fini = close_place)
{
	build("'duration_ms': null"); /* 1: runs on */
	for (int i = 0; i < 9; i++) {
		build("'duration_ms': 1000");
	}
	pass(60000);
	sync_five();
	cr_expect_eq(db_int(place, "store.db", "SELECT count(*) FROM builds WHERE number = 1"), 0);
	act(1, "finish");
	pass(3600000);
	sync_five();
	expect_state(1, "passed");
}

Test(sync, a_build_that_was_running_is_followed_to_its_end, .init = open_holes, .fini = close_place)
{
	build("'duration_ms': null");
	pass(60000);
	sync_five();
	expect_state(1, "running");
	for (int i = 0; i < 9; i++) {
		build("'duration_ms': 1000");
	}
	act(1, "finish");
	pass(86400000);
	build("'duration_ms': 1000");
	pass(60000);
	sync_five();
	expect_state(1, "passed");
}

Test(sync, a_build_that_is_run_again_is_read_again, .init = open_holes, .fini = close_place)
{
	build("'duration_ms': 1000, 'result': 'failed'");
	pass(60000);
	sync_five();
	expect_state(1, "failed");
	for (int i = 0; i < 9; i++) {
		build("'duration_ms': 1000");
	}
	pass(86400000);
	act(1, "retry");
	pass(3600000);
	sync_five();
	cr_expect_eq(db_int(place, "store.db", "SELECT attempt FROM builds WHERE number = 1"), 2);
}

/* Newest first, as the lists come, the rest of a run that is killed would be below what the next one asks
 * for.
 */
Test(sync, a_run_killed_while_it_writes_leaves_nothing_behind_its_newest, .init = open_holes,
     .fini = close_place)
{
	build("'duration_ms': 1000");
	pass(60000);
	sync_five();
	for (int i = 0; i < 600; i++) {
		build("'duration_ms': 1000");
		pass(300000);
	}
	for (int i = 0; i < 12; i++) {
		struct child *sync =
			start(ARGS("sync", "-c", place->config, "--initial-sync-limit", "5"), "out");

		for (int64_t before = db_int(place, "store.db", "SELECT count(*) FROM builds"), now = before;
		     now == before && !child_ended(sync);) {
			now = db_int(place, "store.db", "SELECT count(*) FROM builds");
		}
		child_kill(sync);
		child_free(&sync);
	}
	sync_five();
	expect_truth();
}
