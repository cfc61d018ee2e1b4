/* How SQLite goes about the hub's statements: none walks through a table that grows with the builds. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/db.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static char folder[] = "/tmp/buildbus-test-XXXXXX";
static struct db db = {.lock_fd = -1};
static struct err err;

static void set_up(void)
{
	cr_assert(mkdtemp(folder));
	cr_assert(db_open(&db, folder, &err) == OK, "%s", err.text);
}

static void tear_down(void)
{
	char command[64];

	db_close(&db);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(plans, .init = set_up, .fini = tear_down);

/* Those that are about everything, once a start, a step of the clock or a look at the metrics; and whether
 * something is open at all. */
static bool may_walk(int which)
{
	static const enum sql wide[] = {
		SQL_DUE_BUILDS,     SQL_CLOCK_BUILDS, SQL_CLOCK_OWED,   SQL_CLOCK_DEAD, SQL_READ_OWED,
		SQL_DEAD_COUNT,     SQL_DEAD_UNREAD,  SQL_LIVE_HISTORY, SQL_READ_OPEN,  SQL_READ_OPEN_IDS,
		SQL_RESTORE_BUILDS, SQL_RESTORE_DEAD, SQL_LEASE_ALL, /* l is lease */
	};

	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
		if ((int)wide[i] == which) {
			return true;
		}
	}
	return false;
}

static bool walks(const char *step)
{
	static const char *const tables[] = {"SCAN build", "SCAN b ",        "SCAN log",  "SCAN l ",
					     "SCAN owed",  "SCAN o ",        "SCAN dead", "SCAN d ",
					     "SCAN raw",   "SCAN superseded"};

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		if (strncmp(step, tables[i], strlen(tables[i])) == 0) {
			return true;
		}
	}
	return false;
}

static void expect_no_walk(int which)
{
	sqlite3_stmt *plan;
	char *sql = NULL;

	cr_assert(asprintf(&sql, "EXPLAIN QUERY PLAN %s", db_sql[which]) > 0);
	cr_assert_eq(sqlite3_prepare_v2(db.write, sql, -1, &plan, NULL), SQLITE_OK, "%s", sql);
	while (sqlite3_step(plan) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(plan, 3);

		cr_expect(!walks(step), "%s: %s", step, db_sql[which]);
	}
	sqlite3_finalize(plan);
	free(sql);
}

Test(plans, no_statement_of_a_visit_walks_through_all_builds)
{
	for (int which = SQL_META_GET; which < SQL_COUNT; which++) {
		if (!may_walk(which)) {
			expect_no_walk(which);
		}
	}
}
