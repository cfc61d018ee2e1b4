/* Records for whoever listens (docs/protocol.md section 5): best effort, numbered, after their commit. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include <czmq.h>
#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

struct build;
struct hub;

struct tapped {
	int64_t seq, prev;
	zmq_msg_t topic;
};

struct tap {
	zsock_t *socket;      /* NULL: there is none */
	bool used;            /* somebody has subscribed since the start: before that nothing is prepared */
	struct tapped *batch; /* of the open transaction */
	size_t count, capacity;
	msgpack_sbuffer head;
};

/* Forgets what was added: its transaction was rolled back. */
void tap_drop(struct tap *tap);
/* Accepts zeroed. */
void tap_fini(struct tap *tap);

/* Binds the socket, except in a sync. */
enum status tap_open(struct hub *hub, struct err *err) MUST_CHECK;
/* Ends all connections: those who may still listen come back, and see what they missed. */
void tap_renew(struct hub *hub);
/* build is the record seq of the open transaction, prev the one of its pipeline before. */
enum status tap_add(struct tap *tap, const struct build *build, int64_t seq, int64_t prev,
		    struct err *err) MUST_CHECK;
/* After the commit: sends what was added. */
void tap_publish(struct hub *hub);
