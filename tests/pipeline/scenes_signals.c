/* SIGTERM in the middle of work, and SIGHUP with another configuration. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/scene.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRAIN_MS 10000

static struct scene *scene;

static void close_scene(void)
{
	scene_free(&scene);
}

TestSuite(signals, .fini = close_scene, .timeout = 120);

static void ends_in_time(struct spot spot, struct child **child)
{
	int64_t before = test_now_ms();

	child_stop_at(spot, *child);
	if (test_now_ms() - before > DRAIN_MS) {
		fail_at(spot, "it took %lld ms to stop", (long long)(test_now_ms() - before));
	}
	child_free_at(spot, child);
}

/* No lease has to expire first: patience is shorter than that. */
static void heals_with_another_fetcher(void)
{
	simulator_heal(scene->sim);
	scene_start_fetcher(scene);
	scene_holds_truth(scene);
}

Test(signals, a_fetcher_in_the_middle_of_pages_gives_its_leases_back)
{
	scene = scene_new("--builds", "600", "--pipelines", "4");
	scene_source(scene, .pipelines = "\"*\"");
	simulator_do(scene->sim, "faults", "{'latency_ms': 400}");
	scene_start(scene);
	child_event(scene->fetchers[0], "fetch.page", NULL, NULL);
	ends_in_time(HERE, &scene->fetchers[0]);
	cr_assert_eq(db_int(scene->place, "hub.db", "SELECT count(*) FROM lease"), 0);
	heals_with_another_fetcher();
}

Test(signals, a_fetcher_whose_provider_does_not_answer)
{
	scene = scene_new("--builds", "60", "--pipelines", "1");
	simulator_do(scene->sim, "faults", "{'latency_ms': 600000}");
	scene_start(scene);
	simulator_served(scene->sim, "builds", 1);
	ends_in_time(HERE, &scene->fetchers[0]);
	heals_with_another_fetcher();
}

Test(signals, a_fetcher_and_a_sink_whose_hub_is_gone)
{
	scene = scene_new("--builds", "600", "--pipelines", "1");
	simulator_do(scene->sim, "faults", "{'latency_ms': 200}");
	scene->mortal = true;
	scene_start(scene);
	child_event(scene->fetchers[0], "fetch.page", NULL, NULL);
	child_kill(scene->hub);
	child_free(&scene->hub);
	ends_in_time(HERE, &scene->sink);
	ends_in_time(HERE, &scene->fetchers[0]);
	simulator_heal(scene->sim);
	be_patient(3);
	scene_start(scene);
	scene_holds_truth(scene);
}

Test(signals, a_hub_in_the_middle_of_a_flood)
{
	scene = scene_new("--builds", "3000", "--pipelines", "4");
	scene_source(scene, .pipelines = "\"*\"");
	scene_start(scene);
	for (int i = 0; i < 3; i++) {
		child_event(scene->fetchers[0], "fetch.page", NULL, NULL);
		ends_in_time(HERE, &scene->hub);
		scene_start_hub(scene);
	}
	scene_holds_truth(scene);
	cr_assert_eq(db_int(scene->place, "hub.db",
			    "SELECT count(*) FROM log WHERE seq NOT IN "
			    "(SELECT seq FROM build)"),
		     0, "an unchanged build was stored twice");
}

Test(signals, a_sink_in_the_middle_of_a_flood)
{
	scene = scene_new("--builds", "3000", "--pipelines", "4");
	scene_source(scene, .pipelines = "\"*\"");
	scene_start(scene);
	for (int i = 0; i < 3; i++) {
		child_event(scene->fetchers[0], "fetch.page", NULL, NULL);
		ends_in_time(HERE, &scene->sink);
		scene_start_sink(scene);
	}
	scene_holds_truth(scene);
}

