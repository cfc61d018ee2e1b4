/* Hosts that are cut off from each other, for longer than any timeout. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/hosts_run.h"

#include <poll.h>
#include <stdlib.h>

TestSuite(hosts, .fini = world_close, .timeout = 300);

/* Machines that are gone say no goodbye. */
static void hub_has(int fetchers, int sinks)
{
	int64_t until = test_now_ms() + patience_ms();

	while (world_connections(world.hub, 5550) != fetchers ||
	       world_connections(world.hub, 5551) != sinks) {
		if (test_now_ms() > until) {
			fail_at(HERE, "the hub has %d connections of fetchers, %d of sinks",
				world_connections(world.hub, 5550), world_connections(world.hub, 5551));
		}
		poll(NULL, 0, 50);
	}
}

/* The store is gone while more is on its way to it than the kernel takes. Then a fetcher is cut off in a
 * visit, whose target goes to the other; when it is back it may not end that visit. */
Test(hosts, a_partition_longer_than_any_timeout)
{
	struct child *zombie;
	int host;

	be_patient(4);
	world_open("3000");
	world.hub = world_start(HOST_HUB, "buildbus-normalizer");
	world.store = world_start(HOST_STORE, "buildbus-sink-store");
	child_event(world.store, "sink.attached", NULL, NULL);
	hosts_cut(HOST_STORE);
	world.a = world_start(HOST_FETCH_A, "buildbus-fetch-buildkite");
	world.b = world_start(HOST_FETCH_B, "buildbus-fetch-buildkite");
	db_becomes(world.place, "hub.db", 3000, "SELECT count(*) FROM build");
	simulator_do(world.sim, "faults", "{'latency_ms': 17000}");
	host = world_visitor(&zombie);
	hosts_cut(host);
	simulator_heal(world.sim); /* but for what is under way */
	child_event(world.hub, "lease.expired", NULL, NULL);
	world_builds(20);
	child_event(zombie, "fetch.no_hub", NULL, NULL);
	hosts_join(host);
	child_event(zombie, "fetch.lost", NULL, NULL);
	child_event(world.store, "sink.waiting", NULL, NULL);
	hub_has(2, 0);
	hosts_join(HOST_STORE);
	child_event(world.store, "sink.attached", NULL, NULL);
	world_settles();
	hub_has(2, 1);
	cr_expect_eq(db_int(world.place, "hub.db", "SELECT count(*) FROM dead"), 0);
}

#define COMPOSE                                                                                              \
	"compose=$(docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose); "
#define FILES SOURCE_DIR "/compose/hosts/"

/* What they set is what the tests above run with. */
Test(hosts, compose_takes_the_files_of_each_host)
{
	if (system("docker compose version >/dev/null 2>&1 || docker-compose version >/dev/null 2>&1") != 0) {
		cr_skip_test("no docker compose here");
	}
	cr_expect_eq(system(COMPOSE "$compose -f " FILES "hub.yaml config -q"), 0);
	cr_expect_eq(system(COMPOSE "BUILDBUS_HUB=hub.example $compose -f " FILES "fetch.yaml config -q"), 0);
	cr_expect_eq(system(COMPOSE "BUILDBUS_HUB=hub.example $compose -f " FILES "sink.yaml config | "
				    "grep -q 'BUILDBUS_FEED: tcp://hub.example:5551'"),
		     0);
	cr_expect_neq(system(COMPOSE "$compose -f " FILES "sink.yaml config -q 2>/dev/null"), 0);
}
