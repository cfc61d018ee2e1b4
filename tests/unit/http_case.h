/* The client and a server in the test's own process that answers as it is told. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/http/http.h"
#include "tests/unit/canned.h"

enum { CALLS_MAX = 64 };

/* What came of one request. */
struct call {
	struct world *world;
	bool done;
	int order; /* the how-manieth answer it was */
	enum http_class class;
	long code;
	char body[256];
	size_t body_size;
	char location[128];
	int64_t retry_after_ms, budget_remaining;
	struct err err;
};

extern struct world {
	struct canned server;
	zloop_t *loop;
	struct http *http;
	struct call calls[CALLS_MAX];
	int sent, answered;
	bool sending;
	char base[64];
} world;

#define OPEN(answer, ...) open_world(answer, (struct http_options){__VA_ARGS__})
void open_world(canned_answer *answer, struct http_options options);
void close_world(void);

/* The next of world.calls; path may be a whole URL. */
struct http_request *send_body(const char *method, const char *path, const char *body, size_t size);
struct http_request *send_get(const char *path);
int on_stop(zloop_t *loop, int timer, void *arg);
void on_answer(void *context, const struct http_answer *answer);
/* Until nothing is in flight. */
void run(void);
struct call *get(const char *path);
bool answer_hello(int fd, const char *request, size_t size);
