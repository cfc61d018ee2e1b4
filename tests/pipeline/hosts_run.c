/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/hosts_run.h"
#include "tests/support/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define PROVIDER "http://" HOSTS_ROUTER ":8099/v2"

struct world world;

static void configure(void)
{
	place_write(world.place, "buildbus.yml",
		    "bus:\n  state_dir: %s\n  min_free: 1MiB\n"
		    "sources:\n  - buildkite:\n      access_token: %s\n      organization_slug: acme\n"
		    "      pipeline_slug: \"*\"\n      since: 60d\n      api_url: " PROVIDER
		    "\n      poll_interval: 1s\ndestinations:\n  - store\n",
		    world.place->state, SIM_TOKEN);
}

/* A folder for each host's process, as compose/hosts/ has them. */
static void make_keys(void)
{
	struct said said = command_run(
		world.place, "buildbus",
		ARGS("keys", "init", "--dir", place_path(world.place, "keys"), "-c", world.place->config));

	cr_assert_eq(said.code, 0, "%s", said.errors);
	said_free(&said);
}

void world_open(const char *builds)
{
	world = (struct world){.place = place_new()};
	hosts_open(world.place);
	for (int i = 1; i < HOSTS; i++) {
		world.hosts[i] = hosts_add();
	}
	hosts_name("hub", "10.77.1.1");
	world.sim = simulator_new_at(HERE, world.place,
				     ARGS("--token", SIM_TOKEN, "--listen", "0.0.0.0:8099", "--base-url",
					  PROVIDER, "--pipelines", "4", "--builds", builds));
	configure();
	make_keys();
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
	if (!world.place) {
		return;
	}
	stop(&world.a);
	stop(&world.b);
	stop(&world.store);
	stop(&world.hub);
	simulator_free(&world.sim);
	place_free(&world.place);
	world = (struct world){0};
}

/* NAME=value of the environment that compose/hosts/ gives a process. */
static const char *setting(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *setting(const char *format, ...)
{
	static char texts[8][300];
	static int used;
	char *text = texts[used++ % 8];
	va_list values;

	va_start(values, format);
	vsnprintf(text, sizeof texts[0], format, values);
	va_end(values);
	return text;
}

struct child *world_start(int host, const char *program)
{
	const char *service = program + strlen("buildbus-"), *keys = place_path(world.place, "keys"),
		   *at = host == HOST_HUB || host == HOST_OTHER ? "0.0.0.0" : "hub";
	char folder[256];
	struct child *child;

	snprintf(folder, sizeof folder, "%s/%s", keys, service);
	child = child_start(&(struct launch){
		.place = world.place,
		.program = program,
		.args = ARGS("-c", world.place->config, "-v"),
		.env = ARGS("BUILDBUS_TEST_LEASE_TTL_MS=3000", setting("BUILDBUS_INGEST=tcp://%s:5550", at),
			    setting("BUILDBUS_FEED=tcp://%s:5551", at),
			    setting("BUILDBUS_TAP=tcp://%s:5552", at),
			    setting("BUILDBUS_CURVE_CERTIFICATE=%s", folder),
			    setting("BUILDBUS_CURVE_CLIENTS_DIR=%s/clients", folder)),
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

int world_visitor(struct child **fetcher)
{
	int64_t last = db_int(world.place, "hub.db", "SELECT value FROM meta WHERE key = 'counter'");
	char sql[128];
	bool is_a;

	snprintf(sql, sizeof sql, "SELECT count(*) > 0 FROM lease WHERE fence > %lld", (long long)last);
	db_becomes(world.place, "hub.db", 1, sql);
	snprintf(sql, sizeof sql, "SELECT count(*) > 0 FROM lease WHERE fence > %lld AND worker LIKE '%%/%d'",
		 (long long)last, (int)child_pid(world.a));
	is_a = db_int(world.place, "hub.db", sql) == 1;
	*fetcher = is_a ? world.a : world.b;
	return is_a ? HOST_FETCH_A : HOST_FETCH_B;
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
