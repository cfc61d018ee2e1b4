/* SPDX-License-Identifier: MIT */
#include "sinks/bigquery/row.h"
#include "common/time.h"
#include "sinks/bigquery/columns.h"

/* TIMESTAMP: 0001-01-01 to 9999-12-31 (data types of GoogleSQL). */
#define TIMESTAMP_MIN_MS INT64_C(-62135596800000)

static enum status add_time(yyjson_mut_doc *doc, yyjson_mut_val *row, const char *name, int64_t ms,
			    struct err *err)
{
	char text[32];

	if (ms == INT_NULL) {
		return OK;
	}
	if (ms < TIMESTAMP_MIN_MS || time_format(ms, text) == 0) {
		return err_set(err, ERR_DATA, "%s: %lld ms is no TIMESTAMP of BigQuery", name, (long long)ms);
	}
	yyjson_mut_obj_add_strcpy(doc, row, name, text);
	return OK;
}

static enum status add_fields(yyjson_mut_doc *doc, yyjson_mut_val *row, const struct column *columns,
			      const void *source, struct err *err);

static enum status add_list(yyjson_mut_doc *doc, yyjson_mut_val *row, const struct column *column,
			    const struct field_list *list, struct err *err)
{
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(doc, row, column->name);
	enum status status = OK;

	for (size_t i = 0; status == OK && i < list->count; i++) {
		status = add_fields(doc, yyjson_mut_arr_add_obj(doc, array), column->members,
				    (const char *)list->items + i * column->field->member_size, err);
		if (status != OK) {
			err_prefix(err, "%s[%zu]", column->name, i);
		}
	}
	return status;
}

/* Null is left out: the same to BigQuery, and fewer bytes. */
static enum status add_field(yyjson_mut_doc *doc, yyjson_mut_val *row, const struct column *column,
			     const void *value, struct err *err)
{
	switch (column->field->type) {
	case FIELD_TEXT:
	case FIELD_BYTES:
		if (((const struct text *)value)->at) {
			yyjson_mut_obj_add_strn(doc, row, column->name, ((const struct text *)value)->at,
						((const struct text *)value)->size);
		}
		return OK;
	case FIELD_INT:
		if (column->time) {
			return add_time(doc, row, column->name, *(const int64_t *)value, err);
		}
		if (*(const int64_t *)value != INT_NULL) {
			yyjson_mut_obj_add_sint(doc, row, column->name, *(const int64_t *)value);
		}
		return OK;
	case FIELD_REAL:
		if (isfinite(*(const double *)value)) {
			yyjson_mut_obj_add_real(doc, row, column->name, *(const double *)value);
		}
		return OK;
	case FIELD_BOOL:
		yyjson_mut_obj_add_bool(doc, row, column->name, *(const bool *)value);
		return OK;
	case FIELD_WORD:
		if (*(const int *)value) {
			yyjson_mut_obj_add_str(doc, row, column->name,
					       column->field->words[*(const int *)value]);
		}
		return OK;
	case FIELD_GROUP:
		return schema_count(column->field->members, value) == 0
			       ? OK
			       : add_fields(doc, yyjson_mut_obj_add_obj(doc, row, column->name),
					    column->members, value, err);
	case FIELD_LIST:
		return add_list(doc, row, column, value, err);
	}
	return OK;
}

static enum status add_fields(yyjson_mut_doc *doc, yyjson_mut_val *row, const struct column *columns,
			      const void *source, struct err *err)
{
	enum status status = OK;

	for (const struct column *column = columns; status == OK && column->name; column++) {
		status = add_field(doc, row, column, (const char *)source + column->field->offset, err);
	}
	return status;
}

enum status row_write(const struct build *build, struct arena *arena, struct text *out, struct err *err)
{
	yyjson_alc alc = arena_yyjson(arena);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	yyjson_mut_val *row = yyjson_mut_obj(doc);
	yyjson_write_err why = {0};
	enum status status;

	yyjson_mut_doc_set_root(doc, row);
	status = add_fields(doc, row, columns(), build, err);
	if (status != OK) {
		return status;
	}
	out->at = yyjson_mut_write_opts(doc, 0, &alc, &out->size, &why);
	if (!out->at) {
		return err_set(err, ERR_DATA, "%s",
			       why.code == YYJSON_WRITE_ERROR_INVALID_STRING ? "a text is not UTF-8"
									     : "too large for a row");
	}
	if (out->size > ROW_MAX_BYTES) {
		return err_set(err, ERR_DATA,
			       "its row would have %zu bytes, more than the %d that BigQuery takes",
			       out->size, ROW_MAX_BYTES);
	}
	return OK;
}
