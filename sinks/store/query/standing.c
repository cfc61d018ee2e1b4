/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/standing.h"
#include "sinks/store/query/json.h"

/* NULL: it has no build in scope, or status. */
static yyjson_mut_val *standing(struct reader *reader, const struct overview_ask *ask,
				const struct pipeline *pipeline, yyjson_mut_doc *doc, enum status *status,
				struct err *err)
{
	struct scope scope = {.pipeline = pipeline->id, .side_max = ask->side_max, .branch = ask->branch};
	yyjson_mut_val *out = yyjson_mut_obj(doc), *last;
	int64_t newest;

	json_text(doc, out, "id", pipeline->key);
	yyjson_mut_obj_add_val(doc, out, "bars",
			       newest_bars(reader, pipeline, &scope, doc, &newest, status, err));
	last = newest == INT_NULL ? NULL : newest_last(reader, newest, doc, status, err);
	yyjson_mut_obj_add_val(doc, out, "last", last);
	return last ? out : NULL;
}

yyjson_mut_val *standings(struct reader *reader, const struct overview_ask *ask, yyjson_mut_doc *doc,
			  enum status *status, struct err *err)
{
	yyjson_mut_val *out = yyjson_mut_arr(doc);
	sqlite3_stmt *rows = reader_statement(
		reader, "SELECT id, key FROM pipelines WHERE ?1 IS NULL OR key = ?1 ORDER BY key", err);

	*status = rows ? OK : err->status;
	if (rows) {
		reader_bind(rows, 1, ask->pipeline);
	}
	reader_limit(reader, ask->limit_ms);
	while (rows && reader_row(reader, rows, status, err)) {
		struct pipeline pipeline = {sqlite3_column_int64(rows, 0), reader_text(rows, 1)};
		yyjson_mut_val *row = standing(reader, ask, &pipeline, doc, status, err);

		if (row) {
			yyjson_mut_arr_append(out, row);
		}
	}
	sqlite3_reset(rows);
	*status = *status == OK ? reader_in_time(reader, err) : *status;
	return out;
}
