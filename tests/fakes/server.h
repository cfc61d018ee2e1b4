/* What the fakes of web APIs share: an HTTP server on 127.0.0.1 in the test's own process, a thread a
 * connection, each request whole before it is answered. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>

struct fake_request {
	struct MHD_Connection *connection;
	const char *method, *path;
	char *body; /* never NULL */
	size_t size;
};
const char *fake_request_header(const struct fake_request *request, const char *name);
/* Of the query; NULL: it isn't there. */
const char *fake_request_argument(const struct fake_request *request, const char *name);

struct fake_header {
	const char *name; /* NULL: none */
	char value[256];
};
struct fake_answer {
	long code;     /* 0: the connection ends */
	char *body;    /* heap; taken over */
	int64_t at_ms; /* the server's clock, for Date */
	struct fake_header headers[4];
};

void fake_answer_header(struct fake_answer *answer, const char *name, const char *value);

struct fake_server {
	struct MHD_Daemon *daemon; /* NULL: it doesn't run */
	int port;                  /* 0 before the start: any */
	void *context;
	void (*serve)(void *context, const struct fake_request *request, struct fake_answer *answer);
};

void fake_server_start(struct fake_server *server);
/* Accepts one that doesn't run. */
void fake_server_stop(struct fake_server *server);
void fake_wait_ms(int64_t ms);
/* The next number of a stream (splitmix64), the same on every machine. */
uint64_t fake_random(uint64_t *seed);
