/* How an outage is told: as a message of its own, as a line of a digest, when quiet hours are over, or
 * never. The key of a message is made of the outage itself, so that what was said before slack.db was
 * lost is found again. */
/* SPDX-License-Identifier: MIT */
#include "sinks/slack/book_private.h"
#include "sinks/slack/quiet.h"

#include <stdio.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define REPLIES_MAX 20 /* of failures in one thread; what comes after is counted in its parent */

struct alert {
	int64_t id, message, count, threshold, opened_at, held;
	enum alert_kind kind;
	bool live, digest;
	char channel[128];
	/* Of its message, where it has one. */
	enum message_kind shown_as;
	bool said; /* or it may be */
};

static bool alert_read(struct book *book, int64_t id, struct alert *alert)
{
	sqlite3_stmt *row = db_ask(
		&book->db,
		"SELECT a.message, a.count, a.threshold, a.opened, a.held, a.kind, a.live, a.digest, "
		"a.channel, m.kind, m.told > 0 OR m.tried > 0 FROM alerts a LEFT JOIN messages m ON m.id = "
		"a.message WHERE a.id = ?",
		"i", id);

	if (!db_row(&book->db, row)) {
		return false;
	}
	*alert = (struct alert){
		.id = id,
		.message = sqlite3_column_int64(row, 0),
		.count = sqlite3_column_int64(row, 1),
		.threshold = sqlite3_column_int64(row, 2),
		.opened_at = sqlite3_column_int64(row, 3),
		.held = sqlite3_column_int64(row, 4),
		.kind = (enum alert_kind)sqlite3_column_int(row, 5),
		.live = sqlite3_column_int(row, 6),
		.digest = sqlite3_column_int(row, 7),
		.shown_as = (enum message_kind)sqlite3_column_int(row, 9),
		.said = sqlite3_column_int(row, 10),
	};
	snprintf(alert->channel, sizeof alert->channel, "%.*s", TEXT_FMT(db_text(row, 8)));
	db_end(row);
	return true;
}

int64_t message_add(struct book *book, const struct message_new *message)
{
	char key[17];
	const char *seed =
		arena_format(&book->arena, "%d\n%s\n%s", (int)message->kind, message->channel, message->seed);

	snprintf(key, sizeof key, "%016llx",
		 seed ? (unsigned long long)XXH3_64bits(seed, strlen(seed)) : 0ULL);
	db_run(&book->db,
	       "INSERT INTO messages (channel, kind, alert, thread, key, rev, told, dirty, tried, due, made, "
	       "open_until, remind_at, broadcast, plain, build) VALUES (?, ?, ?, ?, ?, 1, 0, ?, ?, ?, ?, 0, "
	       "0, ?, 0, ?)",
	       "siiisiiiiib", message->channel, (int64_t)message->kind, message->alert, message->thread, key,
	       book_dirty(book), message->tried_ms, message->due_ms, message->now_ms,
	       (int64_t)message->broadcast, &message->build);
	return sqlite3_last_insert_rowid(book->db.db);
}

/* What is in flight already is said once more, in its turn. */
void message_bump(struct book *book, int64_t message)
{
	int64_t dirty = book_dirty(book);

	db_run(&book->db,
	       "UPDATE messages SET rev = rev + (told > 0 OR tried > 0), dirty = iif(dirty > 0 AND tried = "
	       "0, dirty, ?2) "
	       "WHERE id = ?1",
	       "ii", message, dirty);
}

int64_t alert_add(struct book *book, enum alert_kind kind, const char *branch,
		  const struct alert_change *change)
{
	const struct build *build = change->build;
	const char *channel = rule_channel(book->config, change->rule);
	int64_t jobs = 0, opened_at = kind == ALERT_STUCK ? stuck_since(build) : build->finished_at;
	struct text first = book_pack(book, build, &jobs);

	db_run(&book->db,
	       "INSERT INTO alerts (kind, state, branch, channel, message, opened, closed, count, live, "
	       "threshold, held, digest, first, jobs) VALUES (?, 0, ?, ?, ?, ?, 0, 0, 0, ?, 0, ?, ?, ?)",
	       "issiiiibi", (int64_t)kind, branch, channel ? channel : "", (int64_t)(channel ? 0 : -1),
	       opened_at == INT_NULL ? change->now_ms : opened_at, change->rule->after_failures,
	       (int64_t)change->rule->quiet_digest, &first, jobs);
	return sqlite3_last_insert_rowid(book->db.db);
}

static const enum message_kind shown_as[] = {
	[ALERT_BREAK] = MESSAGE_BREAK,
	[ALERT_SLOW] = MESSAGE_SLOW,
	[ALERT_STUCK] = MESSAGE_STUCK,
};

/* What makes the key of a message of its own: the same trouble has the same one, also after slack.db was
 * lost.
 */
