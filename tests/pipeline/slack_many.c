/* As many branches as a big company has: what the sink keeps is on disk. */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "tests/pipeline/slack_run.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define STATES       2000 /* BUILDBUS_SLACK_STATES: 100000 */
#define RED_EACH     100
#define RESIDENT_MAX 24 /* MiB */

#ifdef __has_feature
#define INSTRUMENTED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define INSTRUMENTED true
#else
#define INSTRUMENTED false
#endif

TestSuite(slack_many, .init = slack_run_init, .fini = slack_run_fini, .timeout = 600);

static int64_t states_wanted(void)
{
	const char *text = getenv("BUILDBUS_SLACK_STATES");

	return text ? strtoll(text, NULL, 10) : STATES;
}

static long resident_kib(const char *what)
{
	char path[64], line[256];
	long kib = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)child_pid(run.sink));
	file = fopen(path, "r");
	while (file && fgets(line, sizeof line, file)) {
		if (strncmp(line, what, strlen(what)) == 0) {
			kib = strtol(line + strlen(what), NULL, 10);
		}
	}
	if (file) {
		fclose(file);
	}
	return kib;
}

static void branches_come(int64_t from, int64_t to)
{
	for (int64_t i = from; i < to; i++) {
		char line[128];

		snprintf(line, sizeof line, "web %lld c%lld %s branch=feature/number-%lld", (long long)i,
			 (long long)i, i % RED_EACH == 0 ? "failed" : "passed", (long long)i);
		build_comes(9 * HOUR_MS, line);
	}
}

Test(slack_many, branches_are_kept_on_disk)
{
	int64_t states = states_wanted(), red = (states + RED_EACH - 1) / RED_EACH;
	char wanted[100];
	char *is;

	slack_configure(", rules: [{branch: \"*\"}]");
	clock_to(9 * HOUR_MS);
	branches_come(0, states);
	run_start();
	all_acked();
	slack_seen(1);
	is = slack_conversation(&slack, NULL, false);
	snprintf(wanted, sizeof wanted, "#builds 1: :red_circle: %lld pipelines are failing\n",
		 (long long)red);
	same_conversation(is, wanted);
	free(is);
	cr_log_info("%lld states: %ld KiB resident, %ld at most", (long long)states, resident_kib("VmRSS:"),
		    resident_kib("VmHWM:"));
	if (!INSTRUMENTED) {
		cr_expect_lt(resident_kib("VmHWM:"), RESIDENT_MAX * 1024);
	}
}
