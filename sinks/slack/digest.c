/* Many alerts in one message: a line each, as many as Slack takes. */
/* SPDX-License-Identifier: MIT */
#include "sinks/slack/page.h"

#define ROW_MAX 400

static const char *mark_of(const struct alert_shown *alert)
{
	if (alert->state == ALERT_RED) {
		return alert->kind == ALERT_BREAK  ? ":red_circle: "
		       : alert->kind == ALERT_SLOW ? ":snail: "
						   : ":hourglass: ";
	}
	return alert->kind != ALERT_BREAK    ? ":white_circle: "
	       : alert->state == ALERT_FIXED ? ":large_green_circle: "
					     : ":large_yellow_circle: ";
}

static void add_what(struct words *line, const struct alert_shown *alert)
{
	if (alert->kind == ALERT_BREAK && alert->state != ALERT_RED) {
		words_add(line, alert->state == ALERT_FIXED ? " fixed by " : " flaky: ");
		phrase_number_link(line, &alert->fixed);
		words_add(line, " after ");
		phrase_duration(line, alert->closed_at - alert->opened_at);
		return;
	}
	words_add(line, " ");
	phrase_number_link(line, &alert->first);
	if (alert->kind == ALERT_BREAK) {
		phrase_more(line, alert->count);
	} else if (alert->kind == ALERT_SLOW) {
		words_add(line, " took ");
		phrase_duration(line, alert->last.duration_ms);
	} else {
		words_add(line, alert->state == ALERT_RED ? " waits" : " waited");
	}
}

/* False: no room. */
static bool add_line(struct page *page, const struct alert_shown *alert)
{
	char memory[4 * ROW_MAX];
	struct words line, *section = &page->blocks[page->count - 1].words;
	size_t used = 0;

	words_init(&line, memory, sizeof memory, ROW_MAX);
	words_add(&line, mark_of(alert));
	phrase_place_link(&line, &alert->first);
	add_what(&line, alert);
	for (size_t i = 0; i < page->count; i++) {
		used += page->blocks[i].words.characters;
	}
	if (page->count == PAGE_BLOCKS - 1 || used + line.characters > DIGEST_MAX) {
		return false;
	}
	page->shown++;
	if (section->characters + line.characters + 1 > section->limit) {
		section = page_section(page);
	}
	words_add(section, section->size ? "\n" : "");
	words_add(section, line.at);
	page->newest.id = page_text(page->book, alert->first.id);
	page->newest.branch = page_text(page->book, alert->first.branch);
	return true;
}

/* `5 pipelines are failing`, `1 of 2 alerts is still open`. */
static void add_title(struct page *page, struct words *out)
{
	bool breaks = page->breaks == page->total;
	const char *what = breaks ? "pipeline" : "alert", *many = page->total == 1 ? "" : "s";
	const char *open = breaks ? "failing" : "open";

	if (page->red == page->total) {
		words_format(out, ":red_circle: %zu %s%s %s %s", page->total, what, many,
			     page->red == 1 ? "is" : "are", open);
	} else if (page->red > 0) {
		words_format(out, ":red_circle: %zu of %zu %s%s %s still %s", page->red, page->total, what,
			     many, page->red == 1 ? "is" : "are", open);
	} else {
		words_format(out, ":large_green_circle: %zu %s%s %s %s, %s", page->total, what, many,
			     page->total == 1 ? "was" : "were", open,
			     breaks ? (page->total == 1 ? "it is passing again" : "all are passing again")
				    : (page->total == 1 ? "it is over" : "all are over"));
	}
}

static void count(struct page *page, int64_t message)
{
	struct db *db = &page->book->db;
	sqlite3_stmt *row =
		db_ask(db, "SELECT count(*), sum(state = 0), sum(kind = 0) FROM alerts WHERE message = ?",
		       "i", message);

	if (db_row(db, row)) {
		page->total = (size_t)sqlite3_column_int64(row, 0);
		page->red = (size_t)sqlite3_column_int64(row, 1);
		page->breaks = (size_t)sqlite3_column_int64(row, 2);
		db_end(row);
	}
}

void digest_show(struct page *page, int64_t message)
{
	struct words *title;

	count(page, message);
	add_title(page, page->text);
	title = page_section(page);
	words_add(title, "*");
	add_title(page, title);
	words_add(title, "*");
	page_section(page);
	digest_alerts(page, message, add_line);
	if (page->total > page->shown) {
		words_format(page_context(page), "\xe2\x80\xa6 and %zu more", page->total - page->shown);
	}
}
