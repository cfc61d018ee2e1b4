/* SPDX-License-Identifier: MIT */
#include "normalizer/json.h"

#include "common/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum status json_open(struct json_doc *doc, struct text body, struct json *root)
{
	yyjson_alc allocator = arena_yyjson(doc->arena);
	yyjson_read_err why = {0};
	yyjson_doc *parsed = NULL;

	*root = (struct json){.doc = doc};
	if (body.at) {
		/* RAW: a number that fits no type is an error only where that number is wanted. Without
		 * INSITU yyjson doesn't write into body. */
		parsed = yyjson_read_opts((char *)(uintptr_t)body.at, body.size, YYJSON_READ_BIGNUM_AS_RAW,
					  &allocator, &why);
	}
	if (!parsed) {
		doc->status = err_set(doc->err, ERR_DATA, "$: not JSON: %s (byte %zu of %zu)",
				      why.msg ? why.msg : "empty", why.pos, body.size);
		return doc->status;
	}
	root->value = yyjson_doc_get_root(parsed);
	if (!yyjson_obj_iter_init(root->value, &root->members)) {
		json_fail(root, NULL, "not an object");
	}
	return doc->status;
}

static size_t write_place(const struct json *at, char *out, size_t size)
{
	size_t used = 0;
	int wrote;

	if (!at->up) {
		wrote = snprintf(out, size, "$");
	} else {
		used = write_place(at->up, out, size);
		wrote = at->key ? snprintf(out + used, size - used, ".%s", at->key)
				: snprintf(out + used, size - used, "[%zu]", at->index);
	}
	used += wrote > 0 ? (size_t)wrote : 0;
	return used < size ? used : size - 1;
}

void json_fail(const struct json *at, const char *key, const char *what)
{
	char place[256];

	if (at->doc->status != OK) {
		return;
	}
	write_place(at, place, sizeof place);
	at->doc->status =
		err_set(at->doc->err, ERR_DATA, "%s%s%s: %s", place, key ? "." : "", key ? key : "", what);
}

void json_full(const struct json *at)
{
	json_fail(at, NULL, "too big to be normalised");
}

yyjson_val *json_member(struct json *object, const char *key)
{
	yyjson_val *value;

	if (!object->value || object->doc->status != OK) {
		return NULL;
	}
	value = yyjson_obj_iter_getn(&object->members, key, strlen(key));
	return yyjson_is_null(value) ? NULL : value;
}

/* What stands for "no object" beside null: PHP's empty one, and a plain no. */
static bool is_none(yyjson_val *value)
{
	return yyjson_is_false(value) || (yyjson_is_arr(value) && yyjson_arr_size(value) == 0);
}

struct json json_object(struct json *object, const char *key)
{
	struct json out = {.doc = object->doc, .up = object, .key = key, .value = json_member(object, key)};

	if (is_none(out.value)) {
		out.value = NULL;
	} else if (out.value && !yyjson_obj_iter_init(out.value, &out.members)) {
		json_fail(&out, NULL, "not an object");
		out.value = NULL;
	}
	return out;
}

struct json json_array(struct json *object, const char *key)
{
	struct json out = {.doc = object->doc, .up = object, .key = key, .value = json_member(object, key)};

	if (out.value && !yyjson_arr_iter_init(out.value, &out.items)) {
		json_fail(&out, NULL, "not an array");
		out.value = NULL;
	}
	return out;
}

bool json_next(struct json *array, struct json *item)
{
	yyjson_val *value;

	while (array->value && array->doc->status == OK && (value = yyjson_arr_iter_next(&array->items))) {
		*item = (struct json){
			.doc = array->doc, .up = array, .index = array->items.idx - 1, .value = value};
		if (yyjson_is_null(value)) {
			continue;
		}
		if (!yyjson_obj_iter_init(value, &item->members)) {
			json_fail(item, NULL, "not an object");
			return false;
		}
		return true;
	}
	return false;
}

/* The shortest decimal that is this double: 3.13, not 3.1299999999999999. */
static char *real_text(struct arena *arena, double real)
{
	char text[32];
	int digits = 15;

	do {
		snprintf(text, sizeof text, "%.*g", digits, real);
	} while (strtod(text, NULL) != real && digits++ < 17);
	return arena_format(arena, "%s", text);
}