/* Somebody's sqlite3 holds the file: the sink can't write, and must not be killed for it. */
Test(signals, a_sink_that_can_not_write)
{
	char path[256];
	sqlite3 *other;

	scene = scene_new("--builds", "100", "--pipelines", "1");
	scene_start_hub(scene);
	scene_start_sink(scene);
	snprintf(path, sizeof path, "%s/store.db", scene->place->state);
	cr_assert_eq(sqlite3_open(path, &other), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	scene_start_fetcher(scene);
	child_event(scene->sink, "sink.retry", NULL, NULL);
	ends_in_time(HERE, &scene->sink);
	cr_assert_eq(sqlite3_close(other), SQLITE_OK);
	scene_start_sink(scene);
	scene_holds_truth(scene);
}

static void reload(struct child *child)
{
	child_signal(child, SIGHUP);
	child_event(child, "proc.reloaded", NULL, NULL);
}

Test(signals, a_pipeline_that_is_added_is_fetched_after_sighup)
{
	scene = scene_new("--builds", "60", "--pipelines", "2");
	scene_source(scene, .pipelines = "web");
	scene_start(scene);
	scene_visited(scene, "buildkite:acme/web");
	scene_source(scene, .pipelines = "[web, api]");
	reload(scene->hub);
	reload(scene->fetchers[0]);
	scene_holds_truth(scene);
}

/* The hub may know the new source before the fetcher does. */
Test(signals, a_source_that_is_added_is_fetched_after_sighup)
{
	const struct scene_source sources[] = {{.name = "first", .pipelines = "web"},
					       {.name = "second", .pipelines = "api"}};

	scene = scene_new("--builds", "60", "--pipelines", "2");
	scene_configure(scene, NULL, sources, 1);
	scene_start(scene);
	scene_visited(scene, "first:acme/web");
	scene_configure(scene, NULL, sources, 2);
	reload(scene->hub);
	child_event(scene->fetchers[0], "fetch.unknown_source", "target", "second:acme/api");
	reload(scene->fetchers[0]);
	be_patient(2); /* such a target comes back after 10 s */
	scene_holds_truth(scene);
}

Test(signals, a_token_that_is_replaced_is_used_after_sighup)
{
	char listen[32];

	scene = scene_new("--builds", "60", "--pipelines", "1");
	snprintf(listen, sizeof listen, "%s", strstr(scene->sim->root, "127"));
	scene_start(scene);
	scene_visited(scene, NULL);
	simulator_free(&scene->sim);
	scene->sim = simulator_new_at(
		HERE, scene->place,
		ARGS("--token", SIM_TOKEN "-new", "--listen", listen, "--builds", "60", "--pipelines", "1"));
	be_patient(2); /* a refused source is looked at every 10 s */
	child_event(scene->fetchers[0], "fetch.refused", NULL, NULL);
	simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	scene_source(scene, .token = SIM_TOKEN "-new");
	reload(scene->fetchers[0]);
	scene_holds_truth(scene);
}

Test(signals, a_broken_file_at_sighup_keeps_the_old_one)
{
	struct child **all[2];

	scene = scene_new("--builds", "60", "--pipelines", "1");
	scene_start(scene);
	scene_visited(scene, NULL);
	place_write(scene->place, "buildbus.yml", "%s", "sources: [\n");
	all[0] = &scene->hub;
	all[1] = &scene->fetchers[0];
	for (int i = 0; i < 2; i++) {
		child_signal(*all[i], SIGHUP);
		expect_words(HERE, child_event(*all[i], "proc.reload_failed", NULL, NULL),
			     "\"level\":\"error\"|buildbus.yml:2|the old configuration stays");
	}
	child_signal(scene->sink, SIGHUP);
	expect_words(HERE, child_event(scene->sink, "proc.reload_ignored", NULL, NULL), "restart it");
	simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	scene_holds_truth(scene);
}

/* A file that can be read, with a section that can't be used. */
Test(signals, a_section_that_can_not_be_used_at_sighup_keeps_the_old_one)
{
	scene = scene_new("--builds", "60", "--pipelines", "1");
	scene_start(scene);
	scene_visited(scene, NULL);
	scene_source(scene, .token = "$NO_SUCH_TOKEN");
	child_signal(scene->fetchers[0], SIGHUP);
	expect_words(HERE, child_event(scene->fetchers[0], "fetch.reload_failed", NULL, NULL),
		     "access_token|NO_SUCH_TOKEN|not set|the old source stays");
	simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	scene_holds_truth(scene);
}
