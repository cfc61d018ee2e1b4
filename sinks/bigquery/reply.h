/* What an answer of BigQuery means: decided on the `reason` of its first error, then on the HTTP code. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/http/http.h"

enum reply_kind {
	REPLY_OK,
	REPLY_LATER,     /* nothing is wrong with the request */
	REPLY_TOKEN,     /* the bearer is not accepted (any more) */
	REPLY_FORBIDDEN, /* the account lacks a role */
	REPLY_MISSING,   /* there is no such project, dataset, table or job */
	REPLY_EXISTS,    /* it is there already */
	REPLY_TOO_LARGE, /* fewer rows at once */
	REPLY_INVALID,   /* the request, or a row of it, can't be */
};

struct reply {
	enum reply_kind kind;
	int64_t after_ms; /* LATER: not before; 0: not said */
	char reason[64];  /* Google's word; "": none */
	char text[600];   /* the sentence, unless OK */
};

void reply_read(const struct http_answer *answer, struct reply *reply);
/* The same of the error of a job, which has no HTTP code. */
void reply_of_job(const char *reason, const char *message, struct reply *reply);