static struct text number_text(const struct json *at, yyjson_val *value)
{
	struct arena *arena = at->doc->arena;
	char *text = yyjson_is_real(value)   ? real_text(arena, yyjson_get_real(value))
		     : yyjson_is_uint(value) ? arena_format(arena, "%" PRIu64, yyjson_get_uint(value))
					     : arena_format(arena, "%" PRId64, yyjson_get_sint(value));

	if (!text) {
		json_full(at);
	}
	return text_of(text);
}

struct text json_scalar(const struct json *at, yyjson_val *value)
{
	if (yyjson_is_str(value)) {
		return (struct text){yyjson_get_str(value), yyjson_get_len(value)};
	}
	if (yyjson_is_raw(value)) {
		return (struct text){yyjson_get_raw(value), yyjson_get_len(value)};
	}
	if (yyjson_is_bool(value)) {
		return text_of(yyjson_get_bool(value) ? "true" : "false");
	}
	return yyjson_is_num(value) ? number_text(at, value) : (struct text){0};
}

struct text json_text_as_is(struct json *object, const char *key)
{
	yyjson_val *value = json_member(object, key);

	if (value && (yyjson_is_ctn(value) || yyjson_is_bool(value))) {
		json_fail(object, key, "not a text");
		return (struct text){0};
	}
	return json_scalar(object, value);
}

struct text json_text(struct json *object, const char *key)
{
	struct text text = json_text_as_is(object, key);

	return text.size ? text : (struct text){0};
}

static bool digits_int(const char *at, size_t size, int64_t *out)
{
	bool negative = size > 0 && *at == '-';
	uint64_t value = 0;

	at += negative;
	size -= negative;
	if (size < 1 || size > 18) {
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		if (at[i] < '0' || at[i] > '9') {
			return false;
		}
		value = value * 10 + (uint64_t)(at[i] - '0');
	}
	*out = negative ? -(int64_t)value : (int64_t)value;
	return true;
}

/* 17, 17.0 and "17"; doubles up to 2^53, where each integer has one. */
static bool value_int(yyjson_val *value, int64_t *out)
{
	double real = yyjson_get_real(value);

	if (yyjson_is_uint(value)) {
		*out = (int64_t)yyjson_get_uint(value);
		return yyjson_get_uint(value) <= INT64_MAX;
	}
	if (yyjson_is_sint(value)) {
		*out = yyjson_get_sint(value);
		return *out != INT_NULL;
	}
	if (yyjson_is_str(value)) {
		return digits_int(yyjson_get_str(value), yyjson_get_len(value), out);
	}
	if (!yyjson_is_real(value) || !(real >= -9007199254740992.0 && real <= 9007199254740992.0)) {
		return false;
	}
	*out = (int64_t)real;
	return (double)*out == real;
}

static bool is_empty(yyjson_val *value)
{
	return !value || (yyjson_is_str(value) && yyjson_get_len(value) == 0);
}

int64_t json_int(struct json *object, const char *key)
{
	yyjson_val *value = json_member(object, key);
	int64_t out = INT_NULL;

	if (is_empty(value)) {
		return INT_NULL;
	}
	if (!value_int(value, &out)) {
		json_fail(object, key, "not an integer");
		return INT_NULL;
	}
	return out;
}

int64_t json_int_if(struct json *object, const char *key)
{
	yyjson_val *value = json_member(object, key);
	int64_t out;

	return value && value_int(value, &out) ? out : INT_NULL;
}

bool json_bool(struct json *object, const char *key)
{
	yyjson_val *value = json_member(object, key);

	if (value && !yyjson_is_bool(value)) {
		json_fail(object, key, "neither true nor false");
	}
	return yyjson_is_true(value);
}

int64_t json_time(struct json *object, const char *key)
{
	yyjson_val *value = json_member(object, key);
	int64_t ms = INT_NULL;

	if (is_empty(value)) {
		return INT_NULL;
	}
	if (!yyjson_is_str(value) || time_parse(yyjson_get_str(value), yyjson_get_len(value), &ms) != OK) {
		json_fail(object, key, "not a time");
		return INT_NULL;
	}
	return ms;
}
