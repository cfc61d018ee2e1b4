/* The sockets that the hub binds: their addresses are checked, their options set, here and nowhere else. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "normalizer/door.h"

#include <czmq.h>

struct socket_plan {
	const char *key;     /* in the configuration, under `bus` */
	int type;            /* ZMQ_ROUTER, ZMQ_XPUB */
	int in_max, out_max; /* messages of one peer that may wait */
	int message_max;     /* bytes of one frame that a peer may send */
};

/* *out is set as soon as there is a socket: socket_close it also after a failure. */
enum status socket_bind(struct door *door, zsock_t **out, const struct socket_plan *plan,
			const char *endpoint, struct err *err) MUST_CHECK;
/* Accepts NULL; nulls the pointer. */
void socket_close(struct door *door, zsock_t **socket);
/* Ends all connections of a socket: closes it and binds a new one to the same address. */
enum status socket_renew(struct door *door, zsock_t **socket, const struct socket_plan *plan,
			 struct err *err) MUST_CHECK;
