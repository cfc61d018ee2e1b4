/* One log line while it is written: bounded, always whole characters, always valid JSON when closed. Pure. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/log.h"

#define LOG_LINE_MAX 8192

struct log_line {
	char bytes[LOG_LINE_MAX];
	size_t used;
};

struct log_head {
	const char *time; /* RFC 3339 with ms, UTC */
	const char *proc;
	const char *event;
	enum log_level level;
};

/* Both write the whole line with its newline. A text that does not fit ends in "…"; a field of which not even
 * the name fits is left out. Secrets become "***"; invalid UTF-8 becomes U+FFFD; control characters are
 * escaped. */
void log_line_json(struct log_line *line, const struct log_head *head, const struct log_field *fields,
		   size_t count);
void log_line_human(struct log_line *line, const struct log_head *head, const struct log_field *fields,
		    size_t count, bool coloured);
