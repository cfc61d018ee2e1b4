/* A DEALER to the hub on the event loop: the client side of ingest. It connects and
 * reconnects by itself; nothing is queued for a hub that isn't there (ZMQ_IMMEDIATE), so a send either
 * reaches a connection or says ERR_AGAIN, and what was sent may still be lost with that connection: the
 * protocol's numbers find it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/wire.h"

#include <czmq.h>

struct dealer_events {
	/* A message with a readable head of this protocol version or another one. Its bytes live during the
	 * call. */
	void (*message)(void *context, const struct wire_message *message, const struct wire_fields *fields,
			int64_t version);
	/* There is room again after dealer_send said ERR_AGAIN. Called once for each time. */
	void (*writable)(void *context);
};

struct dealer {
	zloop_t *loop;
	const struct dealer_events *events;
	void *context;
	zsock_t *socket;
	char *endpoint;
	struct wire_message in;
	bool waits; /* for room */
};

/* ERR_CONFIG: the endpoint can't be used. Connecting goes on in the background. */
enum status dealer_open(struct dealer *dealer, zloop_t *loop, const char *endpoint,
			const struct dealer_events *events, void *context, struct err *err) MUST_CHECK;
/* OK: the message was taken and is empty. ERR_AGAIN: no connection, or it is full: writable will be called.
 */
enum status dealer_send(struct dealer *dealer, struct wire_message *message, struct err *err) MUST_CHECK;
/* Accepts zeroed and half-opened. */
void dealer_close(struct dealer *dealer);
