/* The TCP connections of a socket that have shown no key yet. Anybody can make one, and libzmq reads a frame
 * of any size from it: so they are few, and say little, or they are cut off. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <czmq.h>
#include <stdint.h>

#define CROWD_MAX 256

struct crowd {
	zloop_t *loop;
	void *socket, *monitor;   /* of libzmq */
	int timer;                /* looks at them; 0: there are none */
	int strangers[CROWD_MAX]; /* file descriptors of libzmq, which may have closed them; oldest first */
	size_t count;
	int64_t *cut; /* metric */
};

/* Before the socket is bound. */
enum status crowd_watch(struct crowd *crowd, zloop_t *loop, zsock_t *socket, struct err *err) MUST_CHECK;
/* Before the socket is destroyed. Accepts zeroed. */
void crowd_end(struct crowd *crowd);
