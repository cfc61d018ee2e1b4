/* What the service accepts as a row, and the rows themselves: insertAll and tabledata.list. */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "tests/fakes/bigquery/bigquery.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_MAX 10485760
#define ROWS_MAX    50000
#define ROW_MAX     10485760

__attribute__((format(printf, 3, 4))) static bool refuse(struct bq_fault *fault, const char *location,
							 const char *format, ...)
{
	va_list values;

	fault->reason = "invalid";
	snprintf(fault->location, sizeof fault->location, "%s", location);
	va_start(values, format);
	vsnprintf(fault->message, sizeof fault->message, format, values);
	va_end(values);
	return false;
}

static bool value_fits(const char *type, yyjson_val *value)
{
	const char *text = yyjson_get_str(value);
	int64_t ms;

	if (strcmp(type, "STRING") == 0) {
		return yyjson_is_str(value) || yyjson_is_num(value) || yyjson_is_bool(value);
	}
	if (strcmp(type, "INTEGER") == 0 || strcmp(type, "INT64") == 0) {
		return yyjson_is_int(value) || (text && *text && text[strspn(text, "-0123456789")] == '\0');
	}
	if (strcmp(type, "FLOAT") == 0 || strcmp(type, "FLOAT64") == 0) {
		return yyjson_is_num(value);
	}
	if (strcmp(type, "BOOLEAN") == 0 || strcmp(type, "BOOL") == 0) {
		return yyjson_is_bool(value);
	}
	if (strcmp(type, "TIMESTAMP") == 0) {
		return yyjson_is_num(value) ||
		       (text && time_parse(text, strlen(text), &ms) == OK && ms >= -62135596800000);
	}
	return false;
}

static bool object_fits(yyjson_val *fields, yyjson_val *row, const char *path, struct bq_fault *fault);

static bool field_fits(yyjson_val *field, yyjson_val *value, const char *path, struct bq_fault *fault)
{
	const char *type = yyjson_get_str(yyjson_obj_get(field, "type"));

	if (strcmp(type, "RECORD") == 0 || strcmp(type, "STRUCT") == 0) {
		return yyjson_is_obj(value) ? object_fits(yyjson_obj_get(field, "fields"), value, path, fault)
					    : refuse(fault, path, "This field: %s is not a record.", path);
	}
	if (yyjson_is_str(value) && yyjson_get_len(value) != strlen(yyjson_get_str(value))) {
		return true; /* a NUL is a character as any other */
	}
	return value_fits(type, value) ? true : refuse(fault, path, "Cannot convert value to %s", type);
}

static bool member_fits(yyjson_val *field, yyjson_val *value, const char *path, struct bq_fault *fault)
{
	const char *mode = yyjson_get_str(yyjson_obj_get(field, "mode"));
	size_t index, count;
	yyjson_val *item;
	char place[200];

	mode = mode ? mode : "NULLABLE";
	if (!value || yyjson_is_null(value)) {
		return strcmp(mode, "REQUIRED") == 0
			       ? refuse(fault, path, "Missing required field: %s.", path)
			       : true;
	}
	if (strcmp(mode, "REPEATED") != 0) {
		return yyjson_is_arr(value)
			       ? refuse(fault, path, "Array specified for non-repeated field: %s.", path)
			       : field_fits(field, value, path, fault);
	}
	if (!yyjson_is_arr(value)) {
		return refuse(fault, path, "Repeated field must be imported as a JSON array: %s.", path);
	}
	yyjson_arr_foreach(value, index, count, item)
	{
		snprintf(place, sizeof place, "%.150s[%zu]", path, index);
		if (yyjson_is_null(item)) {
			return refuse(fault, place, "Only optional fields can be set to NULL. Field: %s",
				      path);
		}
		if (!field_fits(field, item, place, fault)) {
			return false;
		}
	}
	return true;
}

static yyjson_val *field_named(yyjson_val *fields, const char *name)
{
	size_t index, count;
	yyjson_val *field;

	yyjson_arr_foreach(fields, index, count, field)
	{
		if (strcasecmp(yyjson_get_str(yyjson_obj_get(field, "name")), name) == 0) {
			return field;
		}
	}
	return NULL;
}

