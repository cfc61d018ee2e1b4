/* What a lease says of its visit. */
/* SPDX-License-Identifier: MIT */
#include "common/ingest_private.h"

static bool object_text(const msgpack_object *object, struct text *out)
{
	if (object->type != MSGPACK_OBJECT_STR && object->type != MSGPACK_OBJECT_BIN) {
		return false;
	}
	*out = (struct text){object->via.str.size ? object->via.str.ptr : "", object->via.str.size};
	return true;
}

static size_t read_due_keys(const struct wire_fields *fields, uint32_t index, struct text *keys)
{
	const msgpack_object_array *array;
	size_t count = 0;

	if (!wire_array(fields, index, &array)) {
		return 0;
	}
	for (uint32_t i = 0; i < array->size && count < DUE_KEYS_MAX; i++) {
		count += object_text(&array->ptr[i], &keys[count]);
	}
	return count;
}

/* NULL: not among the options. */
static const msgpack_object *option(const struct wire_fields *fields, uint32_t index, const char *name)
{
	const msgpack_object_map *map;
	struct text key;

	if (!wire_map(fields, index, &map)) {
		return NULL;
	}
	for (uint32_t i = 0; i < map->size; i++) {
		if (object_text(&map->ptr[i].key, &key) && text_is(key, name)) {
			return &map->ptr[i].val;
		}
	}
	return NULL;
}

static bool read_flag(const struct wire_fields *fields, uint32_t index, const char *name)
{
	const msgpack_object *value = option(fields, index, name);

	return value && value->type == MSGPACK_OBJECT_BOOLEAN && value->via.boolean;
}

static int64_t read_number(const struct wire_fields *fields, uint32_t index, const char *name,
			   int64_t otherwise)
{
	const msgpack_object *value = option(fields, index, name);

	return value && value->type == MSGPACK_OBJECT_POSITIVE_INTEGER && value->via.u64 <= INT64_MAX
		       ? value->via.i64
		       : otherwise;
}

void grant_read(const struct wire_fields *fields, struct text keys[DUE_KEYS_MAX], struct ingest_grant *out)
{
	*out = (struct ingest_grant){
		.due_keys = keys,
		.due_count = read_due_keys(fields, 3, keys),
		.sync = read_flag(fields, 4, "sync"),
		.backfill = read_flag(fields, 4, "backfill"),
		.newest = read_number(fields, 4, "newest", -1),
		.finished_from = read_number(fields, 4, "finished_from", INT_NULL),
		.anew = read_flag(fields, 4, "anew"),
	};
	if (!wire_text(fields, 2, &out->cursor)) {
		out->cursor = (struct text){0};
	}
	if (!wire_int(fields, 5, &out->budget_per_min) || out->budget_per_min <= 0) {
		out->budget_per_min = -1;
	}
}
