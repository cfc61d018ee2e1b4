/* SPDX-License-Identifier: MIT */
#include "common/schema_private.h"

void schema_init(const struct field *fields, void *target)
{
	for (const struct field *field = fields; field->key; field++) {
		switch (field->type) {
		case FIELD_TEXT:
		case FIELD_BYTES:
			*(struct text *)field_at(field, target) = (struct text){0};
			break;
		case FIELD_INT:
			*(int64_t *)field_at(field, target) = INT_NULL;
			break;
		case FIELD_REAL:
			*(double *)field_at(field, target) = REAL_NULL;
			break;
		case FIELD_BOOL:
			*(bool *)field_at(field, target) = false;
			break;
		case FIELD_WORD:
			*(int *)field_at(field, target) = 0;
			break;
		case FIELD_GROUP:
			schema_init(field->members, field_at(field, target));
			break;
		case FIELD_LIST:
			*(struct field_list *)field_at(field, target) = (struct field_list){0};
			break;
		}
	}
}

static const struct field *field_named(const struct field *fields, const struct field *guess, struct text key)
{
	/* Maps arrive in table order: the field after the last one is nearly always the right one. */
	if (guess->key && text_is(key, guess->key)) {
		return guess;
	}
	for (const struct field *field = fields; field->key; field++) {
		if (text_is(key, field->key)) {
			return field;
		}
	}
	return NULL;
}

static int word_index(const char *const *words, struct text text)
{
	for (int i = 1; words[i]; i++) {
		if (text_is(text, words[i])) {
			return i;
		}
	}
	return 0;
}

static enum status unpack_list(const struct field *field, const msgpack_object *value, struct arena *arena,
			       struct field_list *list, struct err *err)
{
	uint32_t count = value->via.array.size;

	*list = (struct field_list){.count = count};
	if (count == 0) {
		return OK;
	}
	list->items = arena_alloc(arena, count * field->member_size);
	if (!list->items) {
		return err_set(err, ERR_DATA, "%s: a list of %u is too long", field->key, count);
	}
	for (uint32_t i = 0; i < count; i++) {
		enum status status = schema_unpack(field->members, &value->via.array.ptr[i], arena,
						   (char *)list->items + i * field->member_size, err);
		if (status != OK) {
			return err ? err_prefix(err, "%s[%u]", field->key, i) : status;
		}
	}
	return OK;
}

static bool unpack_number(const struct field *field, const msgpack_object *value, void *target)
{
	bool integer = value->type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
		       value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER;

	if (integer && value->type == MSGPACK_OBJECT_POSITIVE_INTEGER && value->via.u64 > INT64_MAX) {
		return false;
	}
	if (field->type == FIELD_INT) {
		*(int64_t *)target = integer ? value->via.i64 : INT_NULL;
		return integer;
	}
	if (integer) {
		*(double *)target = (double)value->via.i64;
		return true;
	}
	*(double *)target = value->via.f64;
	return value->type == MSGPACK_OBJECT_FLOAT64 || value->type == MSGPACK_OBJECT_FLOAT32;
}

static bool unpack_scalar(const struct field *field, const msgpack_object *value, void *target)
{
	struct text text = {.at = value->via.str.ptr, .size = value->via.str.size};
	bool is_text = value->type == MSGPACK_OBJECT_STR || value->type == MSGPACK_OBJECT_BIN;

	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_BYTES:
		if (is_text) {
			*(struct text *)target = text.size ? text : (struct text){.at = "", .size = 0};
		}
		return is_text;
	case FIELD_WORD:
		*(int *)target = is_text ? word_index(field->words, text) : 0;
		return is_text;
	case FIELD_BOOL:
		*(bool *)target = value->type == MSGPACK_OBJECT_BOOLEAN && value->via.boolean;
		return value->type == MSGPACK_OBJECT_BOOLEAN;
	default:
		return unpack_number(field, value, target);
	}
}

