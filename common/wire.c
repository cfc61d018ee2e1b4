/* Messages and their frames; heads are in wire_head.c. */
/* SPDX-License-Identifier: MIT */
#include "common/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static zmq_msg_t *frame_add(struct wire_message *message)
{
	if (message->count == message->capacity) {
		size_t capacity = message->capacity ? message->capacity * 2 : 8;
		/* zmq_msg_t may be moved in memory as bytes as long as nobody uses the old place. */
		zmq_msg_t *frames = realloc(message->frames, capacity * sizeof *frames);
		if (!frames) {
			return NULL;
		}
		message->frames = frames;
		message->capacity = capacity;
	}
	return &message->frames[message->count];
}

void wire_clear(struct wire_message *message)
{
	for (size_t i = 0; i < message->count; i++) {
		zmq_msg_close(&message->frames[i]);
	}
	message->count = 0;
}

void wire_fini(struct wire_message *message)
{
	wire_clear(message);
	free(message->frames);
	*message = (struct wire_message){0};
}

static void drop_rest(void *socket, bool more)
{
	while (more) {
		zmq_msg_t frame;
		zmq_msg_init(&frame);
		if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0) {
			more = false;
		} else {
			more = zmq_msg_more(&frame);
		}
		zmq_msg_close(&frame);
	}
}

static enum status receive_frames(void *socket, struct wire_message *message, struct err *err)
{
	size_t total = 0;
	bool more = true;

	while (more) {
		zmq_msg_t *frame = frame_add(message);
		if (!frame) {
			drop_rest(socket, true);
			return err_set(err, ERR_SYS, "out of memory for a message of %zu frames",
				       message->count);
		}
		zmq_msg_init(frame);
		if (zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) < 0) {
			zmq_msg_close(frame);
			return errno == EAGAIN ? ERR_AGAIN
					       : err_set(err, ERR_SYS, "receive: %s", zmq_strerror(errno));
		}
		more = zmq_msg_more(frame);
		total += zmq_msg_size(frame);
		message->count++;
		if (total > WIRE_MESSAGE_MAX || message->count > WIRE_BODIES_MAX + 1 ||
		    (message->count > 1 && zmq_msg_size(frame) > WIRE_BODY_MAX) ||
		    zmq_msg_size(&message->frames[0]) > WIRE_HEAD_MAX) {
			drop_rest(socket, more);
			return err_set(err, ERR_DATA, "a message over its bounds");
		}
	}
	return OK;
}

/* The property that the ZAP handler gave the connection. A ROUTER's routing id does not always carry it. */
static void note_sender(struct wire_message *message)
{
	const char *sender = message->count ? zmq_msg_gets(&message->frames[0], "User-Id") : NULL;

	snprintf(message->sender, sizeof message->sender, "%s", sender ? sender : "");
}

enum status wire_receive(void *socket, zmq_msg_t *identity, struct wire_message *message, struct err *err)
{
	enum status status;

	wire_clear(message);
	if (identity) {
		if (zmq_msg_recv(identity, socket, ZMQ_DONTWAIT) < 0) {
			return errno == EAGAIN ? ERR_AGAIN
					       : err_set(err, ERR_SYS, "receive: %s", zmq_strerror(errno));
		}
		if (!zmq_msg_more(identity)) {
			return err_set(err, ERR_DATA, "a message without a head");
		}
	}
	status = receive_frames(socket, message, err);
	note_sender(message);
	if (status != OK) {
		wire_clear(message);
	}
	return status;
}

static enum status send_frame(void *socket, zmq_msg_t *frame, int flags, struct err *err)
{
	if (zmq_msg_send(frame, socket, flags | ZMQ_DONTWAIT) >= 0) {
		return OK;
	}
	if (errno == EAGAIN) {
		return ERR_AGAIN;
	}
	return err_set(err, errno == EHOSTUNREACH ? ERR_REMOTE : ERR_SYS, "send: %s", zmq_strerror(errno));
}

static enum status send_identity(void *socket, const zmq_msg_t *identity, struct err *err)
{
	zmq_msg_t copy;
	enum status status;

	if (zmq_msg_init_size(&copy, zmq_msg_size(identity)) != 0) {
		return err_set(err, ERR_SYS, "out of memory for a routing id");
	}
	memcpy(zmq_msg_data(&copy), zmq_msg_data((zmq_msg_t *)(uintptr_t)identity), zmq_msg_size(identity));
	status = send_frame(socket, &copy, ZMQ_SNDMORE, err);
	zmq_msg_close(&copy); /* after a failed send it is still ours; after a good one it is empty */
	return status;
}

enum status wire_send(void *socket, const zmq_msg_t *identity, struct wire_message *message, struct err *err)
{
	enum status status = identity ? send_identity(socket, identity, err) : OK;

	/* libzmq refuses a message at its first frame or takes it whole: the high-water mark counts messages,
	 * and a pipe that ends in between swallows the rest. So only the first send can leave us with frames.
	 */
	for (size_t i = 0; status == OK && i < message->count; i++) {
		status = send_frame(socket, &message->frames[i], i + 1 < message->count ? ZMQ_SNDMORE : 0,
				    err);
	}
	if (status == OK) {
		wire_clear(message);
	}
	return status;
}

static void free_bytes(void *bytes, void *hint)
{
	/* Runs on a libzmq thread: free and nothing else. */
	(void)hint;
	free(bytes);
}

static enum status take_bytes(struct wire_message *message, msgpack_sbuffer *bytes)
{
	zmq_msg_t *frame = frame_add(message);
	size_t size = bytes->size;
	char *data;

	if (!frame || size == 0) {
		return ERR_SYS;
	}
	if (size < 256) {
		if (zmq_msg_init_size(frame, size) != 0) {
			return ERR_SYS;
		}
		memcpy(zmq_msg_data(frame), bytes->data, size);
		msgpack_sbuffer_clear(bytes);
	} else {
		data = msgpack_sbuffer_release(bytes);
		if (zmq_msg_init_data(frame, data, size, free_bytes, NULL) != 0) {
			free(data);
			return ERR_SYS;
		}
	}
	message->count++;
	return OK;
}

enum status wire_body(struct wire_message *message, msgpack_sbuffer *bytes)
{
	return take_bytes(message, bytes);
}

enum status wire_body_copy(struct wire_message *message, const void *bytes, size_t size)
{
	zmq_msg_t *frame = frame_add(message);

	if (!frame || zmq_msg_init_size(frame, size) != 0) {
		return ERR_SYS;
	}
	memcpy(zmq_msg_data(frame), bytes, size);
	message->count++;
	return OK;
}

enum status wire_body_share(struct wire_message *message, zmq_msg_t *msg)
{
	zmq_msg_t *frame = frame_add(message);

	if (!frame) {
		return ERR_SYS;
	}
	zmq_msg_init(frame);
	if (zmq_msg_copy(frame, msg) != 0) {
		return ERR_SYS;
	}
	message->count++;
	return OK;
}

struct text wire_body_at(const struct wire_message *message, size_t index)
{
	zmq_msg_t *frame = &message->frames[index + 1];

	return (struct text){.at = zmq_msg_data(frame), .size = zmq_msg_size(frame)};
}

enum status wire_end(struct wire_head *head, struct wire_message *message)
{
	enum status status;

	wire_clear(message);
	status = take_bytes(message, &head->buffer);
	msgpack_sbuffer_destroy(&head->buffer);
	return status;
}
