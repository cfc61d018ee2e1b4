/* slack.db: what fails passes, and nothing runs out. */
/* SPDX-License-Identifier: MIT */
#include "sinks/slack/db.h"
#include "tests/unit/config_case.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define SQL   "SELECT value FROM counters WHERE name = 'fresh'"
#define WRONG "INSERT INTO counters VALUES ('fresh', 0)"

static struct db db;
static sqlite3 *other;
static struct err err;

static void begin(void)
{
	case_open();
	cr_assert(db_open(&db, "slack.db", &err) == OK, "%s", err.text);
	cr_assert(sqlite3_open("slack.db", &other) == SQLITE_OK);
	sqlite3_busy_timeout(db.db, 0);
}

static void end(void)
{
	sqlite3_close(other);
	db_close(&db);
	case_close();
}

TestSuite(slack_db, .init = begin, .fini = end);

Test(slack_db, any_number_of_statements)
{
	static char sql[500][16];

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 500; i++) {
			snprintf(sql[i], sizeof sql[i], "SELECT %d", i);
			cr_assert_eq(db_int(&db, -1, sql[i], ""), i, "statement %d: %s", i, db.why);
		}
	}
}

Test(slack_db, a_statement_is_prepared_once)
{
	char copy[] = SQL;
	sqlite3_stmt *first = db_ask(&db, SQL, "");

	db_end(first);
	cr_expect_eq(db_ask(&db, copy, ""), first);
}

/* Else nothing was said before the next build came. */
Test(slack_db, a_file_that_was_in_use_is_read_again)
{
	cr_assert(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
	cr_expect(db_begin(&db, &err) == ERR_AGAIN);
	cr_expect_eq(db_int(&db, -1, SQL, ""), 1, "after a transaction that did not begin");
	db_run(&db, "DELETE FROM counters", "");
	cr_expect_eq(db_int(&db, -1, SQL, ""), 1, "after a statement outside of one");
	cr_assert(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
	cr_assert(db_begin(&db, &err) == OK, "%s", err.text);
	cr_expect(db_commit(&db, &err) == OK, "%s", err.text);
}

Test(slack_db, what_follows_an_error_is_not_done)
{
	cr_assert(db_begin(&db, &err) == OK);
	db_run(&db, "UPDATE counters SET value = 7", "");
	db_run(&db, WRONG, "");
	db_run(&db, "UPDATE counters SET value = 8", "");
	cr_expect(db_commit(&db, &err) == ERR_AGAIN, "%s", err.text);
	cr_expect_eq(db_int(&db, -1, SQL, ""), 1);
}

Test(slack_db, what_is_read_together_is_read_as_a_whole)
{
	db_look(&db);
	db_run(&db, WRONG, "");
	cr_expect_eq(db_int(&db, -1, SQL, ""), -1);
	cr_expect(!db_looked(&db));
	cr_expect_eq(db_int(&db, -1, SQL, ""), 1);
}

Test(slack_db, what_is_read_in_a_transaction_forgives_nothing)
{
	cr_assert(db_begin(&db, &err) == OK);
	db_run(&db, WRONG, "");
	db_look(&db);
	cr_expect(!db_looked(&db));
	db_run(&db, "UPDATE counters SET value = 8", "");
	cr_expect(db_commit(&db, &err) == ERR_AGAIN);
	cr_expect_eq(db_int(&db, -1, SQL, ""), 1);
}
