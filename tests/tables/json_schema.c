/* SPDX-License-Identifier: MIT */
#include "tests/tables/json_schema.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *fault(const char *what, const char *which)
{
	char *text = NULL;

	return asprintf(&text, "%s: %s", which, what) > 0 ? text : NULL;
}

static bool has_type(const char *type, yyjson_val *value)
{
	return strcmp(type, "object") == 0   ? yyjson_is_obj(value)
	       : strcmp(type, "string") == 0 ? yyjson_is_str(value)
	       : strcmp(type, "array") == 0  ? yyjson_is_arr(value)
					     : false;
}

static bool is_one_of(yyjson_val *choices, yyjson_val *value)
{
	yyjson_val *choice;
	size_t i, count;

	yyjson_arr_foreach(choices, i, count, choice)
	{
		if (yyjson_equals(choice, value)) {
			return true;
		}
	}
	return false;
}

static bool fits_one_of(yyjson_val *schemas, yyjson_val *value)
{
	yyjson_val *schema;
	size_t i, count;
	int fits = 0;

	yyjson_arr_foreach(schemas, i, count, schema)
	{
		char *wrong = schema_fault(schema, value);

		fits += !wrong;
		free(wrong);
	}
	return fits == 1;
}

static char *missing(yyjson_val *required, yyjson_val *value)
{
	yyjson_val *name;
	size_t i, count;

	yyjson_arr_foreach(required, i, count, name)
	{
		if (!yyjson_obj_get(value, yyjson_get_str(name))) {
			return fault("missing", yyjson_get_str(name));
		}
	}
	return NULL;
}

static char *members(yyjson_val *schema, yyjson_val *value)
{
	yyjson_val *properties = yyjson_obj_get(schema, "properties"), *key, *member;
	bool closed = yyjson_is_false(yyjson_obj_get(schema, "additionalProperties"));
	char *wrong = NULL;
	size_t i, count;

	yyjson_obj_foreach(value, i, count, key, member)
	{
		yyjson_val *inner = yyjson_obj_get(properties, yyjson_get_str(key));

		wrong = inner ? schema_fault(inner, member) : closed ? fault("not allowed", "") : NULL;
		if (wrong) {
			char *whole = fault(wrong, yyjson_get_str(key));

			free(wrong);
			return whole;
		}
	}
	return NULL;
}

char *schema_fault(yyjson_val *schema, yyjson_val *value)
{
	yyjson_val *type = yyjson_obj_get(schema, "type"), *choices = yyjson_obj_get(schema, "enum");
	yyjson_val *shortest = yyjson_obj_get(schema, "minLength"), *one = yyjson_obj_get(schema, "oneOf");
	char *wrong;

	if (type && !has_type(yyjson_get_str(type), value)) {
		return fault("wrong type", yyjson_get_str(type));
	}
	if (choices && !is_one_of(choices, value)) {
		return fault("none of the choices", yyjson_get_str(value));
	}
	if (shortest && yyjson_get_len(value) < yyjson_get_uint(shortest)) {
		return fault("too short", yyjson_get_str(value));
	}
	if (one && !fits_one_of(one, value)) {
		return fault("fits none, or several", "oneOf");
	}
	if (!yyjson_is_obj(value)) {
		return NULL;
	}
	wrong = missing(yyjson_obj_get(schema, "required"), value);
	return wrong ? wrong : members(schema, value);
}
