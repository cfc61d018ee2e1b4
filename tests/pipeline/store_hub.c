/* The real sink on the real hub: what a worker publishes is in store.db, whoever dies on the way. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/trio.h"
#include "tests/support/truth.h"

#include <stdio.h>

static struct child *store;

static void init(void)
{
	trio_open(.pipelines = "web");
	store = hub_store(hub);
}

static void fini(void)
{
	child_free(&store);
	trio_close();
}

TestSuite(store_hub, .timeout = 120, .init = init, .fini = fini);

#define ALL_ACKED "SELECT (SELECT position FROM sink WHERE name = 'store') = (SELECT max(seq) FROM log)"

Test(store_hub, stores_each_state_of_a_build_and_ends_with_the_last)
{
	publish(17, "scheduled", T0);
	db_becomes(hub->place, "store.db", 1, "SELECT state = 'queued' FROM builds WHERE number = 17");
	publish(17, "running", T0 + 1000);
	publish(18, "running", T0 + 1000);
	publish(17, "passed", T0 + 2000);
	db_becomes(hub->place, "store.db", 1, "SELECT result = 'success' FROM builds WHERE number = 17");
	db_becomes(hub->place, "store.db", 2, "SELECT count(*) FROM builds");
	db_becomes(hub->place, "hub.db", 1, ALL_ACKED);
}

Test(store_hub, a_second_instance_waits_until_the_first_is_gone)
{
	struct child *second;

	child_event(store, "sink.attached", NULL, NULL);
	second = hub_store(hub);
	child_event(second, "sink.waiting", "why", "another instance holds this name");
	publish(1, "passed", T0);
	db_becomes(hub->place, "store.db", 1, "SELECT count(*) FROM builds");
	child_stop(store);
	child_event(second, "sink.attached", NULL, NULL);
	publish(2, "passed", T0);
	db_becomes(hub->place, "store.db", 2, "SELECT count(*) FROM builds");
	child_stop(second);
	child_free(&second);
}

Test(store_hub, a_second_instance_takes_over_at_once_when_the_first_is_killed)
{
	struct child *second;

	child_event(store, "sink.attached", NULL, NULL);
	second = hub_store(hub);
	child_event(second, "sink.waiting", "why", "another instance holds this name");
	child_kill(store);
	/* The hub sees that the connection is gone: long before the session would have run out. */
	child_event(second, "sink.attached", NULL, NULL);
	publish(1, "passed", T0);
	db_becomes(hub->place, "store.db", 1, "SELECT count(*) FROM builds");
	child_stop(second);
	child_free(&second);
}

Test(store_hub, outlives_a_hub_that_is_killed)
{
	publish(1, "passed", T0);
	db_becomes(hub->place, "store.db", 1, "SELECT count(*) FROM builds");
	hub_restart(hub);
	publish(2, "passed", T0);
	db_becomes(hub->place, "store.db", 2, "SELECT count(*) FROM builds");
	db_becomes(hub->place, "hub.db", 1, ALL_ACKED);
}

Test(store_hub, goes_on_where_a_killed_sink_stopped)
{
	for (int i = 1; i <= 10; i++) {
		for (int number = 1; number <= 20; number++) {
			with(worker, .number = number, .state = number % 2 ? "running" : "passed",
			     .observed_at = T0 + 1000 * i);
			publish_given(i == 1 ? "1 0 0" : "0 1 0");
			if (number == 2 * i) {
				child_kill(store);
				child_free(&store);
				store = hub_store(hub);
			}
		}
		publish(100 + i, "failed", T0);
	}
	for (int number = 1; number <= 20; number++) {
		with(worker, .number = number, .state = "passed", .observed_at = T0 + 60000);
		publish_given(number % 2 ? "1 0 0" : "0 1 0");
	}
	db_becomes(hub->place, "hub.db", 1, ALL_ACKED);
	cr_expect(db_int(hub->place, "store.db", "SELECT count(*) FROM builds") == 30);
	cr_expect(db_int(hub->place, "store.db",
			 "SELECT count(*) FROM builds WHERE number <= 20 AND result = 'success'") == 20);
	cr_expect(db_int(hub->place, "store.db",
			 "SELECT count(*) FROM builds WHERE number > 100 AND result = 'failure'") == 10);
}

Test(store_hub, a_new_store_gets_the_newest_version_of_every_build)
{
	char path[512];

	publish(1, "running", T0);
	publish(2, "running", T0);
	publish(1, "passed", T0 + 5000);
	db_becomes(hub->place, "hub.db", 1, ALL_ACKED);
	child_stop(store);
	child_free(&store);
	snprintf(path, sizeof path, "%s/store.db", hub->place->state);
	remove(path);
	place_write(hub->place, "buildbus.yml",
		    "bus: {state_dir: %s}\ndestinations:\n  - store: {name: other}\n", hub->place->state);
	store = child_start(&(struct launch){.place = hub->place,
					     .program = "buildbus-sink-store",
					     .args = ARGS("-c", hub->place->config, "--name", "other")});
	child_ready(store);
	db_becomes(hub->place, "store.db", 2, "SELECT count(*) FROM builds");
	db_becomes(hub->place, "store.db", 1, "SELECT result = 'success' FROM builds WHERE number = 1");
}
