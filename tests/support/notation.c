/* SPDX-License-Identifier: MIT */
#include "tests/support/notation.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 64

static struct {
	char name[32];
	int64_t value;
	bool set;
} names[NAMES_MAX];

static int64_t *slot(const char *name, size_t size, bool make)
{
	for (size_t i = 0; i < NAMES_MAX; i++) {
		if (names[i].set && strlen(names[i].name) == size && memcmp(names[i].name, name, size) == 0) {
			return &names[i].value;
		}
	}
	for (size_t i = 0; make && i < NAMES_MAX; i++) {
		if (!names[i].set) {
			snprintf(names[i].name, sizeof names[i].name, "%.*s", (int)size, name);
			names[i].set = true;
			return &names[i].value;
		}
	}
	return NULL;
}

int64_t value_of_at(struct spot spot, const char *name)
{
	int64_t *value = slot(name, strlen(name), false);

	if (!value) {
		fail_at(spot, "$%s has no value", name);
	}
	return *value;
}

void value_set(const char *name, int64_t value)
{
	*slot(name, strlen(name), true) = value;
}

void value_forget(const char *name)
{
	for (size_t i = 0; i < NAMES_MAX; i++) {
		if (names[i].set && strcmp(names[i].name, name) == 0) {
			names[i].set = false;
		}
	}
}

/* One token: a bracket, a quoted text, or a word. */
struct token {
	const char *at;
	size_t size;
};

static struct token next(const char **text)
{
	struct token token;

	*text += strspn(*text, " ,\n\t");
	token.at = *text;
	if (**text == '\0') {
		token.size = 0;
	} else if (strchr("[]{}", **text)) {
		token.size = 1;
	} else if (**text == '\'' || strncmp(*text, "b'", 2) == 0) {
		const char *from = strchr(*text, '\'') + 1, *to = strchr(from, '\'');
		cr_assert(to, "a text without end: %s", *text);
		token.size = (size_t)(to + 1 - *text);
	} else {
		token.size = strcspn(*text, " ,\n\t[]{}");
	}
	*text += token.size;
	return token;
}

static bool is(struct token token, const char *word)
{
	return token.size == strlen(word) && memcmp(token.at, word, token.size) == 0;
}

/* The text of 'x' or b'x'. */
static struct token inner(struct token token)
{
	size_t skip = token.at[0] == 'b' ? 2 : 1;

	return (struct token){token.at + skip, token.size - skip - 1};
}

static bool is_text(struct token token)
{
	return token.size >= 2 && (token.at[0] == '\'' || (token.at[0] == 'b' && token.at[1] == '\''));
}

static bool integer(struct token token, int64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)token.at[0]) && token.at[0] != '-') {
		return false;
	}
	errno = 0;
	*value = strtoll(token.at, &end, 10);
	return errno == 0 && end == token.at + token.size;
}

static void pack_text(struct token token, msgpack_packer *to)
{
	struct token text = inner(token);

	if (token.at[0] == 'b') {
		msgpack_pack_bin_with_body(to, text.at, text.size);
	} else {
		msgpack_pack_str_with_body(to, text.at, text.size);
	}
}

static void pack_word(struct spot spot, struct token token, msgpack_packer *to)
{
	int64_t value;

	if (is(token, "nil")) {
		msgpack_pack_nil(to);
	} else if (is(token, "true")) {
		msgpack_pack_true(to);
	} else if (is(token, "false")) {
		msgpack_pack_false(to);
	} else if (is_text(token)) {
		pack_text(token, to);
	} else if (token.at[0] == '$') {
		int64_t *known = slot(token.at + 1, token.size - 1, false);
		if (!known) {
			fail_at(spot, "%.*s has no value", (int)token.size, token.at);
		}
		msgpack_pack_int64(to, *known);
	} else if (integer(token, &value)) {
		msgpack_pack_int64(to, value);
	} else {
		fail_at(spot, "what is %.*s?", (int)token.size, token.at);
	}
}

