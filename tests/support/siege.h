/* Strangers who trouble a TCP socket of the bus, each kind in its own way, from threads of the test. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/fail.h"

enum siege_kind {
	SIEGE_SILENT,  /* connections that say nothing, more and more */
	SIEGE_HALF,    /* that stop after the greeting */
	SIEGE_GARBAGE, /* that write what comes to mind, as fast as they can */
	SIEGE_HUGE,    /* that begin a frame of 60 MB, and send it */
	SIEGE_CALLS,   /* that are made and closed at once */
	SIEGE_KEYS,    /* that end the handshake properly, each with a key of its own */
	SIEGE_PLAIN,   /* that speak ZeroMQ without CURVE, and ask */
	SIEGE_KINDS,
};
extern const char *const siege_names[SIEGE_KINDS];

struct siege;

/* hub_key: Z85, of SIEGE_KEYS. most: connections that stay open at a time. */
struct siege *siege_begin(enum siege_kind kind, int port, int most, const char *hub_key);
/* Connections made until now. */
int siege_made(struct siege *siege);
/* Ends it; returns how many connections it made. */
int siege_end(struct siege **siege);
