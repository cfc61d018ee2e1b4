/* Tells a client that the hub refuses its handshake. libzmq tells nobody, and a socket that was refused once
 * never connects again: whoever is told makes a new one. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <czmq.h>
#include <stdbool.h>

/* Zeroed is closed. */
struct handshake {
	zloop_t *loop;
	void *socket, *monitor; /* both of libzmq */
	const char *endpoint;
	bool curve;   /* we speak CURVE */
	unsigned cut; /* handshakes in a row that ended without a word */
	void (*refused)(void *context, const char *why);
	void *context;
};

/* Call before the socket connects. zmq: its context. endpoint lives as long. */
enum status handshake_watch(struct handshake *handshake, void *zmq, void *socket, const char *endpoint,
			    bool curve, struct err *err) MUST_CHECK;
/* From now on refused is called from the loop, with a sentence for an operator; it may end the handshake. */
enum status handshake_tell(struct handshake *handshake, zloop_t *loop,
			   void (*refused)(void *context, const char *why), void *context,
			   struct err *err) MUST_CHECK;
/* For those without a loop, when handshake->monitor is readable. True: refused, *err is the sentence. */
bool handshake_refused(struct handshake *handshake, struct err *err);
/* Before the socket is closed. Accepts zeroed. */
void handshake_end(struct handshake *handshake);
