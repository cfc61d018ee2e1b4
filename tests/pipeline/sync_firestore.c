/* `buildbus sync` into Firestore: what a team sees of it. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/sync_google.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(sync_firestore, .timeout = 240);

Test(sync_firestore, the_configuration_of_the_guide_works_letter_for_letter, .init = begin, .fini = end)
{
	struct sync_run run = sync_once(&where, 0, PATIENT);

	expect_truth();
	cr_expect(strstr(run.out, "firestore: "), "%s", run.out);
	cr_expect(strstr(run.out, "The data has been synced successfully!\n"), "%s", run.out);
	sync_run_free(&run);
}

/* Names in it are replaced by the shell then: eval "echo \"$(sed 's/"/\\"/g' file)\"" >> integration.yml */
Test(sync_firestore, a_file_that_eval_has_filled_works_as_well, .init = begin, .fini = end)
{
	static const char script[] = "eval \"echo \\\"$(sed 's/\"/\\\\\"/g' \"$0\")\\\"\" >> \"$1\"";
	char *filled = strdup(place_path(where.place, "integration.yml"));
	struct child *shell =
		child_start(&(struct launch){.place = where.place,
					     .program = "/bin/sh",
					     .args = ARGS("-c", script, where.place->config, filled),
					     .env = env,
					     .no_ready = true});

	cr_assert_eq(child_end(shell), 0);
	child_free(&shell);
	env[1] = "PIPELINE_SLUG=another"; /* it is in the file now */
	free(where.place->config);
	where.place->config = filled;
	sync_well();
	expect_truth();
}

Test(sync_firestore, a_run_with_nothing_new_asks_little_and_writes_nothing, .init = begin, .fini = end)
{
	struct sync_run run;
	char *before, *after;
	int64_t asked;
	int told;

	sync_well();
	before = documents_times(firebase);
	asked = simulator_count(sim, "total");
	told = meter_count(meter, "");
	run = sync_once(&where, 0, "--json", PATIENT);
	cr_expect_eq(sync_told(&run, "new") + sync_told(&run, "updated"), 0, "%s", run.out);
	/* The newest; what finished since. */
	cr_expect_eq(simulator_count(sim, "total") - asked, 2);
	/* The project's document; the newest, those in progress, those given up. */
	cr_expect_eq(meter_count(meter, "") - told, 4);
	after = documents_times(firebase);
	cr_expect_str_eq(before, after, "something was written again");
	free(before);
	free(after);
	sync_run_free(&run);
}

/* Builds that are in progress too long. */

Test(sync_firestore, what_runs_for_too_long_becomes_unknown_and_right_when_it_ends, .init = begin_empty,
     .fini = end)
{
	struct sync_run run;

	world_build(sim, "'duration_ms': null");
	run = sync_once(&where, 0, "--json");
	sync_run_free(&run);
	expect_build(1, "BuildStatus.unknown", "\"7200000\"");
	run = sync_once(&where, 0, "--json"); /* the provider still says that it runs */
	cr_expect_eq(sync_told(&run, "updated"), 0, "%s", run.out);
	sync_run_free(&run);
	expect_build(1, "BuildStatus.unknown", "\"7200000\"");
	world_pass(sim, 2 * HOUR + 30 * MINUTE);
	world_act(sim, 1, "finish");
	run = sync_once(&where, 0, "--json");
	cr_expect_eq(sync_told(&run, "updated"), 1, "%s", run.out);
	sync_run_free(&run);
	expect_build(1, "BuildStatus.successful", "\"9000000\"");
}

Test(sync_firestore, what_was_given_up_and_ends_sooner_becomes_right, .init = begin_empty, .fini = end)
{
	struct sync_run run;

	world_build(sim, "'duration_ms': null, 'result': 'failed'");
	run = sync_once(&where, 0, "--json");
	sync_run_free(&run);
	expect_build(1, "BuildStatus.unknown", "\"7200000\"");
	world_pass(sim, MINUTE);
	world_act(sim, 1, "finish");
	run = sync_once(&where, 0, "--json");
	sync_run_free(&run);
	expect_build(1, "BuildStatus.", "\"60000\"");
}