static bool object_fits(yyjson_val *fields, yyjson_val *row, const char *path, struct bq_fault *fault)
{
	size_t index, count;
	yyjson_val *key, *value, *field;
	char place[200];

	yyjson_obj_foreach(row, index, count, key, value)
	{
		if (!field_named(fields, yyjson_get_str(key))) {
			return refuse(fault, yyjson_get_str(key), "no such field: %s.", yyjson_get_str(key));
		}
	}
	yyjson_arr_foreach(fields, index, count, field)
	{
		const char *name = yyjson_get_str(yyjson_obj_get(field, "name"));

		cr_assert(name);
		snprintf(place, sizeof place, "%.120s%s%.60s", path, *path ? "." : "", name);
		if (!member_fits(field, yyjson_obj_get(row, name), place, fault)) {
			return false;
		}
	}
	return true;
}

bool bq_row_fits(const struct fake_bigquery *fake, yyjson_val *fields, yyjson_val *row,
		 struct bq_fault *fault)
{
	size_t size = 0;
	char *text = yyjson_val_write(row, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &size);
	bool poisoned = fake->poison && text && strstr(text, fake->poison);

	free(text);
	*fault = (struct bq_fault){.reason = ""};
	if (!yyjson_is_obj(row)) {
		return refuse(fault, "", "The row is no JSON object.");
	}
	if (size > ROW_MAX) {
		return refuse(fault, "", "Maximum allowed row size exceeded. Allowed: %d", ROW_MAX);
	}
	return poisoned ? refuse(fault, "message", "Value is refused, whatever it is")
			: object_fits(fields, row, "", fault);
}

/* Streaming into a table that is partitioned by day takes five years back and one ahead (quotas of the
 * streaming API; an error of the row, not of the request). */
static bool day_fits(yyjson_val *row, struct bq_fault *fault)
{
	const char *text = yyjson_get_str(yyjson_obj_get(row, "created_at"));
	time_t now = time(NULL);
	int64_t ms;

	if (!text || time_parse(text, strlen(text), &ms) != OK ||
	    (ms > (now - 1825 * 86400L) * 1000 && ms < (now + 366 * 86400L) * 1000)) {
		return true;
	}
	return refuse(fault, "created_at",
		      "Value %s for field created_at of the destination table is outside the allowed bounds. "
		      "You can only stream to date range within 1825 days in the past and 366 days in the "
		      "future relative to the current date.",
		      text);
}

static void add_fault(yyjson_mut_doc *doc, yyjson_mut_val *list, size_t index, const char *reason,
		      const struct bq_fault *fault)
{
	yyjson_mut_val *entry = yyjson_mut_arr_add_obj(doc, list), *error;

	yyjson_mut_obj_add_uint(doc, entry, "index", index);
	error = yyjson_mut_arr_add_obj(doc, yyjson_mut_obj_add_arr(doc, entry, "errors"));
	yyjson_mut_obj_add_strcpy(doc, error, "reason", reason);
	yyjson_mut_obj_add_strcpy(doc, error, "location", fault->location);
	yyjson_mut_obj_add_str(doc, error, "debugInfo", "");
	yyjson_mut_obj_add_strcpy(doc, error, "message", fault->message);
}

static void store(struct fake_bigquery *fake, const struct bq_request *request, yyjson_val *entry)
{
	char *text =
		yyjson_val_write(yyjson_obj_get(entry, "json"), YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL);
	const char *id = yyjson_get_str(yyjson_obj_get(entry, "insertId"));

	bq_exec(fake, "INSERT INTO row(dataset, tbl, insert_id, body) VALUES(?, ?, ?, ?)", request->dataset,
		request->table, id ? id : "", text, NULL);
	fake->rows_stored++;
	free(text);
}

/* skipInvalidRows=false, the default: one bad row stops all, and the good ones come back as "stopped". */
static void insert_rows(struct fake_bigquery *fake, const struct bq_request *request, yyjson_val *fields,
			yyjson_val *root, struct bq_reply *reply)
{
	bool skip = yyjson_get_bool(yyjson_obj_get(root, "skipInvalidRows"));
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *answer = yyjson_mut_obj(doc), *errors = yyjson_mut_arr(doc);
	yyjson_val *rows = yyjson_obj_get(root, "rows"), *entry;
	size_t index, count, bad = 0;
	struct bq_fault fault;
	bool *good = calloc(yyjson_arr_size(rows) + 1, 1);

	yyjson_mut_doc_set_root(doc, answer);
	yyjson_mut_obj_add_str(doc, answer, "kind", "bigquery#tableDataInsertAllResponse");
	yyjson_arr_foreach(rows, index, count, entry)
	{
		yyjson_val *row = yyjson_obj_get(entry, "json");

		good[index] = bq_row_fits(fake, fields, row, &fault) && day_fits(row, &fault);
		bad += !good[index];
		if (!good[index]) {
			add_fault(doc, errors, index, fault.reason, &fault);
		}
	}
	yyjson_arr_foreach(rows, index, count, entry)
	{
		if (good[index] && bad && !skip) {
			add_fault(doc, errors, index, "stopped", &(struct bq_fault){.reason = "stopped"});
		} else if (good[index]) {
			store(fake, request, entry);
		}
	}
	if (bad) {
		yyjson_mut_obj_add_val(doc, answer, "insertErrors", errors);
	}
	free(good);
	bq_answer(reply, doc);
}

