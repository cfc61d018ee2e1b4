/* SPDX-License-Identifier: MIT */
#include "common/http/link.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PAGE_MAX INT64_C(1000000000) /* more is no page */

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

struct relations {
	const char *at;
	size_t size;
};

/* Reads `name=value` or `name="value"` at text; *end is after it. At NULL: not a rel. */
static struct relations read_parameter(const char *text, const char **end)
{
	size_t name = strcspn(text, "=;, \t");
	const char *value = text + name;
	size_t size;

	if (*value != '=') {
		*end = value;
		return (struct relations){0};
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
	return name == 3 && strncasecmp(text, "rel", 3) == 0 ? (struct relations){value, size}
							     : (struct relations){0};
}

/* The number after `page=` in an address; 0: none. */
static int64_t page_of(const char *address, size_t size)
{
	static const char key[] = "page=";

	for (size_t i = 1; i + sizeof key <= size; i++) {
		if ((address[i - 1] == '?' || address[i - 1] == '&') &&
		    strncmp(address + i, key, sizeof key - 1) == 0) {
			int64_t page = strtoll(address + i + sizeof key - 1, NULL, 10);

			return page > 0 && page <= PAGE_MAX ? page : 0;
		}
	}
	return 0;
}

struct http_link http_link_read(const char *value)
{
	struct http_link link = {0};
	const char *address = value;
	size_t size = 0;

	while (*value) {
		const char *end = value + 1;

		if (*value == '<') { /* it may contain anything else that we look for */
			address = value + 1;
			size = strcspn(address, ">");
			end = address + size;
		} else if (!strchr(" \t;,>", *value)) {
			struct relations found = read_parameter(value, &end);

			link.next |= found.at && has_word(found.at, found.size, "next");
			if (found.at && has_word(found.at, found.size, "last")) {
				link.last_page = page_of(address, size);
			}
		}
		value = end > value ? end : value + 1;
	}
	return link;
}
