/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/json.h"
#include "common/time.h"

void json_int(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t value)
{
	value == INT_NULL ? yyjson_mut_obj_add_null(doc, object, key)
			  : yyjson_mut_obj_add_sint(doc, object, key, value);
}

void json_real(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, double value)
{
	isfinite(value) ? yyjson_mut_obj_add_real(doc, object, key, value)
			: yyjson_mut_obj_add_null(doc, object, key);
}

void json_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct text value)
{
	value.at ? yyjson_mut_obj_add_strncpy(doc, object, key, value.at, value.size)
		 : yyjson_mut_obj_add_null(doc, object, key);
}

void json_word(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const char *const *words,
	       int value)
{
	value ? yyjson_mut_obj_add_str(doc, object, key, words[value])
	      : yyjson_mut_obj_add_null(doc, object, key);
}

void json_day(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t day)
{
	char text[32];

	time_format(day * DAY_MS, text);
	yyjson_mut_obj_add_strncpy(doc, object, key, text, 10);
}
