/* What metrics and status say. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/wire.h"
#include "normalizer/minute.h"

struct hub;

/* numbers.c */

void numbers_open(struct hub *hub);
/* detail: for people, may be NULL. */
void numbers_error(struct hub *hub, const char *code, const char *detail);
/* Once a second; what was counted in the last minute. */
void numbers_note(struct hub *hub);
void numbers_minute(const struct hub *hub, int64_t growth[static MINUTE_COUNTS]);
void numbers_collect(void *context);

/* status.c */

enum status status_map(struct hub *hub, struct wire_message *out, struct err *err) MUST_CHECK;
