/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/newest.h"
#include "sinks/store/query/json.h"

#include <string.h>

/* Parameters of all: 1 the pipeline, 2 the highest side, 3 the branch or null. Each side by itself is read
 * newest first in the order of its key. */
#define RUN_COLUMNS "build, number, tail, state, result, at, started_at, duration_ms"
#define OF_SIDE(side, more, order)                                                                           \
	"SELECT * FROM (SELECT " RUN_COLUMNS " FROM runs WHERE pipeline = ?1 AND side = " side               \
	" AND ?2 >= " side " AND (?3 IS NULL OR branch = (SELECT id FROM words WHERE word = ?3)) " more      \
	" ORDER BY at " order ", build " order " LIMIT ?4)"
#define OF_BOTH(more, order)                                                                                 \
	OF_SIDE("0", more, order)                                                                            \
	" UNION ALL " OF_SIDE("1", more, order) " ORDER BY at " order ", build " order " LIMIT ?4"

static const char bars_sql[] = OF_BOTH("", "DESC");
/* success failure error timeout: RESULT_SUCCESS … RESULT_TIMEOUT */
static const char verdict_sql[] = OF_BOTH("AND state = 4 AND result BETWEEN 1 AND 4", "DESC");
static const char green_day_sql[] =
	"SELECT max(day) FROM days WHERE pipeline = ?1 AND side <= ?2 AND success > 0";
static const char green_sql[] = OF_BOTH("AND state = 4 AND result = 1 AND at < ?5", "DESC");
static const char first_red_sql[] = OF_BOTH("AND state = 4 AND result BETWEEN 2 AND 4 AND at > ?5", "ASC");

static sqlite3_stmt *ask(struct reader *reader, const char *sql, const struct scope *scope, int64_t limit,
			 enum status *status, struct err *err)
{
	sqlite3_stmt *rows = *status == OK ? reader_statement(reader, sql, err) : NULL;

	if (!rows) {
		*status = *status == OK ? err->status : *status;
		return NULL;
	}
	sqlite3_bind_int64(rows, 1, scope->pipeline);
	sqlite3_bind_int(rows, 2, scope->branch.at ? SIDE_OTHER : scope->side_max);
	reader_bind(rows, 3, scope->branch);
	sqlite3_bind_int64(rows, 4, limit);
	return rows;
}

static void add_id(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct pipeline *pipeline,
		   sqlite3_stmt *row)
{
	struct text number = reader_text(row, sqlite3_column_type(row, 2) == SQLITE_NULL ? 1 : 2);
	char id[2048];

	snprintf(id, sizeof id, "%.*s/%.*s", TEXT_FMT(pipeline->key), TEXT_FMT(number));
	json_text(doc, object, "id", text_of(id));
	json_int(doc, object, "number", reader_int(row, 1));
}

static yyjson_mut_val *bar(yyjson_mut_doc *doc, const struct pipeline *pipeline, sqlite3_stmt *row)
{
	yyjson_mut_val *out = yyjson_mut_obj(doc);

	add_id(doc, out, pipeline, row);
	json_word(doc, out, "state", state_words, sqlite3_column_int(row, 3));
	json_word(doc, out, "result", result_words, sqlite3_column_int(row, 4));
	json_int(doc, out, "created_at", reader_int(row, 5));
	json_int(doc, out, "started_at", reader_int(row, 6));
	json_int(doc, out, "duration_ms", reader_int(row, 7));
	return out;
}

yyjson_mut_val *newest_bars(struct reader *reader, const struct pipeline *pipeline, const struct scope *scope,
			    yyjson_mut_doc *doc, int64_t *last, enum status *status, struct err *err)
{
	yyjson_mut_val *array = yyjson_mut_arr(doc);
	sqlite3_stmt *rows = ask(reader, bars_sql, scope, BARS, status, err);

	*last = INT_NULL;
	while (rows && reader_row(reader, rows, status, err)) {
		*last = *last == INT_NULL ? sqlite3_column_int64(rows, 0) : *last;
		yyjson_mut_arr_prepend(array, bar(doc, pipeline, rows));
	}
	return array;
}

