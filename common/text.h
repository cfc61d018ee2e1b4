/* A piece of text that somebody else owns: not NUL-terminated; at NULL means null. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct text {
	const char *at;
	size_t size;
};

#define TEXT(literal)  ((struct text){.at = (literal), .size = sizeof(literal) - 1})
#define TEXT_FMT(text) (int)(text).size, (text).at /* for "%.*s" */

static inline struct text text_of(const char *string)
{
	return (struct text){.at = string, .size = string ? strlen(string) : 0};
}

static inline bool text_is(struct text text, const char *string)
{
	return text.at && text.size == strlen(string) && memcmp(text.at, string, text.size) == 0;
}

static inline bool text_same(struct text a, struct text b)
{
	return a.size == b.size && !a.at == !b.at && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}
