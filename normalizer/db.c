/* SPDX-License-Identifier: MIT */
#include "normalizer/db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status sqlite_status(int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_BUSY:
		return ERR_AGAIN;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return ERR_CONFIG;
	default:
		return ERR_SYS;
	}
}

static enum status failed(sqlite3 *connection, struct err *err)
{
	int code = connection ? sqlite3_extended_errcode(connection) : SQLITE_NOMEM;
	const char *file = connection ? sqlite3_db_filename(connection, "main") : NULL;

	if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB) {
		return err_set(err, ERR_CONFIG,
			       "%s is damaged (%s): put a backup in its place, or move it away to start anew "
			       "(builds are then "
			       "read again from the providers)",
			       file ? file : "hub.db", sqlite3_errstr(code));
	}
	return err_set(err, sqlite_status(code), "%s: %s", file ? file : "hub.db",
		       connection ? sqlite3_errmsg(connection) : "out of memory");
}

static enum status lock_state(struct db *db, const char *state_dir, struct err *err)
{
	char path[PATH_MAX], pid[32] = "";

	if (mkdir(state_dir, 0700) != 0 && errno != EEXIST) {
		err_sys(err, "bus.state_dir %s can't be made", state_dir);
		return err->status = ERR_CONFIG;
	}
	if ((size_t)snprintf(path, sizeof path, "%s/hub.lock", state_dir) >= sizeof path) {
		return err_set(err, ERR_CONFIG, "bus.state_dir %s is too long", state_dir);
	}
	db->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (db->lock_fd < 0) {
		err_sys(err, "bus.state_dir %s can't be written; give this user the folder or choose another",
			state_dir);
		return err->status = ERR_CONFIG;
	}
	if (flock(db->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		ssize_t size = read(db->lock_fd, pid, sizeof pid - 1);
		return err_set(err, ERR_CONFIG,
			       "another normalizer (pid %.*s) runs on %s: stop it, or give this one its own "
			       "bus.state_dir",
			       size > 0 ? (int)strcspn(pid, "\n") : 1, size > 0 ? pid : "?", state_dir);
	}
	if (ftruncate(db->lock_fd, 0) != 0 || dprintf(db->lock_fd, "%d\n", (int)getpid()) < 0) {
		return errno == ENOSPC ? OK : err_sys(err, "%s", path); /* the pid is a courtesy */
	}
	return OK;
}

static enum status script(sqlite3 *connection, const char *sql, struct err *err)
{
	return sqlite3_exec(connection, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : failed(connection, err);
}

static enum status pragma_int(sqlite3 *connection, const char *sql, int64_t *value, struct err *err)
{
	sqlite3_stmt *row = NULL;
	enum status status = OK;

	if (sqlite3_prepare_v2(connection, sql, -1, &row, NULL) != SQLITE_OK ||
	    sqlite3_step(row) != SQLITE_ROW) {
		status = failed(connection, err);
	} else {
		*value = sqlite3_column_int64(row, 0);
	}
	sqlite3_finalize(row);
	return status;
}

/* Entry v brings a database of schema version v to v + 1. */
static const char *const migrations[DB_SCHEMA_VERSION] = {
	db_schema,          "ALTER TABLE target ADD COLUMN why TEXT", /* of the last visit, if it failed */
	db_schema_pipeline, db_schema_owed,
	db_schema_frames,   db_schema_settled,
	db_schema_dead,     db_schema_again,
	db_schema_sinks,    db_schema_chain,
	db_schema_state,
};

/* Looks, and changes nothing: the file may be somebody else's. */
static enum status check_ours(struct db *db, int64_t *out_version, struct err *err)
{
	const char *file = sqlite3_db_filename(db->write, "main");
	int64_t version, application, tables;
	enum status status;

