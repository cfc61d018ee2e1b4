/* What goes wrong at Firestore while `buildbus sync` asks and writes. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/sync_google.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(sync_firestore_rules, .timeout = 240);

Test(sync_firestore_rules, rules_that_forbid_to_ask_are_one_sentence, .init = begin, .fini = end)
{
	struct sync_run run;
	const char *said;

	set_rules("allow get, write: if true;");
	run = sync_once(&where, 1, PATIENT);
	cr_expect(strstr(run.err, "let the security rules allow `read` of `build`"), "%s", run.err);
	cr_expect(strstr(run.err, "--state DIR"), "%s", run.err);
	said = strstr(run.err, "buildbus: "); /* a slow machine says before that what it is at */
	cr_expect(said && strchr(said, '\n') == strrchr(said, '\n'), "one line: %s", run.err);
	cr_expect_eq(simulator_count(sim, "builds"), 0, "nothing is fetched then");
	sync_run_free(&run);
}

Test(sync_firestore_rules, an_outage_while_it_is_asked_is_waited_for_until_the_time_is_over, .init = begin,
     .fini = end)
{
	struct sync_run run;

	meter_refuse(meter, 1000000);
	run = sync_once(&where, 1, "--timeout", "3s");
	cr_expect(strstr(run.err, "waiting: firestore: "), "%s", run.err);
	cr_expect(strstr(run.err, "(--timeout): firestore: "), "%s", run.err);
	sync_run_free(&run);
}

/* Ten builds, one after the other; the rules refuse the fifth. */
static void refuse_the_fifth(void)
{
	world_builds(sim, 10, "'duration_ms': 1000");
	set_rules("allow read: if true; allow write: if request.resource.data.buildNumber != 5;");
}

static bool is_there(int number)
{
	char *status = field(number, "buildStatus");
	bool there = status != NULL;

	free(status);
	return there;
}

/* The next run reads what finished since the newest end that it finds: a build missing before that would stay
 * so. */
Test(sync_firestore_rules, what_is_refused_holds_up_what_finished_later, .init = begin_empty, .fini = end)
{
	struct child *sync;
	struct sync_run run;

	refuse_the_fifth();
	sync = sync_start(&where, ARGS(PATIENT), "out");
	child_says(sync, "waiting: build/" METRICS "_5: ");
	child_kill(sync);
	child_free(&sync);
	for (int i = 1; i <= 10; i++) {
		cr_expect_eq(is_there(i), i < 5, "#%d", i);
	}
	set_rules("allow read, write: if true;");
	run = sync_once(&where, 0, "--initial-sync-limit", "1", PATIENT);
	sync_run_free(&run);
	expect_truth();
}

Test(sync_firestore_rules, what_is_refused_for_long_is_named_and_holds_up_nothing, .init = begin_empty,
     .fini = end)
{
	struct sync_run run;

	refuse_the_fifth();
	run = sync_once(&where, 1, "--timeout", "20s", "--json", PATIENT);
	cr_expect(strstr(run.err, "firestore: build/" METRICS "_5: "), "%s", run.err);
	cr_expect_null(strstr(run.err, "gave up"), "%s", run.err);
	cr_expect_eq(sync_told(&run, "failed"), 1);
	cr_expect_eq(sync_told(&run, "new"), 9);
	sync_run_free(&run);
	set_rules("allow read, write: if true;");
	sync_well();
	expect_truth();
}

/* Nobody waits in a CI step until a clock is right. */
Test(sync_firestore_rules, a_start_far_ahead_of_firestores_clock_is_for_a_later_run, .init = begin_empty,
     .fini = end)
{
	struct sync_run run;

	world_builds(sim, 2, "'duration_ms': 1000");
	world_pass(sim, 5 * HOUR);
	world_build(sim, "'duration_ms': 1000");
	world_pass(sim, MINUTE);
	run = sync_once(&where, 1, "--timeout", "60s", PATIENT);
	expect_sentence(&run, "build/" METRICS "_3: ", "ahead of Firestore's clock", "a later run");
	sync_run_free(&run);
	cr_expect(is_there(1) && is_there(2) && !is_there(3));
}
