/* SPDX-License-Identifier: MIT */
#include "common/google/form.h"

#include <ctype.h>
#include <stdint.h>

const char *form_escape(struct arena *arena, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = arena_alloc(arena, 3 * (text ? strlen(text) : 0) + 1), *at = out;

	for (const char *c = text; out && c && *c; c++) {
		if (isalnum((unsigned char)*c) || strchr("-._~", *c)) {
			*at++ = *c;
		} else {
			*at++ = '%';
			*at++ = digits[(unsigned char)*c >> 4];
			*at++ = digits[(unsigned char)*c & 15];
		}
	}
	return out;
}

const char *base64url(struct arena *arena, const void *bytes, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const uint8_t *in = bytes;
	char *out = arena_alloc(arena, size / 3 * 4 + 5), *at = out;

	for (size_t i = 0; out && i < size; i += 3) {
		size_t left = size - i;
		uint32_t group = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
				 (left > 2 ? in[i + 2] : 0);

		for (size_t j = 0; j < 4 && j <= left; j++) {
			*at++ = digits[group >> (18 - 6 * j) & 63];
		}
	}
	return out;
}

bool token_is_clean(const char *token)
{
	for (const char *c = token; *c; c++) {
		if (!isgraph((unsigned char)*c)) {
			return false;
		}
	}
	return *token != '\0';
}
