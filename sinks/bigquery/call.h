/* One request to BigQuery with the account's token: waits for the token where there is none, tries once more
 * with a new one when it is refused. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/google/token.h"
#include "sinks/bigquery/reply.h"

#include <sys/queue.h>

/* What a request is about. Everything is copied but body, which must live until the call ended. */
struct call_order {
	const char *method;
	const char *type; /* Content-Type; NULL: application/json */
	const char *body; /* NULL: none */
	size_t size;
	/* Once, from the loop; answer is NULL when there is no token: reply says why. */
	void (*answered)(void *owner, const struct http_answer *answer, const struct reply *reply);
	void *owner;
};

struct call;
LIST_HEAD(call_list, call);

/* The account and the connection that calls share. */
struct caller {
	struct google_token *token;
	struct http *http;
	char *base; /* api_url */
	struct call_list calls;
	/* The token's service refuses this account for good. */
	void (*refused)(void *owner, const struct err *err);
	void *owner;
};

enum status caller_open(struct caller *caller, zloop_t *loop, const char *api_url,
			const struct google_way *way, const void *identity, int concurrency,
			struct err *err) MUST_CHECK;
/* Ends all calls without a word. Accepts zeroed. */
void caller_close(struct caller *caller);
/* path: from the first slash, a format. Not OK: it can't be sent, and nothing is called back. */
enum status call_send(struct caller *caller, const struct call_order *order, struct err *err,
		      const char *path, ...) MUST_CHECK PRINTF(4, 5);
