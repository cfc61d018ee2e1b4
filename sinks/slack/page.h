/* A message while it is put together: plain text, and blocks of lines. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/slack/book_private.h"
#include "sinks/slack/phrase.h"

#define PAGE_BLOCKS 12
#define SECTION_MAX 2900 /* Slack: 3,000 */
#define TEXT_MAX    1000
#define DIGEST_MAX  11000 /* of all sections: about 13,200 is what Slack takes */

struct page_block {
	struct words words;
	bool context; /* small and grey */
};

struct page {
	struct book *book;
	struct words *text; /* plain */
	struct words text_words;
	struct page_block blocks[PAGE_BLOCKS];
	size_t count;
	size_t block_max; /* characters of each */
	enum message_kind kind;
	struct build newest; /* that it tells of */
	bool webhook;
	int64_t now_ms;
	const char *email;                /* to be looked up */
	int64_t still;                    /* how many outages of its thread are open */
	size_t red, total, breaks, shown; /* of a digest */
};

/* An outage, as its row says. Builds that are not there are all null. */
struct alert_shown {
	int64_t id, opened_at, closed_at, count, green_number;
	int64_t jobs;     /* that failed, of a break */
	int64_t usual_ms; /* of what is slow: a column for both */
	enum alert_kind kind;
	enum alert_state state;
	struct build first, last, fixed;
	struct text green_url;
};

/* NULL: no memory. */
struct page *page_new(struct book *book, const struct shown *shown);
/* A block more; empty ones are left out. Never NULL: beyond the last one all go into that. */
struct words *page_section(struct page *page);
struct words *page_context(struct page *page);
/* Whoever is to be told, behind the commit. */
void page_mention(struct page *page, struct words *line, const struct build *build);
/* As JSON. False: no memory. */
bool page_end(struct page *page, const struct shown *shown, struct operation *out);

/* Copies into the book's arena. */
struct text page_text(struct book *book, struct text text);
/* Views into bytes. */
void page_build(struct book *book, struct text bytes, struct build *build);

/* digest.c, and the alerts of one, as long as each wants more; texts live until it returns. */
void digest_show(struct page *page, int64_t message);
void digest_alerts(struct page *page, int64_t message,
		   bool (*each)(struct page *page, const struct alert_shown *alert));
