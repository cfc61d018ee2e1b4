/* SPDX-License-Identifier: MIT */
#include "tests/support/peer.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define FRAMES_MAX 8192

struct peer {
	void *socket;
	char endpoint[256];
	zmq_msg_t bodies[FRAMES_MAX]; /* of the next message */
	size_t body_count;
	zmq_msg_t heard[FRAMES_MAX];
	size_t heard_count;
	msgpack_unpacked head, body;
};

static void *context;

/* keys: of the hub, of its own, and the secret one; NULL: without CURVE. */
static struct peer *connect_peer(const char *endpoint, int room, const char *const *keys)
{
	static const int options[] = {ZMQ_CURVE_SERVERKEY, ZMQ_CURVE_PUBLICKEY, ZMQ_CURVE_SECRETKEY};
	struct peer *peer = calloc(1, sizeof *peer);
	int none = 0;

	if (!context) {
		context = zmq_ctx_new();
	}
	cr_assert(peer && context);
	peer->socket = zmq_socket(context, ZMQ_DEALER);
	zmq_setsockopt(peer->socket, ZMQ_LINGER, &none, sizeof none);
	zmq_setsockopt(peer->socket, ZMQ_RCVHWM, &room, sizeof room);
	for (size_t i = 0; keys && i < sizeof options / sizeof options[0]; i++) {
		cr_assert_eq(zmq_setsockopt(peer->socket, options[i], keys[i], strlen(keys[i]) + 1), 0);
	}
	snprintf(peer->endpoint, sizeof peer->endpoint, "%s", endpoint);
	cr_assert_eq(zmq_connect(peer->socket, endpoint), 0, "connect %s: %s", endpoint, zmq_strerror(errno));
	msgpack_unpacked_init(&peer->head);
	msgpack_unpacked_init(&peer->body);
	return peer;
}

struct peer *peer_new(const char *endpoint)
{
	return connect_peer(endpoint, 100000, NULL);
}

struct peer *peer_new_narrow(const char *endpoint)
{
	return connect_peer(endpoint, 1, NULL);
}

struct peer *peer_new_curve(const char *endpoint, const char *hub_key, const char *public_key,
			    const char *secret_key)
{
	return connect_peer(endpoint, 100000, (const char *const[]){hub_key, public_key, secret_key});
}

static void forget(zmq_msg_t *frames, size_t *count)
{
	while (*count) {
		zmq_msg_close(&frames[--*count]);
	}
}

void peer_free(struct peer **peer)
{
	if (!*peer) {
		return;
	}
	forget((*peer)->bodies, &(*peer)->body_count);
	forget((*peer)->heard, &(*peer)->heard_count);
	msgpack_unpacked_destroy(&(*peer)->head);
	msgpack_unpacked_destroy(&(*peer)->body);
	zmq_close((*peer)->socket);
	free(*peer);
	*peer = NULL;
}

void peer_with(struct peer *peer, const void *bytes, size_t size)
{
	zmq_msg_t *frame = &peer->bodies[peer->body_count++];

	cr_assert_lt(peer->body_count, FRAMES_MAX);
	cr_assert_eq(zmq_msg_init_size(frame, size), 0);
	memcpy(zmq_msg_data(frame), bytes, size);
}

static void send_frame(struct spot spot, struct peer *peer, zmq_msg_t *frame, bool more)
{
	int patience = (int)patience_ms();

	zmq_setsockopt(peer->socket, ZMQ_SNDTIMEO, &patience, sizeof patience);
	if (zmq_msg_send(frame, peer->socket, more ? ZMQ_SNDMORE : 0) < 0) {
		fail_at(spot, "send to %s: %s", peer->endpoint, zmq_strerror(errno));
	}
}

void peer_say_raw(struct spot spot, struct peer *peer, const void *bytes, size_t size)
{
	zmq_msg_t frame;

	cr_assert_eq(zmq_msg_init_size(&frame, size), 0);
	if (size) {
		memcpy(zmq_msg_data(&frame), bytes, size);
	}
	send_frame(spot, peer, &frame, peer->body_count > 0);
	for (size_t i = 0; i < peer->body_count; i++) {
		send_frame(spot, peer, &peer->bodies[i], i + 1 < peer->body_count);
	}
	peer->body_count = 0;
}

/* "claim 'x'" becomes the values "1 'claim' 'x'". */
static char *whole(const char *text)
{
	size_t word = strcspn(text, " ");
	char *all = NULL;

	cr_assert_gt(asprintf(&all, "1 '%.*s'%s", (int)word, text, text + word), 0);
	return all;
}

void peer_say(struct spot spot, struct peer *peer, const char *format, ...)
{
	msgpack_sbuffer values, message;
	msgpack_packer packer;
	char *text, *all;
	va_list args;
	uint32_t count;

	va_start(args, format);
	cr_assert_geq(vasprintf(&text, format, args), 0);
	va_end(args);
	all = whole(text);
	msgpack_sbuffer_init(&values);
	msgpack_sbuffer_init(&message);
	count = notation_pack(spot, all, &values);
	msgpack_packer_init(&packer, &message, msgpack_sbuffer_write);
	msgpack_pack_array(&packer, count);
	msgpack_sbuffer_write(&message, values.data, values.size);
	peer_say_raw(spot, peer, message.data, message.size);
	msgpack_sbuffer_destroy(&values);
	msgpack_sbuffer_destroy(&message);
	free(all);
	free(text);
}

