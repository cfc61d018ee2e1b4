/* Log events on stderr: JSON lines for machines, a coloured line on a terminal. Only the loop of a process
 * logs; library code returns struct err. Event ids are stable and listed in docs/events.md; tests assert on
 * them. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Not LOG_…: <syslog.h>, which czmq.h includes, has macros of those names. */
enum log_level {
	LEVEL_DEBUG,
	LEVEL_INFO,
	LEVEL_WARN,
	LEVEL_ERROR,
	LEVEL_SILENT, /* for log_open: no events, of a command that says everything itself */
};

struct log_field {
	const char *name;
	const char *text; /* NULL: number is the value */
	int64_t number;
};

/* A function, because value may be an array: `array ? …` is a warning. */
static inline const char *log_text(const char *value)
{
	return value ? value : "-";
}

#define STR(field, value) ((struct log_field){.name = (field), .text = log_text(value)})
#define NUM(field, value) ((struct log_field){.name = (field), .number = (int64_t)(value)})

/* name is the process, e.g. "fetch-buildkite"; it is copied. Form: human when stderr is a terminal or
 * BUILDBUS_LOG=human, else JSON {"ts","level","proc","event",fields…}. */
void log_open(const char *name, enum log_level least);
/* Hides a value in every later line ("***"): call it for each secret that the process reads. Copies it. One
 * below LOG_SECRET_MIN bytes is left: it would be found within other words, and they would give it away. */
#define LOG_SECRET_MIN 6
void log_secret(const char *value);
/* A copy of text for other eyes than the log's, its secrets hidden too; heap, NULL: no memory. */
char *log_masked(const char *text);
void log_event(enum log_level level, const char *event, const struct log_field *fields, size_t count);
/* An event of another process (`buildbus up` and its children), in this process's form; head is of
 * log_line.h. */
struct log_head;
void log_relay(const struct log_head *head, const struct log_field *fields, size_t count);
/* The same for what must be seen at any level. */
void log_always(const struct log_head *head, const struct log_field *fields, size_t count);

#define LOG(level, event, ...)                                                                               \
	log_event(level, event, (const struct log_field[]){__VA_ARGS__},                                     \
		  sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
/* At least one field: log_info("proc.ready", STR("config", path)) */
#define log_debug(event, ...) LOG(LEVEL_DEBUG, event, __VA_ARGS__)
#define log_info(event, ...)  LOG(LEVEL_INFO, event, __VA_ARGS__)
#define log_warn(event, ...)  LOG(LEVEL_WARN, event, __VA_ARGS__)
#define log_error(event, ...) LOG(LEVEL_ERROR, event, __VA_ARGS__)
