/* SPDX-License-Identifier: MIT */
#include "compose/relay.h"
#include "common/log.h"
#include "common/log_line.h"
#include "common/process.h"
#include "common/time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <yyjson.h>

enum { FIELDS_MAX = 32 };

static const char *const level_words[] = {"debug", "info", "warn", "error"};

void relay_init(struct relay *relay, const char *proc)
{
	relay->proc = proc;
	relay->used = 0;
	relay->why[0] = relay->visit_why[0] = '\0';
}

/* Not an event: a library's word, an assertion, a sanitizer. It must not be lost, nor break a reader of JSON.
 */
static void relay_said(const struct relay *relay, const char *text)
{
	char time[32];
	struct log_head head = {.time = time, .proc = relay->proc, .event = "proc.said", .level = LEVEL_WARN};

	time_format(wall_ms(), time);
	log_always(&head, &STR("text", text), 1);
}

static enum log_level read_level(yyjson_val *event)
{
	const char *word = yyjson_get_str(yyjson_obj_get(event, "level"));

	for (int i = LEVEL_DEBUG; word && i <= LEVEL_ERROR; i++) {
		if (strcmp(word, level_words[i]) == 0) {
			return (enum log_level)i;
		}
	}
	return LEVEL_INFO;
}

static size_t read_fields(yyjson_val *event, struct log_field *fields)
{
	static const char *const head[] = {"ts", "level", "proc", "event"};
	size_t count = 0, index, max;
	yyjson_val *key, *value;

	yyjson_obj_foreach(event, index, max, key, value)
	{
		bool known = false;

		for (size_t i = 0; i < sizeof head / sizeof *head; i++) {
			known = known || yyjson_equals_str(key, head[i]);
		}
		if (!known && count < FIELDS_MAX) {
			fields[count++] = yyjson_is_int(value)
						  ? NUM(yyjson_get_str(key), yyjson_get_sint(value))
						  : STR(yyjson_get_str(key), yyjson_get_str(value));
		}
	}
	return count;
}

static void keep_why(struct relay *relay, const char *event, yyjson_val *fields)
{
	const char *why = yyjson_get_str(yyjson_obj_get(fields, "why"));
	const char *target = yyjson_get_str(yyjson_obj_get(fields, "target"));

	if (why && strcmp(event, "proc.failed") == 0) {
		snprintf(relay->why, sizeof relay->why, "%s", why);
	}
	if (why && target && (strcmp(event, "fetch.failed") == 0 || strcmp(event, "fetch.refused") == 0)) {
		snprintf(relay->visit_why, sizeof relay->visit_why, "%s: %s", target, why);
	}
}

static void relay_event(struct relay *relay, yyjson_val *event)
{
	struct log_field fields[FIELDS_MAX];
	char now[32];
	const char *time = yyjson_get_str(yyjson_obj_get(event, "ts"));
	struct log_head head = {
		.time = time && strlen(time) == strlen("0000-00-00T00:00:00.000Z") ? time : now,
		.proc = relay->proc,
		.event = log_text(yyjson_get_str(yyjson_obj_get(event, "event"))),
		.level = read_level(event),
	};

	time_format(wall_ms(), now);
	keep_why(relay, head.event, event);
	if (relay->watch) {
		relay->watch->event(relay->watch->context, head.event, event);
	}
	log_relay(&head, fields, read_fields(event, fields));
}

/* line is NUL-terminated. */
static void relay_line(struct relay *relay, char *line, size_t size)
{
	yyjson_doc *doc = *line == '{' ? yyjson_read(line, size, 0) : NULL;
	yyjson_val *event = yyjson_doc_get_root(doc);

	if (yyjson_is_str(yyjson_obj_get(event, "event"))) {
		relay_event(relay, event);
	} else if (size > 0) {
		relay_said(relay, line);
	}
	yyjson_doc_free(doc);
}

void relay_bytes(struct relay *relay, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != '\n') {
			relay->line[relay->used++] = bytes[i];
		}
		if (bytes[i] == '\n' || relay->used == RELAY_LINE_MAX - 1) {
			relay_end(relay);
		}
	}
}

void relay_end(struct relay *relay)
{
	relay->line[relay->used] = '\0';
	relay_line(relay, relay->line, relay->used);
	relay->used = 0;
}