static enum status unpack_value(const struct field *field, const msgpack_object *value, struct arena *arena,
				void *target, struct err *err)
{
	if (value->type == MSGPACK_OBJECT_NIL) {
		return OK;
	}
	if (field->type == FIELD_GROUP) {
		enum status status = schema_unpack(field->members, value, arena, target, err);
		return status != OK && err ? err_prefix(err, "%s", field->key) : status;
	}
	if (field->type == FIELD_LIST && value->type == MSGPACK_OBJECT_ARRAY) {
		return unpack_list(field, value, arena, target, err);
	}
	if (field->type == FIELD_LIST || !unpack_scalar(field, value, target)) {
		return err_set(err, ERR_DATA, "%s: wrong type", field->key);
	}
	return OK;
}

enum status schema_unpack(const struct field *fields, const msgpack_object *map, struct arena *arena,
			  void *target, struct err *err)
{
	const struct field *guess = fields;

	if (map->type != MSGPACK_OBJECT_MAP) {
		return err_set(err, ERR_DATA, "not a map");
	}
	schema_init(fields, target);
	for (uint32_t i = 0; i < map->via.map.size; i++) {
		const msgpack_object_kv *pair = &map->via.map.ptr[i];
		const struct field *field;
		enum status status;

		if (pair->key.type != MSGPACK_OBJECT_STR) {
			return err_set(err, ERR_DATA, "a key is not a string");
		}
		field = field_named(fields, guess,
				    (struct text){pair->key.via.str.ptr, pair->key.via.str.size});
		if (!field) {
			continue;
		}
		status = unpack_value(field, &pair->val, arena, field_at(field, target), err);
		if (status != OK) {
			return status;
		}
		guess = field + 1;
	}
	return OK;
}

enum status schema_read(const struct field *fields, const void *bytes, size_t size, int depth_max,
			struct arena *arena, void *target, struct err *err)
{
	msgpack_unpacked unpacked;
	enum status status = msgpack_check(bytes, size, depth_max, err);

	if (status != OK) {
		return status;
	}
	msgpack_unpacked_init(&unpacked);
	if (msgpack_unpack_next(&unpacked, bytes, size, NULL) != MSGPACK_UNPACK_SUCCESS) {
		status = err_set(err, ERR_DATA, "not msgpack");
	} else {
		status = schema_unpack(fields, &unpacked.data, arena, target, err);
	}
	msgpack_unpacked_destroy(&unpacked);
	return status;
}

static yyjson_mut_val *json_value(yyjson_mut_doc *doc, const struct field *field, const void *value)
{
	const struct field_list *list = value;
	yyjson_mut_val *array;

	if (field_is_null(field, value)) {
		return yyjson_mut_null(doc);
	}
	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_BYTES:
		return yyjson_mut_strncpy(doc, ((const struct text *)value)->at,
					  ((const struct text *)value)->size);
	case FIELD_INT:
		return yyjson_mut_sint(doc, *(const int64_t *)value);
	case FIELD_REAL:
		return yyjson_mut_real(doc, *(const double *)value);
	case FIELD_BOOL:
		return yyjson_mut_bool(doc, *(const bool *)value);
	case FIELD_WORD:
		return yyjson_mut_str(doc, field->words[*(const int *)value]);
	case FIELD_GROUP:
		return schema_json(doc, field->members, value);
	case FIELD_LIST:
		array = yyjson_mut_arr(doc);
		for (size_t i = 0; i < list->count; i++) {
			yyjson_mut_arr_append(
				array, schema_json(doc, field->members,
						   (const char *)list->items + i * field->member_size));
		}
		return array;
	}
	return yyjson_mut_null(doc);
}

yyjson_mut_val *schema_json(yyjson_mut_doc *doc, const struct field *fields, const void *source)
{
	yyjson_mut_val *object = yyjson_mut_obj(doc);

	for (const struct field *field = fields; field->key; field++) {
		yyjson_mut_obj_add_val(doc, object, field->key,
				       json_value(doc, field, field_at(field, source)));
	}
	return object;
}
