/* SPDX-License-Identifier: MIT */
#include "tests/support/hub.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void hub_configure(struct test_hub *hub, const struct hub_setup *setup)
{
	place_write(hub->place, "buildbus.yml",
		    "bus:\n  state_dir: %s\n  min_free: 1MiB\n%s"
		    "sources:\n  - buildkite:\n      organization_slug: acme\n      access_token: none\n"
		    "      pipeline_slug: %s\n      poll_interval: %s\n      coverage: %s\n"
		    "destinations:\n  - store: {}\n",
		    hub->place->state, setup->bus ? setup->bus : "",
		    setup->pipelines ? setup->pipelines : "web", setup->poll ? setup->poll : "1s",
		    setup->coverage ? "true" : "false");
}

static struct hub_clock *map_clock(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	void *map;

	cr_assert(fd >= 0 && ftruncate(fd, sizeof(struct hub_clock)) == 0);
	map = mmap(NULL, sizeof(struct hub_clock), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert_neq(map, MAP_FAILED);
	close(fd);
	return map;
}

struct test_hub *hub_new_at(struct spot spot, const struct hub_setup *setup)
{
	struct test_hub *hub = calloc(1, sizeof *hub);

	cr_assert(hub);
	hub->place = place_new();
	hub->clock = map_clock(place_path(hub->place, "clock"));
	for (size_t i = 0; setup->env && setup->env[i] && i < 7; i++) {
		hub->env[i] = strdup(setup->env[i]); /* the caller's list may be a literal of its block */
	}
	snprintf(hub->ingest, sizeof hub->ingest, "ipc://%s/ingest.ipc", hub->place->state);
	snprintf(hub->feed, sizeof hub->feed, "ipc://%s/feed.ipc", hub->place->state);
	hub_configure(hub, setup);
	if (!setup->idle) {
		hub_start_at(spot, hub);
	}
	return hub;
}

static void launch(struct test_hub *hub)
{
	char clock[300];
	const char *env[9] = {clock};

	snprintf(clock, sizeof clock, "BUILDBUS_TEST_CLOCK=%s", place_path(hub->place, "clock"));
	memcpy(env + 1, hub->env, sizeof hub->env);
	hub->child =
		child_start(&(struct launch){.place = hub->place,
					     .program = hub->program ? hub->program : "buildbus-normalizer",
					     .args = ARGS("-c", hub->place->config),
					     .env = env,
					     .file_size_max = hub->file_size_max});
}

void hub_start_at(struct spot spot, struct test_hub *hub)
{
	launch(hub);
	child_ready_at(spot, hub->child);
}

int hub_refuses_at(struct spot spot, struct test_hub *hub)
{
	child_free_at(spot, &hub->child);
	launch(hub);
	return child_end_at(spot, hub->child);
}

void hub_kill(struct test_hub *hub)
{
	child_kill(hub->child);
	child_free(&hub->child);
}

void hub_stop_at(struct spot spot, struct test_hub *hub)
{
	child_stop_at(spot, hub->child);
	child_free_at(spot, &hub->child);
}

void hub_restart_at(struct spot spot, struct test_hub *hub)
{
	hub_kill(hub);
	hub_start_at(spot, hub);
}

/* A hub that is asked to stop after the test must still be able to: that runs the leak check too. */
void hub_free_at(struct spot spot, struct test_hub **hub)
{
	if ((*hub)->child && !child_ended((*hub)->child)) {
		child_stop_at(spot, (*hub)->child);
	}
	child_free_at(spot, &(*hub)->child);
	for (size_t i = 0; (*hub)->env[i]; i++) {
		free((char *)(uintptr_t)(*hub)->env[i]);
	}
	place_free(&(*hub)->place);
	munmap((*hub)->clock, sizeof *(*hub)->clock);
	free(*hub);
	*hub = NULL;
}

struct child *hub_store_at(struct spot spot, const struct test_hub *hub)
{
	struct child *store = child_start(&(struct launch){.place = hub->place,
							   .program = "buildbus-sink-store",
							   .args = ARGS("-c", hub->place->config)});

	child_ready_at(spot, store);
	return store;
}

struct peer *worker_of(const struct test_hub *hub)
{
	return peer_new(hub->ingest);
}

struct peer *reader_of(const struct test_hub *hub)
{
	return peer_new(hub->feed);
}

int64_t hub_sql(const struct test_hub *hub, const char *sql)
{
	char path[512];
	sqlite3 *db = NULL;
	sqlite3_stmt *row = NULL;
	int64_t value = INT64_MIN;
	int code;

	snprintf(path, sizeof path, "%s/hub.db", hub->place->state);
	code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
	cr_assert_eq(code, SQLITE_OK, "%s: %s", path, sqlite3_errmsg(db));
	sqlite3_busy_timeout(db, 5000);
	cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	code = sqlite3_step(row);
	cr_assert(code == SQLITE_ROW || code == SQLITE_DONE, "%s: %s", sql, sqlite3_errmsg(db));
	if (code == SQLITE_ROW) {
		value = sqlite3_column_int64(row, 0);
	}
	sqlite3_finalize(row);
	sqlite3_close(db);
	return value;
}

void hold_live_at(struct spot spot, struct peer *worker)
{
	peer_say(spot, worker, "claim 'buildkite' 'live'");
	peer_hear(spot, worker, "lease 'buildkite:acme/@live' ...");
}
