/* The simulator on HTTP: a thread per connection, so one slow answer holds up nobody else. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "tests/sim/sim.h"

struct server;

/* PEM texts, kept, not copied. */
struct server_tls {
	char *certificate, *key; /* NULL: plain HTTP */
};

/* Listens on address:port (0: chosen) and answers from sim, whose base URL it sets. ERR_SYS: can't listen
 * there, or the certificate is none. */
enum status server_new(struct server **out, struct sim *sim, const char *address, int port,
		       const struct server_tls *tls, struct err *err) MUST_CHECK;
int server_port(const struct server *server);
/* Returns when the control `quit` was called, or when server_stop was. */
void server_wait(struct server *server);
/* From any thread, not from a signal handler. */
void server_stop(struct server *server);
/* Ends all connections. Accepts NULL; nulls the pointer. */
void server_free(struct server **server);