/* Values up to the closing bracket (or the end): packed aside, because the count comes first. */
static uint32_t pack_values(struct spot spot, const char **text, msgpack_sbuffer *out)
{
	msgpack_packer to;
	uint32_t count = 0;

	msgpack_packer_init(&to, out, msgpack_sbuffer_write);
	for (struct token token = next(text); token.size && !is(token, "]") && !is(token, "}");
	     token = next(text), count++) {
		bool array = is(token, "["), map = is(token, "{");
		msgpack_sbuffer inside;
		uint32_t values;

		if (!array && !map) {
			pack_word(spot, token, &to);
			continue;
		}
		msgpack_sbuffer_init(&inside);
		values = pack_values(spot, text, &inside);
		array ? msgpack_pack_array(&to, values) : msgpack_pack_map(&to, values / 2);
		msgpack_sbuffer_write(out, inside.data, inside.size);
		msgpack_sbuffer_destroy(&inside);
	}
	return count;
}

uint32_t notation_pack(struct spot spot, const char *text, msgpack_sbuffer *out)
{
	return pack_values(spot, &text, out);
}

static bool match_values(struct spot spot, const char **text, const msgpack_object *values, uint32_t count,
			 bool bind);

static bool object_is_int(const msgpack_object *object, int64_t value)
{
	return value < 0 ? object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER && object->via.i64 == value
			 : object->type == MSGPACK_OBJECT_POSITIVE_INTEGER && object->via.i64 == value;
}

static bool match_name(struct token token, const msgpack_object *object, bool bind)
{
	int64_t *known = slot(token.at + 1, token.size - 1, false);

	if (known) {
		return object_is_int(object, *known);
	}
	if (bind && object->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
		*slot(token.at + 1, token.size - 1, true) = object->via.i64;
	}
	return object->type == MSGPACK_OBJECT_POSITIVE_INTEGER;
}

static bool match_text(struct token token, const msgpack_object *object)
{
	struct token text = inner(token);

	return (object->type == MSGPACK_OBJECT_STR || object->type == MSGPACK_OBJECT_BIN) &&
	       object->via.str.size == text.size && memcmp(object->via.str.ptr, text.at, text.size) == 0;
}

static bool match_map(struct spot spot, const char **text, const msgpack_object *object, bool bind)
{
	msgpack_object flat[128];
	uint32_t count = 0;

	if (object->type != MSGPACK_OBJECT_MAP) {
		return false;
	}
	for (uint32_t i = 0; i < object->via.map.size && count < 126; i++) {
		flat[count++] = object->via.map.ptr[i].key;
		flat[count++] = object->via.map.ptr[i].val;
	}
	return match_values(spot, text, flat, count, bind);
}

static bool match_one(struct spot spot, struct token token, const char **text, const msgpack_object *object,
		      bool bind)
{
	int64_t value;

	if (is(token, "_")) {
		return true;
	}
	if (is(token, "[")) {
		return object->type == MSGPACK_OBJECT_ARRAY &&
		       match_values(spot, text, object->via.array.ptr, object->via.array.size, bind);
	}
	if (is(token, "{")) {
		return match_map(spot, text, object, bind);
	}
	if (is(token, "nil")) {
		return object->type == MSGPACK_OBJECT_NIL;
	}
	if (is(token, "true") || is(token, "false")) {
		return object->type == MSGPACK_OBJECT_BOOLEAN && object->via.boolean == is(token, "true");
	}
	if (is_text(token)) {
		return match_text(token, object);
	}
	if (token.at[0] == '$') {
		return match_name(token, object, bind);
	}
	if (!integer(token, &value)) {
		fail_at(spot, "what is %.*s?", (int)token.size, token.at);
	}
	return object_is_int(object, value);
}

static bool match_values(struct spot spot, const char **text, const msgpack_object *values, uint32_t count,
			 bool bind)
{
	uint32_t at = 0;

	for (struct token token = next(text); token.size && !is(token, "]") && !is(token, "}");
	     token = next(text), at++) {
		if (is(token, "…") || is(token, "...")) {
			next(text); /* what closes it */
			return true;
		}
		if (at >= count || !match_one(spot, token, text, &values[at], bind)) {
			return false;
		}
	}
	return at == count;
}

bool notation_matches(struct spot spot, const char *text, const msgpack_object_array *values, uint32_t first)
{
	const char *again = text;

	if (values->size < first ||
	    !match_values(spot, &text, values->ptr + first, values->size - first, false)) {
		return false;
	}
	return match_values(spot, &again, values->ptr + first, values->size - first, true);
}
