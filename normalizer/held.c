/* Sinks that asked for a session before a `buildbus sync` had fetched everything: told to ask again at the
 * release, rather than left to find out. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/batch.h"
#include "normalizer/port.h"
#include "normalizer/session.h"

#include <string.h>

static bool same(zmq_msg_t *a, zmq_msg_t *b)
{
	return zmq_msg_size(a) == zmq_msg_size(b) &&
	       memcmp(zmq_msg_data(a), zmq_msg_data(b), zmq_msg_size(a)) == 0;
}

void held_add(struct held *held, const zmq_msg_t *identity)
{
	zmq_msg_t *given = (zmq_msg_t *)(uintptr_t)identity;

	for (size_t i = 0; i < held->count; i++) {
		if (same(&held->identities[i], given)) {
			return;
		}
	}
	if (held->count < HELD_MAX) {
		zmq_msg_init(&held->identities[held->count]);
		zmq_msg_copy(&held->identities[held->count++], given);
	}
}

void held_wake(struct hub *hub)
{
	for (size_t i = 0; i < hub->waiting.count; i++) {
		struct request request = {
			.hub = hub, .port = PORT_FEED, .identity = &hub->waiting.identities[i]};

		request_busy(&request, 0);
	}
	held_fini(&hub->waiting);
}

void held_fini(struct held *held)
{
	while (held->count > 0) {
		zmq_msg_close(&held->identities[--held->count]);
	}
}
