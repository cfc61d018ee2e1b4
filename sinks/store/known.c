/* SPDX-License-Identifier: MIT */
#include "sinks/store/known.h"
#include "sinks/store/schema.h"

#define PREFIX "rtrim(id, replace(id, '/', ''))"

/* The number is the key; one that was made anew under the same number has ~ and its uid behind it. */
static const char newest_sql[] = "SELECT " PREFIX ", max(finished_at) FROM builds GROUP BY 1";
static const char open_sql[] = "SELECT " PREFIX ", number FROM builds WHERE state <> 'finished'";
/* As many as any sync reads anew. */
static const char whole_sql[] =
	"WITH b AS (SELECT " PREFIX " AS prefix, number, finished_at, coverage,"
	" row_number() OVER (PARTITION BY " PREFIX " ORDER BY number DESC) AS place,"
	" max(CASE WHEN coverage IS NOT NULL THEN finished_at END) OVER (PARTITION BY " PREFIX
	") AS covered_to"
	" FROM builds WHERE state = 'finished')"
	" SELECT prefix, number, finished_at, coverage FROM b WHERE place <= 300 AND finished_at <= "
	"covered_to";

static const char *text_at(sqlite3_stmt *row, int column)
{
	return (const char *)sqlite3_column_text(row, column);
}

static int64_t int_at(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? INT_NULL : sqlite3_column_int64(row, column);
}

static void tell_newest(sqlite3_stmt *row, const struct store_knower *knower)
{
	knower->newest(knower->context, text_at(row, 0), int_at(row, 1));
}

static void tell_open(sqlite3_stmt *row, const struct store_knower *knower)
{
	knower->open(knower->context, text_at(row, 0), text_at(row, 1));
}

static void tell_whole(sqlite3_stmt *row, const struct store_knower *knower)
{
	bool none = sqlite3_column_type(row, 3) == SQLITE_NULL;

	knower->whole(knower->context, text_at(row, 0), text_at(row, 1), int_at(row, 2),
		      none ? REAL_NULL : sqlite3_column_double(row, 3));
}

static enum status ask(struct store_db *store, const char *sql,
		       void (*tell)(sqlite3_stmt *, const struct store_knower *),
		       const struct store_knower *knower, struct err *err)
{
	sqlite3_stmt *row = NULL;
	int code = sqlite3_prepare_v2(store->db, sql, -1, &row, NULL);

	while (code == SQLITE_OK && (code = sqlite3_step(row)) == SQLITE_ROW) {
		tell(row, knower);
		code = SQLITE_OK;
	}
	sqlite3_finalize(row);
	return code == SQLITE_DONE ? OK : store_fail(store, code, err);
}

enum status store_known(struct store_db *store, const struct store_knower *knower, struct err *err)
{
	enum status status = ask(store, newest_sql, tell_newest, knower, err);

	if (status == OK) {
		status = ask(store, open_sql, tell_open, knower, err);
	}
	return status == OK ? ask(store, whole_sql, tell_whole, knower, err) : status;
}
