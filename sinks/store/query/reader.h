/* A connection that reads store.db while the sink writes it, for one thread at a time. Each question is one
 * transaction, so that its parts fit together, and is short, so that the WAL does not grow. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "common/text.h"
#include "sinks/store/columns.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum { READER_STATEMENTS = 48 };

struct reader {
	sqlite3 *db;
	struct columns build;
	/* Columns of the build at row ?1, its jobs left out; all columns of the build of id ?1. */
	char *light_by_row, *build_by_id;
	/* Statements are kept by their text's address: texts are constants, or kept with `made`. */
	struct {
		const char *sql;
		sqlite3_stmt *statement;
	} kept[READER_STATEMENTS];
	int64_t deadline_ms; /* on the clock of now_ms; 0: none */
	bool late;           /* it was reached: the answer is not whole */
};

/* Zeroed reader. ERR_SYS: path can't be read. */
enum status reader_open(struct reader *reader, const char *path, struct err *err) MUST_CHECK;
/* Accepts zeroed. */
void reader_close(struct reader *reader);

/* Everything until reader_end sees one state of the file. */
enum status reader_begin(struct reader *reader, struct err *err) MUST_CHECK;
void reader_end(struct reader *reader);
/* What takes longer from now on is broken off: sqlite3_step says SQLITE_INTERRUPT and `late` is set. 0: no
 * more. */
void reader_limit(struct reader *reader, int64_t ms);
/* Sets `late` when it is time: for loops of many short steps. */
void reader_look(struct reader *reader);

/* The statement for sql, ready to be bound; kept for the next time. sql must stay where it is. NULL: err says
 * why. */
sqlite3_stmt *reader_statement(struct reader *reader, const char *sql, struct err *err);
/* What an error of SQLite means to who asked. */
enum status reader_fail(struct reader *reader, struct err *err);
/* SQLITE_ROW: true. SQLITE_DONE and late: false, and OK. */
bool reader_row(struct reader *reader, sqlite3_stmt *statement, enum status *status, struct err *err);
/* ERR_AGAIN: it is late, and what was read is not whole. */
enum status reader_in_time(const struct reader *reader, struct err *err) MUST_CHECK;
/* One row by its key, whatever the limit: what a walk has passed must not be lost to it. */
bool reader_whole_row(struct reader *reader, sqlite3_stmt *statement, enum status *status, struct err *err);

/* The record without its jobs; NULL: there is no such row, or status. */
yyjson_mut_val *reader_light(struct reader *reader, int64_t build, yyjson_mut_doc *doc, enum status *status,
			     struct err *err);

void reader_bind(sqlite3_stmt *statement, int index, struct text text);
/* INT_NULL where it is null. */
int64_t reader_int(sqlite3_stmt *row, int column);
/* Lives until the next step. */
struct text reader_text(sqlite3_stmt *row, int column);
