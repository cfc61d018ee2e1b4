/* slack.db: one SQLite file, ours alone. The first error of a transaction is kept, and nothing is done after
 * it until its end: callers ask once, there. Statements are prepared once and kept. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "common/text.h"

#include <sqlite3.h>
#include <stdint.h>

struct db {
	sqlite3 *db;
	char *path;  /* ":memory:" for nothing that lasts */
	int lock_fd; /* -1: none */
	bool begun;  /* a transaction: the first error ends all that follows in it */
	bool looks;  /* from db_look to db_looked: so does it there */
	int code;    /* of the first error in it */
	char why[200];
};

/* path NULL: in memory. ERR_CONFIG: an operator must act. db is zeroed; accepted by db_close in any case. */
enum status db_open(struct db *db, const char *path, struct err *err) MUST_CHECK;
void db_close(struct db *db);

enum status db_begin(struct db *db, struct err *err) MUST_CHECK;
/* OK: all of it is durable; else nothing was done. */
enum status db_commit(struct db *db, struct err *err) MUST_CHECK;
/* The same for what is only read, outside of a transaction or in one. */
void db_look(struct db *db);
/* False: not all of it could be read. */
bool db_looked(struct db *db) MUST_CHECK;

/* types, a letter a value: i int64_t, s const char * (NULL is null),
 * t and b const struct text *, as text and as bytes. */
void db_run(struct db *db, const char *sql, const char *types, ...);
/* NULL after an error. Values live until the statement is stepped or asked anew. */
sqlite3_stmt *db_ask(struct db *db, const char *sql, const char *types, ...);
/* The next row; at the end false, and the statement is free again. */
bool db_row(struct db *db, sqlite3_stmt *rows);
/* Whoever stops before the end. */
void db_end(sqlite3_stmt *rows);
/* The first column of the first row; otherwise: there is none. */
int64_t db_int(struct db *db, int64_t otherwise, const char *sql, const char *types, ...);

static inline struct text db_text(sqlite3_stmt *row, int column)
{
	const void *at = sqlite3_column_blob(row, column);

	return (struct text){at, (size_t)sqlite3_column_bytes(row, column)};
}
