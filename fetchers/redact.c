/* SPDX-License-Identifier: MIT */
#include "fetchers/redact.h"

#include <stdbool.h>
#include <string.h>

#define DEPTH_MAX 64 /* what is nested deeper than any provider's JSON is dropped unread */

static bool key_is(yyjson_val *key, const char *name)
{
	return yyjson_equals_str(key, name);
}

/* Keys whose value goes, wherever they are; `settings` only in a `provider`. */
static bool is_redacted(yyjson_val *key, yyjson_val *parent_key)
{
	return key_is(key, "env") || key_is(key, "webhook_url") ||
	       (key_is(key, "settings") && parent_key && key_is(parent_key, "provider"));
}

static size_t scheme_length(const char *text, size_t size)
{
	static const char *const schemes[] = {"https://", "http://"};

	for (size_t i = 0; i < 2; i++) {
		size_t length = strlen(schemes[i]);

		if (size > length && memcmp(text, schemes[i], length) == 0) {
			return length;
		}
	}
	return 0;
}

static bool has_space(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)text[i] <= ' ') {
			return true;
		}
	}
	return false;
}

static size_t span_until(const char *text, size_t size, const char *ends)
{
	size_t at = 0;

	while (at < size && !strchr(ends, text[at])) {
		at++;
	}
	return at;
}

size_t redact_url(char *text, size_t size)
{
	size_t start = scheme_length(text, size), host, end;

	if (start == 0 || has_space(text, size)) {
		return size;
	}
	size = start + span_until(text + start, size - start, "?#");
	host = start + span_until(text + start, size - start, "/");
	for (end = host; end > start && text[end - 1] != '@'; end--) {
	}
	if (end > start) {
		memmove(text + start, text + end, size - end);
		size -= end - start;
	}
	return size;
}

static yyjson_mut_val *copy_text(yyjson_mut_doc *doc, yyjson_val *value, yyjson_val *key)
{
	const char *text = yyjson_get_str(value);
	size_t size = yyjson_get_len(value), kept;
	yyjson_mut_val *copy;
	char *bytes;

	if (scheme_length(text, size) == 0 || (key && key_is(key, "message"))) {
		return yyjson_mut_strn(doc, text, size); /* a view: the source outlives the copy */
	}
	copy = yyjson_mut_strncpy(doc, text, size);
	if (!copy) {
		return NULL;
	}
	bytes = (char *)(uintptr_t)yyjson_mut_get_str(copy);
	kept = redact_url(bytes, size);
	return yyjson_mut_set_strn(copy, bytes, kept) ? copy : NULL;
}

static yyjson_mut_val *copy_value(yyjson_mut_doc *doc, yyjson_val *value, yyjson_val *key, int depth);

static yyjson_mut_val *copy_object(yyjson_mut_doc *doc, yyjson_val *value, yyjson_val *parent, int depth)
{
	yyjson_mut_val *copy = yyjson_mut_obj(doc);
	yyjson_val *key, *member;
	size_t i, max;

	yyjson_obj_foreach(value, i, max, key, member)
	{
		yyjson_mut_val *name, *child;

		if (is_redacted(key, parent)) {
			continue;
		}
		name = yyjson_mut_strn(doc, yyjson_get_str(key), yyjson_get_len(key));
		child = copy_value(doc, member, key, depth + 1);
		if (!yyjson_mut_obj_add(copy, name, child)) {
			return NULL;
		}
	}
	return copy;
}

static yyjson_mut_val *copy_array(yyjson_mut_doc *doc, yyjson_val *value, yyjson_val *parent, int depth)
{
	yyjson_mut_val *copy = yyjson_mut_arr(doc);
	yyjson_val *element;
	size_t i, max;

	yyjson_arr_foreach(value, i, max, element)
	{
		if (!yyjson_mut_arr_append(copy, copy_value(doc, element, parent, depth + 1))) {
			return NULL;
		}
	}
	return copy;
}

static yyjson_mut_val *copy_value(yyjson_mut_doc *doc, yyjson_val *value, yyjson_val *key, int depth)
{
	if (depth > DEPTH_MAX) {
		return yyjson_mut_null(doc);
	}
	switch (yyjson_get_type(value)) {
	case YYJSON_TYPE_OBJ:
		return copy_object(doc, value, key, depth);
	case YYJSON_TYPE_ARR:
		return copy_array(doc, value, key, depth);
	case YYJSON_TYPE_STR:
		return copy_text(doc, value, key);
	default:
		return yyjson_val_mut_copy(doc, value);
	}
}

yyjson_mut_val *redact_copy(yyjson_mut_doc *doc, yyjson_val *value)
{
	return copy_value(doc, value, NULL, 0);
}
