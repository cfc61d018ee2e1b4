/* A DEALER to the hub on the event loop: the client side of ingest. It connects and
 * reconnects by itself; nothing is queued for a hub that isn't there (ZMQ_IMMEDIATE), so a send either
 * reaches a connection or says ERR_AGAIN, and what was sent may still be lost with that connection: the
 * protocol's numbers find it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/alarm.h"
#include "common/curve.h"
#include "common/handshake.h"
#include "common/wire.h"

#include <czmq.h>

struct dealer_events {
	/* A message with a readable head of this protocol version or another one. Its bytes live during the
	 * call. */
	void (*message)(void *context, const struct wire_message *message, const struct wire_fields *fields,
			int64_t version);
	/* There is room again after dealer_send said ERR_AGAIN. Called once for each time. */
	void (*writable)(void *context);
	/* The hub does not let us in: why is for an operator. It is tried again, with the certificate that
	 * lies there then. */
	void (*refused)(void *context, const char *why);
};

struct dealer {
	zloop_t *loop;
	const struct dealer_events *events;
	void *context;
	zsock_t *socket;
	char *endpoint;
	struct wire_message in;
	bool waits; /* for room */
	struct curve curve;
	struct handshake handshake;
	struct alarm alarm; /* set while there is no socket */
	unsigned refusals;  /* since a message came */
};

/* ERR_CONFIG: bus.ingest or the certificate can't be used. Connecting goes on in the background. */
enum status dealer_open(struct dealer *dealer, zloop_t *loop, const struct bus_config *bus,
			const struct dealer_events *events, void *context, struct err *err) MUST_CHECK;
/* Connects anew after a while: the hub said that it denies us. */
void dealer_renew(struct dealer *dealer);
/* OK: the message was taken and is empty. ERR_AGAIN: no connection, or it is full: writable will be called.
 */
enum status dealer_send(struct dealer *dealer, struct wire_message *message, struct err *err) MUST_CHECK;
/* Accepts zeroed and half-opened. */
void dealer_close(struct dealer *dealer);
