/* SPDX-License-Identifier: MIT */
#include "fetchers/redact.h"

#include "fetchers/redact_path.h"

#include <stdbool.h>
#include <string.h>

#define DEPTH_MAX 64 /* what is nested deeper than any provider's JSON is dropped unread */

/* What a copy needs to know everywhere. */
struct copy {
	yyjson_mut_doc *doc;
	const struct config_list *paths;
};

static inline bool key_is(const struct redact_key *at, const char *name)
{
	return at && yyjson_equals_str(at->key, name);
}

/* Keys whose value goes, wherever they are; `settings` only in a `provider`. */
static bool is_redacted(const struct copy *copy, const struct redact_key *at)
{
	if (key_is(at, "env") || key_is(at, "webhook_url") ||
	    (key_is(at, "settings") && key_is(at->outer, "provider"))) {
		return true;
	}
	for (size_t i = 0; copy->paths && i < copy->paths->count; i++) {
		if (redact_path_fits(copy->paths->items[i], at)) {
			return true;
		}
	}
	return false;
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

static size_t span_until(const char *text, size_t size, char end)
{
	const char *at = memchr(text, end, size);

	return at ? (size_t)(at - text) : size;
}

/* What stays of a URL: its scheme, [0, scheme), and [host, end). */
struct kept {
	size_t scheme, host, end;
};

static struct kept kept_of(const char *text, size_t size)
{
	size_t scheme = scheme_length(text, size);
	struct kept kept = {scheme, scheme, size};
	const char *user;

	if (scheme == 0 || has_space(text, size)) {
		return kept;
	}
	kept.end = scheme + span_until(text + scheme, size - scheme, '?');
	kept.end = scheme + span_until(text + scheme, kept.end - scheme, '#');
	user = memrchr(text + scheme, '@', span_until(text + scheme, kept.end - scheme, '/'));
	kept.host = user ? (size_t)(user + 1 - text) : scheme;
	return kept;
}

size_t redact_url(char *text, size_t size)
{
	struct kept kept = kept_of(text, size);

	memmove(text + kept.scheme, text + kept.host, kept.end - kept.host);
	return kept.scheme + kept.end - kept.host;
}

static yyjson_mut_val *copy_text(const struct copy *copy, yyjson_val *value, const struct redact_key *at)
{
	const char *text = yyjson_get_str(value);
	size_t size = yyjson_get_len(value);
	struct kept kept;
	yyjson_mut_val *changed;
	char *bytes;

	if (key_is(at, "message")) {
		return yyjson_mut_strn(copy->doc, text, size);
	}
	kept = kept_of(text, size);
	if (kept.host == kept.scheme) { /* a view: the source outlives the copy */
		return yyjson_mut_strn(copy->doc, text, kept.end);
	}
	changed = yyjson_mut_strncpy(copy->doc, text, size);
	if (!changed) {
		return NULL;
	}
	bytes = (char *)(uintptr_t)yyjson_mut_get_str(changed);
	return yyjson_mut_set_strn(changed, bytes, redact_url(bytes, size)) ? changed : NULL;
}

static yyjson_mut_val *copy_value(const struct copy *copy, yyjson_val *value, const struct redact_key *at,
				  int depth);

static yyjson_mut_val *copy_object(const struct copy *copy, yyjson_val *value, const struct redact_key *at,
				   int depth)
{
	yyjson_mut_val *object = yyjson_mut_obj(copy->doc);
	struct redact_key member = {.outer = at};
	yyjson_val *inner;
	size_t i, max;

	yyjson_obj_foreach(value, i, max, member.key, inner)
	{
		yyjson_mut_val *name, *child;

		if (is_redacted(copy, &member)) {
			continue;
		}
		name = yyjson_mut_strn(copy->doc, yyjson_get_str(member.key), yyjson_get_len(member.key));
		child = copy_value(copy, inner, &member, depth + 1);
		if (!yyjson_mut_obj_add(object, name, child)) {
			return NULL;
		}
	}
	return object;
}

static yyjson_mut_val *copy_array(const struct copy *copy, yyjson_val *value, const struct redact_key *at,
				  int depth)
{
	yyjson_mut_val *array = yyjson_mut_arr(copy->doc);
	yyjson_val *element;
	size_t i, max;

	yyjson_arr_foreach(value, i, max, element)
	{
		if (!yyjson_mut_arr_append(array, copy_value(copy, element, at, depth + 1))) {
			return NULL;
		}
	}
	return array;
}

static yyjson_mut_val *copy_value(const struct copy *copy, yyjson_val *value, const struct redact_key *at,
				  int depth)
{
	if (depth > DEPTH_MAX) {
		return yyjson_mut_null(copy->doc);
	}
	switch (yyjson_get_type(value)) {
	case YYJSON_TYPE_OBJ:
		return copy_object(copy, value, at, depth);
	case YYJSON_TYPE_ARR:
		return copy_array(copy, value, at, depth);
	case YYJSON_TYPE_STR:
		return copy_text(copy, value, at);
	default:
		return yyjson_val_mut_copy(copy->doc, value);
	}
}

yyjson_mut_val *redact_copy(yyjson_mut_doc *doc, yyjson_val *value, const struct config_list *paths)
{
	const struct copy copy = {doc, paths};

	return copy_value(&copy, value, NULL, 0);
}
