/* What changes without a build: quiet hours end, reminders are due, whoever may speak again says what
 * is untold, and what is long over is forgotten. */
/* SPDX-License-Identifier: MIT */
#include "sinks/slack/book_private.h"
#include "sinks/slack/quiet.h"

#include <stdio.h>

#define KEPT_MS        (30 * DAY_MS)  /* what is over */
#define BRANCH_KEPT_MS (180 * DAY_MS) /* a branch without builds */
#define DOUBTS_MAX     50
#define AT_ONCE        1000 /* of one kind, in one tick; the next one takes the rest */

struct list {
	int64_t ids[AT_ONCE];
	size_t count;
};

/* Ids first: what is done with them changes the rows. */
static void list_take(struct book *book, struct list *list, sqlite3_stmt *rows)
{
	list->count = 0;
	while (list->count < AT_ONCE && db_row(&book->db, rows)) {
		list->ids[list->count++] = sqlite3_column_int64(rows, 0);
	}
	db_end(rows);
}

#define UNTOLD "message = 0 AND held = 0 AND kind = 0 AND state = 0 AND live = 1 AND count >= threshold"

/* The first channel after this one where something is untold. */
static bool next_channel(struct book *book, char channel[static 128])
{
	sqlite3_stmt *row = db_ask(
		&book->db, "SELECT min(channel) FROM alerts WHERE " UNTOLD " AND channel > ?", "s", channel);
	bool found = false;

	if (db_row(&book->db, row)) {
		found = sqlite3_column_type(row, 0) != SQLITE_NULL;
		if (found) {
			snprintf(channel, 128, "%.*s", TEXT_FMT(db_text(row, 0)));
		}
		db_end(row);
	}
	return found;
}

/* More at once than what would be a storm are one digest. */
static void speak_in(struct book *book, const char *channel, int64_t now_ms)
{
	static struct list list;
	int64_t after = 0;
	/* Those that may be there already are looked up one by one. */
	int64_t most = book->doubt ? DOUBTS_MAX : book->config->storm;
	bool digest = book->config->storm > 0 &&
		      db_int(&book->db, 0, "SELECT count(*) FROM alerts WHERE " UNTOLD " AND channel = ?",
			     "s", channel) > most;

	do {
		list_take(book, &list,
			  db_ask(&book->db,
				 "SELECT id FROM alerts WHERE " UNTOLD
				 " AND channel = ? AND id > ? ORDER BY id",
				 "si", channel, after));
		for (size_t i = 0; i < list.count; i++) {
			arena_reset(&book->arena);
			alert_tell(book, list.ids[i], now_ms, digest);
			after = list.ids[i];
		}
	} while (list.count == AT_ONCE);
}

/* An outage that no rule knows any more, or that goes nowhere, is never told. */
static void route(struct book *book, int64_t alert)
{
	const struct slack_rule *rule = book_rule(book, alert);
	const char *channel = rule == &book->none ? NULL : rule_channel(book->config, rule);

	if (channel) {
		db_run(&book->db, "UPDATE alerts SET channel = ?2 WHERE id = ?1", "is", alert, channel);
	} else {
		db_run(&book->db, "UPDATE alerts SET message = -1, held = 0 WHERE id = ?", "i", alert);
	}
}

void book_route(struct book *book)
{
	static struct list list;
	int64_t after = 0;

	do {
		list_take(book, &list,
			  db_ask(&book->db, "SELECT id FROM alerts WHERE message = 0 AND id > ? ORDER BY id",
				 "i", after));
		for (size_t i = 0; i < list.count; i++) {
			arena_reset(&book->arena);
			route(book, list.ids[i]);
			after = list.ids[i];
		}
	} while (list.count == AT_ONCE);
}

void book_speak(struct book *book, const char *channel, int64_t now_ms)
{
	char name[128] = "";

	if (channel) {
		speak_in(book, channel, now_ms);
		return;
	}
	while (next_channel(book, name)) {
		speak_in(book, name, now_ms);
	}
}

/* Its time has come: alone, or with others of its channel. */
static void tell_held(struct book *book, int64_t alert, int64_t now_ms)
{
	bool digest =
		db_int(&book->db, 0,
		       "SELECT digest AND (SELECT count(*) FROM alerts b WHERE b.channel = a.channel AND "
		       "b.held > 0 AND b.held <= ?2 AND b.message = 0) > 1 FROM alerts a WHERE id = ?1",
		       "ii", alert, now_ms) != 0;

	db_run(&book->db, "UPDATE alerts SET held = 0 WHERE id = ?", "i", alert);
	alert_tell(book, alert, now_ms, digest);
}

