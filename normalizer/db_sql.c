/* The schema of hub.db and every statement that runs on it. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/db.h"

/* log keeps what the feed sends; superseded names the rows that a newer version of the same build replaced,
 * with the time of that: only those are ever trimmed. build is the latest state of each id; the set of open
 * builds is its rows with finished = 0. A target without due_at is leased. All times are ms. */
const char db_schema[] =
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE log(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, id TEXT NOT NULL, record BLOB NOT "
	"NULL);"
	"CREATE TABLE superseded(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL);"
	"CREATE INDEX superseded_at ON superseded(at);"
	"CREATE TABLE build(id TEXT PRIMARY KEY, uid TEXT, seq INTEGER NOT NULL, version INTEGER NOT NULL,"
	" observed_at INTEGER NOT NULL, attempt INTEGER NOT NULL, finished INTEGER NOT NULL, hash INTEGER "
	"NOT NULL,"
	" target TEXT NOT NULL, key TEXT NOT NULL, due_at INTEGER NOT NULL, misses INTEGER NOT NULL DEFAULT "
	"0,"
	" missed_at INTEGER) WITHOUT ROWID;"
	"CREATE INDEX build_open_due ON build(target, due_at, key) WHERE finished = 0;"
	"CREATE INDEX build_open_key ON build(target, key) WHERE finished = 0;"
	"CREATE TABLE target(name TEXT PRIMARY KEY, provider TEXT NOT NULL, source TEXT NOT NULL, parent "
	"TEXT,"
	" active INTEGER NOT NULL, due_at INTEGER, cursor BLOB, visited_at INTEGER) WITHOUT ROWID;"
	"CREATE INDEX target_due ON target(provider, due_at) WHERE active = 1 AND due_at IS NOT NULL;"
	"CREATE INDEX target_parent ON target(parent) WHERE parent IS NOT NULL;"
	"CREATE TABLE lease(fence INTEGER PRIMARY KEY, target TEXT NOT NULL UNIQUE, last INTEGER NOT NULL,"
	" worker TEXT NOT NULL, since INTEGER NOT NULL);"
	"CREATE TABLE sink(name TEXT PRIMARY KEY, position INTEGER NOT NULL, fresh_to INTEGER NOT NULL, note "
	"BLOB,"
	" seen_at INTEGER NOT NULL, lapsed_at INTEGER) WITHOUT ROWID;"
	"CREATE TABLE dead(number INTEGER PRIMARY KEY, at INTEGER NOT NULL, stage TEXT NOT NULL, target TEXT "
	"NOT NULL,"
	" key TEXT NOT NULL, reason TEXT NOT NULL, times INTEGER NOT NULL DEFAULT 1, body BLOB,"
	" UNIQUE(stage, target, key));"
	"CREATE TABLE raw(number INTEGER PRIMARY KEY, at INTEGER NOT NULL, target TEXT NOT NULL, key TEXT "
	"NOT NULL,"
	" seq INTEGER NOT NULL, envelope BLOB NOT NULL);"
	"CREATE INDEX raw_at ON raw(at);";

/* The names that pipelines have had, as ids without the number, the target that brought each, and the seq
 * from which on it is the one that counts. */
const char db_schema_pipeline[] =
	"CREATE TABLE pipeline(uid TEXT NOT NULL, prefix TEXT NOT NULL, target TEXT NOT NULL,"
	" since INTEGER NOT NULL, PRIMARY KEY(uid, prefix)) WITHOUT ROWID";

/* What finished builds still owe (details.c). In build, owed_for is the finished_at at which they owed it
 * last, detailed_for the one that the details in the record belong to. */
const char db_schema_owed[] =
	"CREATE TABLE owed(id TEXT PRIMARY KEY, target TEXT NOT NULL, key TEXT NOT NULL, finished_at INTEGER "
	"NOT NULL,"
	" backfill INTEGER NOT NULL, due_at INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0) WITHOUT "
	"ROWID;"
	"CREATE INDEX owed_due ON owed(target, backfill, due_at);"
	"CREATE INDEX owed_key ON owed(target, key);"
	"ALTER TABLE build ADD COLUMN owed_for INTEGER; ALTER TABLE build ADD COLUMN detailed_for INTEGER";

/* archive.h. What was archived one by one is let go: nothing has read that form yet. */
const char db_schema_frames[] =
	"DROP TABLE raw; CREATE TABLE raw(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, frame BLOB NOT NULL);"
	"CREATE INDEX raw_at ON raw(at)";

/* news_at: something of it was new, or open, at the last visit that ended then. settled_from: when the last
 * visit that left nothing to read began, or null; of a live walk: since when its visits leave no gap. net_at:
 * when the target is due although a live walk reads it; of a live walk: until when it stands in for the
 * others. */
const char db_schema_settled[] =
	"ALTER TABLE target ADD COLUMN news_at INTEGER; ALTER TABLE target ADD COLUMN settled_from INTEGER;"
	"ALTER TABLE target ADD COLUMN net_at INTEGER;";

/* retry_at: when the build that could not be read is asked for again, or null: no more. */
const char db_schema_dead[] = "ALTER TABLE dead ADD COLUMN retry_at INTEGER;"
			      "ALTER TABLE dead ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;"
			      "CREATE INDEX dead_retry ON dead(target, retry_at) WHERE retry_at IS NOT NULL";

/* What a sink gets once more (again.c): resend.of is the seq of a record in the log, sent to that sink alone
 * as seq; replay is one in progress, which has come to `at` on its way to `until`, and of the raw archive to
 * raw_at (null: not made anew). In build, raw_seq is the seq of the record that the newest raw record of it
 * made. In dead, resent is the seq under which the sink gets it again. The number of a letter names no other
 * one later. */
const char db_schema_again[] =
	"CREATE TABLE resend(sink TEXT NOT NULL, seq INTEGER NOT NULL, of INTEGER NOT NULL, PRIMARY "
	"KEY(sink, "
	"seq)) WITHOUT ROWID;"
	"CREATE TABLE replay(sink TEXT PRIMARY KEY, since INTEGER NOT NULL, began_at INTEGER NOT NULL,"
	" at INTEGER NOT NULL, until INTEGER NOT NULL, raw_at INTEGER, sent INTEGER NOT NULL DEFAULT 0,"
	" made INTEGER NOT NULL DEFAULT 0, ended_at INTEGER) WITHOUT ROWID;"
	"ALTER TABLE build ADD COLUMN raw_seq INTEGER;"
	"ALTER TABLE dead RENAME TO dead_before;"
	"CREATE TABLE dead(number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, stage TEXT NOT "
	"NULL,"
	" target TEXT NOT NULL, key TEXT NOT NULL, reason TEXT NOT NULL, times INTEGER NOT NULL DEFAULT 1,"
	" body BLOB, retry_at INTEGER, asked INTEGER NOT NULL DEFAULT 0, resent INTEGER,"
	" UNIQUE(stage, target, key));"
	"INSERT INTO dead SELECT number, at, stage, target, key, reason, times, body, retry_at, asked, NULL "
	"FROM "
	"dead_before;"
	"DROP TABLE dead_before;"
	"CREATE INDEX dead_retry ON dead(target, retry_at) WHERE retry_at IS NOT NULL;"
	"CREATE INDEX dead_resent ON dead(stage, resent) WHERE resent IS NOT NULL";

#define LETTER "number, at, stage, target, key, reason, times, length(body), retry_at, resent"

/* added_at: when the sink came first, null: before this was kept. missed: versions that were trimmed away
 * before it had them, because it had lapsed. */
const char db_schema_sinks[] = "ALTER TABLE sink ADD COLUMN added_at INTEGER;"
			       "ALTER TABLE sink ADD COLUMN missed INTEGER NOT NULL DEFAULT 0";

/* chain.h. The latest state of each build names its newest record: rtrim leaves an id up to its last slash.
 */
const char db_schema_chain[] =
	"CREATE TABLE chain(pipeline TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;"
	"INSERT INTO chain SELECT rtrim(id, replace(id, '/', '')), max(seq) FROM build GROUP BY 1";

/* build.state: enum build_state; null: before this was kept. */
const char db_schema_state[] = "ALTER TABLE build ADD COLUMN state INTEGER";

const char *const db_sql[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_META_GET] = "SELECT value FROM meta WHERE key = ?",
	[SQL_META_SET] = "INSERT INTO meta(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = "
			 "excluded.value",
	[SQL_BUILD_GET] = "SELECT uid, seq, version, observed_at, attempt, finished, hash, owed_for, "
			  "detailed_for, target, key, coalesce(raw_seq, seq) FROM build"
			  " WHERE id = ?",
	[SQL_BUILD_REPLACED] = "SELECT seq FROM build WHERE target = ? AND key = ? AND finished = 0 AND uid "
			       "<> ? ORDER BY seq LIMIT 1",
	[SQL_BUILD_PUT] =
		"INSERT INTO build(id, uid, seq, version, observed_at, attempt, finished, hash, target, key, "
		"due_at, state, raw_seq)"
		" VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET uid = "
		"excluded.uid,"
		" seq = excluded.seq, version = excluded.version, observed_at = excluded.observed_at,"
		" attempt = excluded.attempt, finished = excluded.finished, hash = excluded.hash,"
		" target = excluded.target, key = excluded.key, due_at = excluded.due_at, misses = 0,"
		" missed_at = NULL, state = excluded.state, raw_seq = coalesce(excluded.raw_seq, raw_seq)",
	[SQL_BUILD_SEEN] =
		"UPDATE build SET observed_at = ?, due_at = ?, misses = 0, missed_at = NULL WHERE id = ?",
	[SQL_BUILD_ADOPT] = "UPDATE build SET target = ?, key = ? WHERE id = ? AND NOT EXISTS"
			    " (SELECT 1 FROM target t WHERE t.name = build.target AND t.active = 1)",
	[SQL_BUILD_MISSED] =
		"UPDATE build SET misses = misses + 1, missed_at = coalesce(missed_at, ?), due_at = ?"
		" WHERE target = ? AND key = ? AND finished = 0 AND (observed_at <= ? OR observed_at > ?)",
	[SQL_BUILD_GONE] =
		"SELECT seq FROM build WHERE target = ? AND key = ? AND finished = 0 AND misses >= ?"
		" AND missed_at <= ?",
	[SQL_BUILD_DUE_KEYS] =
		"SELECT DISTINCT target, key FROM build WHERE target = ? AND finished = 0 AND due_at <= ?"
		" ORDER BY due_at LIMIT ?",
	[SQL_BUILD_HANDED_OUT] = "UPDATE build SET due_at = ? WHERE target = ? AND key = ? AND finished = 0",
	[SQL_BUILD_MOVE] = "UPDATE build SET target = ?, misses = 0, missed_at = NULL"
			   " WHERE target = ? AND finished = 0",
	[SQL_PIPELINE_NAMES] = "SELECT prefix, target FROM pipeline WHERE uid = ? ORDER BY since DESC",
	[SQL_PIPELINE_PUT] = "INSERT INTO pipeline(uid, prefix, target, since) VALUES(?, ?, ?, ?)"
			     " ON CONFLICT DO UPDATE SET target = excluded.target, since = excluded.since",
	[SQL_CHAIN_GET] = "SELECT seq FROM chain WHERE pipeline = ?",
	[SQL_CHAIN_PUT] = "INSERT INTO chain(pipeline, seq) VALUES(?, ?) ON CONFLICT(pipeline) DO UPDATE SET "
			  "seq = excluded.seq",
	[SQL_LOG_ADD] = "INSERT INTO log(seq, at, id, record) VALUES(?, ?, ?, ?)",
	[SQL_LOG_HEAD] = "SELECT coalesce(max(seq), 0) FROM log",
	[SQL_LOG_GET] = "SELECT id, record FROM log WHERE seq = ?",
	[SQL_SUPERSEDED_ADD] = "INSERT OR IGNORE INTO superseded(seq, at) VALUES(?, ?)",
	/* A bounded look at the oldest ones, so that a sink that is far behind doesn't make it long. */
	[SQL_TRIM_LIST] = "SELECT seq FROM (SELECT seq FROM superseded WHERE at < ? ORDER BY at LIMIT ?) "
			  "WHERE seq <= ?",
	[SQL_TRIM_NEWEST] =
		"SELECT max(seq) FROM (SELECT seq FROM superseded WHERE at < ? ORDER BY at LIMIT ?)",
	[SQL_TRIM_LOG] = "DELETE FROM log WHERE seq = ?",
	[SQL_TRIM_SUPERSEDED] = "DELETE FROM superseded WHERE seq = ?",
	[SQL_RAW_ADD] = "INSERT INTO raw(seq, at, frame) VALUES(?, ?, ?)",
	[SQL_RAW_TRIM] =
		"DELETE FROM raw WHERE seq IN (SELECT seq FROM raw WHERE at < ? ORDER BY at LIMIT ?)",
	[SQL_TARGET_PUT] =
		"INSERT INTO target(name, provider, source, parent, active, due_at) VALUES(?, ?, ?, ?, 1, ?)"
		" ON CONFLICT(name) DO UPDATE SET provider = excluded.provider, source = excluded.source,"
		" parent = excluded.parent, active = 1,"
		" due_at = CASE WHEN active <> 0 OR due_at IS NULL THEN due_at ELSE excluded.due_at END",
	[SQL_TARGET_DOUBT] = "UPDATE target SET active = -1 WHERE active = 1 AND parent IS NULL",
	[SQL_TARGET_RETIRE_DOUBTED] = "UPDATE target SET active = 0 WHERE active = -1",
	[SQL_TARGET_RETIRE_ORPHANS] =
		"UPDATE target SET active = 0 WHERE active = 1 AND parent IS NOT NULL AND parent NOT IN"
		" (SELECT name FROM target WHERE active = 1 AND parent IS NULL)",
	[SQL_TARGET_DOUBT_FOUND] = "UPDATE target SET active = -1 WHERE parent = ? AND active = 1",
	/* What still has open builds is visited until they are over, or known to be gone. */
	[SQL_TARGET_RETIRE_UNFOUND] =
		"UPDATE target SET active = 0 WHERE parent = ? AND active = -1 AND NOT EXISTS"
		" (SELECT 1 FROM build b WHERE b.target = target.name AND b.finished = 0)",
	[SQL_TARGET_KEEP_UNFOUND] = "UPDATE target SET active = 1 WHERE parent = ? AND active = -1",
	[SQL_TARGET_IS_ACTIVE] = "SELECT active, parent FROM target WHERE name = ?",
	[SQL_TARGET_CLAIM] =
		"SELECT name, source, cursor FROM target WHERE provider = ? AND active = 1 AND due_at <= ?"
		" ORDER BY due_at LIMIT 1",
	[SQL_TARGET_CLAIM_NAMED] =
		"SELECT name, source, cursor FROM target WHERE name = ? AND active = 1 AND due_at <= ?",
	[SQL_TARGET_TAKE] = "UPDATE target SET due_at = NULL WHERE name = ?",
	[SQL_TARGET_CURSOR] = "UPDATE target SET cursor = ? WHERE name = ?",
	[SQL_TARGET_DUE] =
		"UPDATE target SET due_at = ?, visited_at = ?, news_at = ?, settled_from = ?, net_at "
		"= ?, why = ? WHERE name = ?",
	[SQL_TARGET_SETTLED] = "SELECT settled_from, net_at FROM target WHERE name = ? AND active = 1",
	[SQL_TARGET_COUNT] = "SELECT count(*) FROM target WHERE source = ? AND active = 1",
	[SQL_TARGET_HISTORY] =
		"SELECT news_at, (SELECT due_at FROM build WHERE target = ?1 AND finished = 0 ORDER BY "
		"due_at "
		"LIMIT 1), EXISTS (SELECT 1 FROM build WHERE target = ?1 AND finished = 0 AND due_at - "
		"observed_at < ?2) FROM target WHERE name = ?1",
	/* Its visits read the open builds of all targets of the source. */
	[SQL_LIVE_HISTORY] =
		"SELECT t.news_at, NULL, EXISTS (SELECT 1 FROM target o JOIN build b ON b.target = o.name "
		"AND "
		"b.finished = 0 WHERE o.source = t.source AND b.due_at - b.observed_at < ?2) FROM target t "
		"WHERE t.name = ?1",
	/* CROSS JOIN: a look at what is due of each target, not at all that is open. */
	[SQL_LIVE_DUE_KEYS] =
		"SELECT DISTINCT t.name, b.key FROM target t CROSS JOIN build b ON b.target = t.name AND "
		"b.finished = 0 AND b.due_at <= ?2 WHERE t.source = ?1 AND t.active = 1 ORDER BY b.due_at "
		"LIMIT ?3",
	[SQL_LIVE_RELIEVE] =
		"UPDATE target SET due_at = min(net_at, ?1), visited_at = ?2 WHERE source = ?3 AND active = 1"
		" AND due_at IS NOT NULL AND settled_from >= ?4 AND name <> ?5",
	[SQL_TARGET_NEXT_DUE] =
		"SELECT due_at FROM target WHERE provider = ? AND active = 1 AND due_at IS NOT NULL"
		" ORDER BY due_at LIMIT 1",
	[SQL_LEASE_PUT] = "INSERT INTO lease(fence, target, last, worker, since) VALUES(?, ?, 0, ?, ?)",
	[SQL_LEASE_LAST] = "UPDATE lease SET last = ? WHERE fence = ?",
	[SQL_LEASE_END] = "DELETE FROM lease WHERE fence = ?",
	[SQL_LEASE_ALL] =
		"SELECT l.fence, l.target, l.last, l.worker, l.since, t.source, t.provider FROM lease l"
		" JOIN target t ON t.name = l.target",
	[SQL_SINK_GET] = "SELECT position, fresh_to, note FROM sink WHERE name = ?",
	[SQL_SINK_COUNT] = "SELECT count(*) FROM sink",
	[SQL_SINK_ADD] =
		"INSERT INTO sink(name, position, fresh_to, seen_at, added_at) VALUES(?1, 0, ?2, ?3, ?3)",
	[SQL_SINK_ACK] = "UPDATE sink SET position = max(position, ?), note = coalesce(?, note), seen_at = ?"
			 " WHERE name = ?",
	[SQL_SINK_BACK] = "UPDATE sink SET seen_at = ?, lapsed_at = NULL WHERE name = ?",
	[SQL_SINK_ANEW] = "UPDATE sink SET position = 0, fresh_to = ? WHERE name = ?",
	[SQL_SINK_SEEN] = "UPDATE sink SET seen_at = ? WHERE name = ?",
	/* Absent since before ?1, where the hub's own absence before ?2 counts for nothing; or in the way of
	 * trimming up to ?4. */
	[SQL_SINK_LAPSING] = "SELECT name, position, seen_at FROM sink WHERE lapsed_at IS NULL AND"
			     " (seen_at + CASE WHEN seen_at < ?2 THEN ?3 ELSE 0 END < ?1 OR max(position, "
			     "fresh_to) < ?4) LIMIT 1",
	[SQL_SINK_LAPSE] = "UPDATE sink SET lapsed_at = ? WHERE name = ?",
	/* What was superseded before it came first it never gets. */
	[SQL_SINK_FLOOR] = "SELECT min(max(position, fresh_to)) FROM sink WHERE lapsed_at IS NULL",
	[SQL_SINK_MISSED] = "UPDATE sink SET missed = missed + 1 WHERE lapsed_at IS NOT NULL AND "
			    "max(position, fresh_to) < ?",
	[SQL_SINK_FORGET] = "DELETE FROM sink WHERE name = ?",
	[SQL_SINK_FORGET_RESEND] = "DELETE FROM resend WHERE sink = ?",
	[SQL_SINK_FORGET_DEAD] = "DELETE FROM dead WHERE stage = 'sink:' || ?",
	[SQL_LEASE_END_ALL] = "DELETE FROM lease",
	[SQL_RESTORE_SINKS] = "UPDATE sink SET position = 0, fresh_to = ?, note = NULL",
	/* Not what is kept: what was sent since may differ, so that what is seen next is sent in any case. */
	[SQL_RESTORE_BUILDS] = "UPDATE build SET hash = ~hash WHERE finished = 0",
	[SQL_RESTORE_RESEND] = "DELETE FROM resend",
	[SQL_RESTORE_DEAD] = "UPDATE dead SET resent = NULL WHERE resent IS NOT NULL",
	[SQL_RESTORE_REPLAY] = "DELETE FROM replay",
	[SQL_DUE_TARGETS] = "UPDATE target SET due_at = 0 WHERE active = 1",
	[SQL_DUE_BUILDS] = "UPDATE build SET due_at = 0 WHERE finished = 0",
	[SQL_BUILD_MOVED] = "UPDATE build SET seq = ? WHERE id = ?",
	[SQL_CLOCK_TARGETS] = "UPDATE target SET due_at = due_at + ?1, news_at = news_at + ?1,"
			      " settled_from = settled_from + ?1, net_at = net_at + ?1",
	[SQL_CLOCK_BUILDS] = "UPDATE build SET due_at = due_at + ? WHERE finished = 0",
	[SQL_CLOCK_SINKS] = "UPDATE sink SET seen_at = seen_at + ?",
	[SQL_CLOCK_OWED] = "UPDATE owed SET due_at = due_at + ?",
	[SQL_CLOCK_DEAD] = "UPDATE dead SET retry_at = retry_at + ? WHERE retry_at IS NOT NULL",
	[SQL_OWED_PUT] =
		"INSERT INTO owed(id, target, key, finished_at, backfill, due_at) VALUES(?, ?, ?, ?, ?, ?)"
		" ON CONFLICT(id) DO UPDATE SET target = excluded.target, key = excluded.key, finished_at = "
		"excluded.finished_at,"
		" backfill = excluded.backfill, due_at = excluded.due_at, tries = 0",
	[SQL_OWED_GET] =
		"SELECT o.finished_at, o.tries, b.seq, b.target, b.key, b.observed_at, o.id FROM owed o"
		" JOIN build b ON b.id = o.id WHERE o.target = ? AND o.key = ?",
	[SQL_OWED_KEYS] = "SELECT key FROM owed WHERE target = ? AND backfill = ? AND due_at <= ? ORDER BY "
			  "due_at LIMIT ?",
	[SQL_OWED_HANDED_OUT] = "UPDATE owed SET due_at = ? WHERE target = ? AND key = ?",
	[SQL_OWED_NEXT_DUE] = "SELECT min(due_at) FROM owed WHERE target = ? AND backfill = ?",
	[SQL_OWED_LATER] = "UPDATE owed SET due_at = ?, tries = tries + 1 WHERE id = ?",
	[SQL_OWED_END] = "DELETE FROM owed WHERE id = ?",
	[SQL_READ_OWED] = "SELECT count(*) FROM owed",
	[SQL_BUILD_OWES] = "UPDATE build SET owed_for = ? WHERE id = ?",
	[SQL_BUILD_DETAILED] = "UPDATE build SET detailed_for = ? WHERE id = ?",
	/* Not one that failed: news does not make the provider answer. */
	[SQL_TARGET_SOONER] = "UPDATE target SET due_at = ? WHERE name = ? AND due_at > ? AND why IS NULL",
	[SQL_DEAD_PUT] =
		"INSERT INTO dead(at, stage, target, key, reason, body, retry_at)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, CASE ?2 WHEN 'normalize' THEN ?1 + 5000 END)"
		" ON CONFLICT(stage, target, key) DO UPDATE SET at = excluded.at, reason = excluded.reason,"
		" body = excluded.body, times = times + 1, resent = NULL",
	[SQL_DEAD_COUNT] = "SELECT count(*) FROM dead",
	[SQL_DEAD_UNREAD] = "SELECT 1 FROM dead WHERE stage IN ('normalize', 'oversize') LIMIT 1",
	[SQL_DEAD_READ] =
		"DELETE FROM dead WHERE stage IN ('normalize', 'oversize') AND target = ? AND key = ?",
	[SQL_DEAD_DUE_KEYS] = "SELECT target, key FROM dead WHERE target = ? AND retry_at <= ?"
			      " ORDER BY retry_at LIMIT ?",
	[SQL_DEAD_LIVE_DUE_KEYS] =
		"SELECT d.target, d.key FROM target t CROSS JOIN dead d ON d.target = t.name"
		" AND d.retry_at <= ?2 WHERE t.source = ?1 AND t.active = 1 ORDER BY d.retry_at LIMIT ?3",
	/* After 5 seconds, then after 1, 4, 16, 64 and 256 minutes. */
	[SQL_DEAD_HANDED_OUT] = "UPDATE dead SET asked = asked + 1,"
				" retry_at = CASE WHEN asked < 5 THEN ? + (60000 << 2 * asked) END"
				" WHERE target = ? AND key = ? AND retry_at IS NOT NULL",
	[SQL_DEAD_GET] = "SELECT " LETTER ", body FROM dead WHERE number = ?",
	[SQL_DEAD_DROP] = "DELETE FROM dead WHERE number = ?",
	[SQL_READ_DEAD] = "SELECT " LETTER " FROM dead WHERE number > ? ORDER BY number LIMIT ?",
	[SQL_READ_DEAD_OF] =
		"SELECT " LETTER " FROM dead WHERE number > ? AND stage = ? ORDER BY number LIMIT ?",
	[SQL_DEAD_RESENT] = "UPDATE dead SET resent = ? WHERE number = ?",
	[SQL_DEAD_DELIVERED] = "DELETE FROM dead WHERE stage = ? AND resent <= ?",
	[SQL_REPLAY_PUT] =
		"INSERT INTO replay(sink, since, began_at, at, until, raw_at) VALUES(?1, ?2, ?3, ?2 - 1, ?4, "
		"?5)"
		" ON CONFLICT(sink) DO UPDATE SET since = excluded.since, began_at = excluded.began_at,"
		" at = excluded.at, until = excluded.until, raw_at = excluded.raw_at, sent = 0, made = 0,"
		" ended_at = NULL",
	[SQL_REPLAY_MOVE] =
		"UPDATE replay SET at = ?, raw_at = ?, sent = ?, made = ?, ended_at = ? WHERE sink = ?",
	[SQL_REPLAY_ALL] = "SELECT sink, since, began_at, at, until, raw_at, sent, made, ended_at FROM "
			   "replay ORDER BY sink",
	[SQL_REPLAY_DROP] = "DELETE FROM replay WHERE sink = ?",
	[SQL_DEAD_NEXT_RAW] =
		"SELECT number FROM dead WHERE number > ? AND stage IN ('normalize', 'envelope')"
		" ORDER BY number LIMIT 1",
	[SQL_READ_REPLAY] = "SELECT seq FROM log WHERE seq > ? AND seq <= ?"
			    " AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.seq = log.seq) ORDER BY seq "
			    "LIMIT ?",
	[SQL_READ_RAW] = "SELECT seq, frame FROM raw WHERE seq > ? ORDER BY seq LIMIT 1",
	[SQL_RESEND_ADD] = "INSERT INTO resend(sink, seq, of) VALUES(?, ?, ?)",
	[SQL_RESEND_GET] = "SELECT l.id, l.record FROM resend r JOIN log l ON l.seq = r.of"
			   " WHERE r.sink = ? AND r.seq = ?",
	[SQL_RESEND_DONE] = "DELETE FROM resend WHERE sink = ? AND seq <= ?",
	[SQL_RESEND_ANY] = "SELECT 1 FROM resend WHERE sink = ? LIMIT 1",
	[SQL_READ_FEED_RESENT] = "SELECT seq, record, 0 FROM log WHERE seq > ?1 AND seq <= ?2 UNION ALL"
				 " SELECT r.seq, l.record, 1 FROM resend r CROSS JOIN log l ON l.seq = r.of"
				 " WHERE r.sink = ?4 AND r.seq > ?1 AND r.seq <= ?2 ORDER BY 1 LIMIT ?3",
	[SQL_READ_FEED] = "SELECT seq, record FROM log WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
	[SQL_READ_FEED_FRESH] =
		"SELECT seq, record FROM log WHERE seq > ? AND seq <= ?"
		" AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.seq = log.seq) ORDER BY seq LIMIT ?",
	[SQL_READ_AT] = "SELECT seq, at FROM log WHERE seq >= ? ORDER BY seq LIMIT 1",
	[SQL_SORT_LIST] = "SELECT l.seq, l.record, t.visited_at IS NOT NULL AND coalesce(t.why, '') = '' AND "
			  "t.due_at > ? FROM log l JOIN build b ON b.id = l.id AND b.seq = l.seq "
			  "LEFT JOIN target t ON t.name = b.target ORDER BY l.seq",
	[SQL_READ_TARGETS] =
		"SELECT t.name, t.due_at, t.visited_at, (SELECT count(*) FROM build b WHERE b.target = t.name"
		" AND b.finished = 0) + (SELECT count(*) FROM owed o WHERE o.target = t.name), "
		"length(t.cursor), t.why FROM target t WHERE t.active = 1 ORDER BY "
		"t.name "
		"LIMIT ?",
	[SQL_READ_SINKS] =
		"SELECT s.name, s.position, s.seen_at, s.lapsed_at, (SELECT count(*) FROM dead d"
		" WHERE d.stage = 'sink:' || s.name), (SELECT max(l.at, coalesce(s.added_at, 0)) FROM log l"
		" WHERE l.seq > s.position ORDER BY l.seq LIMIT 1), s.missed FROM sink s ORDER BY s.name "
		"LIMIT ?",
	[SQL_READ_SOURCES] = "SELECT g.*, f.name, f.why FROM (SELECT source, count(*), count(CASE WHEN "
			     "due_at <= ?1 THEN 1 END),"
			     " min(max(due_at, coalesce(visited_at, 0))), count(why) FROM target WHERE "
			     "active = 1 GROUP BY source) g"
			     " LEFT JOIN target f ON f.name = (SELECT name FROM target x"
			     " WHERE x.source = g.source AND x.active = 1 AND x.why IS NOT NULL LIMIT 1)",
	[SQL_READ_OPEN_IDS] = "SELECT id, state FROM build WHERE finished = 0",
	[SQL_READ_OPEN] = "SELECT t.source, sum(b.n) FROM (SELECT target, count(*) AS n FROM build"
			  " WHERE finished = 0 GROUP BY target) b"
			  " LEFT JOIN target t ON t.name = b.target AND t.active = ?1 GROUP BY t.source",
};
