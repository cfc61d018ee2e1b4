/* Frames of the bus: frame 0 is a msgpack array [version, command, …fields], further frames are bodies.
 * docs/protocol.md is the contract. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "common/text.h"

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>
#include <zmq.h>

#define WIRE_VERSION     1
#define WIRE_BODY_MAX    (8 << 20)  /* bytes of one body frame */
#define WIRE_MESSAGE_MAX (64 << 20) /* bytes of all frames of a message */
#define WIRE_BODIES_MAX  4096       /* body frames of a message */
#define WIRE_HEAD_MAX    (1 << 20)  /* bytes of frame 0 */
#define WIRE_LEASE_TTL_MS                                                                                    \
	15000 /* a lease, and a feed session, lives that long without a sign of its holder */
#define WIRE_HEARTBEAT_MS 1000

#define WIRE_SENDER_SIZE 41 /* a key in Z85 */

/* One message, received or to be sent. Owns its frames. Zeroed is empty. */
struct wire_message {
	zmq_msg_t *frames; /* [0] the head, then bodies */
	size_t count, capacity;
	char sender[WIRE_SENDER_SIZE]; /* received under CURVE: the public key that was shown; else "" */
};

/* Receives one whole message without blocking. ROUTER: the routing id is moved to *identity (else pass NULL).
 * ERR_AGAIN: nothing there. ERR_DATA: it broke a bound above and was dropped; *identity is set. The message
 * is reused: what it held before is closed. */
enum status wire_receive(void *socket, zmq_msg_t *identity, struct wire_message *message,
			 struct err *err) MUST_CHECK;
/* Sends all frames without blocking. identity: copied for a ROUTER, NULL otherwise. OK: the frames are gone
 * and message is empty. ERR_AGAIN (high-water mark) and ERR_REMOTE (ROUTER: no such peer any more) leave it
 * whole. */
enum status wire_send(void *socket, const zmq_msg_t *identity, struct wire_message *message,
		      struct err *err) MUST_CHECK;
/* Appends a body. wire_body takes the sbuffer's memory (empty after it), wire_body_copy copies,
 * wire_body_share shares msg's bytes by reference count. ERR_SYS: out of memory. */
enum status wire_body(struct wire_message *message, msgpack_sbuffer *bytes) MUST_CHECK;
enum status wire_body_copy(struct wire_message *message, const void *bytes, size_t size) MUST_CHECK;
enum status wire_body_share(struct wire_message *message, zmq_msg_t *msg) MUST_CHECK;
struct text wire_body_at(const struct wire_message *message,
			 size_t index); /* index from 0: frame index + 1 */
static inline size_t wire_body_count(const struct wire_message *message)
{
	return message->count ? message->count - 1 : 0;
}
/* Closes all frames; the message can be used again. Accepts zeroed. */
void wire_clear(struct wire_message *message);
void wire_fini(struct wire_message *message);

/* Writing a head: wire_begin, then exactly `fields` wire_put_*, then wire_end. */
struct wire_head {
	msgpack_sbuffer buffer;
	msgpack_packer packer;
};
void wire_begin(struct wire_head *head, const char *command, uint32_t fields);
void wire_put_int(struct wire_head *head, int64_t value);
void wire_put_bool(struct wire_head *head, bool value);
void wire_put_nil(struct wire_head *head);
void wire_put_text(struct wire_head *head, struct text text);     /* null: nil */
void wire_put_string(struct wire_head *head, const char *string); /* NULL: nil */
void wire_put_bytes(struct wire_head *head, struct text bytes);   /* bin; null: nil */
void wire_put_array(struct wire_head *head, uint32_t count); /* counts as one field; count values follow */
void wire_put_map(struct wire_head *head, uint32_t count);   /* count keys and values follow */
/* Clears message and makes the head its frame 0. Takes the head's memory in any case. */
enum status wire_end(struct wire_head *head, struct wire_message *message) MUST_CHECK;

/* Reading a head. Texts point into the frame. */
struct wire_fields {
	msgpack_unpacked unpacked;
	struct text command;
	const msgpack_object *at; /* fields after the command */
	uint32_t count;
};
/* ERR_DATA: not a head. *version is set (0 when unreadable), so that another version can be told from
 * garbage. wire_fields_fini in any case. */
enum status wire_read(const struct wire_message *message, struct wire_fields *fields, int64_t *version,
		      struct err *err) MUST_CHECK;
void wire_fields_fini(struct wire_fields *fields);
/* Field index from 0; false when absent or of another type. nil is not an int and not a text. What is no int
 * leaves *out as it was. */
bool wire_int(const struct wire_fields *fields, uint32_t index, int64_t *out);
bool wire_text(const struct wire_fields *fields, uint32_t index, struct text *out); /* str or bin */
bool wire_nil(const struct wire_fields *fields, uint32_t index);                    /* absent counts as nil */
bool wire_true(const struct wire_fields *fields, uint32_t index); /* anything else is false */
bool wire_array(const struct wire_fields *fields, uint32_t index, const msgpack_object_array **out);
bool wire_map(const struct wire_fields *fields, uint32_t index, const msgpack_object_map **out);

/* A position in the feed: (epoch, seq), on the wire [epoch, seq]. */
struct position {
	int64_t epoch, seq;
};
void wire_put_position(struct wire_head *head, struct position position);
bool wire_position(const struct wire_fields *fields, uint32_t index, struct position *out);