/* Nobody knows whether it still runs: it may not be given up, however old it is. */
Test(sync_firestore, what_the_provider_does_not_tell_stays_in_progress, .init = begin_empty, .fini = end)
{
	struct sync_run run;

	world_build(sim, "'duration_ms': null");
	world_build(sim, "'duration_ms': 1000");
	world_build(sim, "'duration_ms': 1000");
	world_pass(sim, MINUTE);
	sync_well();
	expect_build(1, "BuildStatus.inProgress", "null");
	simulator_do(sim, "faults",
		     "{'kind': 'error-html', 'status': 503, 'match': '/builds/1', 'count': 100000}");
	run = sync_once(&where, 1, "--initial-sync-limit", "1");
	cr_expect(strstr(run.err, "build 1 of acme/web could not be read: "), "%s", run.err);
	sync_run_free(&run);
	expect_build(1, "BuildStatus.inProgress", "null");
}

Test(sync_firestore, with_a_timeout_of_0_all_that_runs_is_unknown_at_once, .init = begin_empty, .fini = end)
{
	struct sync_run run;

	world_build(sim, "'duration_ms': null");
	world_pass(sim, MINUTE);
	run = sync_once(&where, 0, "--in-progress-timeout", "0");
	expect_build(1, "BuildStatus.unknown", "\"0\"");
	sync_run_free(&run);
	run = sync_once(&where, 2, "--in-progress-timeout", "soon");
	cr_expect(strstr(run.err, "--in-progress-timeout soon: give it whole minutes"), "%s", run.err);
	sync_run_free(&run);
}

/* With --state the hub knows what runs, and Firestore isn't asked. */
Test(sync_firestore, with_state_too_what_runs_for_too_long_becomes_unknown, .init = begin_empty, .fini = end)
{
	struct sync_run run;

	world_build(sim, "'duration_ms': null");
	for (int i = 0; i < 2; i++) {
		run = sync_once(&where, 0, "--state", where.place->state);
		sync_run_free(&run);
		expect_build(1, "BuildStatus.unknown", "\"7200000\"");
	}
	world_pass(sim, MINUTE);
	world_act(sim, 1, "finish");
	run = sync_once(&where, 0, "--state", where.place->state);
	sync_run_free(&run);
	expect_build(1, "BuildStatus.successful", "\"60000\"");
}

/* Coverage is asked for once. */

static void add_coverage(int number)
{
	char json[256];

	snprintf(json, sizeof json,
		 "{'pipeline': 'web', 'number': %d, 'path': 'coverage-summary.json', 'body': '{\\\"pct\\\": "
		 "0.6}'}",
		 number);
	simulator_do(sim, "artifact", json);
}

static int64_t artifacts_asked(void)
{
	int64_t before = simulator_count(sim, "artifacts");
	struct sync_run run = sync_once(&where, 0, "--coverage", PATIENT);

	sync_run_free(&run);
	expect_truth();
	return simulator_count(sim, "artifacts") - before;
}

Test(sync_firestore, coverage_that_is_known_is_not_asked_for_again, .init = begin_empty, .fini = end)
{
	for (int i = 0; i < 3; i++) {
		world_build(sim, "'duration_ms': 1000");
		world_pass(sim, MINUTE);
	}
	add_coverage(2);
	cr_expect_eq(artifacts_asked(), 3);
	cr_expect_eq(artifacts_asked(), 1, "a later run without coverage may have written the last one");
	world_build(sim, "'duration_ms': 1000");
	world_pass(sim, MINUTE);
	add_coverage(4);
	cr_expect_eq(artifacts_asked(), 2);
	cr_expect_eq(artifacts_asked(), 0);
	world_act(sim, 4, "retry");
	world_pass(sim, 10 * MINUTE);
	cr_expect_eq(artifacts_asked(), 1, "another end, another coverage");
}

Test(sync_firestore, coverage_of_builds_that_were_written_without_is_read_later, .init = begin_empty,
     .fini = end)
{
	world_build(sim, "'duration_ms': 1000");
	world_pass(sim, MINUTE);
	add_coverage(1);
	sync_well();
	cr_expect_eq(artifacts_asked(), 1);
	cr_expect_eq(artifacts_asked(), 0);
}
