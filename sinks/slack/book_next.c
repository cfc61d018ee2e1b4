/* The queue of what is to be said or edited, and what Slack's answers change in it. `tried` is set
 * before a message leaves: where no answer came, it is looked up, not said twice. */
/* SPDX-License-Identifier: MIT */
#include "sinks/slack/book_private.h"

/* A reply waits until what it answers is there; of a webhook nothing has a place to answer to. */
#define READY "m.dirty > 0 AND m.due <= ?2 AND (m.thread = 0 OR ?3 OR p.ts IS NOT NULL) "

static const char next_sql[] =
	"SELECT m.id, m.kind, m.alert, m.thread, m.key, m.ts, m.rev, m.tried, m.broadcast, m.plain, m.build, "
	"m.channel, p.ts, c.id FROM messages m LEFT JOIN messages p ON p.id = m.thread LEFT JOIN channels c "
	"ON c.name = m.channel WHERE m.channel = ?1 AND " READY "ORDER BY m.dirty LIMIT 1";
static const char next_anywhere_sql[] =
	"SELECT m.id, m.kind, m.alert, m.thread, m.key, m.ts, m.rev, m.tried, m.broadcast, m.plain, m.build, "
	"m.channel, p.ts, c.id FROM messages m LEFT JOIN messages p ON p.id = m.thread LEFT JOIN channels c "
	"ON c.name = m.channel WHERE ?1 IS NULL AND " READY "ORDER BY m.dirty LIMIT 1";

static const char *kept(struct book *book, sqlite3_stmt *row, int column)
{
	struct text text = db_text(row, column);

	return text.at ? arena_text(&book->arena, text.at, text.size) : NULL;
}

static void read_row(struct book *book, sqlite3_stmt *row, struct shown *shown, struct operation *out)
{
	*shown = (struct shown){
		.message = sqlite3_column_int64(row, 0),
		.kind = (enum message_kind)sqlite3_column_int(row, 1),
		.alert = sqlite3_column_int64(row, 2),
		.thread = sqlite3_column_int64(row, 3),
		.plain = sqlite3_column_int(row, 9),
		.build = {kept(book, row, 10), (size_t)sqlite3_column_bytes(row, 10)},
	};
	*out = (struct operation){
		.message = shown->message,
		.thread = shown->thread,
		.key = kept(book, row, 4),
		.ts = kept(book, row, 5),
		.rev = sqlite3_column_int64(row, 6),
		.tried_ms = sqlite3_column_int64(row, 7),
		.unknown = sqlite3_column_int64(row, 7) > 0,
		.broadcast = sqlite3_column_int(row, 8),
		.channel = kept(book, row, 11),
		.thread_ts = kept(book, row, 12),
		.channel_id = kept(book, row, 13),
	};
	out->edit = out->ts != NULL;
}

/* It is given up. What was never there can't be edited or answered either. */
static void drop(struct book *book, int64_t message)
{
	if (db_int(&book->db, 0, "SELECT ts IS NULL FROM messages WHERE id = ?", "i", message)) {
		db_run(&book->db, "UPDATE alerts SET message = -1 WHERE message = ?", "i", message);
		db_run(&book->db, "DELETE FROM messages WHERE id = ?1 OR thread = ?1", "i", message);
		return;
	}
	db_run(&book->db, "UPDATE messages SET dirty = 0, told = rev, tried = 0 WHERE id = ?", "i", message);
}

/* Of what a webhook can't do. */
static bool is_possible(const struct book *book, const struct shown *shown, const struct operation *out)
{
	return book->config->token || (!out->edit && shown->kind != MESSAGE_FAILURE);
}

static bool find_next(struct book *book, const char *channel, int64_t now_ms, struct operation *out)
{
	struct shown shown;

	for (;;) {
		sqlite3_stmt *row = db_ask(&book->db, channel ? next_sql : next_anywhere_sql, "sii", channel,
					   now_ms, (int64_t)(book->config->token == NULL));

		arena_reset(&book->arena);
		if (!db_row(&book->db, row)) {
			return false;
		}
		read_row(book, row, &shown, out);
		db_end(row);
		shown.now_ms = now_ms;
		if (is_possible(book, &shown, out) && render(book, &shown, out)) {
			return true;
		}
		drop(book, shown.message);
	}
}

bool book_next(struct book *book, const char *channel, int64_t now_ms, struct operation *out)
{
	bool found;

	db_look(&book->db);
	found = find_next(book, channel, now_ms, out);
	return db_looked(&book->db) && found;
}

void book_channels(struct book *book, int64_t now_ms, void (*each)(void *owner, const char *channel),
		   void *owner)
{
	sqlite3_stmt *rows = db_ask(
		&book->db, "SELECT DISTINCT channel FROM messages WHERE dirty > 0 AND due <= ?", "i", now_ms);

	while (db_row(&book->db, rows)) {
		each(owner, (const char *)sqlite3_column_text(rows, 0));
	}
}

