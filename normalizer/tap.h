/* Records for whoever listens (docs/protocol.md section 5): best effort, numbered, after their commit. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <czmq.h>
#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

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
