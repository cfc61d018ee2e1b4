/* What a message shows by now: the same one is a break, then a fix or a flake. A table says which
 * sentence, and what stands below it. */
/* SPDX-License-Identifier: MIT */
#include "sinks/slack/sentence.h"

#include <stdio.h>

/* lasting: beyond the row. */
static struct text column_text(struct book *book, sqlite3_stmt *row, int column, bool lasting)
{
	return lasting ? page_text(book, db_text(row, column)) : db_text(row, column);
}

static void alert_read(struct book *book, sqlite3_stmt *row, struct alert_shown *alert, bool lasting)
{
	*alert = (struct alert_shown){
		.id = sqlite3_column_int64(row, 0),
		.kind = (enum alert_kind)sqlite3_column_int(row, 1),
		.state = (enum alert_state)sqlite3_column_int(row, 2),
		.opened_at = sqlite3_column_int64(row, 3),
		.closed_at = sqlite3_column_int64(row, 4),
		.count = sqlite3_column_int64(row, 5),
		.jobs = sqlite3_column_int64(row, 6),
		.usual_ms = sqlite3_column_int64(row, 6),
		.green_number = sqlite3_column_int64(row, 10),
	};
	page_build(book, column_text(book, row, 7, lasting), &alert->first);
	page_build(book, column_text(book, row, 8, lasting), &alert->last);
	page_build(book, column_text(book, row, 9, lasting), &alert->fixed);
	alert->green_url = column_text(book, row, 11, lasting);
}

static bool alert_find(struct book *book, int64_t id, struct alert_shown *alert)
{
	sqlite3_stmt *row = db_ask(&book->db,
				   "SELECT a.id, a.kind, state, opened, closed, count, jobs, first, last, "
				   "fixed, green_number, green_url FROM alerts a LEFT JOIN branches b ON "
				   "b.key = a.branch WHERE a.id = ?",
				   "i", id);

	if (!db_row(&book->db, row)) {
		return false;
	}
	alert_read(book, row, alert, true);
	db_end(row);
	return true;
}

/* Below the first sentence: what failed, since when. */
static void show_red(struct page *page, const struct alert_shown *alert)
{
	struct words *line = page_section(page);

	phrase_commit(line, &alert->first);
	page_mention(page, line, &alert->first);
	line = page_section(page);
	phrase_jobs(line, &alert->first, alert->jobs);
	line = page_context(page);
	words_add(line, "since ");
	phrase_time(line, alert->opened_at);
	if (alert->green_number > 0) {
		char number[32];

		snprintf(number, sizeof number, "#%lld", (long long)alert->green_number);
		words_add(line, " \xc2\xb7 last green ");
		words_add_link(line, alert->green_url, text_of(number), sizeof number);
	}
	page->newest = alert->last;
}

/* Of what is over: when it was. */
static void show_past(struct page *page, const struct alert_shown *alert)
{
	struct words *line = page_context(page);

	words_add(line, "failed: ");
	phrase_number_link(line, &alert->first);
	phrase_more(line, alert->count);
	words_add(line, " \xc2\xb7 since ");
	phrase_time(line, alert->opened_at);
	page->newest = alert->fixed;
}

static void show_fixed(struct page *page, const struct alert_shown *alert)
{
	struct words *line = page_section(page);

	phrase_commit(line, &alert->fixed);
	phrase_author(line, &alert->fixed);
	show_past(page, alert);
}

static void show_flake(struct page *page, const struct alert_shown *alert)
{
	phrase_jobs(page_section(page), &alert->first, alert->jobs);
	show_past(page, alert);
}

static void show_failure(struct page *page, const struct alert_shown *alert)
{
	struct words *line = page_section(page);

	(void)alert;
	phrase_commit(line, &page->newest);
	phrase_author(line, &page->newest);
	phrase_jobs(page_section(page), &page->newest, (int64_t)page->newest.jobs.count);
}

static void show_unknown(struct page *page, const struct alert_shown *alert)
{
	struct words *line = page_section(page);

	(void)alert;
	phrase_commit(line, &page->newest);
	phrase_author(line, &page->newest);
}

static void show_last(struct page *page, const struct alert_shown *alert)
{
	page->newest = alert->last;
}

static void show_first(struct page *page, const struct alert_shown *alert)
{
	page->newest = alert->first;
}

static bool is_red(const struct page *page, const struct alert_shown *alert)
{
	(void)page;
	return alert->state == ALERT_RED;
}

static bool is_fixed(const struct page *page, const struct alert_shown *alert)
{
	(void)page;
	return alert->state == ALERT_FIXED;
}

static bool is_started(const struct page *page, const struct alert_shown *alert)
{
	(void)page;
	return alert->fixed.started_at != INT_NULL;
}

