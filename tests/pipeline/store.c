/* buildbus-sink-store, the real executable, against a hand-written hub; `buildbus builds` reads what it
 * stored. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/fake_hub.h"
#include "tests/support/child.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct {
	zloop_t *loop;
	struct fake_hub *hub;
	struct place *place;
	struct child *sink;
	char store[300];
	int64_t wanted;
	const char *event;
} run;

static void write_config(const char *destinations)
{
	place_write(run.place, "buildbus.yml", "bus: {state_dir: %s, feed: \"%s\"}\ndestinations:\n%s",
		    run.place->state, run.hub->endpoint, destinations);
}

static void init(void)
{
	signal(SIGXFSZ, SIG_IGN); /* children too: a file size limit shall be an error, not an end */
	run.place = place_new();
	snprintf(run.store, sizeof run.store, "%s/store.db", run.place->state);
	run.loop = zloop_new();
	run.hub = malloc(sizeof *run.hub);
	fake_hub_init(run.hub, run.loop);
	fake_hub_bind(run.hub);
	write_config("  - store: {}\n");
}

static void fini(void)
{
	if (run.sink) {
		child_free(&run.sink);
	}
	fake_hub_fini(run.hub);
	free(run.hub);
	zloop_destroy(&run.loop);
	place_free(&run.place);
}

TestSuite(store, .init = init, .fini = fini, .timeout = 120);

static void launch_sink(void)
{
	run.sink = child_start(&(struct launch){
		.place = run.place, .program = "buildbus-sink-store", .args = ARGS("-c", run.place->config)});
}

static void start_sink(void)
{
	launch_sink();
	child_ready(run.sink);
}

static bool is_position(void *arg)
{
	(void)arg;
	return run.hub->position >= run.wanted || child_ended(run.sink);
}

static void wait_position(int64_t seq)
{
	run.wanted = seq;
	run_until(run.loop, is_position, NULL, 20000);
	cr_assert(run.hub->position >= seq, "the hub is at %lld, not %lld", (long long)run.hub->position,
		  (long long)seq);
}

static bool is_logged(void *arg)
{
	(void)arg;
	return child_said(run.sink, run.event);
}

static void wait_event(const char *event)
{
	run.event = event;
	cr_assert(run_until(run.loop, is_logged, NULL, 10000), "it did not say %s", event);
}

static bool is_over(void *arg)
{
	(void)arg;
	return child_ended(run.sink);
}

static void stop_sink(void)
{
	child_signal(run.sink, SIGTERM);
	cr_assert(run_until(run.loop, is_over, NULL, 10000));
	cr_assert(child_end(run.sink) == 0);
}

static sqlite3 *open_store(void)
{
	sqlite3 *db;

	cr_assert(sqlite3_open(run.store, &db) == SQLITE_OK);
	sqlite3_busy_timeout(db, 2000);
	return db;
}

