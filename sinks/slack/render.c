/* SPDX-License-Identifier: MIT */
#include "common/process.h"
#include "sinks/slack/page.h"

#include <stdio.h>

static void alert_read(struct book *book, sqlite3_stmt *row, struct alert_shown *alert)
{
	*alert = (struct alert_shown){
		.id = sqlite3_column_int64(row, 0),
		.kind = (enum alert_kind)sqlite3_column_int(row, 1),
		.state = (enum alert_state)sqlite3_column_int(row, 2),
		.opened_at = sqlite3_column_int64(row, 3),
		.closed_at = sqlite3_column_int64(row, 4),
		.count = sqlite3_column_int64(row, 5),
		.jobs = sqlite3_column_int64(row, 6),
		.green_number = sqlite3_column_int64(row, 10),
	};
	page_build(book, db_text(row, 7), &alert->first);
	page_build(book, db_text(row, 8), &alert->last);
	page_build(book, db_text(row, 9), &alert->fixed);
	alert->green_url = page_text(book, db_text(row, 11));
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
	alert_read(book, row, alert);
	db_end(row);
	return true;
}

static void show_red(struct page *page, const struct alert_shown *alert)
{
	struct words *line = page_section(page);

	words_add(page->text, ":red_circle: ");
	phrase_place(page->text, &alert->first);
	words_add(page->text, " is failing: ");
	phrase_number(page->text, &alert->first);
	phrase_more(page->text, alert->count);
	words_add(line, ":red_circle: ");
	phrase_place_link(line, &alert->first);
	words_add(line, " is failing: ");
	phrase_number_link(line, &alert->first);
	phrase_more(line, alert->count);
	line = page_section(page);
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
}

static void show_fixed(struct page *page, const struct alert_shown *alert)
{
	struct words *line = page_section(page);

	words_add(page->text, ":large_green_circle: ");
	phrase_place(page->text, &alert->first);
	words_add(page->text, " is fixed by ");
	phrase_number(page->text, &alert->fixed);
	words_add(page->text, " after ");
	phrase_duration(page->text, alert->closed_at - alert->opened_at);
	words_add(line, ":large_green_circle: ");
	phrase_place_link(line, &alert->first);
	words_add(line, " is fixed by ");
	phrase_number_link(line, &alert->fixed);
	phrase_author(line, &alert->fixed);
	words_add(line, " after ");
	phrase_duration(line, alert->closed_at - alert->opened_at);
	line = page_section(page);
	phrase_commit(line, &alert->fixed);
	show_past(page, alert);
}

static void show_flake(struct page *page, const struct alert_shown *alert)
{
	struct words *line = page_section(page);

	words_add(page->text, ":large_yellow_circle: ");
	phrase_place(page->text, &alert->first);
	words_add(page->text, " was flaky: ");
	phrase_number(page->text, &alert->fixed);
	words_add(page->text, " passed on the same commit");
	words_add(line, ":large_yellow_circle: ");
	phrase_place_link(line, &alert->first);
	words_add(line, " was flaky: ");
	phrase_number_link(line, &alert->fixed);
	words_add(line, " passed on the same commit");
	line = page_section(page);
	phrase_jobs(line, &alert->first, alert->jobs);
	show_past(page, alert);
}

static void show_break(struct page *page, const struct alert_shown *alert)
{
	switch (alert->state) {
	case ALERT_RED:
		show_red(page, alert);
		break;
	case ALERT_FIXED:
		page->kind = MESSAGE_FIXED;
		show_fixed(page, alert);
		break;
	case ALERT_FLAKE:
		page->kind = MESSAGE_FLAKE;
		show_flake(page, alert);
		break;
	}
	page->newest = alert->state == ALERT_RED ? alert->last : alert->fixed;
}

static void show_failure(struct page *page, const struct alert_shown *alert)
{
	struct words *line = page_section(page);
	bool hidden = alert->state == ALERT_FIXED;

	page->kind = hidden ? MESSAGE_UNKNOWN : MESSAGE_FAILURE;
	words_add(page->text, hidden ? ":white_circle: " : "");
	words_add(line, hidden ? ":white_circle: " : "");
	phrase_number(page->text, &page->newest);
	phrase_number_link(line, &page->newest);
	words_add(page->text, hidden ? " is unknown: hidden behind the break of "
				     : " failed too; it may be failing only because of ");
	words_add(line, hidden ? " is unknown: hidden behind the break of "
			       : " failed too; it may be failing only because of ");
	phrase_number(page->text, &alert->first);
	phrase_number_link(line, &alert->first);
	line = page_section(page);
	phrase_commit(line, &page->newest);
	phrase_author(line, &page->newest);
	if (!hidden) {
		line = page_section(page);
		phrase_jobs(line, &page->newest, (int64_t)page->newest.jobs.count);
	}
}

static void show_fixed_reply(struct page *page, const struct alert_shown *alert)
{
	struct words *line = page_section(page);

	words_add(page->text, ":large_green_circle: ");
	phrase_place(page->text, &alert->first);
	words_add(page->text, " is passing again: ");
	phrase_number(page->text, &page->newest);
	phrase_author(page->text, &page->newest);
	words_add(page->text, ", after ");
	phrase_duration(page->text, alert->closed_at - alert->opened_at);
	words_add(line, ":large_green_circle: ");
	phrase_place_link(line, &alert->first);
	words_add(line, " is passing again: ");
	phrase_number_link(line, &page->newest);
	phrase_author(line, &page->newest);
	words_add(line, ", after ");
	phrase_duration(line, alert->closed_at - alert->opened_at);
}

