/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/overview.h"
#include "sinks/store/query/json.h"

#include <stdlib.h>
#include <string.h>

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
	*status = *status == OK ? reader_in_time(reader, err) : *status;
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

/* {id, …red} of a row that is red; NULL: it is not. */
static yyjson_mut_val *red_entry(yyjson_mut_doc *doc, yyjson_mut_val *row)
{
	yyjson_mut_val *red = yyjson_mut_obj_get(row, "red"), *entry;

	if (!yyjson_mut_is_obj(red)) {
		return NULL;
	}
	entry = yyjson_mut_val_mut_copy(doc, red);
	add_copy(doc, entry, "id", yyjson_mut_obj_get(row, "id"));
	return entry;
}

/* A heap text that a text stands for; at NULL: no memory. */
static struct text text_of_value(yyjson_mut_val *value)
{
	size_t size = 0;
	char *at = yyjson_mut_val_write(value, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &size);

	return (struct text){at, at ? size : 0};
}

/* Both in one piece, as rows_find gives them. False: no memory, or status. */
static bool make_text(struct reader *reader, const struct overview_ask *ask, const struct pipeline *pipeline,
		      struct figures *figures, struct row_text *out, enum status *status, struct err *err)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *row = overview_row(reader, ask, pipeline, figures, doc, status, err);
	yyjson_mut_val *entry = row ? red_entry(doc, row) : NULL;
	bool shown = yyjson_mut_is_obj(yyjson_mut_obj_get(row, "last"));
	struct text row_json = shown ? text_of_value(row) : (struct text){0},
		    red = entry ? text_of_value(entry) : (struct text){0};
	char *both = row ? malloc(row_json.size + red.size + 1) : NULL;

	*out = (struct row_text){.since_ms = yyjson_mut_get_sint(yyjson_mut_obj_get(entry, "since"))};
	if (both) {
		memcpy(both, row_json.at ? row_json.at : "", row_json.size);
		memcpy(both + row_json.size, red.at ? red.at : "", red.size);
		out->row = (struct text){both, row_json.size};
		out->red = (struct text){red.size ? both + row_json.size : NULL, red.size};
	} else if (*status == OK) {
		*status = err_set(err, ERR_SYS, "out of memory");
	}
	free((void *)(size_t)row_json.at);
	free((void *)(size_t)red.at);
	yyjson_mut_doc_free(doc);
	return both != NULL;
}

static bool find_text(struct reader *reader, const struct overview_ask *ask, const struct pipeline *pipeline,
		      struct figures *figures, struct row_text *out, enum status *status, struct err *err)
{
	struct rows_variant variant = {ask->days, day_of(ask->now_ms), ask->side_max};
	bool keeps = ask->rows && !ask->branch.at, made;

	if (keeps && rows_find(ask->rows, &variant, pipeline->key, out)) {
		return true;
	}
	made = make_text(reader, ask, pipeline, figures, out, status, err);
	if (made && keeps) {
		rows_keep(ask->rows, &variant, pipeline->key, ask->n, out);
	}
	return made;
}

/* The red ones, oldest first. */
struct reds {
	yyjson_mut_doc *doc;
	yyjson_mut_val *list;
	struct times since; /* of each in list */
};

static void list_red(struct reds *reds, const struct row_text *text)
{
	size_t place = reds->since.count;

	if (!text->red.at || !times_add(&reds->since, text->since_ms)) {
		return;
	}
	for (; place > 0 && reds->since.ms[place - 1] > text->since_ms; place--) {
		reds->since.ms[place] = reds->since.ms[place - 1];
	}
	reds->since.ms[place] = text->since_ms;
	yyjson_mut_arr_insert(reds->list, yyjson_mut_rawncpy(reds->doc, text->red.at, text->red.size), place);
}

/* The lists of the overview, row by row. */
static void list_rows(struct reader *reader, const struct overview_ask *ask, sqlite3_stmt *rows,
		      yyjson_mut_val *pipelines, struct reds *reds, enum status *status, struct err *err)
{
	struct figures figures = {0};

	while (rows && reader_row(reader, rows, status, err)) {
		struct pipeline pipeline = {sqlite3_column_int64(rows, 0), reader_text(rows, 1)};
		struct row_text text = {0};

		if (!find_text(reader, ask, &pipeline, &figures, &text, status, err)) {
			break;
		}
		if (text.row.size > 0) {
			yyjson_mut_arr_append(pipelines,
					      yyjson_mut_rawncpy(reds->doc, text.row.at, text.row.size));
			list_red(reds, &text);
		}
		row_text_free(&text);
	}
	figures_fini(&figures);
}

yyjson_mut_val *overview(struct reader *reader, const struct overview_ask *ask, yyjson_mut_doc *doc,
			 enum status *status, struct err *err)
{
	yyjson_mut_val *out = yyjson_mut_obj(doc), *pipelines = yyjson_mut_arr(doc);
	sqlite3_stmt *rows = reader_statement(reader, ask->pipeline.at ? pipeline_sql : pipelines_sql, err);
	struct reds reds = {doc, yyjson_mut_arr(doc), {0}};

	*status = rows ? OK : err->status;
	if (rows && ask->pipeline.at) {
		reader_bind(rows, 1, ask->pipeline);
	}
	reader_limit(reader, ask->limit_ms);
	list_rows(reader, ask, rows, pipelines, &reds, status, err);
	*status = *status == OK ? reader_in_time(reader, err) : *status;
	times_fini(&reds.since);
	json_int(doc, out, "now", ask->now_ms);
	yyjson_mut_obj_add_val(doc, out, "pipelines", pipelines);
	yyjson_mut_obj_add_val(doc, out, "red", reds.list);
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
