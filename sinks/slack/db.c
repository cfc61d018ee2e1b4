/* SPDX-License-Identifier: MIT */
#include "sinks/slack/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEMA_VERSION 1
#define BUSY_MS        6000

/* synchronous=FULL: what is acknowledged never comes again, what was announced must be found after a crash.
 */
static const char settings[] = "PRAGMA auto_vacuum=INCREMENTAL;"
			       "PRAGMA journal_mode=WAL;"
			       "PRAGMA synchronous=FULL;"
			       "PRAGMA journal_size_limit=4194304;"
			       "PRAGMA wal_autocheckpoint=500;"
			       "PRAGMA cache_size=-1024;";

static const char tables[] =
	"CREATE TABLE branches (key TEXT PRIMARY KEY, id INTEGER, commit_hash INTEGER, created INTEGER,"
	" number INTEGER, version INTEGER, color INTEGER, fails INTEGER, passes INTEGER, first_commit "
	"INTEGER,"
	" mixed INTEGER, alert INTEGER, slow INTEGER, green_number INTEGER, green_at INTEGER, green_created"
	" INTEGER, green_url TEXT, durations BLOB) WITHOUT ROWID;"
	"CREATE TABLE alerts (id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER, state INTEGER, branch "
	"TEXT, channel TEXT,"
	" message INTEGER, opened INTEGER, closed INTEGER, count INTEGER, live INTEGER,"
	" threshold INTEGER, held INTEGER,"
	" digest INTEGER, jobs INTEGER, first BLOB, last BLOB, fixed BLOB);"
	"CREATE INDEX alerts_message ON alerts (message);"
	"CREATE INDEX alerts_untold ON alerts (channel, id) WHERE message = 0;"
	"CREATE INDEX alerts_held ON alerts (held) WHERE held > 0;"
	"CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT, kind INTEGER, alert "
	"INTEGER, thread"
	" INTEGER, key TEXT, ts TEXT, rev INTEGER, told INTEGER, dirty INTEGER, tried INTEGER, due INTEGER,"
	" made INTEGER, open_until INTEGER, remind_at INTEGER, broadcast INTEGER, plain INTEGER, build BLOB);"
	"CREATE INDEX messages_remind ON messages (remind_at) WHERE remind_at > 0;"
	"CREATE INDEX messages_dirty ON messages (channel, dirty) WHERE dirty > 0;"
	"CREATE INDEX messages_thread ON messages (thread);"
	"CREATE INDEX messages_recent ON messages (channel, kind, made);"
	"CREATE TABLE waiting (build TEXT PRIMARY KEY, due INTEGER, branch TEXT, alert INTEGER, record BLOB)"
	" WITHOUT ROWID;"
	"CREATE INDEX waiting_due ON waiting (due) WHERE alert = 0;"
	"CREATE TABLE channels (name TEXT PRIMARY KEY, id TEXT, dead TEXT, since INTEGER) WITHOUT ROWID;"
	"CREATE TABLE users (email TEXT PRIMARY KEY, id TEXT, until INTEGER) WITHOUT ROWID;"
	"CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;"
	"INSERT INTO counters VALUES ('dirty', 0);"
	"INSERT INTO counters VALUES ('fresh', 1);" /* enum book_memory */
	"PRAGMA user_version = 1;";

static enum status db_status(int code)
{
	switch (code & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ERR_CONFIG;
	default:
		return ERR_AGAIN;
	}
}

static enum status db_fail(struct db *db, struct err *err)
{
	enum status status = db_status(db->code);

	return err_set(err, status, "%s: %s%s", db->path, db->why,
		       status == ERR_CONFIG ? " (damaged): move it away; what is still red is told again"
		       : (db->code & 0xff) == SQLITE_FULL ? ": make room, it goes on by itself"
							  : "");
}

static void db_note(struct db *db, int code)
{
	if (db->code == SQLITE_OK && code != SQLITE_OK) {
		db->code = code;
		snprintf(db->why, sizeof db->why, "%s", sqlite3_errmsg(db->db));
	}
}

static void db_exec(struct db *db, const char *sql)
{
	if (db->code == SQLITE_OK) {
		db_note(db, sqlite3_exec(db->db, sql, NULL, NULL, NULL));
	}
}

