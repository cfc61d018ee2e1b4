/* The real sink on the real hub: what a worker publishes is in store.db, whoever dies on the way. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hub.h"

#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>

static struct test_hub *hub;
static struct peer *worker;
static struct child *sink;

static void start_sink(struct child **out)
{
	*out = child_start(&(struct launch){.place = hub->place,
					    .program = "buildbus-sink-store",
					    .args = ARGS("-c", hub->place->config)});
	child_ready(*out);
}

static void init(void)
{
	hub = hub_new(.pipelines = "web");
	worker = worker_of(hub);
	value_forget("fence");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ $fence ...");
	value_set("n", 0);
	start_sink(&sink);
}

static void fini(void)
{
	peer_free(&worker);
	if (sink) {
		child_free(&sink);
	}
	hub_free(&hub);
}

TestSuite(store_hub, .timeout = 120, .init = init, .fini = fini);

static void publish(int number, const char *state, int64_t observed_at)
{
	value_set("n", value_of("n") + 1);
	with(worker, .number = number, .state = state, .observed_at = observed_at);
	say(worker, "publish $fence $n nil");
	hear(worker, "ack $n ...");
}

/* First column of the first row of store.db; -1: none. */
static int64_t store_sql(const char *sql)
{
	char path[512];
	sqlite3 *db = NULL;
	sqlite3_stmt *row = NULL;
	int64_t value = -1;

	snprintf(path, sizeof path, "%s/store.db", hub->place->state);
	sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
	sqlite3_busy_timeout(db, 5000);
	if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW) {
		value = sqlite3_column_int64(row, 0);
	}
	sqlite3_finalize(row);
	sqlite3_close(db);
	return value;
}

/* Other processes write the answer: nothing tells when. */
static void eventually(int64_t (*ask)(const char *sql), const char *sql, int64_t wanted)
{
	int64_t until = test_now_ms() + patience_ms(), value;

	while ((value = ask(sql)) != wanted && test_now_ms() < until) {
		poll(NULL, 0, 5);
	}
	cr_assert(value == wanted, "%s: %lld, not %lld", sql, (long long)value, (long long)wanted);
}

static int64_t ask_hub(const char *sql)
{
	return hub_sql(hub, sql);
}

#define ALL_ACKED "SELECT (SELECT position FROM sink WHERE name = 'store') = (SELECT max(seq) FROM log)"

Test(store_hub, stores_each_state_of_a_build_and_ends_with_the_last)
{
	publish(17, "scheduled", T0);
	eventually(store_sql, "SELECT state = 'queued' FROM builds WHERE number = 17", 1);
	publish(17, "running", T0 + 1000);
	publish(18, "running", T0 + 1000);
	publish(17, "passed", T0 + 2000);
	eventually(store_sql, "SELECT result = 'success' FROM builds WHERE number = 17", 1);
	eventually(store_sql, "SELECT count(*) FROM builds", 2);
	eventually(ask_hub, ALL_ACKED, 1);
}

Test(store_hub, a_second_instance_waits_until_the_first_is_gone)
{
	struct child *second;

	child_event(sink, "sink.attached", NULL, NULL);
	start_sink(&second);
	child_event(second, "sink.waiting", "why", "another instance holds this name");
	publish(1, "passed", T0);
	eventually(store_sql, "SELECT count(*) FROM builds", 1);
	child_stop(sink);
	child_event(second, "sink.attached", NULL, NULL);
	publish(2, "passed", T0);
	eventually(store_sql, "SELECT count(*) FROM builds", 2);
	child_stop(second);
	child_free(&second);
}

Test(store_hub, a_second_instance_takes_over_at_once_when_the_first_is_killed)
{
	struct child *second;

	child_event(sink, "sink.attached", NULL, NULL);
	start_sink(&second);
	child_event(second, "sink.waiting", "why", "another instance holds this name");
	child_kill(sink);
	/* The hub sees that the connection is gone: long before the session would have run out. */
	child_event(second, "sink.attached", NULL, NULL);
	publish(1, "passed", T0);
	eventually(store_sql, "SELECT count(*) FROM builds", 1);
	child_stop(second);
	child_free(&second);
}

Test(store_hub, outlives_a_hub_that_is_killed)
{
	publish(1, "passed", T0);
	eventually(store_sql, "SELECT count(*) FROM builds", 1);
	hub_restart(hub);
	publish(2, "passed", T0);
	eventually(store_sql, "SELECT count(*) FROM builds", 2);
	eventually(ask_hub, ALL_ACKED, 1);
}

Test(store_hub, goes_on_where_a_killed_sink_stopped)
{
	for (int i = 1; i <= 10; i++) {
		for (int number = 1; number <= 20; number++) {
			publish(number, number % 2 ? "running" : "passed", T0 + 1000 * i);
			if (number == 2 * i) {
				child_kill(sink);
				child_free(&sink);
				start_sink(&sink);
			}
		}
		publish(100 + i, "failed", T0);
	}
	for (int number = 1; number <= 20; number++) {
		publish(number, "passed", T0 + 60000);
	}
	eventually(ask_hub, ALL_ACKED, 1);
	cr_expect(store_sql("SELECT count(*) FROM builds") == 30);
	cr_expect(store_sql("SELECT count(*) FROM builds WHERE number <= 20 AND result = 'success'") == 20);
	cr_expect(store_sql("SELECT count(*) FROM builds WHERE number > 100 AND result = 'failure'") == 10);
}

Test(store_hub, a_new_store_gets_the_newest_version_of_every_build)
{
	char path[512];

	publish(1, "running", T0);
	publish(2, "running", T0);
	publish(1, "passed", T0 + 5000);
	eventually(ask_hub, ALL_ACKED, 1);
	child_stop(sink);
	child_free(&sink);
	snprintf(path, sizeof path, "%s/store.db", hub->place->state);
	remove(path);
	place_write(hub->place, "buildbus.yml",
		    "bus: {state_dir: %s}\ndestinations:\n  - store: {name: other}\n", hub->place->state);
	sink = child_start(&(struct launch){.place = hub->place,
					    .program = "buildbus-sink-store",
					    .args = ARGS("-c", hub->place->config, "--name", "other")});
	child_ready(sink);
	eventually(store_sql, "SELECT count(*) FROM builds", 2);
	eventually(store_sql, "SELECT result = 'success' FROM builds WHERE number = 1", 1);
}
