/* What people wrote, made harmless for Slack: no markup, no mention, no link, no emoji, no line of its own.
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/text.h"

#include <stdbool.h>
#include <stddef.h>

/* Text that grows up to a limit in characters, as Slack counts. What does not fit is left out, never cut
 * inside of a character, an entity or a link. */
struct words {
	char *at; /* NUL-terminated */
	size_t size, capacity;
	size_t characters, limit;
	bool full; /* something was left out */
};

/* at: of capacity bytes, the caller's. */
void words_init(struct words *words, char *at, size_t capacity, size_t limit);
/* Markup of ours, all of it or nothing. */
void words_add(struct words *words, const char *markup);
__attribute__((format(printf, 2, 3))) void words_format(struct words *words, const char *format, ...);
/* Of others: escaped, at most so many characters and an ellipsis. */
void words_add_text(struct words *words, struct text text, size_t most);
/* `<url|label>`; only the label where the url is none of http or https. */
void words_add_link(struct words *words, struct text url, struct text label, size_t most);
/* Whatever was added since mark is taken back. */
struct words words_mark(const struct words *words);
void words_back(struct words *words, struct words mark);

/* How many bytes of text are its first line. */
size_t first_line_size(struct text text);