static const char *alert_seed(struct book *book, int64_t alert)
{
	sqlite3_stmt *row = db_ask(&book->db, "SELECT branch, first FROM alerts WHERE id = ?", "i", alert);
	const char *seed = NULL;
	struct build build;

	if (db_row(&book->db, row)) {
		if (book_unpack(book, db_text(row, 1), &build)) {
			seed = arena_format(&book->arena, "%.*s\n%.*s\n%lld", TEXT_FMT(db_text(row, 0)),
					    TEXT_FMT(build.id), (long long)build.attempt);
		}
		db_end(row);
	}
	return seed ? seed : "";
}

static bool is_storm(struct book *book, const char *channel, int64_t now_ms)
{
	int64_t limit = book->config->storm;

	return limit > 0 && db_int(&book->db, 0,
				   "SELECT count(*) FROM messages WHERE channel = ? AND kind IN (0, 6, 7) "
				   "AND made > ?",
				   "si", channel, now_ms - MINUTE_MS) >= limit;
}

/* Messages of a webhook can't be changed once they are there. */
static int64_t open_digest(struct book *book, const char *channel, int64_t now_ms)
{
	return db_int(&book->db, 0,
		      "SELECT max(id) FROM messages WHERE channel = ? AND kind = 5 AND made > ? AND "
		      "open_until > ? AND (? = 0 OR (told = 0 AND tried = 0))",
		      "siii", channel, now_ms - 60 * MINUTE_MS, now_ms,
		      (int64_t)(book->config->token == NULL));
}

static int64_t into_digest(struct book *book, const struct alert *alert, int64_t now_ms)
{
	int64_t digest = open_digest(book, alert->channel, now_ms);
	const struct message_new message = {
		.channel = alert->channel,
		.kind = MESSAGE_DIGEST,
		.due_ms = now_ms + DIGEST_WAIT_MS,
		.now_ms = now_ms,
		.seed = alert_seed(book, alert->id),
	};

	if (digest == 0) {
		digest = message_add(book, &message);
	} else {
		message_bump(book, digest);
	}
	db_run(&book->db, "UPDATE messages SET open_until = ?2 WHERE id = ?1", "ii", digest,
	       now_ms + MINUTE_MS);
	return digest;
}

static int64_t alone(struct book *book, const struct alert *alert, int64_t now_ms, int64_t due_ms)
{
	return message_add(book, &(struct message_new){
					 .channel = alert->channel,
					 .kind = shown_as[alert->kind],
					 .alert = alert->id,
					 .due_ms = due_ms,
					 .now_ms = now_ms,
					 .tried_ms = book->doubt ? alert->opened_at : 0,
					 .seed = alert_seed(book, alert->id),
				 });
}

/* A reminder is of a message: of a digest one for all. */
static void plan_reminder(struct book *book, int64_t message, const struct slack_rule *rule, int64_t now_ms)
{
	if (rule->remind_every_ms > 0) {
		db_run(&book->db, "UPDATE messages SET remind_at = ?2 WHERE id = ?1 AND remind_at = 0", "ii",
		       message, now_ms + rule->remind_every_ms);
	}
}

void alert_tell(struct book *book, int64_t id, int64_t now_ms, bool digest)
{
	const struct slack_rule *rule = book_rule(book, id);
	struct alert alert;
	int64_t ends_ms = 0, message;

	if (!alert_read(book, id, &alert) || alert.message != 0) {
		return;
	}
	/* What may be there already waits as a message: it is looked up, whatever comes of it by then. */
	if (quiet_in(&rule->quiet, now_ms, &ends_ms) && (!book->doubt || digest)) {
		db_run(&book->db, "UPDATE alerts SET held = ?2 WHERE id = ?1", "ii", id, ends_ms);
		return;
	}
	if (book_muted(book, alert.channel)) {
		return;
	}
	digest |= !book->doubt &&
		  (open_digest(book, alert.channel, now_ms) != 0 || is_storm(book, alert.channel, now_ms));
	message = digest ? into_digest(book, &alert, now_ms) : alone(book, &alert, now_ms, ends_ms);
	db_run(&book->db, "UPDATE alerts SET message = ?2, held = 0 WHERE id = ?1", "ii", id, message);
	if (alert.kind == ALERT_BREAK) {
		plan_reminder(book, message, rule, now_ms);
	}
}

static bool is_late(const struct alert_change *change)
{
	return change->build->finished_at < change->now_ms - LATE_MS;
}

static bool is_live(const struct build *build)
{
	return build->origin == ORIGIN_LIVE || build->origin == ORIGIN_NULL;
}

static const char *reply_seed(struct book *book, const struct build *build)
{
	return arena_format(&book->arena, "%.*s\n%lld", TEXT_FMT(build->id), (long long)build->attempt);
}