/* In a thread it is known what it is about; a webhook has no threads. */
static void show_flake_reply(struct page *page, const struct alert_shown *alert)
{
	struct words *line = page_section(page);

	words_add(page->text, ":large_yellow_circle: ");
	words_add(line, ":large_yellow_circle: ");
	if (page->webhook) {
		phrase_place(page->text, &alert->first);
		phrase_place_link(line, &alert->first);
		words_add(page->text, " ");
		words_add(line, " ");
	}
	phrase_number(page->text, &page->newest);
	phrase_number_link(line, &page->newest);
	words_add(page->text, " passed on the same commit: a flake, not a fix");
	words_add(line, " passed on the same commit: a flake, not a fix");
}

static void show_slow(struct page *page, const struct alert_shown *alert)
{
	struct words *line = page_section(page);
	const char *mark = alert->state == ALERT_RED ? ":snail: " : ":white_circle: ";
	const char *took = alert->state == ALERT_RED ? " took " : " was slow: it took ";

	words_add(page->text, mark);
	phrase_place(page->text, &alert->first);
	words_add(page->text, " ");
	phrase_number(page->text, &alert->last);
	words_add(page->text, took);
	phrase_duration(page->text, alert->last.duration_ms);
	words_add(page->text, ", usually at most ");
	phrase_duration(page->text, alert->jobs);
	words_add(line, mark);
	phrase_place_link(line, &alert->first);
	words_add(line, " ");
	phrase_number_link(line, &alert->last);
	words_add(line, took);
	phrase_duration(line, alert->last.duration_ms);
	words_add(line, ", usually at most ");
	phrase_duration(line, alert->jobs);
	page->newest = alert->last;
}

static void show_stuck(struct page *page, const struct alert_shown *alert)
{
	struct words *line = page_section(page);
	bool waits = alert->state == ALERT_RED, started = alert->fixed.started_at != INT_NULL;
	const char *mark = waits ? ":hourglass: " : ":white_circle: ";
	const char *what = waits ? " waits for " : started ? " started after " : " is gone after ";
	int64_t until = waits ? page->now_ms : started ? alert->fixed.started_at : alert->closed_at;

	words_add(page->text, mark);
	phrase_place(page->text, &alert->first);
	words_add(page->text, " ");
	phrase_number(page->text, &alert->first);
	words_add(page->text, what);
	phrase_duration(page->text, until - alert->opened_at);
	words_add(line, mark);
	phrase_place_link(line, &alert->first);
	words_add(line, " ");
	phrase_number_link(line, &alert->first);
	words_add(line, what);
	phrase_duration(line, until - alert->opened_at);
	page->newest = alert->first;
}

static void show_remind(struct page *page, const struct alert_shown *alert, int64_t parent)
{
	struct words *line = page_section(page);
	int64_t more = db_int(&page->book->db, 1,
			      "SELECT count(*) FROM alerts WHERE message = ? AND state = 0", "i", parent);

	words_add(page->text, ":alarm_clock: ");
	phrase_place(page->text, &alert->first);
	phrase_more(page->text, more);
	words_add(page->text, more > 1 ? " are failing for " : " is failing for ");
	phrase_duration(page->text, page->now_ms - alert->opened_at);
	words_add(page->text, ", since ");
	phrase_number(page->text, &alert->first);
	words_add(line, page->text->at);
	page->newest = alert->last;
}

static void show_alert(struct page *page, const struct alert_shown *alert, const struct shown *shown)
{
	switch (shown->kind) {
	case MESSAGE_BREAK:
		show_break(page, alert);
		break;
	case MESSAGE_FAILURE:
	case MESSAGE_UNKNOWN:
		show_failure(page, alert);
		break;
	case MESSAGE_FIXED:
		show_fixed_reply(page, alert);
		break;
	case MESSAGE_FLAKE:
		show_flake_reply(page, alert);
		break;
	case MESSAGE_SLOW:
		show_slow(page, alert);
		break;
	case MESSAGE_STUCK:
		show_stuck(page, alert);
		break;
	case MESSAGE_REMIND:
		show_remind(page, alert, shown->thread);
		break;
	case MESSAGE_DIGEST:
		break;
	}
}

void digest_alerts(struct page *page, int64_t message,
		   void (*each)(struct page *page, const struct alert_shown *alert))
{
	struct book *book = page->book;
	sqlite3_stmt *rows =
		db_ask(&book->db,
		       "SELECT a.id, a.kind, state, opened, closed, count, jobs, first, last, "
		       "fixed, 0, NULL FROM alerts a WHERE message = ? ORDER BY state > 0, a.id LIMIT 200",
		       "i", message);

	while (db_row(&book->db, rows)) {
		struct alert_shown alert;

		alert_read(book, rows, &alert);
		each(page, &alert);
	}
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
		show_alert(page, &alert, shown);
	} else {
		return false;
	}
	return page_end(page, shown, out);
}