void bq_insert_all(struct fake_bigquery *fake, const struct bq_request *request, struct bq_reply *reply)
{
	yyjson_doc *table = bq_table(fake, request->dataset, request->table);
	yyjson_doc *body = yyjson_read(request->body, request->size, YYJSON_READ_ALLOW_INVALID_UNICODE);
	yyjson_val *root = yyjson_doc_get_root(body);
	size_t rows = yyjson_arr_size(yyjson_obj_get(root, "rows"));

	if (request->size > REQUEST_MAX) {
		bq_error(reply, 400, "badRequest", "Request payload size exceeds the limit: %d bytes.",
			 REQUEST_MAX);
	} else if (!table) {
		bq_error(reply, 404, "notFound", "Not found: Table demo:%s.%s", request->dataset,
			 request->table);
	} else if (!root) {
		bq_error(reply, 400, "parseError", "Parse Error");
	} else if (rows == 0) {
		bq_error(reply, 400, "invalid", "No rows present in the request.");
	} else if (rows > ROWS_MAX) {
		bq_error(reply, 400, "invalid", "too many rows present in the request");
	} else {
		bq_exec(fake, "BEGIN", NULL);
		insert_rows(fake, request,
			    yyjson_obj_get(yyjson_obj_get(yyjson_doc_get_root(table), "schema"), "fields"),
			    root, reply);
		bq_exec(fake, "COMMIT", NULL);
	}
	yyjson_doc_free(table);
	yyjson_doc_free(body);
}

static yyjson_mut_val *cell(yyjson_mut_doc *doc, yyjson_val *value)
{
	yyjson_mut_val *out = yyjson_mut_obj(doc);
	char *text = yyjson_is_str(value) || !value || yyjson_is_null(value)
			     ? NULL
			     : yyjson_val_write(value, 0, NULL);

	if (yyjson_is_str(value)) {
		yyjson_mut_obj_add_strcpy(doc, out, "v", yyjson_get_str(value));
	} else if (text) {
		yyjson_mut_obj_add_strcpy(doc, out, "v", text);
	} else {
		yyjson_mut_obj_add_null(doc, out, "v");
	}
	free(text);
	return out;
}

/* Of flat tables: {"f": [{"v": …}]} in the order of the schema. */
void bq_data_list(struct fake_bigquery *fake, const struct bq_request *request, struct bq_reply *reply)
{
	yyjson_doc *table = bq_table(fake, request->dataset, request->table);
	yyjson_val *fields = yyjson_obj_get(yyjson_obj_get(yyjson_doc_get_root(table), "schema"), "fields"),
		   *field;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *rows;
	sqlite3_stmt *statement =
		bq_query(fake, "SELECT body FROM row WHERE dataset = ? AND tbl = ? LIMIT ?", request->dataset,
			 request->table, request->max_results ? request->max_results : "100", NULL);
	char total[32];
	size_t index, count, listed = 0;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "kind", "bigquery#tableDataList");
	rows = yyjson_mut_obj_add_arr(doc, root, "rows");
	for (; sqlite3_step(statement) == SQLITE_ROW; listed++) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);
		yyjson_doc *one = yyjson_read(text, strlen(text), 0);
		yyjson_mut_val *cells = yyjson_mut_obj_add_arr(doc, yyjson_mut_arr_add_obj(doc, rows), "f");

		yyjson_arr_foreach(fields, index, count, field)
		{
			const char *name = yyjson_get_str(yyjson_obj_get(field, "name"));
			yyjson_mut_arr_append(cells,
					      cell(doc, yyjson_obj_get(yyjson_doc_get_root(one), name)));
		}
		yyjson_doc_free(one);
	}
	sqlite3_finalize(statement);
	snprintf(total, sizeof total, "%zu", listed);
	yyjson_mut_obj_add_strcpy(doc, root, "totalRows", total);
	bq_answer(reply, doc);
	yyjson_doc_free(table);
}