static void reply(struct book *book, const struct alert *alert, enum message_kind kind,
		  const struct alert_change *change, bool broadcast)
{
	struct message_new message = {
		.channel = alert->channel,
		.kind = kind,
		.alert = alert->id,
		.thread = alert->message,
		.now_ms = change->now_ms,
		.broadcast = broadcast,
		.seed = reply_seed(book, change->build),
	};
	int64_t jobs;

	/* It notifies those who were mentioned above it. */
	if (quiet_in(&change->rule->quiet, change->now_ms, &message.due_ms) && kind == MESSAGE_FAILURE) {
		return;
	}
	message.build = book_pack(book, change->build, &jobs);
	message_add(book, &message);
}

static void reply_failure(struct book *book, const struct alert *alert, const struct alert_change *change)
{
	int64_t replies =
		db_int(&book->db, 0, "SELECT count(*) FROM messages WHERE thread = ?", "i", alert->message);

	if (is_live(change->build) && !is_late(change) && replies < REPLIES_MAX && book->config->token &&
	    !book_muted(book, alert->channel)) {
		reply(book, alert, MESSAGE_FAILURE, change, false);
	}
}

/* After an outage of the bus old results come in a row: what is over by its end is not told. */
static void tell_news(struct book *book, const struct alert_change *change)
{
	if (change->build->finished_at >= change->now_ms - OLD_MS) {
		alert_tell(book, change->alert, change->now_ms, false);
		return;
	}
	db_run(&book->db, "UPDATE alerts SET held = ?2, digest = 0 WHERE id = ?1", "ii", change->alert,
	       change->now_ms + OLD_WAIT_MS);
}

void alert_more(struct book *book, const struct alert_change *change)
{
	int64_t jobs;
	struct text last = book_pack(book, change->build, &jobs);
	struct alert alert;

	db_run(&book->db,
	       "UPDATE alerts SET count = count + 1, live = live OR ?2, threshold = ?3, last = ?4 WHERE id = "
	       "?1",
	       "iiib", change->alert, (int64_t)is_live(change->build), change->rule->after_failures, &last);
	if (!alert_read(book, change->alert, &alert)) {
		return;
	}
	if (alert.message > 0) {
		message_bump(book, alert.message);
		if (alert.shown_as == MESSAGE_BREAK) {
			reply_failure(book, &alert, change);
		}
	} else if (alert.message == 0 && alert.held == 0 && !change->silent && alert.live &&
		   alert.count >= alert.threshold) {
		tell_news(book, change);
	}
}

/* Nobody heard of it, nobody will. */
static void forget(struct book *book, const struct alert *alert)
{
	db_run(&book->db, "DELETE FROM alerts WHERE id = ?", "i", alert->id);
	if (alert->message > 0 && alert->shown_as != MESSAGE_DIGEST) {
		db_run(&book->db, "DELETE FROM messages WHERE id = ?1 OR thread = ?1", "i", alert->message);
	} else if (alert->message > 0) {
		db_run(&book->db,
		       "DELETE FROM messages WHERE (id = ?1 OR thread = ?1) AND NOT EXISTS (SELECT 1 FROM "
		       "alerts WHERE message = ?1)",
		       "i", alert->message);
	}
}

/* What failed after the break is grey from now on. */
static void bump_failures(struct book *book, int64_t thread)
{
	int64_t ids[REPLIES_MAX];
	size_t count = 0;
	sqlite3_stmt *rows = db_ask(
		&book->db, "SELECT id FROM messages WHERE thread = ? AND kind = 1 ORDER BY id", "i", thread);

	while (db_row(&book->db, rows)) {
		if (count < REPLIES_MAX) {
			ids[count++] = sqlite3_column_int64(rows, 0);
		}
	}
	for (size_t i = 0; i < count; i++) {
		message_bump(book, ids[i]);
	}
}

static void say_closed(struct book *book, const struct alert *alert, const struct alert_change *change,
		       enum alert_state state)
{
	bool fixed = state == ALERT_FIXED;

	message_bump(book, alert->message);
	if (alert->shown_as != MESSAGE_BREAK || !is_live(change->build)) {
		return;
	}
	reply(book, alert, fixed ? MESSAGE_FIXED : MESSAGE_FLAKE, change,
	      fixed && !is_late(change) &&
		      change->build->finished_at - alert->opened_at >= change->rule->broadcast_after_ms);
	if (fixed && book->config->token) {
		bump_failures(book, alert->message);
	}
}

void alert_close(struct book *book, const struct alert_change *change, enum alert_state state)
{
	int64_t jobs;
	struct text fixed = book_pack(book, change->build, &jobs);
	struct alert alert;

	if (!alert_read(book, change->alert, &alert)) {
		return;
	}
	if (alert.message <= 0 ? alert.held == 0 || !alert.digest : !alert.said) {
		forget(book, &alert);
		return;
	}
	db_run(&book->db, "UPDATE alerts SET state = ?2, closed = ?3, fixed = ?4 WHERE id = ?1", "iiib",
	       alert.id, (int64_t)state, change->build->finished_at, &fixed);
	if (alert.message > 0) {
		say_closed(book, &alert, change, state);
	}
}
