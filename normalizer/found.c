/* What a discovery sends: lists of slugs in the head and in bodies, and what to make of a list without any.
 */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/process.h"
#include "common/schema.h"
#include "normalizer/hub.h"
#include "normalizer/lease.h"
#include "normalizer/targets.h"

#include <stdlib.h>

#define BELIEVE_AFTER_MS 3600000
#define LIST_DEPTH       2

static bool is_list(struct text bytes)
{
	return msgpack_check(bytes.at, bytes.size, LIST_DEPTH, NULL) == OK;
}

static bool read_body(struct text bytes, msgpack_unpacked *unpacked)
{
	msgpack_unpacked_init(unpacked);
	return is_list(bytes) &&
	       msgpack_unpack_next(unpacked, bytes.at, bytes.size, NULL) == MSGPACK_UNPACK_SUCCESS &&
	       unpacked->data.type == MSGPACK_OBJECT_ARRAY;
}

bool found_read(struct found *found, const msgpack_object_array *first, const struct wire_message *message)
{
	size_t bodies = wire_body_count(message);

	*found = (struct found){0};
	if (bodies > FOUND_BODIES_MAX) {
		return false;
	}
	found->lists[found->list_count++] = first;
	for (size_t i = 0; i < bodies; i++) {
		if (!read_body(wire_body_at(message, i), &found->bodies[found->body_count++])) {
			return false;
		}
		found->lists[found->list_count++] = &found->bodies[i].data.via.array;
	}
	for (size_t i = 0; i < found->list_count; i++) {
		found->slugs += found->lists[i]->size;
	}
	return true;
}

void found_fini(struct found *found)
{
	for (size_t i = 0; i < found->body_count; i++) {
		msgpack_unpacked_destroy(&found->bodies[i]);
	}
}

static char *mark_of(struct hub *hub, const struct lease *lease)
{
	return arena_format(&hub->arena, "empty:%s", lease->target);
}

enum status found_something(struct hub *hub, const struct lease *lease, struct err *err)
{
	char *mark = mark_of(hub, lease);
	int64_t since = 0;
	enum status status = mark ? db_meta_get(&hub->db, mark, &since, err) : OK;

	return status == OK && since ? db_meta_set(&hub->db, mark, 0, err) : status;
}

enum status found_nothing(struct hub *hub, const struct lease *lease, int64_t known, bool *believe,
			  struct err *err)
{
	char *mark = mark_of(hub, lease);
	int64_t since = 0;
	enum status status = mark ? db_meta_get(&hub->db, mark, &since, err)
				  : err_set(err, ERR_SYS, "out of memory for a discovery");

	*believe = false;
	if (status == OK && !since) {
		log_warn("hub.found_nothing", STR("target", lease->target), NUM("kept", known));
		status = db_meta_set(&hub->db, mark, wall_ms(), err);
	} else if (status == OK) {
		*believe = wall_ms() - since >= BELIEVE_AFTER_MS;
	}
	return status;
}