void book_try(struct book *book, const struct operation *operation, int64_t now_ms)
{
	db_run(&book->db, "UPDATE messages SET tried = ?2 WHERE id = ?1", "ii", operation->message, now_ms);
}

/* What was over before it was said need not be said any more. */
void book_untried(struct book *book, const struct operation *operation)
{
	db_run(&book->db, "UPDATE messages SET tried = 0 WHERE id = ?", "i", operation->message);
	db_run(&book->db,
	       "DELETE FROM messages WHERE (id = ?1 OR thread = ?1) AND EXISTS (SELECT 1 FROM messages m "
	       "JOIN "
	       "alerts a ON a.id = m.alert WHERE m.id = ?1 AND m.kind = 0 AND m.told = 0 AND a.state <> 0)",
	       "i", operation->message);
}

void book_said(struct book *book, const struct operation *operation, const char *ts, const char *channel_id)
{
	/* What changed meanwhile keeps its turn. What shows more than we know of was said before slack.db was
	 * lost: it is brought up to date. */
	db_run(&book->db,
	       "UPDATE messages SET ts = coalesce(?2, ts), told = ?3, tried = 0, rev = iif(?3 > rev, ?3 + 1, "
	       "rev), dirty = iif(rev <> ?3, dirty, 0) WHERE id = ?1",
	       "isi", operation->message, ts, operation->rev);
	if (channel_id) {
		book_channel(book, operation->channel, channel_id);
	}
}

void book_channel(struct book *book, const char *channel, const char *id)
{
	db_run(&book->db,
	       "INSERT INTO channels (name, id) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET id = ?2",
	       "ss", channel, id);
}

bool book_refused(struct book *book, const struct operation *operation, bool final)
{
	if (final ||
	    db_int(&book->db, 1, "SELECT plain FROM messages WHERE id = ?", "i", operation->message)) {
		drop(book, operation->message);
		return false;
	}
	db_run(&book->db, "UPDATE messages SET plain = 1, tried = 0 WHERE id = ?", "i", operation->message);
	return true;
}

static bool is_configured(const struct book *book, const char *channel)
{
	const struct slack_rule *rules = book->config->rules.items;

	for (size_t i = 0; i < book->config->rules.count; i++) {
		const char *own = rule_channel(book->config, &rules[i]);

		if (own && strcmp(own, channel) == 0) {
			return true;
		}
	}
	return false;
}

void book_mute(struct book *book, const char *channel, const char *why, int64_t now_ms)
{
	/* A channel that was made anew has the same name and another id. */
	db_run(&book->db,
	       "INSERT INTO channels (name, dead, since) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE "
	       "SET "
	       "dead = ?2, since = coalesce(since, ?3), id = NULL",
	       "ssi", channel, why, now_ms);
	/* Nobody will cure what the configuration no longer names. */
	if (!is_configured(book, channel)) {
		db_run(&book->db, "UPDATE messages SET dirty = 0, tried = 0 WHERE channel = ?", "s", channel);
	}
	/* What was never said is told anew when the channel is there again, if it is still so. */
	db_run(&book->db,
	       "UPDATE alerts SET message = 0 WHERE message IN (SELECT id FROM messages WHERE channel = ? "
	       "AND "
	       "told = 0 AND tried = 0 AND thread = 0)",
	       "s", channel);
	/* That it was fixed (2, 3) answers what was said, and is said as well. */
	db_run(&book->db,
	       "DELETE FROM messages WHERE channel = ? AND told = 0 AND tried = 0 AND kind NOT IN (2, 3)",
	       "s", channel);
	db_run(&book->db,
	       "DELETE FROM alerts WHERE channel = ? AND message = 0 AND (state <> 0 OR kind <> 0)", "s",
	       channel);
}

const char *book_muted(struct book *book, const char *channel)
{
	sqlite3_stmt *row = db_ask(&book->db, "SELECT dead FROM channels WHERE name = ? AND dead IS NOT NULL",
				   "s", channel);
	const char *why = NULL;

	if (db_row(&book->db, row)) {
		why = kept(book, row, 0);
		db_end(row);
	}
	return why;
}

void book_unmute(struct book *book, const char *channel)
{
	db_run(&book->db, "UPDATE channels SET dead = NULL, since = NULL WHERE ?1 IS NULL OR name = ?1", "s",
	       channel);
}

void book_user(struct book *book, const char *email, const char *id, int64_t until_ms)
{
	db_run(&book->db,
	       "INSERT INTO users (email, id, until) VALUES (?1, ?2, ?3) ON CONFLICT (email) DO UPDATE SET "
	       "id "
	       "= ?2, until = ?3",
	       "ssi", email, id ? id : "", until_ms);
}
