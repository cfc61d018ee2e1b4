/* SPDX-License-Identifier: MIT */
#include "common/msgpack_json.h"

yyjson_mut_val *msgpack_json_map(yyjson_mut_doc *doc, const msgpack_object_map *map)
{
	yyjson_mut_val *out = yyjson_mut_obj(doc);

	for (uint32_t i = 0; i < map->size; i++) {
		const msgpack_object *key = &map->ptr[i].key;

		if (key->type == MSGPACK_OBJECT_STR) {
			yyjson_mut_obj_add(out, yyjson_mut_strncpy(doc, key->via.str.ptr, key->via.str.size),
					   msgpack_json(doc, &map->ptr[i].val));
		}
	}
	return out;
}

static yyjson_mut_val *convert_array(yyjson_mut_doc *doc, const msgpack_object_array *array)
{
	yyjson_mut_val *out = yyjson_mut_arr(doc);

	for (uint32_t i = 0; i < array->size; i++) {
		yyjson_mut_arr_append(out, msgpack_json(doc, &array->ptr[i]));
	}
	return out;
}

yyjson_mut_val *msgpack_json(yyjson_mut_doc *doc, const msgpack_object *value)
{
	switch (value->type) {
	case MSGPACK_OBJECT_BOOLEAN:
		return yyjson_mut_bool(doc, value->via.boolean);
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		return yyjson_mut_uint(doc, value->via.u64);
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		return yyjson_mut_sint(doc, value->via.i64);
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		return yyjson_mut_real(doc, value->via.f64);
	case MSGPACK_OBJECT_STR:
	case MSGPACK_OBJECT_BIN: /* bytes in heads are text: a cursor is JSON */
		return yyjson_mut_strncpy(doc, value->via.str.ptr, value->via.str.size); /* with its NUL */
	case MSGPACK_OBJECT_ARRAY:
		return convert_array(doc, &value->via.array);
	case MSGPACK_OBJECT_MAP:
		return msgpack_json_map(doc, &value->via.map);
	default:
		return yyjson_mut_null(doc);
	}
}
