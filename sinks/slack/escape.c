/* SPDX-License-Identifier: MIT */
#include "sinks/slack/escape.h"
#include "common/utf8.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#define URL_MAX 2000 /* Slack takes 3,000 with the rest of the markup */

void words_init(struct words *words, char *at, size_t capacity, size_t limit)
{
	*words = (struct words){.at = at, .capacity = capacity, .limit = limit};
	at[0] = '\0';
}

static size_t count_characters(const char *at, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++) {
		/* Beyond U+FFFF a character counts twice: the limits are those of JavaScript's strings. */
		count += ((unsigned char)at[i] & 0xc0) != 0x80;
		count += (unsigned char)at[i] >= 0xf0;
	}
	return count;
}

static bool words_put(struct words *words, const char *at, size_t size)
{
	size_t characters = count_characters(at, size);

	if (words->full || words->size + size >= words->capacity ||
	    words->characters + characters > words->limit) {
		words->full = true;
		return false;
	}
	memcpy(words->at + words->size, at, size);
	words->size += size;
	words->characters += characters;
	words->at[words->size] = '\0';
	return true;
}

void words_add(struct words *words, const char *markup)
{
	words_put(words, markup, strlen(markup));
}

void words_format(struct words *words, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	words_add(words, text);
}

static bool is_word(unsigned char c)
{
	return isalnum(c);
}

static bool is_emoji_letter(unsigned char c)
{
	return isalnum(c) || c >= 0x80 || strchr("_+-'", c);
}

/* `:name:` begins at i. */
static bool begins_emoji(struct text text, size_t i)
{
	size_t end = i + 1;

	while (end < text.size && is_emoji_letter((unsigned char)text.at[end])) {
		end++;
	}
	return end > i + 1 && end < text.size && text.at[end] == ':';
}

/* An underscore within a word is no markup, and names are full of them. */
static bool is_within_word(struct text text, size_t i)
{
	return i > 0 && i + 1 < text.size && is_word((unsigned char)text.at[i - 1]) &&
	       is_word((unsigned char)text.at[i + 1]);
}

/* Of an ASCII character; NULL: itself. Markup can't be escaped in Slack: what looks like it takes its place.
 */
static const char *replacement(struct text text, size_t i)
{
	switch (text.at[i]) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '*':
		return "\xe2\x88\x97"; /* U+2217 */
	case '~':
		return "\xe2\x88\xbc"; /* U+223C */
	case '`':
		return "\xcb\x8b"; /* U+02CB */
	case '_':
		return is_within_word(text, i) ? NULL : "\xef\xbc\xbf"; /* U+FF3F */
	case ':':
		return begins_emoji(text, i) ? "\xea\x9e\x89" : NULL; /* U+A789 */
	default:
		return (unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f ? " " : NULL;
	}
}

/* Controls of C1, line separators, what turns the direction of text, what can't be seen. */
static bool is_hidden(const char *at, size_t size)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {{0x80, 0x9f},     {0xad, 0xad},      {0x61c, 0x61c},   {0x200b, 0x200f},
		      {0x2028, 0x202e}, {0x2060, 0x206f},  {0xfe00, 0xfe0e}, {0xfeff, 0xfeff},
		      {0xfff0, 0xfffb}, {0xe0000, 0xe0fff}};
	uint32_t code = (unsigned char)at[0] & (0xffu >> (size + 1));

	for (size_t i = 1; i < size; i++) {
		code = code << 6 | ((unsigned char)at[i] & 0x3fu);
	}
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		if (size > 1 && code >= ranges[i].from && code <= ranges[i].to) {
			return true;
		}
	}
	return false;
}

/* One character at *i; *i moves behind it. False: no room. */
static bool put_character(struct words *words, struct text text, size_t *i)
{
	size_t at = *i, size = utf8_size(text.at + at, text.size - at);
	const char *other = size == 1 ? replacement(text, at) : NULL;

	*i += size ? size : 1;
	if (size == 0) {
		return words_put(words, UTF8_REPLACEMENT, sizeof UTF8_REPLACEMENT - 1);
	}
	if (is_hidden(text.at + at, size)) {
		return true;
	}
	return other ? words_put(words, other, strlen(other)) : words_put(words, text.at + at, size);
}

void words_add_text(struct words *words, struct text text, size_t most)
{
	struct words piece = *words;

	/* One character is kept for the ellipsis. */
	if (piece.characters + most < piece.limit) {
		piece.limit = piece.characters + most;
	}
	piece.limit -= piece.limit > piece.characters;
	for (size_t i = 0; i < text.size && !piece.full;) {
		put_character(&piece, text, &i);
	}
	words->size = piece.size;
	words->characters = piece.characters;
	if (piece.full && !words->full) {
		words_add(words, "\xe2\x80\xa6");
	}
}

struct words words_mark(const struct words *words)
{
	return *words;
}

void words_back(struct words *words, struct words mark)
{
	*words = mark;
	words->at[words->size] = '\0';
}

/* Only what can stand in `<…|` and leads to the web. */
static bool is_safe_url(struct text url)
{
	bool web = (url.size > 8 && memcmp(url.at, "https://", 8) == 0) ||
		   (url.size > 7 && memcmp(url.at, "http://", 7) == 0);

	for (size_t i = 0; web && i < url.size; i++) {
		web = (unsigned char)url.at[i] > 0x20 && (unsigned char)url.at[i] < 0x7f &&
		      !strchr("<>|\"\\^`{}", url.at[i]);
	}
	return web && url.size <= URL_MAX;
}

void words_add_link(struct words *words, struct text url, struct text label, size_t most)
{
	struct words mark = words_mark(words);

	if (!url.at || !is_safe_url(url)) {
		words_add_text(words, label, most);
		return;
	}
	words_add(words, "<");
	for (size_t i = 0; i < url.size; i++) {
		words_put(words, url.at[i] == '&' ? "&amp;" : url.at + i, url.at[i] == '&' ? 5 : 1);
	}
	words_add(words, "|");
	words_add_text(words, label, most);
	words_add(words, ">");
	if (words->full) {
		words_back(words, mark);
		words->full = true;
	}
}

size_t first_line_size(struct text text)
{
	size_t size = 0;

	while (size < text.size && text.at[size] != '\n' && text.at[size] != '\r') {
		size++;
	}
	return size;
}