/* For nobody else to read; SQLite gives -wal and -shm the same mode. */
static enum status take_file(struct db *db, struct err *err)
{
	db->lock_fd = open(db->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (db->lock_fd < 0) {
		return err_set(
			err, errno == ENOSPC || errno == EMFILE ? ERR_SYS : ERR_CONFIG,
			"%s can't be opened for writing: %s: give this user the right to, or name another "
			"bus.state_dir",
			db->path, strerror(errno));
	}
	if (flock(db->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		return err_set(err, ERR_AGAIN, "%s is in use by another process: stop that one first",
			       db->path);
	}
	return OK;
}

static enum status check_version(struct db *db, struct err *err)
{
	int64_t version = db_int(db, 0, "PRAGMA user_version", "");

	if (db->code == SQLITE_OK && version == 0) {
		db_exec(db, "BEGIN IMMEDIATE");
		db_exec(db, tables);
		db_exec(db, "COMMIT");
	}
	if (db->code != SQLITE_OK) {
		return db_fail(db, err);
	}
	return version <= SCHEMA_VERSION ? OK
					 : err_set(err, ERR_CONFIG,
						   "%s was written by a newer buildbus (version %lld, this "
						   "one knows %d): start "
						   "that one, or move the file away",
						   db->path, (long long)version, SCHEMA_VERSION);
}

enum status db_open(struct db *db, const char *path, struct err *err)
{
	enum status status = OK;

	db->lock_fd = -1;
	db->begun = true;
	db->path = strdup(path ? path : ":memory:");
	if (!db->path) {
		return err_sys(err, "memory for a path");
	}
	if (path) {
		status = take_file(db, err);
	}
	if (status != OK) {
		return status;
	}
	db_note(db, sqlite3_open_v2(db->path, &db->db,
				    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
					    SQLITE_OPEN_EXRESCODE,
				    NULL));
	sqlite3_busy_timeout(db->db, BUSY_MS);
	db_exec(db, settings);
	status = check_version(db, err);
	db->begun = false;
	/* At the start there is nothing to hold back: the process is restarted. */
	return status == ERR_AGAIN ? (err->status = ERR_SYS) : status;
}

void db_close(struct db *db)
{
	sqlite3_stmt *statement;

	while (db->db && (statement = sqlite3_next_stmt(db->db, NULL))) {
		sqlite3_finalize(statement);
	}
	sqlite3_close(db->db);
	if (db->path && db->lock_fd >= 0) {
		close(db->lock_fd);
	}
	free(db->path);
	*db = (struct db){.lock_fd = -1};
}

enum status db_begin(struct db *db, struct err *err)
{
	int moved = 0;

	/* Else everything would go into a file that nobody can ever open again. */
	sqlite3_file_control(db->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	if (moved && db->lock_fd >= 0) {
		return err_set(err, ERR_SYS, "%s was moved away or deleted while it was in use", db->path);
	}
	db_run(db, "BEGIN IMMEDIATE", "");
	db->begun = db->code == SQLITE_OK;
	return db->begun ? OK : db_fail(db, err);
}

enum status db_commit(struct db *db, struct err *err)
{
	enum status status;

	db_run(db, "COMMIT", "");
	db->begun = false;
	status = db->code == SQLITE_OK ? OK : db_fail(db, err);
	/* After some errors SQLite has rolled back already. */
	if (!sqlite3_get_autocommit(db->db)) {
		db_run(db, "ROLLBACK", "");
	}
	return status;
}

void db_look(struct db *db)
{
	db->code = db->begun ? db->code : SQLITE_OK;
	db->looks = true;
}

bool db_looked(struct db *db)
{
	db->looks = false;
	return db->code == SQLITE_OK;
}

/* SQLite itself knows them all. */
static sqlite3_stmt *find_statement(struct db *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	while ((statement = sqlite3_next_stmt(db->db, statement))) {
		if (strcmp(sqlite3_sql(statement), sql) == 0) {
			return statement;
		}
	}
	db_note(db, sqlite3_prepare_v3(db->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
	return statement;
}

static int bind_value(sqlite3_stmt *statement, int place, char type, va_list *values)
{
	const struct text *text;
	const char *string;

	switch (type) {
	case 'i':
		return sqlite3_bind_int64(statement, place, va_arg(*values, int64_t));
	case 'b':
		text = va_arg(*values, const struct text *);
		return sqlite3_bind_blob64(statement, place, text->at, text->size, SQLITE_TRANSIENT);
	case 's':
		string = va_arg(*values, const char *);
		return sqlite3_bind_text(statement, place, string, -1, SQLITE_TRANSIENT);
	default:
		text = va_arg(*values, const struct text *);
		return sqlite3_bind_text64(statement, place, text->at, text->size, SQLITE_TRANSIENT,
					   SQLITE_UTF8);
	}
}

static sqlite3_stmt *bind_all(struct db *db, const char *sql, const char *types, va_list *values)
{
	sqlite3_stmt *statement;

	db->code = db->begun || db->looks ? db->code : SQLITE_OK;
	statement = db->code == SQLITE_OK ? find_statement(db, sql) : NULL;
	for (int i = 0; statement && types[i]; i++) {
		db_note(db, bind_value(statement, i + 1, types[i], values));
	}
	return db->code == SQLITE_OK ? statement : NULL;
}

void db_run(struct db *db, const char *sql, const char *types, ...)
{
	sqlite3_stmt *statement;
	va_list values;
	int code;

	va_start(values, types);
	statement = bind_all(db, sql, types, &values);
	va_end(values);
	if (statement) {
		code = sqlite3_step(statement);
		db_note(db, code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code);
		sqlite3_reset(statement);
	}
}

sqlite3_stmt *db_ask(struct db *db, const char *sql, const char *types, ...)
{
	sqlite3_stmt *statement;
	va_list values;

	va_start(values, types);
	statement = bind_all(db, sql, types, &values);
	va_end(values);
	return statement;
}

bool db_row(struct db *db, sqlite3_stmt *rows)
{
	int code = rows && db->code == SQLITE_OK ? sqlite3_step(rows) : SQLITE_DONE;

	if (code == SQLITE_ROW) {
		return true;
	}
	db_note(db, code == SQLITE_DONE ? SQLITE_OK : code);
	db_end(rows);
	return false;
}

void db_end(sqlite3_stmt *rows)
{
	if (rows) {
		sqlite3_reset(rows);
	}
}

int64_t db_int(struct db *db, int64_t otherwise, const char *sql, const char *types, ...)
{
	sqlite3_stmt *statement;
	va_list values;
	int64_t out = otherwise;

	va_start(values, types);
	statement = bind_all(db, sql, types, &values);
	va_end(values);
	if (db_row(db, statement)) {
		if (sqlite3_column_type(statement, 0) != SQLITE_NULL) {
			out = sqlite3_column_int64(statement, 0);
		}
		db_end(statement);
	}
	return out;
}