	if ((status = pragma_int(db->write, "PRAGMA user_version", &version, err)) != OK ||
	    (status = pragma_int(db->write, "PRAGMA application_id", &application, err)) != OK ||
	    (status = pragma_int(db->write, "SELECT count(*) FROM sqlite_master", &tables, err)) != OK) {
		return status;
	}
	*out_version = version;
	if (application != DB_APPLICATION_ID && (version != 0 || application != 0 || tables != 0)) {
		return err_set(
			err, ERR_CONFIG,
			"%s is not a hub database of buildbus: move it away or choose another bus.state_dir",
			file);
	}
	if (version > DB_SCHEMA_VERSION) {
		return err_set(err, ERR_CONFIG,
			       "%s was written by a newer version of buildbus (schema %lld, this one knows "
			       "%d): install that "
			       "version, or move the file away",
			       file, (long long)version, DB_SCHEMA_VERSION);
	}
	return OK;
}

enum status db_draw_epoch(struct db *db, struct err *err)
{
	uint64_t epoch = 0, counter = 0;
	char sql[160];

	if (getrandom(&epoch, 6, 0) != 6 || getrandom(&counter, 5, 0) != 5) {
		return err_sys(err, "getrandom");
	}
	snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO meta VALUES('epoch', %llu), ('counter', %llu)",
		 (unsigned long long)(epoch | 1), (unsigned long long)counter);
	return script(db->write, sql, err);
}

static enum status migrate_one(struct db *db, int64_t version, struct err *err)
{
	enum status status = script(db->write, migrations[version], err);

	return status == OK && version == 0 ? db_draw_epoch(db, err) : status;
}

/* All in one transaction: each would cost a new hub.db a commit of its own. */
static enum status migrate_from(struct db *db, int64_t version, struct err *err)
{
	enum status status = script(db->write, "BEGIN IMMEDIATE", err);
	char sql[128];

	for (; status == OK && version < DB_SCHEMA_VERSION; version++) {
		status = migrate_one(db, version, err);
	}
	snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d", DB_APPLICATION_ID,
		 DB_SCHEMA_VERSION);
	if (status == OK) {
		status = script(db->write, sql, err);
	}
	return status == OK ? script(db->write, "COMMIT", err)
			    : status; /* closing the connection rolls back */
}

/* An automatic checkpoint of 500 pages keeps each one small. */
static const char lasting[] = "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 500";
static const char fleeting[] = "PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0";
/* auto_vacuum and page_size must come before the first table. A page of 8 KiB holds three records of five
 * jobs, one of 4 KiB a single one. */
static const char settings[] =
	"PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;"
	"PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -12288; PRAGMA temp_store = MEMORY";

static enum status migrate(struct db *db, struct err *err)
{
	int64_t version;
	enum status status = check_ours(db, &version, err);

	if (status == OK) {
		status = script(db->write, db->temporary ? fleeting : lasting, err);
	}
	if (status == OK) {
		status = script(db->write, settings, err);
	}
	return status == OK && version < DB_SCHEMA_VERSION ? migrate_from(db, version, err) : status;
}

enum status db_open(struct db *db, const char *state_dir, struct err *err)
{
	char path[PATH_MAX];
	enum status status = lock_state(db, state_dir, err);
	mode_t mask;
	int opened;

