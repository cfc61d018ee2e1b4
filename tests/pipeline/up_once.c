/* `buildbus up --once --show`: everything real but the provider. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/truth.h"

#include <stdlib.h>
#include <string.h>

TestSuite(once, .timeout = 240);

static struct place *place;
static struct simulator *sim;

static void configure(const char *token)
{
	place_write(
		place, "buildbus.yml",
		"bus:\n  state_dir: %s\n  min_free: 1MiB\n"
		"sources:\n  - buildkite:\n      access_token: %s\n      organization_slug: acme\n"
		"      pipeline_slug: '*'\n      since: 90d\n      poll_interval: 1s\n      api_url: %s\n",
		place->state, token, sim->api);
}

static void open_place(void)
{
	place = place_new();
	sim = simulator_new(place, "--builds", "1000", "--pipelines", "20");
	configure(SIM_TOKEN);
}

static void close_place(void)
{
	simulator_free(&sim);
	place_free(&place);
}

/* Runs it to its end; *out is what it printed, heap. */
static int run(char **out)
{
	struct launch launch = {
		.place = place,
		.program = "buildbus",
		.args = ARGS("up", "--once", "--show", "-c", place->config),
		.no_ready = true,
		.stdout_path = place_path(place, "out"),
	};
	struct child *up = child_start(&launch);
	size_t size;
	int code;

	if (child_event(up, "proc.exit", "proc", "normalizer")) {
		cr_assert_not(child_said(up, SIM_TOKEN));
	}
	code = child_end(up);
	child_free(&up);
	*out = place_read(place, "out", &size);
	return code;
}

static void expect_truth(void)
{
	char *truth = simulator_truth(sim, NULL);
	char *difference = truth_differs(place_path(place, "state/store.db"), truth);

	cr_assert_null(difference, "%s", difference);
	free(truth);
}

Test(once, carries_a_thousand_builds_shows_each_and_exits, .init = open_place, .fini = close_place)
{
	char *out;

	cr_assert_eq(run(&out), 0);
	expect_truth();
	cr_assert_eq(count_lines(out), 1000, "%zu lines, the first %.60s", count_lines(out), out);
	cr_assert(strstr(out, "acme/web #1 "), "%.500s", out);
	free(out);
}

Test(once, the_second_time_carries_only_what_is_new, .init = open_place, .fini = close_place)
{
	char *out;

	cr_assert_eq(run(&out), 0);
	free(out);
	simulator_do(sim, "build", "{'pipeline': 'acme/web', 'duration_ms': null}");
	cr_assert_eq(run(&out), 0);
	expect_truth();
	cr_assert(strstr(strstr(out, "acme/web #1 "), "running"));
	cr_assert_eq(count_lines(out), 1001);
	free(out);
}

Test(once, ends_with_1_when_the_provider_does_not_answer, .init = open_place, .fini = close_place)
{
	char *out;

	simulator_free(&sim);
	cr_assert_eq(run(&out), 1);
	free(out);
}

Test(once, ends_with_1_when_the_provider_refuses_the_token, .init = open_place, .fini = close_place)
{
	char *out;

	configure("bkua_not_this_one");
	cr_assert_eq(run(&out), 1);
	free(out);
}
