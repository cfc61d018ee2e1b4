/* SPDX-License-Identifier: MIT */
#include "common/tap/field.h"
#include "common/schema.h"
#include "common/tap/topics.h"

#define DEPTH_MAX 16

static const msgpack_object *member(const msgpack_object *map, const char *key, size_t size)
{
	for (uint32_t i = 0; map->type == MSGPACK_OBJECT_MAP && i < map->via.map.size; i++) {
		const msgpack_object_kv *pair = &map->via.map.ptr[i];

		if (pair->key.type == MSGPACK_OBJECT_STR && pair->key.via.str.size == size && size > 0 &&
		    memcmp(pair->key.via.str.ptr, key, size) == 0) {
			return &pair->val;
		}
	}
	return NULL;
}

/* unpacked holds what the result points into; msgpack_unpacked_destroy it. NULL: there is no such value. */
static const msgpack_object *find(const struct buildbus_tap_event *event, const char *key,
				  msgpack_unpacked *unpacked)
{
	const msgpack_object *at = NULL;

	msgpack_unpacked_init(unpacked);
	if (event->record_size > 0 &&
	    msgpack_check(event->record, event->record_size, DEPTH_MAX, NULL) == OK &&
	    msgpack_unpack_next(unpacked, event->record, event->record_size, NULL) ==
		    MSGPACK_UNPACK_SUCCESS) {
		at = &unpacked->data;
	}
	while (at && *key) {
		size_t size = strcspn(key, ".");

		at = member(at, key, size);
		key += size + (key[size] == '.');
	}
	return at;
}

const char *buildbus_tap_text(const struct buildbus_tap_event *event, const char *key, size_t *size)
{
	msgpack_unpacked unpacked;
	const msgpack_object *value = find(event, key, &unpacked);
	const char *text = value && value->type == MSGPACK_OBJECT_STR ? value->via.str.ptr : NULL;

	*size = text ? value->via.str.size : 0;
	msgpack_unpacked_destroy(&unpacked);
	return text; /* in the record's own bytes */
}

int64_t buildbus_tap_int(const struct buildbus_tap_event *event, const char *key, int64_t otherwise)
{
	msgpack_unpacked unpacked;
	const msgpack_object *value = find(event, key, &unpacked);

	if (value && (value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER ||
		      (value->type == MSGPACK_OBJECT_POSITIVE_INTEGER && value->via.u64 <= INT64_MAX))) {
		otherwise = value->via.i64;
	}
	msgpack_unpacked_destroy(&unpacked);
	return otherwise;
}

char *field_topic(const struct buildbus_tap_event *event)
{
	struct text id, state;

	id.at = buildbus_tap_text(event, "id", &id.size);
	state.at = buildbus_tap_text(event, "state", &state.size);
	return id.at ? topic_of(id, state) : NULL;
}
