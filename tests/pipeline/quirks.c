/* What Buildkite says in odd ways, through the real processes: large builds, words that nobody knows, values
 * that are none. The records themselves are in tests/tables/. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hub.h"
#include "tests/support/scene.h"
#include "tests/support/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(quirks, .timeout = 180);

/* One was retried, one waits at a block step; a page of all has some 20 MB. */
Test(quirks, builds_of_hundreds_of_jobs_arrive_whole)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");

	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'jobs': 500}");
	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'jobs': 500, 'result': 'failed'}");
	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'jobs': 1000, 'block': true}");
	for (int i = 0; i < 40; i++) {
		simulator_do(scene->sim, "build", "{'pipeline': 'web', 'jobs': 300}");
	}
	simulator_do(scene->sim, "advance", "{'ms': 300000}");
	simulator_do(scene->sim, "act", "{'pipeline': 'web', 'number': 2, 'action': 'retry'}");
	simulator_do(scene->sim, "advance", "{'ms': 30000}");
	scene_start(scene);
	scene_holds_truth(scene);
	simulator_do(scene->sim, "act", "{'pipeline': 'web', 'number': 3, 'action': 'unblock'}");
	simulator_do(scene->sim, "advance", "{'ms': 300000}");
	scene_visited(scene, NULL);
	scene_holds_truth(scene);
	scene_free(&scene);
}

static struct test_hub *hub_with_metrics(char address[static 64])
{
	struct test_hub *hub = hub_new(.idle = true);

	snprintf(address, 64, "127.0.0.1:%d", free_port());
	hub->child =
		child_start(&(struct launch){.place = hub->place,
					     .program = "buildbus-normalizer",
					     .args = ARGS("-c", hub->place->config, "--metrics", address)});
	child_ready(hub->child);
	return hub;
}

static void expect_metric(const char *address, const char *line)
{
	char url[128], *page;

	snprintf(url, sizeof url, "http://%s/metrics", address);
	page = web_get(HERE, url, NULL);
	cr_assert(strstr(page, line), "no %s in\n%s", line, page);
	free(page);
}

Test(quirks, unknown_words_are_kept_and_counted)
{
	char address[64];
	struct test_hub *hub = hub_with_metrics(address);
	struct peer *worker = worker_of(hub), *sink = reader_of(hub);

	expect_metric(address, "\nbuildbus_hub_unknown_words_total 0\n");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ $fence ...");
	say(sink, "attach 'store' nil nil");
	hear(sink, "attached $session ...");
	say(sink, "credit $session 10");
	with(worker, .state = "simmering",
	     .jobs = "[{\"id\":\"a\",\"type\":\"dance\",\"state\":\"evaporated\"},"
		     "{\"id\":\"b\",\"type\":\"script\",\"state\":\"failed\",\"signal_reason\":\"solar_"
		     "flare\"}]");
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 1 0 0 $fence");
	hear(sink, "records $session 1 1 [1]");
	cr_assert(text_is(heard_text(sink, 0, "provider_state"), "simmering"));
	expect_metric(address, "\nbuildbus_hub_unknown_words_total 4\n");
	peer_free(&worker);
	peer_free(&sink);
	hub_free(&hub);
}

Test(quirks, a_value_that_is_none_is_a_dead_letter_with_its_place)
{
	struct test_hub *hub = hub_new();
	struct peer *worker = worker_of(hub);

	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ $fence ...");
	with(worker, .number = 1, .jobs = "[{},{},null,{\"started_at\":\"later\"}]");
	with(worker, .number = 2, .state = "passed");
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 1 0 0 $fence"); /* the other one is not held up */
	cr_assert_eq(hub_sql(hub, "SELECT reason = '$.jobs[3].started_at: not a time' FROM dead"), 1);
	peer_free(&worker);
	hub_free(&hub);
}
