/* SPDX-License-Identifier: MIT */
#include "tests/sim/query.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

bool percent_decode(char *text, bool plus_is_space)
{
	char *to = text;

	for (const char *at = text; *at; at++) {
		if (*at == '%') {
			int high = hex(at[1]), low = high < 0 ? -1 : hex(at[2]);

			if (low < 0 || (high == 0 && low == 0)) {
				return false;
			}
			*to++ = (char)(high * 16 + low);
			at += 2;
		} else {
			*to++ = *at == '+' && plus_is_space ? ' ' : *at;
		}
	}
	*to = '\0';
	return true;
}

void percent_encode(struct text *out, const char *in)
{
	for (; *in; in++) {
		unsigned char c = (unsigned char)*in;
		char escaped[] = {'%', "0123456789ABCDEF"[c >> 4], "0123456789ABCDEF"[c & 15]};

		if (isalnum(c) || strchr("_.~:-", c)) {
			text_add(out, in, 1);
		} else {
			text_add(out, escaped, sizeof escaped);
		}
	}
}

static enum status add_param(struct query *query, char *pair, struct err *err)
{
	char *equals = strchr(pair, '=');
	char *value = equals ? equals + 1 : pair + strlen(pair);

	if (equals) {
		*equals = '\0';
	}
	if (query->count == QUERY_PARAMS) {
		return err_set(err, ERR_DATA, "More than %d query parameters", QUERY_PARAMS);
	}
	if (!percent_decode(pair, true) || !percent_decode(value, true)) {
		return err_set(err, ERR_DATA, "The query string has a broken percent escape");
	}
	query->items[query->count++] = (struct query_param){pair, value};
	return OK;
}

enum status query_parse(struct query *query, const char *raw, struct err *err)
{
	char *at;

	*query = (struct query){0};
	if (!raw || !*raw) {
		return OK;
	}
	query->copy = at = must_malloc(strlen(raw) + 1);
	memcpy(at, raw, strlen(raw) + 1);
	while (at) {
		char *end = strchr(at, '&');
		enum status status;

		if (end) {
			*end++ = '\0';
		}
		status = *at ? add_param(query, at, err) : OK;
		if (status) {
			return status;
		}
		at = end;
	}
	return OK;
}

void query_fini(struct query *query)
{
	free(query->copy);
	*query = (struct query){0};
}

const char *query_get(const struct query *query, const char *name)
{
	const char *value = NULL;

	for (int i = 0; i < query->count; i++) {
		value = strcmp(query->items[i].name, name) == 0 ? query->items[i].value : value;
	}
	return value;
}

bool query_flag(const struct query *query, const char *name)
{
	const char *value = query_get(query, name);

	return value && (strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
}
