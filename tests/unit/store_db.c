/* store.db by itself: versions, jobs, columns, schema. */
/* SPDX-License-Identifier: MIT */
#include "sinks/store/db.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static struct store_db store;
static struct err err;

static void open_store(void)
{
	cr_assert(store_db_open(&store, folder, &err) == OK, "%s", err.text);
}

static void init(void)
{
	snprintf(folder, sizeof folder, "/tmp/buildbus-store-XXXXXX");
	cr_assert(mkdtemp(folder));
}

static void fini(void)
{
	static const char *const files[] = {"store.db", "store.db-wal", "store.db-shm"};
	char path[128];

	store_db_close(&store);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, files[i]);
		unlink(path);
	}
	rmdir(folder);
}

TestSuite(store_db, .init = init, .fini = fini);

static struct job jobs[3];

static struct build make(const char *id, int64_t version, size_t job_count)
{
	struct build build;

	build_init(&build);
	build.id = text_of(id);
	build.version = version;
	build.number = version;
	for (size_t i = 0; i < job_count; i++) {
		job_init(&jobs[i]);
		jobs[i].id = TEXT("job");
		jobs[i].runner.name = TEXT("runner-7");
	}
	build.jobs = (struct field_list){jobs, job_count};
	return build;
}

static enum store_put effect;

static void put(const struct build *build)
{
	cr_assert(store_db_begin(&store, &err) == OK, "%s", err.text);
	cr_assert(store_db_put(&store, build, &effect, &err) == OK, "%s", err.text);
	cr_assert(store_db_commit(&store, &err) == OK, "%s", err.text);
}

/* The first cell of the first row as text; "" for null or no row. */
static const char *ask(const char *sql)
{
	static char text[4096];
	sqlite3_stmt *statement = NULL;

	text[0] = '\0';
	cr_assert(sqlite3_prepare_v2(store.db, sql, -1, &statement, NULL) == SQLITE_OK, "%s: %s", sql,
		  sqlite3_errmsg(store.db));
	if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0)) {
		snprintf(text, sizeof text, "%s", (const char *)sqlite3_column_text(statement, 0));
	}
	sqlite3_finalize(statement);
	return text;
}