static int64_t ask(const char *sql)
{
	sqlite3 *db = open_store();
	sqlite3_stmt *statement;
	int64_t value;

	cr_assert(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return value;
}

/* Every build once, with its newest version and its one job. */
static void expect_newest(int64_t builds, int64_t versions)
{
	char sql[128];

	cr_expect(ask("SELECT count(*) FROM builds") == builds);
	cr_expect(ask("SELECT count(*) FROM jobs") == builds);
	snprintf(sql, sizeof sql, "SELECT count(*) FROM builds WHERE version <= %lld",
		 (long long)(versions - builds));
	cr_expect(ask(sql) == 0, "%lld stale", (long long)ask(sql));
	cr_expect(ask("SELECT count(DISTINCT number) FROM builds") == builds);
}

Test(store, holds_the_newest_version_of_each_build)
{
	start_sink();
	for (int64_t i = 1; i <= 2000; i++) {
		fake_hub_add_number(run.hub, i % 500, i);
	}
	wait_position(2000);
	expect_newest(500, 2000);
	stop_sink();
	cr_expect(run.hub->byes == 1);
	cr_expect(child_said(run.sink, "sink.detached"));
}

Test(store, loses_and_doubles_nothing_when_it_is_killed_at_random)
{
	unsigned seed = 20261121;
	int64_t version = 0;

	run.hub->range_max = 7;
	start_sink();
	while (version < 3000) {
		for (int i = 0; i < 150; i++) {
			version++;
			fake_hub_add_number(run.hub, version % 300, version);
		}
		run.wanted = version - 150 + rand_r(&seed) % 140;
		run_until(run.loop, is_position, NULL, 20000);
		child_kill(run.sink);
		child_free(&run.sink);
		start_sink();
	}
	wait_position(3000);
	expect_newest(300, 3000);
	cr_expect(ask("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'") == 0);
}

Test(store, waits_for_room_on_a_full_disk_and_goes_on_by_itself)
{
	struct rlimit limit = {.rlim_max = RLIM_INFINITY};

	start_sink();
	fake_hub_add_number(run.hub, 1, 1);
	wait_position(1);
	limit.rlim_cur = 64 << 10;
	cr_assert(prlimit(child_pid(run.sink), RLIMIT_FSIZE, &limit, NULL) == 0);
	for (int64_t i = 2; i <= 500; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_event("sink.retry");
	cr_expect(run.hub->position < 500);
	limit.rlim_cur = RLIM_INFINITY;
	cr_assert(prlimit(child_pid(run.sink), RLIMIT_FSIZE, &limit, NULL) == 0);
	wait_position(500);
	wait_event("sink.recovered");
	expect_newest(500, 500);
	cr_expect(run.hub->dead_count == 0);
}

Test(store, rejects_only_the_record_that_cannot_be_stored)
{
	sqlite3 *db;

	start_sink();
	db = open_store();
	cr_assert(sqlite3_exec(db,
			       "CREATE TRIGGER no BEFORE INSERT ON jobs WHEN new.build_id LIKE '%/4' OR "
			       "new.build_id LIKE '%/7' BEGIN SELECT RAISE(ABORT, 'not this one'); END",
			       NULL, NULL, NULL) == SQLITE_OK);
	sqlite3_close(db);
	for (int64_t i = 1; i <= 9; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_position(9);
	cr_expect(ask("SELECT count(*) FROM builds") == 7);
	cr_expect(ask("SELECT count(*) FROM builds WHERE number IN (4, 7)") == 0);
	cr_expect(run.hub->dead_count == 2 && run.hub->dead[0].seq == 4 && run.hub->dead[1].seq == 7);
	cr_expect_str_eq(run.hub->dead[0].reason, "jobs[0]: not this one");
}

Test(store, waits_while_another_program_holds_the_file)
{
	sqlite3 *other;

	start_sink();
	fake_hub_add_number(run.hub, 1, 1);
	wait_position(1);
	other = open_store();
	cr_assert(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
	fake_hub_add_number(run.hub, 2, 2);
	wait_event("database is locked");
	cr_expect(run.hub->position == 1);
	sqlite3_close(other);
	wait_position(2);
	expect_newest(2, 2);
}

/* The disk was full from the start; superseded versions, which are not sent, were passed meanwhile. */
Test(store, goes_on_with_an_empty_file_that_it_knows)
{
	start_sink();
	wait_event("sink.attached");
	run.hub->head = run.hub->sent = run.hub->position = 4;
	fake_hub_forget(run.hub);
	fake_hub_add_number(run.hub, 5, 1);
	wait_position(5);
	cr_expect(ask("SELECT count(*) FROM builds") == 1);
}

Test(store, stops_when_its_file_is_deleted)
{
	start_sink();
	fake_hub_add_number(run.hub, 1, 1);
	wait_position(1);
	unlink(run.store);
	fake_hub_add_number(run.hub, 2, 2);
	cr_assert(run_until(run.loop, is_over, NULL, 10000));
	cr_expect(child_end(run.sink) == 111);
	cr_expect(child_said(run.sink, "moved away or deleted"));
	cr_expect(run.hub->position == 1, "acknowledged what is in no file");
}

static void expect_refusal(const char *sentence)
{
	launch_sink();
	cr_expect(child_end(run.sink) == 100);
	cr_expect(child_said(run.sink, sentence));
}

Test(store, says_that_no_destination_has_its_name)
{
	write_config("  - store: {name: other}\n  - store: {name: third}\n");
	expect_refusal("no destination of kind store is named store");
}

Test(store, says_that_its_folder_cannot_be_made)
{
	place_write(run.place, "state", "a file where a folder should be");
	expect_refusal("bus.state_dir");
}

/* What `buildbus builds …` printed. Heap. */
static char *builds(int code, const char *a, const char *b, const char *c)
{
	const char *path = place_path(run.place, "list");
	struct child *command;
	char *text;
	size_t size;

	unlink(path); /* else it would be appended to */
	command = child_start(&(struct launch){.place = run.place,
					       .program = "buildbus",
					       .args = ARGS("builds", "-c", run.place->config, a, b, c),
					       .no_ready = true,
					       .stdout_path = path});
	cr_expect(child_end(command) == code);
	child_free(&command);
	text = place_read(run.place, "list", &size);
	cr_assert(text != NULL);
	return text;
}

Test(store, builds_are_listed_newest_first_while_the_sink_writes)
{
	char *text, *first, *second;

	start_sink();
	for (int64_t i = 1; i <= 30; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_position(30);
	text = builds(0, "-n", "2", NULL);
	first = strstr(text, "30  success");
	second = strstr(text, "29  success");
	cr_expect(first && second && first < second && !strstr(text, "28  success"), "%s", text);
	free(text);
	text = builds(0, "--pipeline", "acme/web", "--json");
	cr_expect(strncmp(text,
			  "{\"type\":\"build\",\"id\":\"buildkite/acme/web/30\",\"uid\":null,\"provider\":"
			  "\"buildkite\",\"organization\":\"acme\",\"pipeline\":\"web\",\"number\":30,",
			  40) == 0,
		  "%s", text);
	cr_expect(strstr(text, "\"author\":null"));
	cr_expect(strstr(text, "\"jobs\":[{\"id\":\"job-1\",\"name\":\"test\""));
	free(text);
	text = builds(0, "--pipeline", "other/web", NULL);
	cr_expect_str_eq(text, "", "%s", text);
	free(text);
}

Test(store, builds_says_so_when_there_is_no_store)
{
	free(builds(1, NULL, NULL, NULL));
}
