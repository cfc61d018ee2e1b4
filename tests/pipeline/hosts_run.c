/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/hosts_run.h"
#include "tests/support/wallet.h"

#include <stdio.h>
#include <stdlib.h>

#define PROVIDER "http://" HOSTS_ROUTER ":8099/v2"

struct world world;

static void configure(void)
{
	place_write(world.place, "buildbus.yml",
		    "bus:\n  state_dir: %s\n  min_free: 1MiB\n%s"
		    "  ingest: tcp://${BIND:-hub}:5550\n  feed: tcp://${BIND:-hub}:5551\n"
		    "  tap: tcp://${BIND:-hub}:5552\n"
		    "sources:\n  - buildkite:\n      access_token: %s\n      organization_slug: acme\n"
		    "      pipeline_slug: \"*\"\n      since: 60d\n      api_url: " PROVIDER
		    "\n      poll_interval: 1s\ndestinations:\n  - store\n",
		    world.place->state, wallet_bus, SIM_TOKEN);
}

void world_open(const char *builds)
{
	world = (struct world){.place = place_new()};
	hosts_open(world.place);
	for (int i = 1; i < HOSTS; i++) {
		world.hosts[i] = hosts_add();
	}
	hosts_name("hub", "10.77.1.1");
	wallet_open(world.place);
	wallet_add(world.place, "fetch", "fetch");
	wallet_add(world.place, "sink-store", "sink:store");
	world.sim = simulator_new_at(HERE, world.place,
				     ARGS("--token", SIM_TOKEN, "--listen", "0.0.0.0:8099", "--base-url",
					  PROVIDER, "--pipelines", "4", "--builds", builds));
	configure();
}

static void stop(struct child **child)
{
	if (*child && !child_ended(*child)) {
		child_stop(*child);
	}
	child_free(child);
}

void world_close(void)
{
	if (!world.sim) {
		return; /* skipped */
	}
	stop(&world.a);
	stop(&world.b);
	stop(&world.store);
	stop(&world.hub);
	simulator_free(&world.sim);
	place_free(&world.place);
	world = (struct world){0};
}

struct child *world_start(int host, const char *program)
{
	struct child *child = child_start(
		&(struct launch){.place = world.place,
				 .program = program,
				 .args = ARGS("-c", world.place->config, "-v"),
				 .env = ARGS("BUILDBUS_TEST_LEASE_TTL_MS=3000",
					     strstr(program, "normalizer") ? "BIND=0.0.0.0" : "BIND="),
				 .host = world.hosts[host]});

	child_ready(child);
	return child;
}

void world_start_all(void)
{
	world.hub = world_start(HOST_HUB, "buildbus-normalizer");
	world.store = world_start(HOST_STORE, "buildbus-sink-store");
	world.a = world_start(HOST_FETCH_A, "buildbus-fetch-buildkite");
	world.b = world_start(HOST_FETCH_B, "buildbus-fetch-buildkite");
}

void world_builds(int count)
{
	for (int i = 0; i < count; i++) {
		simulator_do(world.sim, "build",
			     i % 2 ? "{'pipeline': 'acme/web', 'random': true}"
				   : "{'pipeline': 'acme/api', 'random': true}");
	}
}

void world_in_visit(const struct child *fetcher)
{
	char sql[128];

	snprintf(sql, sizeof sql, "SELECT count(*) > 0 FROM lease WHERE worker LIKE '%%/%d'",
		 (int)child_pid(fetcher));
	db_becomes(world.place, "hub.db", 1, sql);
}

void world_settles_at(struct spot spot)
{
	char *truth = simulator_truth(world.sim, NULL);

	store_holds_at(spot, world.place, truth);
	free(truth);
}

int world_connections(const struct child *child, int port)
{
	char path[64], line[256];
	unsigned local, remote, state;
	int found = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/net/tcp", (int)child_pid(child));
	file = fopen(path, "re");
	cr_assert(file);
	while (fgets(line, sizeof line, file)) {
		if (sscanf(line, " %*d: %*x:%x %*x:%x %x", &local, &remote, &state) == 3) {
			found += state == 1 && (int)local == port;
		}
	}
	fclose(file);
	return found;
}