static void receive(struct peer *peer)
{
	zmq_msg_t *frame;

	forget(peer->heard, &peer->heard_count);
	do {
		frame = &peer->heard[peer->heard_count++];
		cr_assert_lt(peer->heard_count, FRAMES_MAX);
		zmq_msg_init(frame);
		cr_assert_geq(zmq_msg_recv(frame, peer->socket, 0), 0);
	} while (zmq_msg_more(frame));
}

bool peer_wait(struct spot spot, struct peer *peer, int64_t timeout_ms)
{
	zmq_pollitem_t item = {.socket = peer->socket, .events = ZMQ_POLLIN};
	zmq_msg_t *frame = &peer->heard[0];

	if (zmq_poll(&item, 1, timeout_ms) != 1) {
		return false;
	}
	receive(peer);
	msgpack_unpacked_destroy(&peer->head);
	if (msgpack_unpack_next(&peer->head, zmq_msg_data(frame), zmq_msg_size(frame), NULL) !=
		    MSGPACK_UNPACK_SUCCESS ||
	    peer->head.data.type != MSGPACK_OBJECT_ARRAY) {
		fail_at(spot, "%s sent a frame 0 that is no array", peer->endpoint);
	}
	return true;
}

const msgpack_object_array *heard_head(const struct peer *peer)
{
	return &peer->head.data.via.array;
}

size_t heard_size(const struct peer *peer)
{
	return zmq_msg_size(&peer->heard[0]);
}

bool heard_matches(struct spot spot, struct peer *peer, const char *text)
{
	char *all = whole(text);
	bool same = notation_matches(spot, all, heard_head(peer), 0);

	free(all);
	return same;
}

bool heard_is(struct peer *peer, const char *command)
{
	const msgpack_object_array *head = heard_head(peer);

	return head->size > 1 && head->ptr[1].type == MSGPACK_OBJECT_STR &&
	       text_is((struct text){head->ptr[1].via.str.ptr, head->ptr[1].via.str.size}, command);
}

void peer_hear(struct spot spot, struct peer *peer, const char *format, ...)
{
	char *text, got[4096];
	va_list args;

	va_start(args, format);
	cr_assert_geq(vasprintf(&text, format, args), 0);
	va_end(args);
	if (!peer_wait(spot, peer, patience_ms())) {
		fail_at(spot, "no message came; expected %s", text);
	}
	if (!heard_matches(spot, peer, text)) {
		msgpack_object_print_buffer(got, sizeof got, peer->head.data);
		fail_at(spot, "\n  heard    %.2000s\n  expected [1, %s]", got, text);
	}
	free(text);
}

size_t heard_bodies(const struct peer *peer)
{
	return peer->heard_count - 1;
}

struct text heard_body(const struct peer *peer, size_t index)
{
	zmq_msg_t *frame = (zmq_msg_t *)(uintptr_t)&peer->heard[index + 1];

	cr_assert_lt(index + 1, peer->heard_count, "no body %zu", index);
	return (struct text){zmq_msg_data(frame), zmq_msg_size(frame)};
}

static const msgpack_object *member(struct peer *peer, size_t index, const char *key)
{
	struct text body = heard_body(peer, index);

	msgpack_unpacked_destroy(&peer->body);
	cr_assert_eq(msgpack_unpack_next(&peer->body, body.at, body.size, NULL), MSGPACK_UNPACK_SUCCESS);
	cr_assert_eq(peer->body.data.type, MSGPACK_OBJECT_MAP);
	for (uint32_t i = 0; i < peer->body.data.via.map.size; i++) {
		const msgpack_object_kv *pair = &peer->body.data.via.map.ptr[i];
		if (text_is((struct text){pair->key.via.str.ptr, pair->key.via.str.size}, key)) {
			return &pair->val;
		}
	}
	return NULL;
}

int64_t heard_int(struct peer *peer, size_t index, const char *key)
{
	const msgpack_object *value = member(peer, index, key);
	bool number = value && (value->type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
				value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER);

	return number ? value->via.i64 : INT64_MIN;
}

struct text heard_text(struct peer *peer, size_t index, const char *key)
{
	const msgpack_object *value = member(peer, index, key);
	bool text = value && value->type == MSGPACK_OBJECT_STR;

	return text ? (struct text){value->via.str.ptr, value->via.str.size} : (struct text){0};
}

double heard_real(struct peer *peer, size_t index, const char *key)
{
	const msgpack_object *value = member(peer, index, key);

	return value && value->type == MSGPACK_OBJECT_FLOAT ? value->via.f64 : (double)NAN;
}