	if (status != OK) {
		return status;
	}
	snprintf(path, sizeof path, "%s/hub.db", state_dir);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* its counters cost a lock an allocation */
	mask = umask(0077);
	opened = sqlite3_open_v2(path, &db->write,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (opened != SQLITE_OK) {
		umask(mask);
		failed(db->write, err);
		return err_prefix(err, "bus.state_dir can't be used");
	}
	sqlite3_busy_timeout(db->write, DB_BUSY_MS);
	/* Until it is known to be ours, not even closing it may change it. */
	sqlite3_db_config(db->write, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	status = migrate(db, err);
	if (status == OK && !db->temporary) {
		sqlite3_db_config(db->write, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	}
	umask(mask);
	if (status != OK) {
		return status;
	}
	if (sqlite3_open_v2(path, &db->read, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		return failed(db->read, err);
	}
	sqlite3_busy_timeout(db->read, DB_BUSY_MS);
	return script(db->read, "PRAGMA cache_size = -4096", err);
}

void db_close(struct db *db)
{
	for (int i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(db->statements[i]);
		db->statements[i] = NULL;
	}
	sqlite3_close(db->read);
	sqlite3_close(db->write);
	if (db->lock_fd >= 0) {
		close(db->lock_fd);
	}
	*db = (struct db){.lock_fd = -1};
}

/* Parsed when it is first used: a hub that lives for a second needs few of them. NULL: it can't be. */
static sqlite3_stmt *statement_of(struct db *db, enum sql which, struct err *err)
{
	sqlite3 *connection = which >= SQL_READ_FEED ? db->read : db->write;

	if (!db->statements[which] &&
	    sqlite3_prepare_v3(connection, db_sql[which], -1, SQLITE_PREPARE_PERSISTENT,
			       &db->statements[which], NULL) != SQLITE_OK) {
		failed(connection, err);
	}
	return db->statements[which];
}

static int bind_text(sqlite3_stmt *statement, int index, struct text text, bool blob)
{
	if (!text.at) {
		return sqlite3_bind_null(statement, index);
	}
	return blob ? sqlite3_bind_blob64(statement, index, text.at, text.size, SQLITE_STATIC)
		    : sqlite3_bind_text64(statement, index, text.at, text.size, SQLITE_STATIC, SQLITE_UTF8);
}

static int bind_nullable(sqlite3_stmt *statement, int index, int64_t value)
{
	return value == INT64_MIN ? sqlite3_bind_null(statement, index)
				  : sqlite3_bind_int64(statement, index, value);
}

static int bind_all(sqlite3_stmt *statement, const char *types, va_list args)
{
	int code = SQLITE_OK;

	for (int i = 0; types[i] && code == SQLITE_OK; i++) {
		if (types[i] == 'i') {
			code = sqlite3_bind_int64(statement, i + 1, va_arg(args, int64_t));
		} else if (types[i] == 'n') {
			code = bind_nullable(statement, i + 1, va_arg(args, int64_t));
		} else {
			code = bind_text(statement, i + 1, va_arg(args, struct text), types[i] == 'b');
		}
	}
	return code;
}

enum status db_run(struct db *db, enum sql which, struct err *err, const char *types, ...)
{
	sqlite3_stmt *statement = statement_of(db, which, err);
	enum status status = OK;
	va_list args;
	int code;

	if (!statement) {
		return err->status;
	}
	va_start(args, types);
	code = bind_all(statement, types, args);
	va_end(args);
	if (code == SQLITE_OK) {
		code = sqlite3_step(statement);
	}
	if (code != SQLITE_DONE && code != SQLITE_ROW) {
		status = failed(sqlite3_db_handle(statement), err);
	}
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return status;
}

enum status db_query(struct db *db, enum sql which, sqlite3_stmt **row, struct err *err, const char *types,
		     ...)
{
	sqlite3_stmt *statement = statement_of(db, which, err);
	va_list args;
	int code;

	*row = NULL;
	if (!statement) {
		return err->status;
	}
	va_start(args, types);
	code = bind_all(statement, types, args);
	va_end(args);
	if (code != SQLITE_OK) {
		return failed(sqlite3_db_handle(statement), err);
	}
	*row = statement;
	return db_next(db, row, err);
}

enum status db_next(struct db *db, sqlite3_stmt **row, struct err *err)
{
	sqlite3_stmt *statement = *row;
	int code = sqlite3_step(statement);

	(void)db;
	if (code == SQLITE_ROW) {
		return OK;
	}
	*row = NULL;
	return code == SQLITE_DONE ? OK : failed(sqlite3_db_handle(statement), err);
}

void db_done(struct db *db, enum sql which)
{
	if (db->statements[which]) {
		sqlite3_reset(db->statements[which]);
		sqlite3_clear_bindings(db->statements[which]);
	}
}

struct text db_text(sqlite3_stmt *row, int column)
{
	const char *at = sqlite3_column_blob(row, column);
	size_t size = (size_t)sqlite3_column_bytes(row, column);

	if (sqlite3_column_type(row, column) == SQLITE_NULL) {
		return (struct text){0};
	}
	return (struct text){.at = size ? at : "", .size = size};
}

int db_changes(struct db *db)
{
	return sqlite3_changes(db->write);
}

enum status db_meta_get(struct db *db, const char *key, int64_t *value, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(db, SQL_META_GET, &row, err, "t", text_of(key));

	*value = row ? sqlite3_column_int64(row, 0) : 0;
	db_done(db, SQL_META_GET);
	return status;
}

enum status db_meta_set(struct db *db, const char *key, int64_t value, struct err *err)
{
	return db_run(db, SQL_META_SET, err, "ti", text_of(key), value);
}
