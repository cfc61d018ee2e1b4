/* SPDX-License-Identifier: MIT */
#include "common/log_line.h"
#include "common/log_mask.h"
#include "common/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	TAIL = 16,        /* room for the cut mark and what closes the line */
	FIELD_ROOM = 128, /* what a long text leaves to each field after it */
};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

static bool put(struct log_line *line, size_t limit, const char *bytes, size_t size)
{
	if (line->used + size > limit) {
		return false;
	}
	memcpy(line->bytes + line->used, bytes, size);
	line->used += size;
	return true;
}

/* For what must be there; the room was kept free. */
static void put_text(struct log_line *line, const char *text)
{
	put(line, LOG_LINE_MAX, text, strlen(text));
}

/* A terminal obeys these, so they are escaped in both forms: C0, DEL, and C1 (U+0080..U+009F). */
static int control_code(const unsigned char *text, size_t size)
{
	if (size == 1 && (text[0] < 0x20 || text[0] == 0x7f)) {
		return text[0];
	}
	return size == 2 && text[0] == 0xc2 && text[1] < 0xa0 ? text[1] : -1;
}

/* Writes the character at text in its escaped form; *taken is its size there. False: no room. */
static bool put_character(struct log_line *line, size_t limit, const char *text, size_t left, size_t *taken)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t size = utf8_size(text, left);
	int control = control_code(at, size);
	char escaped[16];

	*taken = size ? size : 1;
	if (size == 0) {
		return put(line, limit, UTF8_REPLACEMENT, 3);
	}
	if (*text == '"' || *text == '\\') {
		return put(line, limit, (char[]){'\\', *text}, 2);
	}
	if (*text == '\n') {
		return put(line, limit, "\\n", 2);
	}
	if (control >= 0) {
		snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)control);
		return put(line, limit, escaped, 6);
	}
	return put(line, limit, text, size);
}

/* masked: secrets in it become ***. A line's own words are not: a secret of one letter must not rename
 * events. */
static void put_escaped(struct log_line *line, size_t limit, const char *text, bool masked)
{
	size_t left = strlen(text), taken = 0;
	bool fits = true;

	for (; left > 0 && fits; text += taken, left -= taken) {
		taken = masked ? mask_match(text, left) : 0;
		fits = taken ? put(line, limit, "***", 3) : put_character(line, limit, text, left, &taken);
	}
	if (!fits) {
		put_text(line, "…");
	}
}

/* Where a text must stop so that each of the fields after it keeps some room. */
static size_t text_limit(size_t fields_after)
{
	size_t room = fields_after * FIELD_ROOM;

	return LOG_LINE_MAX - TAIL - (room < LOG_LINE_MAX / 2 ? room : LOG_LINE_MAX / 2);
}

static void put_quoted(struct log_line *line, size_t limit, const char *text, bool masked)
{
	put_text(line, "\"");
	put_escaped(line, limit, text, masked);
	put_text(line, "\"");
}

static bool field_fits(const struct log_line *line, const struct log_field *field)
{
	return line->used + strlen(field->name) + 32 <= LOG_LINE_MAX - TAIL;
}

static void put_number(struct log_line *line, int64_t number)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%" PRId64, number);
	put_text(line, digits);
}

/* Values are bare in the human form when they are one word. */
static bool is_word(const char *text)
{
	return *text && !strpbrk(text, " \t\r\n\"\\=");
}

static void put_fields(struct log_line *line, const struct log_field *fields, size_t count, bool json)
{
	for (size_t i = 0; i < count; i++) {
		const struct log_field *field = &fields[i];
		size_t limit = text_limit(count - i - 1);

		if (!field_fits(line, field)) {
			continue;
		}
		put_text(line, json ? ",\"" : " ");
		put_text(line, field->name);
		put_text(line, json ? "\":" : "=");
		if (!field->text) {
			put_number(line, field->number);
		} else if (!json && is_word(field->text)) {
			put_escaped(line, limit, field->text, true);
		} else {
			put_quoted(line, limit, field->text, true);
		}
	}
}

void log_line_json(struct log_line *line, const struct log_head *head, const struct log_field *fields,
		   size_t count)
{
	const char *const names[] = {"{\"ts\":", ",\"level\":", ",\"proc\":", ",\"event\":"};
	const char *const values[] = {head->time, level_names[head->level], head->proc, head->event};

	line->used = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		put_text(line, names[i]);
		put_quoted(line, (i + 1) * 256, values[i], false);
	}
	put_fields(line, fields, count, true);
	put_text(line, "}\n");
}

void log_line_human(struct log_line *line, const struct log_head *head, const struct log_field *fields,
		    size_t count, bool coloured)
{
	static const char *const words[] = {"debug", "     ", "WARN ", "ERROR"};
	static const char *const colours[] = {"\033[2m", "", "\033[33m", "\033[31m"};
	char start[64];

	line->used = 0;
	/* The time of day is enough for somebody who watches; the JSON form has the date. */
	snprintf(start, sizeof start, "%.12s %s%s%s ", head->time + strlen("0000-00-00T"),
		 coloured ? colours[head->level] : "", words[head->level], coloured ? "\033[0m" : "");
	put_text(line, start);
	put_text(line, coloured ? "\033[36m" : "");
	put_escaped(line, 256, head->proc, false);
	put_text(line, coloured ? "\033[0m " : " ");
	put_text(line, coloured ? "\033[1m" : "");
	put_escaped(line, 512, head->event, false);
	put_text(line, coloured ? "\033[0m" : "");
	put_fields(line, fields, count, false);
	put_text(line, "\n");
}
