/* `buildbus status` and a real hub. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hub.h"

#include <stdlib.h>
#include <string.h>

TestSuite(status, .timeout = 60);

/* Runs it to its end; *out is what it printed on stdout, heap. */
static int run(const struct test_hub *hub, char **out, const char *argument)
{
	struct launch launch = {
		.place = hub->place,
		.program = "buildbus",
		.args = ARGS("status", "-c", hub->place->config, argument),
		.no_ready = true,
		.stdout_path = place_path(hub->place, "out"),
	};
	struct child *command = child_start(&launch);
	int code = child_end(command);
	size_t size;

	if (code == 1) {
		cr_assert(child_said(command, "start it with `buildbus up`"));
	}
	child_free(&command);
	*out = place_read(hub->place, "out", &size);
	return code;
}

Test(status, says_what_to_do_when_no_hub_runs)
{
	struct test_hub *hub = hub_new(.idle = true);
	char *out;
	int64_t before = test_now_ms();

	cr_assert_eq(run(hub, &out, NULL), 1);
	cr_assert_lt(test_now_ms() - before, 5000);
	cr_assert_str_empty(out);
	free(out);
	hub_free(&hub);
}

Test(status, shows_targets_and_their_leases)
{
	struct test_hub *hub = hub_new(.pipelines = "[web, api]");
	struct peer *worker = worker_of(hub);
	char *out;

	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ $fence ...");
	cr_assert_eq(run(hub, &out, NULL), 0);
	cr_assert(strstr(out, "buildkite:acme/web"), "%s", out);
	cr_assert(strstr(out, "buildkite:acme/api"), "%s", out);
	cr_assert(strstr(out, "in a visit"), "%s", out);
	cr_assert(strstr(out, " w1 "), "%s", out);
	free(out);
	peer_free(&worker);
	hub_free(&hub);
}

Test(status, prints_the_whole_map_as_json)
{
	struct test_hub *hub = hub_new(.pipelines = "web");
	char *out;

	cr_assert_eq(run(hub, &out, "--json"), 0);
	cr_assert(strstr(out, "\"targets\":[{\"target\":\"buildkite:acme/web\","), "%s", out);
	cr_assert(strstr(out, "\"sinks\":[]"), "%s", out);
	cr_assert_eq(out[strlen(out) - 1], '\n');
	free(out);
	hub_free(&hub);
}
