/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/overview.h"
#include "sinks/store/query/json.h"

static const char pipelines_sql[] = "SELECT id, key FROM pipelines ORDER BY key";
static const char pipeline_sql[] = "SELECT id, key FROM pipelines WHERE key = ?1";

static struct window window(const struct overview_ask *ask)
{
	return window_of(ask->now_ms, ask->days);
}

static struct scope scope_of(const struct overview_ask *ask, const struct pipeline *pipeline)
{
	return (struct scope){.pipeline = pipeline->id, .side_max = ask->side_max, .branch = ask->branch};
}

static yyjson_mut_val *days(const struct figures *figures, yyjson_mut_doc *doc)
{
	yyjson_mut_val *out = yyjson_mut_arr(doc);

	for (int64_t i = 0; i <= figures->window.last - figures->window.first; i++) {
		const struct day_figures *day = &figures->days[i];
		yyjson_mut_val *row = yyjson_mut_obj(doc);

		json_day(doc, row, "day", figures->window.first + i);
		json_int(doc, row, "builds", counts_sum(day->counts));
		json_int(doc, row, "success", day->counts[DAY_SUCCESS]);
		json_int(doc, row, "failure",
			 day->counts[DAY_FAILURE] + day->counts[DAY_ERROR] + day->counts[DAY_TIMEOUT]);
		json_int(doc, row, "p50_ms", day->p50_ms);
		json_int(doc, row, "p90_ms", day->p90_ms);
		yyjson_mut_arr_append(out, row);
	}
	return out;
}

static void add_copy(yyjson_mut_doc *doc, yyjson_mut_val *row, const char *key, yyjson_mut_val *value)
{
	yyjson_mut_obj_add_val(doc, row, key,
			       value ? yyjson_mut_val_mut_copy(doc, value) : yyjson_mut_null(doc));
}

static void add_figures(yyjson_mut_doc *doc, yyjson_mut_val *row, const struct figures *figures)
{
	json_real(doc, row, "success_rate", counts_success_rate(figures->counts));
	json_int(doc, row, "builds", counts_sum(figures->counts));
	json_int(doc, row, "builds_per_week", figures->week);
	json_int(doc, row, "p50_ms", figures->p50_ms);
	json_int(doc, row, "p90_ms", figures->p90_ms);
	json_int(doc, row, "queue_p50_ms", figures->queue_p50_ms);
	json_real(doc, row, "coverage", figures->coverage);
	yyjson_mut_obj_add_val(doc, row, "days", days(figures, doc));
}

yyjson_mut_val *overview_row(struct reader *reader, const struct overview_ask *ask,
			     const struct pipeline *pipeline, struct figures *figures, yyjson_mut_doc *doc,
			     enum status *status, struct err *err)
{
	struct scope scope = scope_of(ask, pipeline);
	struct window shown = window(ask);
	yyjson_mut_val *row = yyjson_mut_obj(doc), *bars, *last, *red;
	int64_t newest;

	bars = newest_bars(reader, pipeline, &scope, doc, &newest, status, err);
	last = newest == INT_NULL ? NULL : newest_last(reader, newest, doc, status, err);
	red = newest_red(reader, pipeline, &scope, doc, status, err);
	if (*status == OK) {
		*status = figures_read(figures, reader, &scope, &shown, err);
	}
	if (*status != OK) {
		return NULL;
	}
	json_text(doc, row, "id", pipeline->key);
	add_copy(doc, row, "provider", yyjson_mut_obj_get(last, "provider"));
	add_copy(doc, row, "organization", yyjson_mut_obj_get(last, "organization"));
	add_copy(doc, row, "pipeline", yyjson_mut_obj_get(last, "pipeline"));
	yyjson_mut_obj_add_val(doc, row, "last", last ? last : yyjson_mut_null(doc));
	yyjson_mut_obj_add_val(doc, row, "bars", bars);
	yyjson_mut_obj_add_val(doc, row, "red", red ? red : yyjson_mut_null(doc));
	add_figures(doc, row, figures);
	return row;
}

static int64_t since(yyjson_mut_val *red)
{
	return yyjson_mut_get_sint(yyjson_mut_obj_get(red, "since"));
}

/* Keeps the list by since, oldest first. */
static void list_red(yyjson_mut_doc *doc, yyjson_mut_val *list, yyjson_mut_val *row)
{
	yyjson_mut_val *red = yyjson_mut_obj_get(row, "red"), *entry;
	size_t place = 0, count = yyjson_mut_arr_size(list);

	if (!yyjson_mut_is_obj(red)) {
		return;
	}
	entry = yyjson_mut_val_mut_copy(doc, red);
	add_copy(doc, entry, "id", yyjson_mut_obj_get(row, "id"));
	while (place < count && since(yyjson_mut_arr_get(list, place)) <= since(entry)) {
		place++;
	}
	yyjson_mut_arr_insert(list, entry, place);
}

yyjson_mut_val *overview(struct reader *reader, const struct overview_ask *ask, yyjson_mut_doc *doc,
			 enum status *status, struct err *err)
{
	yyjson_mut_val *out = yyjson_mut_obj(doc), *pipelines = yyjson_mut_arr(doc),
		       *red = yyjson_mut_arr(doc);
	sqlite3_stmt *rows = reader_statement(reader, ask->pipeline.at ? pipeline_sql : pipelines_sql, err);
	struct figures figures = {0};

	*status = rows ? OK : err->status;
	if (rows && ask->pipeline.at) {
		reader_bind(rows, 1, ask->pipeline);
	}
	while (rows && reader_row(reader, rows, status, err)) {
		struct pipeline pipeline = {sqlite3_column_int64(rows, 0), reader_text(rows, 1)};
		yyjson_mut_val *row = overview_row(reader, ask, &pipeline, &figures, doc, status, err);

		if (yyjson_mut_is_obj(yyjson_mut_obj_get(row, "last"))) {
			yyjson_mut_arr_append(pipelines, row);
			list_red(doc, red, row);
		}
	}
	figures_fini(&figures);
	json_int(doc, out, "now", ask->now_ms);
	yyjson_mut_obj_add_val(doc, out, "pipelines", pipelines);
	yyjson_mut_obj_add_val(doc, out, "red", red);
	return out;
}

bool pipeline_find(struct reader *reader, struct text key, struct pipeline *pipeline, enum status *status,
		   struct err *err)
{
	sqlite3_stmt *row = reader_statement(reader, pipeline_sql, err);
	bool found = false;

	*status = row ? OK : err->status;
	if (row) {
		reader_bind(row, 1, key);
		found = reader_row(reader, row, status, err);
	}
	if (found) {
		*pipeline = (struct pipeline){sqlite3_column_int64(row, 0), key};
		sqlite3_reset(row);
	}
	return found;
}