/* Quiet hours are over: what came and went meanwhile is not told, what is still red is. What is left over
 * comes with the next tick. */
static void end_quiet(struct book *book, int64_t now_ms)
{
	static struct list list;

	db_run(&book->db, "DELETE FROM alerts WHERE held > 0 AND held <= ? AND message = 0 AND state <> 0",
	       "i", now_ms);
	list_take(book, &list,
		  db_ask(&book->db, "SELECT id FROM alerts WHERE held > 0 AND held <= ? ORDER BY channel, id",
			 "i", now_ms));
	for (size_t i = 0; i < list.count; i++) {
		arena_reset(&book->arena);
		tell_held(book, list.ids[i], now_ms);
	}
}

static void remind(struct book *book, int64_t message, int64_t now_ms)
{
	int64_t alert = db_int(&book->db, 0, "SELECT min(id) FROM alerts WHERE message = ? AND state = 0",
			       "i", message);
	const struct slack_rule *rule = alert ? book_rule(book, alert) : &book->none;
	int64_t next_ms = rule->remind_every_ms > 0 ? now_ms + rule->remind_every_ms : 0, ends_ms;
	bool quiet = next_ms && quiet_in(&rule->quiet, now_ms, &ends_ms);
	sqlite3_stmt *row;

	db_run(&book->db, "UPDATE messages SET remind_at = ?2 WHERE id = ?1", "ii", message,
	       quiet ? ends_ms : next_ms);
	row = db_ask(&book->db, "SELECT channel FROM messages WHERE id = ?", "i", message);
	if (next_ms && !quiet && db_row(&book->db, row)) {
		char channel[128];

		snprintf(channel, sizeof channel, "%.*s", TEXT_FMT(db_text(row, 0)));
		db_end(row);
		message_add(book, &(struct message_new){
					  .channel = channel,
					  .kind = MESSAGE_REMIND,
					  .alert = alert,
					  .thread = message,
					  .now_ms = now_ms,
					  .broadcast = true,
					  .seed = arena_format(&book->arena, "%lld %lld", (long long)message,
							       (long long)now_ms),
				  });
	}
}

static void remind_all(struct book *book, int64_t now_ms)
{
	static struct list list;

	list_take(book, &list,
		  db_ask(&book->db,
			 "SELECT id FROM messages WHERE remind_at > 0 AND remind_at <= ? ORDER BY id", "i",
			 now_ms));
	for (size_t i = 0; i < list.count; i++) {
		arena_reset(&book->arena);
		remind(book, list.ids[i], now_ms);
	}
}

void book_forget(struct book *book, int64_t now_ms)
{
	/* Not what is still to be said of it. */
	db_run(&book->db,
	       "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts a WHERE state <> 0 AND closed < ? AND "
	       "NOT "
	       "EXISTS (SELECT 1 FROM messages WHERE id = a.message AND dirty > 0) AND NOT EXISTS (SELECT 1 "
	       "FROM messages WHERE thread = a.message AND dirty > 0) LIMIT 1000)",
	       "i", now_ms - KEPT_MS);
	db_run(&book->db,
	       "DELETE FROM messages WHERE id IN (SELECT id FROM messages m WHERE made < ? AND dirty = 0 AND "
	       "NOT EXISTS (SELECT 1 FROM alerts WHERE message > 0 AND message IN (m.id, m.thread)) LIMIT "
	       "1000)",
	       "i", now_ms - KEPT_MS);
	db_run(&book->db,
	       "DELETE FROM branches WHERE key IN (SELECT key FROM branches WHERE created < ? AND alert = 0 "
	       "AND coalesce(slow, 0) = 0 LIMIT 1000)",
	       "i", now_ms - BRANCH_KEPT_MS);
	db_run(&book->db, "DELETE FROM users WHERE until < ?", "i", now_ms);
	db_run(&book->db, "PRAGMA incremental_vacuum(500)", "");
}

void book_tick(struct book *book, int64_t now_ms)
{
	end_quiet(book, now_ms);
	stuck_tick(book, now_ms);
	remind_all(book, now_ms);
}

int64_t book_next_ms(struct book *book)
{
	return db_int(&book->db, INT64_MAX,
		      "SELECT min(at) FROM (SELECT min(held) AS at FROM alerts WHERE held > 0 UNION ALL "
		      "SELECT min(remind_at) FROM messages WHERE remind_at > 0 UNION ALL "
		      "SELECT min(due) FROM waiting WHERE alert = 0)",
		      "");
}

int64_t book_due_ms(struct book *book, int64_t now_ms)
{
	return db_int(&book->db, INT64_MAX, "SELECT min(due) FROM messages WHERE dirty > 0 AND due > ?", "i",
		      now_ms);
}
