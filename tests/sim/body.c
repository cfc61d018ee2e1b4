/* SPDX-License-Identifier: MIT */
#include "tests/sim/body.h"
#include "tests/sim/when.h"

#include <string.h>

static const struct body_row *find(const struct body_row *rows, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rows[i].key, key) == 0) {
			return &rows[i];
		}
	}
	return NULL;
}

static bool read_time(yyjson_val *value, int64_t *out)
{
	if (yyjson_is_int(value)) {
		*out = yyjson_get_sint(value);
		return true;
	}
	return yyjson_is_str(value) && when_parse(yyjson_get_str(value), out);
}

static bool read_ms(yyjson_val *value, int64_t *out)
{
	*out = yyjson_is_null(value) ? NEVER : yyjson_get_sint(value);
	return yyjson_is_null(value) || (yyjson_is_int(value) && *out >= 0);
}

static bool read_member(yyjson_val *value, enum body_type type, char *at)
{
	switch (type) {
	case BODY_TEXT:
		*(const char **)at = yyjson_get_str(value);
		return yyjson_is_str(value);
	case BODY_INT:
		*(int64_t *)at = yyjson_get_sint(value);
		return yyjson_is_int(value);
	case BODY_MS:
		return read_ms(value, (int64_t *)at);
	case BODY_TIME:
		return read_time(value, (int64_t *)at);
	case BODY_BOOL:
		*(bool *)at = yyjson_get_bool(value);
		return yyjson_is_bool(value);
	case BODY_RAW:
		*(yyjson_val **)at = value;
		return true;
	}
	return false;
}

enum status body_read(const char *body, size_t size, const struct body_row *rows, size_t row_count,
		      void *target, yyjson_doc **doc, struct err *err)
{
	size_t i, n;
	yyjson_val *key, *value;

	*doc = NULL;
	if (size == 0) {
		return OK;
	}
	*doc = yyjson_read(body, size, 0);
	if (!*doc || !yyjson_is_obj(yyjson_doc_get_root(*doc))) {
		return err_set(err, ERR_DATA, "The body is not a JSON object");
	}
	yyjson_obj_foreach(yyjson_doc_get_root(*doc), i, n, key, value)
	{
		const struct body_row *row = find(rows, row_count, yyjson_get_str(key));

		if (!row) {
			return err_set(err, ERR_DATA, "Unknown member '%.40s'", yyjson_get_str(key));
		}
		if (!read_member(value, row->type, (char *)target + row->offset)) {
			return err_set(err, ERR_DATA, "'%s' has the wrong type or value", row->key);
		}
	}
	return OK;
}
