/* `buildbus backup` beside a running hub, and a hub on a copy that was put back. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/trio.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void init(void)
{
	trio_open(.pipelines = "web");
}

TestSuite(backup, .timeout = 120, .init = init, .fini = trio_close);

static void backup(struct spot spot, const char *name, int code, const char *words)
{
	struct said said =
		command_run_at(spot, hub->place, "buildbus",
			       ARGS("backup", "-c", hub->place->config, place_path(hub->place, name)));

	if (said.code != code) {
		fail_at(spot, "it ended with %d: %s%s", said.code, said.out, said.errors);
	}
	expect_words(spot, code == 0 ? said.out : said.errors, words);
	said_free(&said);
}

static int64_t copy_sql(const char *name, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *row = NULL;
	int64_t value = INT64_MIN;

	cr_assert_eq(sqlite3_open_v2(place_path(hub->place, name), &db, SQLITE_OPEN_READONLY, NULL),
		     SQLITE_OK);
	cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	if (sqlite3_step(row) == SQLITE_ROW) {
		value = sqlite3_column_int64(row, 0);
	}
	sqlite3_finalize(row);
	sqlite3_close(db);
	return value;
}

/* The hub must have stopped. */
static void copy_file(const char *from, const char *to)
{
	char command[1024];

	snprintf(command, sizeof command, "cp '%s' '%s'", place_path(hub->place, from),
		 place_path(hub->place, to));
	cr_assert_eq(system(command), 0);
}

/* Stops the hub and starts it on that copy. */
static void put_back(const char *name)
{
	hub_stop(hub);
	unlink(place_path(hub->place, "state/hub.db-wal"));
	unlink(place_path(hub->place, "state/hub.db-shm"));
	copy_file(name, "state/hub.db");
	hub_start(hub);
}

static void claim_again(void)
{
	value_forget("fence");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' $fence ...");
}

Test(backup, is_one_whole_file_for_its_owner_alone)
{
	struct stat info;

	publish(1, "passed", T0);
	backup(HERE, "copy.db", 0, "copy.db: 1 builds|docs/operations.md");
	cr_assert_eq(stat(place_path(hub->place, "copy.db"), &info), 0);
	cr_expect_eq(info.st_mode & 0777, 0600);
	cr_expect_eq(access(place_path(hub->place, "copy.db.part"), F_OK), -1);
	cr_expect_eq(access(place_path(hub->place, "copy.db-wal"), F_OK), -1);
	cr_expect_eq(copy_sql("copy.db", "SELECT count(*) FROM log"), 1);
}

Test(backup, takes_no_file_s_place)
{
	place_write(hub->place, "copy.db", "something dear");
	backup(HERE, "copy.db", 1, "copy.db is there already: move it away or choose another name");
	cr_expect_eq(hub_sql(hub, "SELECT 1"), 1);
	backup(HERE, "nowhere/copy.db", 1, "can't be made: No such file or directory");
	hub_stop(hub);
	backup(HERE, "stopped.db", 0, "0 builds");
	hub_start(hub);
}

Test(backup, is_of_one_moment_while_builds_come)
{
	struct child *command;

	hub_sql(hub, "INSERT INTO raw(seq, at, frame) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + "
		     "1 FROM n"
		     " WHERE i < 400) SELECT -i, 4102444800000, randomblob(100000) FROM n");
	publish(1, "passed", T0);
	command = child_start(&(struct launch){
		.place = hub->place,
		.program = "buildbus",
		.args = ARGS("backup", "-c", hub->place->config, place_path(hub->place, "copy.db")),
		.no_ready = true});
	for (int number = 2; !child_ended(command); number++) {
		publish(number, "passed", T0);
	}
	cr_assert_eq(child_end(command), 0);
	cr_expect_geq(copy_sql("copy.db", "SELECT count(*) FROM build"), 1);
	cr_expect_eq(copy_sql("copy.db", "SELECT count(*) FROM build") -
			     copy_sql("copy.db", "SELECT max(seq) FROM log"),
		     0);
	cr_expect_eq(copy_sql("copy.db", "SELECT count(*) FROM build WHERE seq NOT IN (SELECT seq FROM log)"),
		     0);
	child_free(&command);
}

