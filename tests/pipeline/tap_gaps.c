/* `buildbus tap` that misses something, or might think so. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/tap_run.h"

#include <stdio.h>
#include <stdlib.h>

TestSuite(tap_gaps, .timeout = 240, .init = tap_open, .fini = tap_close);

/* Other pipelines, and other states of this one, are no gap. */
Test(tap_gaps, of_one_pipeline_or_state_sees_no_false_gap)
{
	tap_start("--from", "1", "build.buildkite.acme.web.finished");
	for (int i = 1; i <= 20; i++) {
		with(worker, .number = i);
		with(worker, .number = i, .pipeline = "webshop", .state = "passed");
		with(worker, .number = i, .state = "passed", .observed_at = T0 + 1000);
		publish_given("3 0 0");
	}
	tap_prints_seqs(3, 3, 20);
	child_stop(tap);
	tap_is_quiet();
	cr_expect_eq(child_count(hub->child, "\"feed.attached\""), 1,
		     "it fetched the past, and nothing after");
}

/* Longer than the hub keeps records for it and the system's buffers hold; nothing wakes it afterwards but the
 * hub's answer that tells where the log ends. BUILDBUS_TAP_SLEPT makes it longer. */
Test(tap_gaps, that_slept_prints_all_of_it)
{
	const char *text = getenv("BUILDBUS_TAP_SLEPT");
	int slept = text ? (int)strtol(text, NULL, 10) : 9000;
	int64_t first;

	tap_start(NULL);
	first = tap_is_listening();
	child_signal(tap, SIGSTOP);
	publish_many("web", 1, slept);
	child_signal(tap, SIGCONT);
	be_patient(3);
	tap_prints_seqs(first, 1, (int)(hub_sql(hub, "SELECT max(seq) FROM log") - first + 1));
	child_stop(tap);
	tap_is_quiet();
}

/* Builds number first … last of both, the one of web first. */
static void publish_both(int first, int last)
{
	char counts[32];
	int waiting = 0;

	for (int i = first; i <= last; i++) {
		with(worker, .number = i);
		with(worker, .number = i, .pipeline = "api");
		if ((waiting += 2) == 200 || i == last) {
			snprintf(counts, sizeof counts, "%d 0 0", waiting);
			publish_given(counts);
			waiting = 0;
		}
	}
}

Test(tap_gaps, of_one_pipeline_that_slept_prints_all_of_that)
{
	tap_start("--from", "1", "acme/web");
	publish_both(1, 1);
	free(tap_prints(1));
	publish_both(2, 10);
	free(tap_prints(10));
	child_signal(tap, SIGSTOP);
	publish_both(11, 5000);
	child_signal(tap, SIGCONT);
	be_patient(3);
	tap_prints_seqs(1, 2, 5000);
	child_stop(tap);
	tap_is_quiet();
}

/* The subscription is wider than what is wanted: others fill the hub's queue. */
Test(tap_gaps, of_one_pipeline_that_slept_finds_a_single_record_that_others_pushed_out)
{
	tap_start("--from", "1", "acme/web");
	publish_many("web", 1, 1);
	free(tap_prints(1));
	child_signal(tap, SIGSTOP);
	publish_many("api", 1, 4000);
	publish_many("web", 2, 2);
	publish_many("api", 4001, 6000);
	child_signal(tap, SIGCONT);
	tap_prints_seqs(1, 4001, 2);
	publish_many("web", 3, 3); /* else it might be stopped while it reads: libzmq would lose memory */
	free(tap_prints(3));
	child_stop(tap);
	tap_is_quiet();
}

/* What the new hub publishes before the tap is connected again is missing, and nothing after it says so. */
Test(tap_gaps, goes_on_after_a_restart_of_the_hub)
{
	tap_start("--from", "1");
	publish_many("web", 1, 10);
	free(tap_prints(10));
	child_signal(tap, SIGSTOP);
	hub_restart(hub);
	publish_many("web", 11, 20);
	child_signal(tap, SIGCONT);
	child_says(tap, "is away (the connection ended): waiting for it");
	child_says(tap, "the normalizer is back");
	tap_prints_seqs(1, 1, 20);
	publish_many("web", 21, 30);
	tap_prints_seqs(1, 1, 30);
	child_stop(tap);
}

Test(tap_gaps, says_when_the_hub_has_another_log)
{
	char command[512];

	tap_start("--from", "1");
	publish_many("web", 1, 10);
	free(tap_prints(10));
	hub_kill(hub);
	snprintf(command, sizeof command, "rm -rf '%s'", hub->place->state);
	cr_assert_eq(system(command), 0);
	hub_start(hub);
	child_says(tap, "the normalizer has another log");
	say(worker, "claim 'buildkite' 'w1'");
	value_forget("fence");
	hear(worker, "lease 'buildkite:acme/web' $fence ...");
	with(worker, .number = 1);
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 1 0 0 $fence");
	free(tap_prints(11));
	child_stop(tap);
}

Test(tap_gaps, says_what_the_log_has_no_longer)
{
	publish_many("web", 1, 10);
	hub_sql(hub, "DELETE FROM log WHERE seq IN (3, 4)");
	hub_restart(hub);
	tap_start("--from", "2");
	child_says(tap, "2 of the numbers from 2 to 10 are not in the log");
	free(tap_prints(7));
	child_stop(tap);
}

/* Numbers go to what is sent again to one sink too: nobody asked for them who asked for a time. */
Test(tap_gaps, says_nothing_of_numbers_to_who_asked_for_a_time)
{
	publish_many("web", 1, 10);
	hub_sql(hub, "DELETE FROM log WHERE seq IN (3, 4)");
	hub_restart(hub);
	tap_start("--from", "2h");
	free(tap_prints(8));
	publish_many("web", 11, 11);
	free(tap_prints(9)); /* the end of the past is behind it */
	child_stop(tap);
	tap_is_quiet();
	child_free(&tap);
	hub_sql(hub, "UPDATE log SET at = 1767225600000 + seq * 1000"); /* 2026-01-01 */
	tap_start("--from", "2026-01-01");
	child_says(tap, "what was superseded more than 7d ago is left out");
	child_stop(tap);
}
