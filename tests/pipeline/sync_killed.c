/* `buildbus sync` when one of its own processes is killed, or stands still. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/truth.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(sync_killed, .timeout = 120);

#define KNOWN "BUILDBUS_SYNC_KNOWN="

static size_t read_proc(pid_t pid, const char *name, char *out, size_t size)
{
	char path[64];
	FILE *file;
	size_t got;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	file = fopen(path, "r");
	got = file ? fread(out, 1, size - 1, file) : 0;
	out[got] = '\0';
	if (file) {
		fclose(file);
	}
	return got;
}

/* 0: it isn't there yet. */
static pid_t process_of(pid_t parent, const char *name)
{
	char path[64], list[1024], comm[64], *at = list, *end;

	snprintf(path, sizeof path, "task/%d/children", (int)parent);
	read_proc(parent, path, list, sizeof list);
	for (long pid; (pid = strtol(at, &end, 10)) > 0; at = end) {
		read_proc((pid_t)pid, "comm", comm, sizeof comm);
		if (strncmp(comm, name, 15) == 0) { /* the kernel keeps no more of it */
			return (pid_t)pid;
		}
	}
	return 0;
}

static pid_t wait_for(pid_t parent, const char *name)
{
	int64_t until = test_now_ms() + patience_ms();
	pid_t pid = 0;

	while ((pid = process_of(parent, name)) == 0) {
		cr_assert_lt(test_now_ms(), until, "no %s", name);
	}
	return pid;
}

/* The folder of a run without state, from the hub's environment. */
static void find_hub_db(pid_t hub, char *path, size_t size)
{
	char all[65536];
	size_t end = read_proc(hub, "environ", all, sizeof all);

	for (char *at = all; at < all + end; at += strlen(at) + 1) {
		if (strncmp(at, KNOWN, strlen(KNOWN)) == 0) {
			*strrchr(at, '/') = '\0';
			snprintf(path, size, "%s/hub.db", at + strlen(KNOWN));
			return;
		}
	}
	cr_assert_fail("the hub was told no %s", KNOWN);
}

/* The log is put in order when the sinks may have it: each build is there once more. */
#define IS_RELEASED                                                                                          \
	"SELECT (SELECT count(*) > 0 AND count(*) >= (SELECT count(*) FROM build) FROM superseded)"

static bool is_so(const char *path, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *row = NULL;
	bool so = false;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK) {
		so = sqlite3_step(row) == SQLITE_ROW && sqlite3_column_int(row, 0) != 0;
	}
	sqlite3_finalize(row);
	sqlite3_close(db);
	return so;
}

static struct place *place;
static struct simulator *sim;
static struct child *sync_child;

static void open_place(void)
{
	place = place_new();
	sim = simulator_new(place, "--builds", "60", "--pipelines", "2", "--latency", "50ms");
	place_write(
		place, "buildbus.yml",
		"bus: {state_dir: %s}\n"
		"sources:\n  - buildkite: {access_token: %s, organization_slug: acme, pipeline_slug: '*',\n"
		"      since: 90d, coverage: true, poll_interval: 1s, api_url: '%s'}\n",
		place->state, SIM_TOKEN, sim->api);
	sync_child = child_start(&(struct launch){
		.place = place,
		.program = "buildbus",
		.args = ARGS("sync", "-c", place->config, "--timeout", "15s"),
		.no_ready = true,
		.stdout_path = place_path(place, "out"),
	});
}

static void close_place(void)
{
	child_free(&sync_child);
	simulator_free(&sim);
	place_free(&place);
}

/* Until sql, on the hub's database, says so; the sink stands still from before it was let write. */
static void stop_sink_until(const char *sql, pid_t *sink, pid_t *hub)
{
	char path[4096];

	wait_for(child_pid(sync_child), "buildbus-fetch-buildkite"); /* the sink has told what it knows */
	*sink = wait_for(child_pid(sync_child), "buildbus-sink-store");
	kill(*sink, SIGSTOP);
	*hub = wait_for(child_pid(sync_child), "buildbus-normalizer");
	find_hub_db(*hub, path, sizeof path);
	while (!is_so(path, sql)) {
		cr_assert_not(child_ended(sync_child), "%s", child_text(sync_child));
	}
}

Test(sync_killed, a_hub_that_dies_before_the_sinks_have_read_it_lets_them_read_all_the_same,
     .init = open_place, .fini = close_place)
{
	pid_t hub, sink;

	stop_sink_until(IS_RELEASED, &sink, &hub);
	kill(hub, SIGKILL);
	kill(sink, SIGCONT);
	cr_assert_eq(child_end(sync_child), 0, "%s", child_text(sync_child));
}

/* The details are due again after each poll_interval, and nobody visits them once the sinks write. */
Test(sync_killed, a_sink_that_writes_for_longer_than_poll_interval_is_waited_for, .init = open_place,
     .fini = close_place)
{
	pid_t hub, sink;

	stop_sink_until(IS_RELEASED " AND (SELECT due_at < (julianday('now') - 2440587.5) * 86400000"
				    " FROM target WHERE name LIKE '%+details')",
			&sink, &hub);
	kill(sink, SIGCONT);
	cr_assert_eq(child_end(sync_child), 0, "%s", child_text(sync_child));
}
