/* SPDX-License-Identifier: MIT */
#include "sinks/store/columns.h"

#include <assert.h>
#include <stdio.h>

static void add_fields(struct columns *columns, const struct field *fields, const char *group, size_t offset)
{
	for (const struct field *field = fields; field->key; field++) {
		struct column *column;

		if (field->type == FIELD_GROUP) {
			add_fields(columns, field->members, field->key, offset + field->offset);
			continue;
		}
		assert(columns->count < COLUMNS_MAX);
		column = &columns->at[columns->count++];
		column->field = field;
		column->offset = offset + field->offset;
		snprintf(column->name, sizeof column->name, "%s%s%s", group ? group : "", group ? "_" : "",
			 field->key);
	}
}

void columns_init(struct columns *columns, const struct field *fields)
{
	columns->count = 0;
	add_fields(columns, fields, NULL, 0);
}

const char *column_type(const struct column *column)
{
	switch (column->field->type) {
	case FIELD_INT:
	case FIELD_BOOL:
		return "INTEGER";
	case FIELD_REAL:
		return "REAL";
	default:
		return "TEXT";
	}
}

static const char *list_json(const struct field *field, const struct field_list *list, struct arena *arena,
			     size_t *size)
{
	yyjson_alc alc = arena_yyjson(arena);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	yyjson_mut_val *array = yyjson_mut_arr(doc);

	for (size_t i = 0; i < list->count; i++) {
		const char *item = (const char *)list->items + i * field->member_size;
		if (!yyjson_mut_arr_append(array, schema_json(doc, field->members, item))) {
			return NULL;
		}
	}
	return yyjson_mut_val_write_opts(array, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &alc, size, NULL);
}

static int bind_text(sqlite3_stmt *statement, int index, struct text text)
{
	return text.at ? sqlite3_bind_text64(statement, index, text.at, text.size, SQLITE_STATIC, SQLITE_UTF8)
		       : sqlite3_bind_null(statement, index);
}

static int bind_int(sqlite3_stmt *statement, int index, int64_t value)
{
	return value == INT_NULL ? sqlite3_bind_null(statement, index)
				 : sqlite3_bind_int64(statement, index, value);
}

static int bind_list(const struct column *column, sqlite3_stmt *statement, int index,
		     const struct field_list *list, struct arena *arena)
{
	struct text json = TEXT("[]");

	if (list->count) {
		json.at = list_json(column->field, list, arena, &json.size);
	}
	return json.at ? bind_text(statement, index, json) : SQLITE_TOOBIG;
}

enum status column_bind(const struct column *column, sqlite3_stmt *statement, int index, const void *source,
			struct arena *arena, struct err *err)
{
	const void *value = (const char *)source + column->offset;
	int code = SQLITE_OK;

	switch (column->field->type) {
	case FIELD_TEXT:
	case FIELD_BYTES:
		code = bind_text(statement, index, *(const struct text *)value);
		break;
	case FIELD_WORD:
		code = bind_text(statement, index, text_of(column->field->words[*(const int *)value]));
		break;
	case FIELD_INT:
		code = bind_int(statement, index, *(const int64_t *)value);
		break;
	case FIELD_BOOL:
		code = sqlite3_bind_int(statement, index, *(const bool *)value);
		break;
	case FIELD_REAL:
		code = sqlite3_bind_double(statement, index, *(const double *)value); /* NaN becomes NULL */
		break;
	case FIELD_LIST:
		code = bind_list(column, statement, index, value, arena);
		break;
	case FIELD_GROUP:
		break; /* flattened */
	}
	return code == SQLITE_OK
		       ? OK
		       : err_set(err, ERR_DATA, "%s: %s", column->name,
				 code == SQLITE_TOOBIG ? "too long to store" : sqlite3_errstr(code));
}

static yyjson_mut_val *cell_json(yyjson_mut_doc *doc, const struct field *field, sqlite3_stmt *statement,
				 int index)
{
	const char *text = (const char *)sqlite3_column_text(statement, index);
	size_t size = (size_t)sqlite3_column_bytes(statement, index);

	if (!text) {
		return yyjson_mut_null(doc);
	}
	switch (field->type) {
	case FIELD_INT:
		return yyjson_mut_sint(doc, sqlite3_column_int64(statement, index));
	case FIELD_BOOL:
		return yyjson_mut_bool(doc, sqlite3_column_int(statement, index));
	case FIELD_REAL:
		return yyjson_mut_real(doc, sqlite3_column_double(statement, index));
	case FIELD_LIST:
		return yyjson_mut_rawncpy(doc, text, size);
	default:
		return yyjson_mut_strncpy(doc, text, size);
	}
}

static bool all_null(const struct field *fields, sqlite3_stmt *statement, int index)
{
	for (const struct field *field = fields; field->key; field++, index++) {
		if (sqlite3_column_type(statement, index) != SQLITE_NULL) {
			return false;
		}
	}
	return true;
}

/* Groups hold no groups and no lists: as many columns as members. */
static yyjson_mut_val *group_json(yyjson_mut_doc *doc, const struct field *fields, sqlite3_stmt *statement,
				  int *index)
{
	if (!all_null(fields, statement, *index)) {
		return columns_json(doc, fields, statement, index);
	}
	for (const struct field *field = fields; field->key; field++) {
		++*index;
	}
	return yyjson_mut_null(doc);
}

yyjson_mut_val *columns_json(yyjson_mut_doc *doc, const struct field *fields, sqlite3_stmt *statement,
			     int *index)
{
	yyjson_mut_val *object = yyjson_mut_obj(doc);

	for (const struct field *field = fields; field->key; field++) {
		yyjson_mut_val *value;
		if (field->type == FIELD_GROUP) {
			value = group_json(doc, field->members, statement, index);
		} else {
			value = cell_json(doc, field, statement, (*index)++);
		}
		yyjson_mut_obj_add_val(doc, object, field->key, value);
	}
	return object;
}
