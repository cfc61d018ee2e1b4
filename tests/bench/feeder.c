/* A hub full of builds, and a sink that takes them. */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"

#include <time.h>

#define PER_MESSAGE 16

void hub_fill(const struct hub_process *hub, int builds)
{
	void *context = zmq_ctx_new(), *socket = peer_connect(context, hub, "ingest");
	int64_t fence = peer_lease(socket), n = 0;
	struct wire_message message = {0};
	struct wire_fields fields;
	int next = 0;

	while (next < builds) {
		peer_publish_head(&message, fence, ++n);
		for (int i = 0; i < PER_MESSAGE && next < builds; i++) {
			msgpack_sbuffer packed;
			msgpack_sbuffer_init(&packed);
			payload_pack(++next, &packed);
			if (wire_body_copy(&message, packed.data, packed.size) != OK) {
				fail("body");
			}
			msgpack_sbuffer_destroy(&packed);
		}
		peer_send(socket, &message);
		peer_receive(socket, &message, &fields);
		wire_fields_fini(&fields);
	}
	wire_fini(&message);
	zmq_close(socket);
	zmq_ctx_term(context);
}

static int64_t number_in(const msgpack_object_map *map, const char *key)
{
	for (uint32_t i = 0; i < map->size; i++) {
		const msgpack_object *name = &map->ptr[i].key, *value = &map->ptr[i].val;
		if (name->via.str.size == strlen(key) &&
		    memcmp(name->via.str.ptr, key, name->via.str.size) == 0) {
			return value->type == MSGPACK_OBJECT_POSITIVE_INTEGER ? value->via.i64 : -1;
		}
	}
	return -1;
}

/* The lag of the newest sink in the hub's status; -1: it has none yet. */
static int64_t lag_of(const msgpack_object_map *status, const char *sink)
{
	for (uint32_t i = 0; i < status->size; i++) {
		const msgpack_object *list = &status->ptr[i].val;
		if (list->type != MSGPACK_OBJECT_ARRAY) {
			continue;
		}
		for (uint32_t j = 0; j < list->via.array.size; j++) {
			const msgpack_object_map *one = &list->via.array.ptr[j].via.map;
			const msgpack_object *name = &one->ptr[0].val;
			if (name->type == MSGPACK_OBJECT_STR && name->via.str.size == strlen(sink) &&
			    memcmp(name->via.str.ptr, sink, strlen(sink)) == 0) {
				return number_in(one, "lag_records");
			}
		}
	}
	return -1;
}

void sink_wait(const struct hub_process *hub, const char *sink)
{
	void *context = zmq_ctx_new(), *socket = peer_connect(context, hub, "feed");
	struct wire_message message = {0};
	int64_t lag = -1;

	while (lag != 0) {
		struct timespec turn = {.tv_nsec = 2000000};
		const msgpack_object_map *map;
		struct wire_fields fields;
		struct wire_head head;

		nanosleep(&turn, NULL);
		wire_begin(&head, "status", 0);
		if (wire_end(&head, &message) != OK) {
			fail("status");
		}
		peer_send(socket, &message);
		peer_receive(socket, &message, &fields);
		lag = wire_map(&fields, 0, &map) ? lag_of(map, sink) : -1;
		wire_fields_fini(&fields);
	}
	wire_fini(&message);
	zmq_close(socket);
	zmq_ctx_term(context);
}
