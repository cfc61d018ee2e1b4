/* What Google's services say when they refuse, in their two forms (facts of the REST APIs):
 * {"error": {"code": 400, "message": "…", "status": "INVALID_ARGUMENT"}} and, of token servers,
 * {"error": "invalid_grant", "error_description": "…"}. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/http/http.h"

struct google_error {
	char status[64];   /* the word that decides; "": none was said */
	char message[300]; /* for people; one line, "" when there is none */
};

/* Accepts any body. */
void google_error_read(const char *body, size_t size, struct google_error *error);
/* The sentence for an answer that is no success: "<message> (<status>, HTTP 403)", or what failed on the way.
 */
void google_error_text(const struct http_answer *answer, const struct google_error *error, char *out,
		       size_t size);
