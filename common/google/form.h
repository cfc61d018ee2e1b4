/* Small pieces that every way to a token needs. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"

/* Percent-encoded for a query or a form; NULL: arena full. text NULL: "". */
const char *form_escape(struct arena *arena, const char *text);
/* base64url without padding (RFC 7515); NULL: arena full. */
const char *base64url(struct arena *arena, const void *bytes, size_t size);
/* It can stand in a header: no control characters, no spaces. */
bool token_is_clean(const char *token);
