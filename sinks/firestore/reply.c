/* SPDX-License-Identifier: MIT */
#include "sinks/firestore/reply.h"
#include "common/google/error.h"

#include <stdio.h>
#include <string.h>

/* The first line that fits counts. Sources: google.rpc.Code, and what the emulator and production say of
 * requests over 4 MiB and 10 MiB. */
static const struct {
	const char *status;
	const char *message; /* part of it; NULL: any */
	enum reply_kind kind;
} meanings[] = {
	{"FAILED_PRECONDITION", "base version", REPLY_STALE},
	{"FAILED_PRECONDITION", "Datastore Mode", REPLY_NOWHERE},
	{"FAILED_PRECONDITION", NULL, REPLY_STALE},
	{"ALREADY_EXISTS", NULL, REPLY_STALE},
	{"NOT_FOUND", "does not exist", REPLY_NOWHERE}, /* `database` stands in each document's name too */
	{"NOT_FOUND", NULL, REPLY_STALE},
	{"UNAUTHENTICATED", NULL, REPLY_TOKEN},
	{"INVALID_ARGUMENT", "invalid jwt", REPLY_TOKEN}, /* the emulator */
	{"RESOURCE_EXHAUSTED", "maximum size", REPLY_SPLIT},
	{"PERMISSION_DENIED", NULL, REPLY_FORBIDDEN},
	{"INVALID_ARGUMENT", NULL, REPLY_SPLIT},
	{"OUT_OF_RANGE", NULL, REPLY_SPLIT},
};

static enum reply_kind by_code(const struct http_answer *answer)
{
	switch (answer->code) {
	case 413:
		return REPLY_SPLIT;
	case 401:
		return REPLY_TOKEN;
	case 404:
		return REPLY_NOWHERE;
	default:
		return answer->class == HTTP_REFUSED ? REPLY_FORBIDDEN : REPLY_LATER;
	}
}

static enum reply_kind by_status(const struct google_error *error)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		if (strcmp(error->status, meanings[i].status) == 0 &&
		    (!meanings[i].message || strstr(error->message, meanings[i].message))) {
			return meanings[i].kind;
		}
	}
	return REPLY_LATER; /* ABORTED, UNAVAILABLE, RESOURCE_EXHAUSTED, INTERNAL … */
}

void reply_read(const struct http_answer *answer, struct reply *reply)
{
	struct google_error error = {0};

	*reply = (struct reply){.kind = REPLY_OK};
	if (answer->class == HTTP_OK) {
		return;
	}
	google_error_read(answer->body, answer->body_size, &error);
	google_error_text(answer, &error, reply->text, sizeof reply->text);
	reply->kind = answer->class == HTTP_FAILED ? REPLY_LATER
		      : *error.status              ? by_status(&error)
						   : by_code(answer);
	reply->after_ms = answer->retry_after_ms > 0 ? answer->retry_after_ms : 0;
}
