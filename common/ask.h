/* One question to the hub that runs, and its answer: the feed socket's `status` (docs/protocol.md section 3).
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"
#include "common/handshake.h"
#include "common/wire.h"

/* Zeroed is empty; ask_fini in any case. */
struct answer {
	struct wire_message message;
	struct wire_fields fields;
	const msgpack_object_map *map; /* lives as long as message and fields */
};

/* A connection to the hub for several questions, one after the other. */
struct asker {
	const struct bus_config *bus;
	void *context, *socket;
	struct handshake handshake;
};
/* asker_close in any case. */
enum status asker_open(struct asker *asker, const struct bus_config *bus, struct err *err) MUST_CHECK;
void asker_close(struct asker *asker);
/* Sends head (its memory is taken) and waits for the answer, which must be of that command; answer is as new.
 * ERR_AGAIN: nobody answers, or can't now; ERR_REMOTE: the hub refuses, with its sentence. Its map is not
 * set. */
enum status ask(struct asker *asker, const char *command, struct wire_head *head, struct answer *answer,
		struct err *err) MUST_CHECK;

/* Blocks, at most 2 s. ERR_AGAIN: no hub answers there. */
enum status ask_status(const struct bus_config *bus, struct answer *answer, struct err *err) MUST_CHECK;
void ask_fini(struct answer *answer);

/* The two halves, for those who have a loop; socket is a DEALER. ask_read reads answer->message. */
enum status ask_send(void *socket, struct err *err) MUST_CHECK;
/* Prepares it before it connects, where the bus uses CURVE. */
enum status ask_dress(void *socket, const struct bus_config *bus, struct err *err) MUST_CHECK;
/* Another command without fields. */
enum status ask_tell(void *socket, const char *command, struct err *err);
enum status ask_read(struct answer *answer, struct err *err) MUST_CHECK;
