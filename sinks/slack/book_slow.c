/* Green builds that took much longer than the branch's last ones, and builds that wait too long for an
 * agent: alerts, as outages are. */
/* SPDX-License-Identifier: MIT */
#include "sinks/slack/book_private.h"

#include <stdio.h>
#include <stdlib.h>

#define GREENS_KEPT  50
#define UNKNOWN      (-2)
#define GREENS_LEAST 10 /* fewer say nothing about what is usual */

struct durations {
	int32_t ms[GREENS_KEPT]; /* oldest first */
	size_t count;
	int64_t alert; /* of builds that are slow; 0: none */
};

static void durations_read(struct book *book, const char *branch, struct durations *durations)
{
	sqlite3_stmt *row =
		db_ask(&book->db, "SELECT durations, slow FROM branches WHERE key = ?", "s", branch);

	*durations = (struct durations){0};
	if (db_row(&book->db, row)) {
		struct text bytes = db_text(row, 0);

		durations->count = bytes.size / sizeof durations->ms[0];
		durations->count = durations->count < GREENS_KEPT ? durations->count : GREENS_KEPT;
		if (durations->count) {
			memcpy(durations->ms, bytes.at, durations->count * sizeof durations->ms[0]);
		}
		durations->alert = sqlite3_column_int64(row, 1);
		db_end(row);
	}
}

static void durations_push(struct durations *durations, int64_t ms)
{
	if (durations->count == GREENS_KEPT) {
		memmove(durations->ms, durations->ms + 1, sizeof durations->ms - sizeof durations->ms[0]);
		durations->count--;
	}
	durations->ms[durations->count++] = (int32_t)(ms < INT32_MAX ? ms : INT32_MAX);
}

static int compare(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

static int64_t p90(const struct durations *durations)
{
	int32_t sorted[GREENS_KEPT];

	memcpy(sorted, durations->ms, sizeof sorted);
	qsort(sorted, durations->count, sizeof sorted[0], compare);
	return sorted[(durations->count * 9 + 9) / 10 - 1];
}

static bool is_slow(const struct durations *durations, const struct alert_change *change)
{
	int64_t usual = durations->count >= GREENS_LEAST ? p90(durations) : 0;
	int64_t took = change->build->duration_ms;

	return usual > 0 && (double)took > change->rule->slow_factor * (double)usual &&
	       took > usual + change->rule->slow_at_least_ms;
}

static void on_slow(struct book *book, const char *branch, struct durations *durations,
		    struct alert_change *change)
{
	bool news = !change->silent && change->build->origin == ORIGIN_LIVE &&
		    change->build->finished_at >= change->now_ms - LATE_MS;

	if (durations->alert == 0 && news) {
		durations->alert = alert_add(book, ALERT_SLOW, branch, change);
		db_run(&book->db, "UPDATE alerts SET threshold = 1, jobs = ?2 WHERE id = ?1", "ii",
		       durations->alert, p90(durations));
	}
	change->alert = durations->alert;
	if (change->alert) {
		alert_more(book, change);
	}
}

void slow_fold(struct book *book, const char *branch, const struct alert_change *given)
{
	struct alert_change change = *given;
	struct durations durations;
	struct text bytes = {(const char *)durations.ms, 0};

	if (change.rule->slow_factor <= 0 || change.build->duration_ms == INT_NULL) {
		return;
	}
	durations_read(book, branch, &durations);
	if (is_slow(&durations, &change)) {
		on_slow(book, branch, &durations, &change);
	} else if (durations.alert) {
		change.alert = durations.alert;
		alert_close(book, &change, ALERT_FIXED);
		durations.alert = 0;
	}
	durations_push(&durations, change.build->duration_ms);
	bytes.size = durations.count * sizeof durations.ms[0];
	db_run(&book->db, "UPDATE branches SET durations = ?2, slow = ?3 WHERE key = ?1", "sbi", branch,
	       &bytes, durations.alert);
}

/* It runs, or is over. */
static void on_moved(struct book *book, struct alert_change *change)
{
	change->alert = db_int(&book->db, UNKNOWN, "SELECT alert FROM waiting WHERE build = ?", "t",
			       &change->build->id);
	if (change->alert > 0) {
		alert_close(book, change, ALERT_FIXED);
	}
	if (change->alert != UNKNOWN) {
		db_run(&book->db, "DELETE FROM waiting WHERE build = ?", "t", &change->build->id);
	}
}

int64_t stuck_since(const struct build *build)
{
	return build->queued_at != INT_NULL ? build->queued_at : build->created_at;
}

void stuck_fold(struct book *book, const char *branch, const struct alert_change *given)
{
	struct alert_change change = *given;
	const struct build *build = change.build;
	int64_t since = stuck_since(build), jobs;
	struct text record;

	if (change.rule->stuck_queued_ms <= 0 || since == INT_NULL || build->state != STATE_QUEUED ||
	    build->origin == ORIGIN_BACKFILL) {
		on_moved(book, &change);
		return;
	}
	record = book_pack(book, build, &jobs);
	db_run(&book->db,
	       "INSERT INTO waiting (build, due, branch, alert, record) VALUES (?1, ?2, ?3, 0, ?4) ON "
	       "CONFLICT (build) DO UPDATE SET record = ?4",
	       "tisb", &build->id, since + change.rule->stuck_queued_ms, branch, &record);
}

/* The first that is due. */
static bool take_stuck(struct book *book, int64_t now_ms, struct build *build, char branch[static 1024])
{
	sqlite3_stmt *row =
		db_ask(&book->db,
		       "SELECT record, branch FROM waiting WHERE alert = 0 AND due <= ? ORDER BY due LIMIT 1",
		       "i", now_ms);
	bool taken = false;

	if (db_row(&book->db, row)) {
		struct text record = db_text(row, 0);
		char *copy = arena_text(&book->arena, record.at, record.size);

		taken = copy && book_unpack(book, (struct text){copy, record.size}, build);
		snprintf(branch, 1024, "%.*s", TEXT_FMT(db_text(row, 1)));
		db_end(row);
	}
	return taken;
}

void stuck_tick(struct book *book, int64_t now_ms)
{
	struct build build;
	char branch[1024];

	for (;;) {
		struct alert_change change = {.build = &build, .now_ms = now_ms};

		arena_reset(&book->arena);
		if (!take_stuck(book, now_ms, &build, branch)) {
			return;
		}
		change.rule = rules_find(book->config, &build);
		change.alert = -1;
		if (change.rule && change.rule->stuck_queued_ms > 0) {
			change.alert = alert_add(book, ALERT_STUCK, branch, &change);
			db_run(&book->db, "UPDATE alerts SET threshold = 1, live = 1 WHERE id = ?", "i",
			       change.alert);
			alert_tell(book, change.alert, now_ms, false);
		}
		db_run(&book->db, "UPDATE waiting SET alert = ?2 WHERE build = ?1", "ti", &build.id,
		       change.alert);
	}
}
