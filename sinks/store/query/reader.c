/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/reader.h"
#include "common/process.h"
#include "common/record.h"

enum {
	BUSY_MS = 1000,
	PROGRESS_STEPS = 20000, /* of SQLite's machine between two looks at the clock: some 100 us */
};

void reader_look(struct reader *reader)
{
	if (reader->deadline_ms && now_ms() >= reader->deadline_ms) {
		reader->late = true;
	}
}

static int on_progress(void *arg)
{
	struct reader *reader = arg;

	reader_look(reader);
	return reader->late;
}

static char *select_sql(const struct columns *columns, bool light, const char *from)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);

	sqlite3_str_appendall(sql, "SELECT ");
	for (size_t i = 0; i < columns->count; i++) {
		bool jobs = light && strcmp(columns->at[i].name, "jobs") == 0;

		sqlite3_str_appendf(sql, jobs ? "%s NULL" : "%s t.\"%w\"", i ? "," : "", columns->at[i].name);
	}
	sqlite3_str_appendall(sql, from);
	return sqlite3_str_finish(sql);
}

enum status reader_open(struct reader *reader, const char *path, struct err *err)
{
	columns_init(&reader->build, build_fields);
	reader->light_by_row = select_sql(&reader->build, true, " FROM builds t WHERE t.rowid = ?1");
	reader->build_by_id = select_sql(&reader->build, false, " FROM builds t WHERE t.id = ?1");
	if (!reader->light_by_row || !reader->build_by_id) {
		return err_sys(err, "memory for columns");
	}
	if (sqlite3_open_v2(path, &reader->db,
			    SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
			    NULL) != SQLITE_OK) {
		return reader_fail(reader, err);
	}
	sqlite3_busy_timeout(reader->db, BUSY_MS);
	sqlite3_progress_handler(reader->db, PROGRESS_STEPS, on_progress, reader);
	return sqlite3_exec(reader->db, "PRAGMA cache_size=-2048; PRAGMA query_only=1", NULL, NULL, NULL) ==
			       SQLITE_OK
		       ? OK
		       : reader_fail(reader, err);
}

void reader_close(struct reader *reader)
{
	for (size_t i = 0; i < READER_STATEMENTS; i++) {
		sqlite3_finalize(reader->kept[i].statement);
	}
	sqlite3_close(reader->db);
	sqlite3_free(reader->light_by_row);
	sqlite3_free(reader->build_by_id);
	*reader = (struct reader){0};
}

enum status reader_fail(struct reader *reader, struct err *err)
{
	return err_set(err, ERR_SYS, "store.db can't be read now: %s",
		       reader->db ? sqlite3_errmsg(reader->db) : "out of memory");
}

enum status reader_begin(struct reader *reader, struct err *err)
{
	reader->deadline_ms = 0;
	reader->late = false;
	return sqlite3_exec(reader->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK ? OK
										: reader_fail(reader, err);
}

void reader_end(struct reader *reader)
{
	reader->deadline_ms = 0;
	reader->late = false;
	for (size_t i = 0; i < READER_STATEMENTS; i++) {
		sqlite3_reset(reader->kept[i].statement);
	}
	if (!sqlite3_get_autocommit(reader->db)) {
		sqlite3_exec(reader->db, "COMMIT", NULL, NULL, NULL);
	}
}

void reader_limit(struct reader *reader, int64_t ms)
{
	reader->deadline_ms = ms ? now_ms() + ms : 0;
	reader->late = false;
}

sqlite3_stmt *reader_statement(struct reader *reader, const char *sql, struct err *err)
{
	size_t i = 0;

	while (i < READER_STATEMENTS && reader->kept[i].sql && reader->kept[i].sql != sql) {
		i++;
	}
	if (i == READER_STATEMENTS) {
		err_set(err, ERR_SYS, "too many statements");
		return NULL;
	}
	if (!reader->kept[i].statement && sqlite3_prepare_v3(reader->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
							     &reader->kept[i].statement, NULL) != SQLITE_OK) {
		reader_fail(reader, err);
		return NULL;
	}
	reader->kept[i].sql = sql;
	sqlite3_reset(reader->kept[i].statement);
	sqlite3_clear_bindings(reader->kept[i].statement);
	return reader->kept[i].statement;
}

bool reader_row(struct reader *reader, sqlite3_stmt *statement, enum status *status, struct err *err)
{
	int code = *status == OK ? sqlite3_step(statement) : SQLITE_DONE;

	if (code == SQLITE_ROW) {
		return true;
	}
	if (code != SQLITE_DONE && !reader->late) {
		*status = reader_fail(reader, err);
	}
	sqlite3_reset(statement);
	return false;
}

enum status reader_in_time(const struct reader *reader, struct err *err)
{
	return reader->late ? err_set(err, ERR_AGAIN,
				      "a branch over all of these builds takes too long: ask for one "
				      "`pipeline`, or for fewer `days`")
			    : OK;
}

bool reader_whole_row(struct reader *reader, sqlite3_stmt *statement, enum status *status, struct err *err)
{
	int64_t deadline_ms = reader->deadline_ms;
	bool late = reader->late, found;

	reader->deadline_ms = 0;
	reader->late = false;
	found = reader_row(reader, statement, status, err);
	reader->deadline_ms = deadline_ms;
	reader->late = late;
	return found;
}

yyjson_mut_val *reader_light(struct reader *reader, int64_t build, yyjson_mut_doc *doc, enum status *status,
			     struct err *err)
{
	sqlite3_stmt *row = *status == OK ? reader_statement(reader, reader->light_by_row, err) : NULL;
	yyjson_mut_val *record = NULL;
	int column = 0;

	if (!row) {
		*status = *status == OK ? err->status : *status;
		return NULL;
	}
	sqlite3_bind_int64(row, 1, build);
	if (reader_whole_row(reader, row, status, err)) {
		record = columns_json(doc, build_fields, row, &column);
		yyjson_mut_obj_remove_key(record, "jobs");
	}
	sqlite3_reset(row);
	return record;
}

void reader_bind(sqlite3_stmt *statement, int index, struct text text)
{
	sqlite3_bind_text64(statement, index, text.at, text.size, SQLITE_STATIC, SQLITE_UTF8);
}

int64_t reader_int(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? INT_NULL : sqlite3_column_int64(row, column);
}

struct text reader_text(sqlite3_stmt *row, int column)
{
	const char *at = (const char *)sqlite3_column_text(row, column);

	return (struct text){at, at ? (size_t)sqlite3_column_bytes(row, column) : 0};
}
