/* Field tables as SQL columns: a group becomes a column for each member (author_name), a list JSON text, a
 * word its text. So a new key of the record is a new column without a line of code here. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/record.h"

#include <sqlite3.h>

#define COLUMNS_MAX 96

struct column {
	char name[64];
	const struct field *field;
	size_t offset; /* in the whole struct */
};

struct columns {
	struct column at[COLUMNS_MAX];
	size_t count;
};

/* In table order. */
void columns_init(struct columns *columns, const struct field *fields);
/* "INTEGER", "REAL" or "TEXT". */
const char *column_type(const struct column *column);
/* Binds the value at column of source to parameter `index` (from 1). Texts are not copied: source must live
 * until the statement was stepped. JSON of lists lives in arena. ERR_DATA: too long. */
enum status column_bind(const struct column *column, sqlite3_stmt *statement, int index, const void *source,
			struct arena *arena, struct err *err) MUST_CHECK;
/* A row as a JSON object with groups and lists as in the record; its columns must be selected in table order
 * from result column *index on, which is moved behind them. */
yyjson_mut_val *columns_json(yyjson_mut_doc *doc, const struct field *fields, sqlite3_stmt *statement,
			     int *index);
