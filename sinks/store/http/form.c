/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/form.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : -1;
}

static char *decode(const char *at, size_t size)
{
	char *out = malloc(size + 1), *to = out;

	for (size_t i = 0; out && i < size; i++) {
		if (at[i] == '%' && i + 2 < size && digit(at[i + 1]) >= 0 && digit(at[i + 2]) >= 0) {
			*to++ = (char)(digit(at[i + 1]) << 4 | digit(at[i + 2]));
			i += 2;
		} else {
			*to++ = at[i] == '+' ? ' ' : at[i];
		}
	}
	if (out) {
		*to = '\0';
	}
	if (out && memchr(out, '\0', (size_t)(to - out))) {
		free(out);
		return NULL;
	}
	return out;
}

char *form_value(const char *body, const char *name)
{
	size_t length = strlen(name);

	while (body && *body) {
		size_t size = strcspn(body, "&");

		if (strncmp(body, name, length) == 0 && body[length] == '=') {
			return decode(body + length + 1, size - length - 1);
		}
		body += size + (body[size] == '&');
	}
	return NULL;
}
