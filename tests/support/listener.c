/* SPDX-License-Identifier: MIT */
#include "tests/support/listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#define FRAMES 3

struct listener {
	void *context, *socket;
	zmq_msg_t frames[FRAMES];
	msgpack_unpacked place;
};

struct listener *listener_new(const char *endpoint, const char *topic, int room)
{
	struct listener *listener = calloc(1, sizeof *listener);
	int linger = 0;

	cr_assert(listener);
	listener->context = zmq_ctx_new();
	listener->socket = zmq_socket(listener->context, ZMQ_SUB);
	zmq_setsockopt(listener->socket, ZMQ_LINGER, &linger, sizeof linger);
	zmq_setsockopt(listener->socket, ZMQ_RCVHWM, &room, sizeof room);
	for (int i = 0; i < FRAMES; i++) {
		zmq_msg_init(&listener->frames[i]);
	}
	msgpack_unpacked_init(&listener->place);
	cr_assert_eq(zmq_connect(listener->socket, endpoint), 0, "%s", endpoint);
	listener_subscribe(listener, topic);
	return listener;
}

void listener_free(struct listener **listener)
{
	if (!*listener) {
		return;
	}
	for (int i = 0; i < FRAMES; i++) {
		zmq_msg_close(&(*listener)->frames[i]);
	}
	msgpack_unpacked_destroy(&(*listener)->place);
	zmq_close((*listener)->socket);
	zmq_ctx_term((*listener)->context);
	free(*listener);
	*listener = NULL;
}

void listener_subscribe(struct listener *listener, const char *topic)
{
	cr_assert_eq(zmq_setsockopt(listener->socket, ZMQ_SUBSCRIBE, topic, strlen(topic)), 0);
}

bool listener_wait(struct listener *listener, int64_t timeout_ms)
{
	zmq_pollitem_t item = {.socket = listener->socket, .events = ZMQ_POLLIN};
	zmq_msg_t *place = &listener->frames[1];

	if (zmq_poll(&item, 1, timeout_ms) != 1) {
		return false;
	}
	for (int i = 0; i < FRAMES; i++) {
		cr_assert_geq(zmq_msg_recv(&listener->frames[i], listener->socket, 0), 0);
		cr_assert_eq(zmq_msg_more(&listener->frames[i]), i + 1 < FRAMES, "three frames");
	}
	msgpack_unpacked_destroy(&listener->place);
	cr_assert_eq(msgpack_unpack_next(&listener->place, zmq_msg_data(place), zmq_msg_size(place), NULL),
		     MSGPACK_UNPACK_SUCCESS);
	cr_assert_eq(listener->place.data.type, MSGPACK_OBJECT_ARRAY);
	return true;
}

struct text listener_topic(const struct listener *listener)
{
	zmq_msg_t *frame = (zmq_msg_t *)(uintptr_t)&listener->frames[0];

	return (struct text){zmq_msg_data(frame), zmq_msg_size(frame)};
}

struct text listener_record(const struct listener *listener)
{
	zmq_msg_t *frame = (zmq_msg_t *)(uintptr_t)&listener->frames[2];

	return (struct text){zmq_msg_data(frame), zmq_msg_size(frame)};
}

int64_t listener_place(const struct listener *listener, uint32_t index)
{
	cr_assert_lt(index, listener->place.data.via.array.size);
	return listener->place.data.via.array.ptr[index].via.i64;
}

void hears_at(struct spot spot, struct listener *listener, const char *topic, const char *place)
{
	char got[512];

	if (!listener_wait(listener, patience_ms())) {
		fail_at(spot, "nothing passed; expected %s [%s]", topic, place);
	}
	msgpack_object_print_buffer(got, sizeof got, listener->place.data);
	if (!text_is(listener_topic(listener), topic) ||
	    !notation_matches(spot, place, &listener->place.data.via.array, 0)) {
		fail_at(spot, "\n  heard    %.*s %s\n  expected %s [%s]", TEXT_FMT(listener_topic(listener)),
			got, topic, place);
	}
}

void greets_at(struct spot spot, struct listener *listener, const char *name, const char *place)
{
	char topic[128];

	snprintf(topic, sizeof topic, "hello.%s", name);
	listener_subscribe(listener, topic);
	hears_at(spot, listener, topic, place);
}