static void run_sql(const char *sql)
{
	cr_assert(sqlite3_exec(store.db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(store.db));
}

Test(store_db, a_newer_version_replaces_the_build_and_all_its_jobs)
{
	struct build one = make("a/1", 10, 3), two;

	open_store();
	put(&one);
	cr_expect_str_eq(ask("SELECT count(*) FROM jobs"), "3");
	two = make("a/1", 11, 1);
	put(&two);
	cr_expect_str_eq(ask("SELECT version FROM builds"), "11");
	cr_expect_str_eq(ask("SELECT count(*) FROM jobs"), "1");
}

Test(store_db, an_older_or_equal_version_changes_nothing)
{
	struct build build = make("a/1", 10, 2);

	open_store();
	put(&build);
	build = make("a/1", 10, 1);
	build.message = TEXT("other");
	put(&build);
	build = make("a/1", 9, 0);
	put(&build);
	cr_expect_str_eq(ask("SELECT count(*) FROM builds"), "1");
	cr_expect_str_eq(ask("SELECT version FROM builds"), "10");
	cr_expect_str_eq(ask("SELECT message FROM builds"), "");
	cr_expect_str_eq(ask("SELECT count(*) FROM jobs"), "2");
}

Test(store_db, says_what_a_record_changed)
{
	struct build build = make("a/1", 10, 1);

	open_store();
	put(&build);
	cr_expect(effect == STORE_CREATED);
	put(&build);
	cr_expect(effect == STORE_UNCHANGED);
	build.version = 9;
	put(&build);
	cr_expect(effect == STORE_UNCHANGED);
	build.version = 11; /* as from another hub: it says the same */
	put(&build);
	cr_expect(effect == STORE_UNCHANGED);
	cr_expect_str_eq(ask("SELECT version FROM builds"), "11");
	build.version = 12;
	build.jobs.count = 0;
	put(&build);
	cr_expect(effect == STORE_UPDATED);
	cr_expect_str_eq(ask("SELECT count(*) FROM jobs"), "0");
}

Test(store_db, a_record_without_a_version_is_refused)
{
	struct build bad = make("a/2", INT_NULL, 1);

	open_store();
	cr_assert(store_db_begin(&store, &err) == OK);
	cr_expect(store_db_put(&store, &bad, &effect, &err) == ERR_DATA);
	cr_expect_str_eq(err.text, "version: missing");
}

Test(store_db, says_which_job_of_a_record_cannot_be_stored)
{
	struct build build = make("a/1", 10, 3);

	open_store();
	run_sql("CREATE TRIGGER third BEFORE INSERT ON jobs WHEN new.position = 2 "
		"BEGIN SELECT RAISE(ABORT, 'no third job'); END");
	cr_assert(store_db_begin(&store, &err) == OK);
	cr_expect(store_db_put(&store, &build, &effect, &err) == ERR_DATA);
	cr_expect_str_eq(err.text, "jobs[2]: no third job");
	store_db_rollback(&store);
	cr_expect_str_eq(ask("SELECT count(*) FROM builds"), "0");
}

Test(store_db, keeps_values_as_the_record_has_them)
{
	struct attempt attempt = {1, STATE_FINISHED, RESULT_FAILURE, 5, INT_NULL};
	struct build build = make("a/1", 10, 1);

	build.author.name = TEXT("O'Neil \"x\"");
	build.coverage = 0.8125;
	build.tests.total = 7;
	build.state = STATE_BLOCKED;
	build.message = TEXT("");
	build.attempts = (struct field_list){&attempt, 1};
	open_store();
	put(&build);
	cr_expect_str_eq(ask("SELECT author_name FROM builds"), "O'Neil \"x\"");
	cr_expect_str_eq(ask("SELECT coverage FROM builds"), "0.8125");
	cr_expect_str_eq(ask("SELECT tests_total FROM builds"), "7");
	cr_expect_str_eq(ask("SELECT state FROM builds"), "blocked");
	cr_expect_str_eq(ask("SELECT message IS NULL FROM builds"), "0");
	cr_expect_str_eq(ask("SELECT branch IS NULL FROM builds"), "1");
	cr_expect_str_eq(ask("SELECT attempts FROM builds"),
			 "[{\"attempt\":1,\"state\":\"finished\",\"result\":\"failure\",\"started_at\":5,"
			 "\"finished_at\":null}]");
	cr_expect_str_eq(ask("SELECT runner_name FROM jobs WHERE build_id = 'a/1'"), "runner-7");
	cr_expect_str_eq(ask("SELECT soft_failed FROM jobs"), "0");
}

Test(store_db, columns_are_the_keys_of_the_record_in_order)
{
	struct columns columns;
	int index = 0;

	open_store();
	columns_init(&columns, build_fields);
	for (size_t i = 0; i < columns.count; i++) {
		char sql[160];
		snprintf(sql, sizeof sql, "SELECT name FROM pragma_table_info('builds') WHERE cid = %d",
			 index++);
		cr_expect_str_eq(ask(sql), columns.at[i].name);
	}
	cr_expect(strtol(ask("SELECT count(*) FROM pragma_table_info('builds')"), NULL, 10) ==
		  (long)columns.count);
}

Test(store_db, a_store_of_an_earlier_buildbus_gets_the_columns_that_it_lacks)
{
	struct build build = make("a/1", 10, 1);

	open_store();
	put(&build);
	run_sql("ALTER TABLE builds DROP COLUMN coverage; ALTER TABLE jobs DROP COLUMN runner_class");
	store_db_close(&store);
	open_store();
	build = make("a/1", 11, 1);
	build.coverage = 0.5;
	put(&build);
	cr_expect_str_eq(ask("SELECT coverage FROM builds"), "0.5");
}

Test(store_db, refuses_a_store_of_a_later_buildbus_and_other_files)
{
	open_store();
	run_sql("PRAGMA user_version = 99");
	store_db_close(&store);
	cr_expect(store_db_open(&store, folder, &err) == ERR_CONFIG);
	cr_expect(strstr(err.text, "upgrade buildbus"), "%s", err.text);
	run_sql("PRAGMA application_id = 5");
	store_db_close(&store);
	cr_expect(store_db_open(&store, folder, &err) == ERR_CONFIG);
	cr_expect(strstr(err.text, "another program"), "%s", err.text);
}

Test(store_db, refuses_a_file_that_is_no_database)
{
	char path[128], text[2048];
	FILE *file;

	memset(text, 'x', sizeof text);
	snprintf(path, sizeof path, "%s/store.db", folder);
	file = fopen(path, "w");
	fwrite(text, 1, sizeof text, file);
	fclose(file);
	cr_expect(store_db_open(&store, folder, &err) == ERR_CONFIG);
	cr_expect(strstr(err.text, "damaged"), "%s", err.text);
}

Test(store_db, is_for_its_owner_only)
{
	struct build build = make("a/1", 10, 1);
	struct stat info;

	umask(0);
	open_store();
	put(&build);
	cr_assert(stat(store.path, &info) == 0);
	cr_expect((info.st_mode & 0777) == 0600);
}

Test(store_db, notices_that_its_file_was_deleted)
{
	open_store();
	unlink(store.path);
	cr_expect(store_db_begin(&store, &err) == ERR_SYS);
	cr_expect(strstr(err.text, "deleted"), "%s", err.text);
}

Test(store_db, a_full_disk_is_a_reason_to_wait)
{
	struct build build = make("a/1", 10, 1);
	char *long_text = malloc(1 << 20);
	enum status status;

	memset(long_text, 'm', 1 << 20);
	build.message = (struct text){long_text, 1 << 20};
	open_store();
	run_sql("PRAGMA max_page_count = 20");
	cr_assert(store_db_begin(&store, &err) == OK);
	status = store_db_put(&store, &build, &effect, &err);
	cr_expect(status == ERR_AGAIN);
	cr_expect(strstr(err.text, "disk is full"), "%s", err.text);
	store_db_rollback(&store);
	run_sql("PRAGMA max_page_count = 100000");
	put(&build);
	cr_expect_str_eq(ask("SELECT count(*) FROM builds"), "1");
	free(long_text);
}