static void cut_message(yyjson_mut_val *record)
{
	yyjson_mut_val *message = yyjson_mut_obj_get(record, "message");
	const char *text = yyjson_mut_get_str(message);

	if (text) {
		yyjson_mut_set_strn(message, text, strcspn(text, "\r\n"));
	}
}

yyjson_mut_val *newest_last(struct reader *reader, int64_t build, yyjson_mut_doc *doc, enum status *status,
			    struct err *err)
{
	yyjson_mut_val *record = reader_light(reader, build, doc, status, err);

	if (record) {
		cut_message(record);
	}
	return record;
}

/* at of the first row; INT_NULL: none. */
static int64_t first_at(struct reader *reader, sqlite3_stmt *rows, enum status *status, struct err *err)
{
	int64_t at_ms = INT_NULL;

	if (rows && reader_row(reader, rows, status, err)) {
		at_ms = reader_int(rows, 5);
		sqlite3_reset(rows);
	}
	return at_ms;
}

/* Whether the newest verdict is red. */
static bool is_red(struct reader *reader, const struct scope *scope, enum status *status, struct err *err)
{
	sqlite3_stmt *rows = ask(reader, verdict_sql, scope, 1, status, err);
	bool red = rows && reader_row(reader, rows, status, err) &&
		   sqlite3_column_int(rows, 4) != RESULT_SUCCESS;

	sqlite3_reset(rows);
	return red;
}

/* A long way back, perhaps: the days know how far. A branch of its own has none. */
static int64_t last_green(struct reader *reader, const struct scope *scope, enum status *status,
			  struct err *err)
{
	sqlite3_stmt *rows;
	int64_t before_ms = INT64_MAX;

	if (!scope->branch.at) {
		rows = ask(reader, green_day_sql, scope, 1, status, err);
		if (rows && reader_row(reader, rows, status, err)) {
			int64_t day = reader_int(rows, 0);

			sqlite3_reset(rows);
			if (day == INT_NULL) {
				return INT_NULL;
			}
			before_ms = (day + 1) * 86400000;
		}
	}
	rows = ask(reader, green_sql, scope, 1, status, err);
	if (rows) {
		sqlite3_bind_int64(rows, 5, before_ms);
	}
	return first_at(reader, rows, status, err);
}

static yyjson_mut_val *red_build(struct reader *reader, const struct pipeline *pipeline, sqlite3_stmt *row,
				 yyjson_mut_doc *doc, enum status *status, struct err *err)
{
	yyjson_mut_val *out = yyjson_mut_obj(doc);
	sqlite3_stmt *url = reader_statement(reader, "SELECT url FROM builds WHERE rowid = ?1", err);

	add_id(doc, out, pipeline, row);
	if (url) {
		sqlite3_bind_int64(url, 1, sqlite3_column_int64(row, 0));
		if (reader_row(reader, url, status, err)) {
			json_text(doc, out, "url", reader_text(url, 0));
		}
		sqlite3_reset(url);
	}
	return out;
}

yyjson_mut_val *newest_red(struct reader *reader, const struct pipeline *pipeline, const struct scope *scope,
			   yyjson_mut_doc *doc, enum status *status, struct err *err)
{
	yyjson_mut_val *out = NULL;
	sqlite3_stmt *rows;
	int64_t green_ms;

	if (!is_red(reader, scope, status, err)) {
		return NULL;
	}
	green_ms = last_green(reader, scope, status, err);
	rows = ask(reader, first_red_sql, scope, 1, status, err);
	if (rows) {
		sqlite3_bind_int64(rows, 5, green_ms == INT_NULL ? -1 : green_ms);
	}
	if (rows && reader_row(reader, rows, status, err)) {
		out = yyjson_mut_obj(doc);
		json_int(doc, out, "since", reader_int(rows, 5));
		yyjson_mut_obj_add_val(doc, out, "first",
				       red_build(reader, pipeline, rows, doc, status, err));
		json_int(doc, out, "last_green_at", green_ms);
		sqlite3_reset(rows);
	}
	return out;
}
