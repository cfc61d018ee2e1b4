/* SPDX-License-Identifier: MIT */
#include "common/http/link.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* A relation is a list of words: rel="prev next". */
static bool has_word(const char *list, size_t size, const char *word)
{
	size_t word_size = strlen(word);

	for (size_t at = 0; at < size;) {
		size_t end = at;

		while (end < size && list[end] != ' ') {
			end++;
		}
		if (end - at == word_size && strncasecmp(list + at, word, word_size) == 0) {
			return true;
		}
		at = end + 1;
	}
	return false;
}

/* Reads `name=value` or `name="value"` at text; *end is after it. */
static bool is_next(const char *text, const char **end)
{
	size_t name = strcspn(text, "=;, \t");
	const char *value = text + name;
	size_t size;

	if (*value != '=') {
		*end = value;
		return false;
	}
	value++;
	if (*value == '"') {
		value++;
		size = strcspn(value, "\"");
		*end = value[size] ? value + size + 1 : value + size;
	} else {
		size = strcspn(value, ";, \t");
		*end = value + size;
	}
	return name == 3 && strncasecmp(text, "rel", 3) == 0 && has_word(value, size, "next");
}

bool http_link_has_next(const char *value)
{
	while (*value) {
		const char *end = value + 1;

		if (*value == '<') { /* the address may contain anything else that we look for */
			end = value + strcspn(value, ">");
		} else if (!strchr(" \t;,>", *value) && is_next(value, &end)) {
			return true;
		}
		value = end > value ? end : value + 1;
	}
	return false;
}
