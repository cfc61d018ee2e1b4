/* Any texts as the fields of a log line: it stays one line, within its bound, valid JSON, and holds no
 * secret. */
/* SPDX-License-Identifier: MIT */
#include "common/log_line.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

enum { FIELDS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct log_line *line)
{
	if (line->used > LOG_LINE_MAX ||
	    memchr(line->bytes, '\n', line->used) != line->bytes + line->used - 1 ||
	    memmem(line->bytes, line->used, "s3cret/", 7)) {
		abort();
	}
}

/* The first byte of a text says how often it is repeated, so that long ones are reached. */
static char *stretch(const char *text)
{
	size_t size = strlen(text), times = size ? (unsigned char)*text : 0;
	char *out = malloc(size * times + 1);

	for (size_t i = 0; i < times; i++) {
		memcpy(out + i * size, text, size);
	}
	out[size * times] = '\0';
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct log_line line;
	const struct log_head head = {
		.time = "2026-11-20T10:11:12.345Z", .proc = "p", .event = "e", .level = LEVEL_INFO};
	struct log_field fields[FIELDS_MAX];
	char *copy = strndup((const char *)data, size), *texts[FIELDS_MAX], *at = copy, *next;
	size_t count = 0;
	yyjson_doc *doc;

	log_secret("s3cret/");
	for (; at && count < FIELDS_MAX; at = next, count++) {
		next = strchr(at, '\n');
		if (next) {
			*next++ = '\0';
		}
		texts[count] = stretch(at);
		fields[count] = STR("text", texts[count]);
	}
	log_line_human(&line, &head, fields, count, true);
	check(&line);
	log_line_json(&line, &head, fields, count);
	check(&line);
	doc = yyjson_read(line.bytes, line.used, 0);
	if (!doc) {
		abort();
	}
	yyjson_doc_free(doc);
	while (count > 0) {
		free(texts[--count]);
	}
	free(copy);
	return 0;
}
