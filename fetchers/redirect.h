/* A target whose slug has changed, where the provider redirects the old one. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "fetchers/engine.h"

/* The request is to be sent again, to where the answer points: ERR_AGAIN. ERR_CONFIG: that is not followed.
 */
enum status redirect_follow(struct request *request, const struct http_answer *answer,
			    struct err *err) MUST_CHECK;
/* The URL for path, heap: what the visit's earlier requests were redirected to is asked for there at once.
 * NULL: out of memory. */
char *redirect_url(const struct visit *visit, const char *path);
void redirect_forget(struct visit *visit);