/* In a thread it is known what it is about; a webhook has no threads. */
static bool is_threaded(const struct page *page, const struct alert_shown *alert)
{
	(void)alert;
	return !page->webhook;
}

/* The first row of a kind whose test holds says what is shown. */
static const struct {
	enum message_kind kind;
	bool (*test)(const struct page *page, const struct alert_shown *alert); /* NULL: holds */
	enum message_kind shown_as;
	const char *sentence;
	void (*below)(struct page *page, const struct alert_shown *alert); /* NULL: nothing */
} showings[] = {
	{MESSAGE_BREAK, is_red, MESSAGE_BREAK, ":red_circle: {place} is failing: {first}{more}", show_red},
	{MESSAGE_BREAK, is_fixed, MESSAGE_FIXED,
	 ":large_green_circle: {place} is fixed by {fixed} after {outage}", show_fixed},
	{MESSAGE_BREAK, NULL, MESSAGE_FLAKE,
	 ":large_yellow_circle: {place} was flaky: {fixed} passed on the same commit", show_flake},
	{MESSAGE_FAILURE, is_fixed, MESSAGE_UNKNOWN,
	 ":white_circle: {this} is unknown: hidden behind the break of {first}", show_unknown},
	{MESSAGE_FAILURE, NULL, MESSAGE_FAILURE,
	 "{this} failed too; it may be failing only because of {first}", show_failure},
	{MESSAGE_FIXED, NULL, MESSAGE_FIXED,
	 ":large_green_circle: {place} is passing again: {this}{by}, after {outage}", NULL},
	{MESSAGE_FLAKE, is_threaded, MESSAGE_FLAKE,
	 ":large_yellow_circle: {this} passed on the same commit: a flake, not a fix", NULL},
	{MESSAGE_FLAKE, NULL, MESSAGE_FLAKE,
	 ":large_yellow_circle: {place} {this} passed on the same commit: a flake, not a fix", NULL},
	{MESSAGE_SLOW, is_red, MESSAGE_SLOW, ":snail: {place} {last} took {took}, usually at most {usual}",
	 show_last},
	{MESSAGE_SLOW, NULL, MESSAGE_SLOW,
	 ":white_circle: {place} {last} was slow: it took {took}, usually at most {usual}", show_last},
	{MESSAGE_STUCK, is_red, MESSAGE_STUCK, ":hourglass: {place} {first} waits for {so_far}", show_first},
	{MESSAGE_STUCK, is_started, MESSAGE_STUCK, ":white_circle: {place} {first} started after {waited}",
	 show_first},
	{MESSAGE_STUCK, NULL, MESSAGE_STUCK, ":white_circle: {place} {first} is gone after {waited}",
	 show_first},
	{MESSAGE_REMIND, NULL, MESSAGE_REMIND,
	 ":alarm_clock: {place}{still} failing for {so_far}, since {first}", show_last},
};

static void show_alert(struct page *page, const struct alert_shown *alert)
{
	for (size_t i = 0; i < sizeof showings / sizeof *showings; i++) {
		if (showings[i].kind == page->kind && (!showings[i].test || showings[i].test(page, alert))) {
			page->kind = showings[i].shown_as;
			page_say(page, alert, showings[i].sentence);
			if (showings[i].below) {
				showings[i].below(page, alert);
			}
			return;
		}
	}
}

void digest_alerts(struct page *page, int64_t message,
		   bool (*each)(struct page *page, const struct alert_shown *alert))
{
	struct book *book = page->book;
	sqlite3_stmt *rows = db_ask(&book->db,
				    "SELECT a.id, a.kind, state, opened, closed, count, jobs, first, last, "
				    "fixed, 0, NULL FROM alerts a WHERE message = ? ORDER BY state > 0, a.id",
				    "i", message);
	bool more = true;

	while (more && db_row(&book->db, rows)) {
		struct alert_shown alert;

		alert_read(book, rows, &alert, false);
		more = each(page, &alert);
	}
	db_end(rows);
}

bool render(struct book *book, const struct shown *shown, struct operation *out)
{
	struct alert_shown alert = {0};
	struct page *page = page_new(book, shown);

	if (!page) {
		return false;
	}
	if (shown->build.size && !book_unpack(book, page_text(book, shown->build), &page->newest)) {
		return false;
	}
	if (shown->kind == MESSAGE_DIGEST) {
		digest_show(page, shown->message);
	} else if (alert_find(book, shown->alert, &alert)) {
		page->still =
			db_int(&book->db, 1, "SELECT count(*) FROM alerts WHERE message = ? AND state = 0",
			       "i", shown->thread);
		show_alert(page, &alert);
	} else {
		return false;
	}
	return page_end(page, shown, out);
}
