/* HTTP requests of a test, one after the other. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/fail.h"

/* The body, heap, NUL-terminated. token, json NULL: none. *status 0: no answer came. */
char *web_ask(const char *method, const char *url, const char *token, const char *json, long *status);
/* Fails unless the answer is 2xx. */
char *web_get(struct spot spot, const char *url, const char *token);
