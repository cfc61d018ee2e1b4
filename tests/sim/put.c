/* SPDX-License-Identifier: MIT */
#include "tests/sim/put.h"
#include "tests/sim/when.h"

#include <stdio.h>
#include <string.h>

struct put put_new(yyjson_mut_doc *doc)
{
	return (struct put){doc, yyjson_mut_obj(doc)};
}

struct put put_object(struct put in, const char *key)
{
	return (struct put){in.doc, yyjson_mut_obj_add_obj(in.doc, in.object, key)};
}

void put_text(struct put in, const char *key, const char *text)
{
	if (text) {
		yyjson_mut_obj_add_str(in.doc, in.object, key, text);
	} else {
		yyjson_mut_obj_add_null(in.doc, in.object, key);
	}
}

void put_format(struct put in, const char *key, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	yyjson_mut_obj_add_strcpy(in.doc, in.object, key, text);
}

void put_int(struct put in, const char *key, int64_t value)
{
	yyjson_mut_obj_add_int(in.doc, in.object, key, value);
}

void put_known(struct put in, const char *key, int64_t value, bool known)
{
	if (known) {
		put_int(in, key, value > 0 ? value : 0);
	} else {
		put_null(in, key);
	}
}

void put_real(struct put in, const char *key, double value)
{
	yyjson_mut_obj_add_real(in.doc, in.object, key, value);
}

void put_bool(struct put in, const char *key, int value)
{
	yyjson_mut_obj_add_bool(in.doc, in.object, key, value);
}

void put_null(struct put in, const char *key)
{
	yyjson_mut_obj_add_null(in.doc, in.object, key);
}

void put_time(struct put in, const char *key, int64_t ms)
{
	char text[WHEN_MAX];

	if (ms == 0 || ms == NEVER) {
		put_null(in, key);
	} else {
		yyjson_mut_obj_add_strcpy(in.doc, in.object, key, when_rest(ms, text));
	}
}

void put_spaced_time(struct put in, const char *key, int64_t ms)
{
	char text[WHEN_MAX];

	yyjson_mut_obj_add_strcpy(in.doc, in.object, key, when_spaced(ms, text));
}

void put_graphql_id(struct put in, const char *kind, const char *uuid)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char plain[64], coded[96];
	int size = snprintf(plain, sizeof plain, "%s---%s", kind, uuid);
	int used = 0;

	for (int i = 0; i < size; i += 3) {
		int have = size - i < 3 ? size - i : 3;
		unsigned bits = (unsigned)(unsigned char)plain[i] << 16;

		bits |= have > 1 ? (unsigned)(unsigned char)plain[i + 1] << 8 : 0;
		bits |= have > 2 ? (unsigned)(unsigned char)plain[i + 2] : 0;
		for (int d = 0; d < 4; d++) {
			coded[used++] = d <= have ? digits[bits >> (18 - 6 * d) & 63] : '=';
		}
	}
	coded[used] = '\0';
	yyjson_mut_obj_add_strcpy(in.doc, in.object, "graphql_id", coded);
}

void put_list_of_one(struct put in, const char *key, const char *format, ...)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(in.doc, in.object, key);
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	yyjson_mut_arr_add_strcpy(in.doc, list, text);
}
