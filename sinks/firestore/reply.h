/* What an answer of Firestore means. Decided on the `status` of its error, not on the HTTP code: 409 is both
 * ALREADY_EXISTS and ABORTED, 400 both a stale precondition and a bad document. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/http/http.h"

enum reply_kind {
	REPLY_OK,
	REPLY_STALE,     /* a precondition failed: somebody else wrote, read again */
	REPLY_LATER,     /* nothing is wrong with the request */
	REPLY_TOKEN,     /* the bearer is not accepted (any more) */
	REPLY_FORBIDDEN, /* the project's rules or the account's rights */
	REPLY_SPLIT,     /* too large, or one of the documents can't be stored */
	REPLY_NOWHERE,   /* there is no such database at this address */
};

struct reply {
	enum reply_kind kind;
	int64_t after_ms; /* LATER: not before; 0: not said */
	char text[400];   /* the sentence, unless OK */
};

void reply_read(const struct http_answer *answer, struct reply *reply);
