/* The answer of a token server: {"access_token", "expires_in", "token_type"} (RFC 6749 section 5.1). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/google/token.h"

enum status google_grant_read(const struct http_answer *answer, const char *who, struct arena *arena,
			      struct google_grant *grant, struct err *err) MUST_CHECK;