/* Lets it make a file of at most 100,000 bytes. */
static struct child *start_confined(void)
{
	return child_start(&(struct launch){
		.place = hub->place,
		.program = "buildbus",
		.args = ARGS("backup", "-c", hub->place->config, place_path(hub->place, "copy.db")),
		.no_ready = true,
		.file_size_max = 100000});
}

Test(backup, that_finds_no_room_leaves_nothing)
{
	struct child *command = start_confined();

	cr_expect_eq(child_end(command), 1);
	cr_expect(child_said(command, "copy.db can't be written: File too large"));
	cr_expect_eq(access(place_path(hub->place, "copy.db"), F_OK), -1);
	cr_expect_eq(access(place_path(hub->place, "copy.db.part"), F_OK), -1);
	child_free(&command);
	place_write(hub->place, "copy.db.part", "what a killed one left");
	backup(HERE, "copy.db", 0, "0 builds");
}

Test(backup, put_back_begins_another_epoch)
{
	store_reads();
	publish(1, "passed", T0);
	publish(2, "running", T0);
	hear(sink, "records $session 1 1 [1]");
	hear(sink, "records $session 2 2 [2]");
	say(sink, "ack $session [$epoch 2] b'noted'");
	hear(sink, "alive ...");
	backup(HERE, "copy.db", 0, "2 builds");
	publish(3, "passed", T0);
	hear(sink, "records $session 3 3 [3]");
	put_back("copy.db");
	child_event(hub->child, "hub.restored", "why", "it is a backup");
	say(sink, "heartbeat $session");
	hear(sink, "error 'no_session' ...");
	say(sink, "attach 'store' $session nil");
	hear(sink, "attached $again [$other 0] nil [$other 2]");
	cr_expect_neq(value_of("other"), value_of("epoch"));
	say(sink, "credit $again 10");
	hear(sink, "records $again 1 2 [1 2]");
	say(worker, "publish $fence 4 nil");
	hear(worker, "error 'fence' ...");
	claim_again();
	with(worker, .number = 3, .state = "passed", .observed_at = T0 + 9000);
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 1 0 0 $fence");
	hear(sink, "records $again 3 3 [3]");
	cr_expect_eq(heard_int(sink, 0, "version"), T0 + 9000);
	value_forget("epoch");
	hub_restart(hub);
	attach(sink, "store", "session");
	cr_expect_eq(value_of("epoch"), value_of("other"), "it is restored once");
}

Test(backup, an_open_build_is_sent_anew_when_it_is_seen_again_as_it_was)
{
	publish(1, "running", T0);
	backup(HERE, "copy.db", 0, "1 builds");
	publish(1, "blocked", T0 + 1000);
	put_back("copy.db");
	claim_again();
	with(worker, .number = 1, .state = "running", .observed_at = T0 + 2000);
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 1 0 0 $fence");
	cr_expect_eq(hub_sql(hub, "SELECT version FROM build"), T0 + 2000);
}

Test(backup, a_plain_copy_is_known_as_well)
{
	publish(1, "passed", T0);
	attach(sink, "store", "session");
	hub_stop(hub);
	copy_file("state/hub.db", "old.db");
	hub_start(hub);
	value_forget("epoch");
	attach(sink, "store", "session");
	say(sink, "detach $session");
	hear(sink, "bye $session");
	cr_expect_not(child_said(hub->child, "hub.restored"));
	put_back("old.db");
	child_event(hub->child, "hub.restored", "why", "hub.beat is of a newer hub.db");
	hub_stop(hub);
	unlink(place_path(hub->place, "state/hub.beat"));
	hub_start(hub);
	child_says(hub->child, "it was copied from elsewhere");
}

Test(backup, a_hub_that_was_killed_is_no_copy)
{
	publish(1, "passed", T0);
	for (int i = 0; i < 3; i++) {
		hub_restart(hub);
		cr_expect_not(child_said(hub->child, "hub.restored"));
	}
}
