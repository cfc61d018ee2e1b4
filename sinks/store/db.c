/* SPDX-License-Identifier: MIT */
#include "sinks/store/db.h"
#include "common/folder.h"
#include "sinks/store/query/statement.h"
#include "sinks/store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MS         2000
#define RECORD_JSON_MAX (64 << 20)

enum status store_fail(const struct store_db *store, int code, struct err *err)
{
	const char *why = store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(code);

	switch (code & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_set(
			err, ERR_CONFIG,
			"%s is damaged (%s): move it away, and give this destination another `name:` so "
			"that a new one is filled from the start",
			store->path, why);
	case SQLITE_TOOBIG:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
		return err_set(err, ERR_DATA, "%s", why);
	case SQLITE_FULL:
		return err_set(err, ERR_AGAIN, "%s: the disk is full: make room, it goes on by itself",
			       store->path);
	default:
		return err_set(err, ERR_AGAIN, "%s: %s%s%s", store->path, why,
			       sqlite3_system_errno(store->db) ? ": " : "",
			       sqlite3_system_errno(store->db) ? strerror(sqlite3_system_errno(store->db))
							       : "");
	}
}

/* SQLite gives its -wal and -shm files the mode of the database. */
static enum status make_file(const struct store_db *store, struct err *err)
{
	int fd = open(store->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0) {
		close(fd);
		return OK;
	}
	return err_set(err, errno == ENOSPC || errno == EMFILE ? ERR_SYS : ERR_CONFIG,
		       "%s can't be opened for writing: %s: give this user the right to, or name another "
		       "bus.state_dir",
		       store->path, strerror(errno));
}

/* synchronous=FULL: an acknowledged record is never sent again, so a commit must survive a power cut.
 * page_size counts for a new file only: a fill writes a fifth faster than with SQLite's 4096. */
static const char settings[] = "PRAGMA page_size=8192;"
			       "PRAGMA journal_mode=WAL;"
			       "PRAGMA synchronous=FULL;"
			       "PRAGMA journal_size_limit=16777216;"
			       "PRAGMA cache_size=-1024;"
			       "PRAGMA wal_autocheckpoint=1000;";

static enum status open_db(struct store_db *store, struct err *err)
{
	int code = sqlite3_open_v2(store->path, &store->db,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

	if (code == SQLITE_OK) {
		sqlite3_busy_timeout(store->db, BUSY_MS);
		code = sqlite3_exec(store->db, settings, NULL, NULL, NULL);
	}
	return code == SQLITE_OK ? OK : store_fail(store, code, err);
}

static enum status prepare(struct store_db *store, const char *sql, sqlite3_stmt **out, struct err *err)
{
	int code = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);

	return code == SQLITE_OK ? OK : store_fail(store, code, err);
}

static enum status prepare_all(struct store_db *store, struct err *err)
{
	char *upsert = schema_upsert_sql(&store->build), *same = schema_same_sql(&store->build),
	     *add_job = schema_job_sql(&store->job);
	enum status status = upsert && same && add_job ? OK : err_sys(err, "memory for statements");
	const struct {
		const char *sql;
		sqlite3_stmt **statement;
	} rows[] = {
		{"BEGIN IMMEDIATE", &store->begin},
		{"COMMIT", &store->commit},
		{"ROLLBACK", &store->rollback},
		{"SELECT version, " RUN_SIDE ", " RUN_AT ", rowid FROM builds b WHERE id = ?1", &store->find},
		{same, &store->same},
		{upsert, &store->upsert},
		{"DELETE FROM jobs WHERE build_id = ?", &store->clear_jobs},
		{add_job, &store->add_job},
	};

	for (size_t i = 0; status == OK && i < sizeof rows / sizeof rows[0]; i++) {
		status = prepare(store, rows[i].sql, rows[i].statement, err);
	}
	sqlite3_free(upsert);
	sqlite3_free(same);
	sqlite3_free(add_job);
	return status;
}

static enum status prepare_figures(struct store_db *store, struct err *err)
{
	int code = runs_open(&store->runs, store->db);

	if (code == SQLITE_OK) {
		code = days_open(&store->days, store->db);
	}
	return code == SQLITE_OK ? OK : store_fail(store, code, err);
}

enum status store_db_open(struct store_db *store, const char *state_dir, struct err *err)
{
	enum status status = folder_make(state_dir, err);

	*store = (struct store_db){0};
	columns_init(&store->build, build_fields);
	columns_init(&store->job, job_fields);
	arena_init(&store->arena, RECORD_JSON_MAX);
	if (status == OK && asprintf(&store->path, "%s/" STORE_FILE, state_dir) < 0) {
		store->path = NULL;
		return err_sys(err, "memory for a path");
	}
	if (status == OK) {
		status = make_file(store, err);
	}
	if (status == OK) {
		status = open_db(store, err);
	}
	if (status == OK) {
		status = schema_update(store, err);
	}
	if (status == OK) {
		status = prepare_all(store, err);
	}
	if (status == OK) {
		status = prepare_figures(store, err);
	}
	/* At the start there is nothing to hold back: the process is restarted. */
	return status == ERR_AGAIN ? (err->status = ERR_SYS) : status;
}

bool store_db_is_old(const char *state_dir)
{
	sqlite3_stmt *ask = NULL;
	sqlite3 *db = NULL;
	char *path = NULL;
	bool old =
		asprintf(&path, "%s/" STORE_FILE, state_dir) > 0 &&
		sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK &&
		sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &ask, NULL) == SQLITE_OK &&
		sqlite3_step(ask) == SQLITE_ROW && sqlite3_column_int(ask, 0) > 0 &&
		sqlite3_column_int(ask, 0) < STORE_VERSION;

	sqlite3_finalize(ask);
	sqlite3_close(db);
	free(path);
	return old;
}

void store_db_close(struct store_db *store)
{
	sqlite3_stmt *const statements[] = {store->begin, store->commit, store->rollback,   store->find,
					    store->same,  store->upsert, store->clear_jobs, store->add_job};

	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
		sqlite3_finalize(statements[i]);
	}
	runs_close(&store->runs);
	days_close(&store->days);
	sqlite3_close(store->db);
	free(store->path);
	arena_fini(&store->arena);
	*store = (struct store_db){0};
}

bool store_db_is_empty(const struct store_db *store)
{
	sqlite3_stmt *ask = NULL;
	bool empty =
		sqlite3_prepare_v2(store->db, "SELECT 1 FROM builds LIMIT 1", -1, &ask, NULL) == SQLITE_OK &&
		sqlite3_step(ask) == SQLITE_DONE;

	sqlite3_finalize(ask);
	return empty;
}

enum status store_db_begin(struct store_db *store, struct err *err)
{
	int moved = 0, code;

	/* Else everything would go into a file that nobody can ever open again. */
	sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	if (moved) {
		return err_set(err, ERR_SYS,
			       "%s was moved away or deleted while it was in use: put it back, or give this "
			       "destination another `name:` so that a new one is filled from the start",
			       store->path);
	}
	code = statement_run(store->begin);
	return code == SQLITE_OK ? OK : store_fail(store, code, err);
}

enum status store_db_commit(struct store_db *store, struct err *err)
{
	int code = days_renew(&store->days);

	if (code == SQLITE_OK) {
		code = statement_run(store->commit);
	}
	return code == SQLITE_OK ? OK : store_fail(store, code, err);
}

void store_db_rollback(struct store_db *store)
{
	days_forget(&store->days);
	runs_forget(&store->runs);
	/* After some errors SQLite has rolled back already. */
	if (!sqlite3_get_autocommit(store->db)) {
		statement_run(store->rollback);
	}
}

static enum status run_one(struct store_db *store, sqlite3_stmt *statement, struct err *err)
{
	int code = statement_run(statement);

	return code == SQLITE_OK ? OK : store_fail(store, code, err);
}

static enum status bind_all(struct store_db *store, const struct columns *columns, sqlite3_stmt *statement,
			    int first, const void *source, struct err *err)
{
	enum status status = OK;

	for (size_t c = 0; status == OK && c < columns->count; c++) {
		status = column_bind(&columns->at[c], statement, first + (int)c, source, &store->arena, err);
	}
	return status;
}

static enum status put_job(struct store_db *store, struct text build_id, size_t position,
			   const struct job *job, struct err *err)
{
	enum status status = bind_all(store, &store->job, store->add_job, 3, job, err);

	sqlite3_bind_text64(store->add_job, 1, build_id.at, build_id.size, SQLITE_STATIC, SQLITE_UTF8);
	sqlite3_bind_int64(store->add_job, 2, (sqlite3_int64)position);
	return status == OK ? run_one(store, store->add_job, err) : status;
}

static enum status clear_jobs(struct store_db *store, struct text build_id, struct err *err)
{
	sqlite3_bind_text64(store->clear_jobs, 1, build_id.at, build_id.size, SQLITE_STATIC, SQLITE_UTF8);
	return run_one(store, store->clear_jobs, err);
}

static enum status put_jobs(struct store_db *store, const struct build *build, struct err *err)
{
	enum status status = OK;

	for (size_t i = 0; status == OK && i < build->jobs.count; i++) {
		const struct job *job = (const struct job *)build->jobs.items + i;
		status = put_job(store, build->id, i, job, err);
		if (status == ERR_DATA) {
			err_prefix(err, "jobs[%zu]", i);
		}
	}
	return status;
}

enum row { ROW_NONE, ROW_SAME, ROW_OTHER };

/* What is there of a build. */
struct found {
	enum row row;
	int64_t version;
	struct run_place place; /* without the pipeline */
};

static enum status find(struct store_db *store, struct text id, struct found *found, struct err *err)
{
	int code;

	*found = (struct found){ROW_NONE, 0, {0}};
	sqlite3_bind_text64(store->find, 1, id.at, id.size, SQLITE_STATIC, SQLITE_UTF8);
	code = sqlite3_step(store->find);
	if (code == SQLITE_ROW) {
		found->row = ROW_OTHER;
		found->version = sqlite3_column_int64(store->find, 0);
		found->place = (struct run_place){.side = sqlite3_column_int64(store->find, 1),
						  .at_ms = sqlite3_column_int64(store->find, 2),
						  .build = sqlite3_column_int64(store->find, 3)};
	}
	sqlite3_reset(store->find);
	return code == SQLITE_ROW || code == SQLITE_DONE ? OK : store_fail(store, code, err);
}

/* Of a row that is there: ROW_SAME where only the version is new. */
static enum status compare(struct store_db *store, const struct build *build, struct found *found,
			   struct err *err)
{
	enum status status = bind_all(store, &store->build, store->same, 1, build, err);
	int code = status == OK ? sqlite3_step(store->same) : SQLITE_DONE;

	if (code == SQLITE_ROW && sqlite3_column_int(store->same, 0)) {
		found->row = ROW_SAME;
	}
	sqlite3_reset(store->same);
	return code == SQLITE_ROW || code == SQLITE_DONE ? status : store_fail(store, code, err);
}

/* Before its row changes: the run goes. */
static int leave_run(struct store_db *store, const struct build *build, struct found *found)
{
	int code = runs_drop(&store->runs, build->id, &found->place);

	return code == SQLITE_OK ? days_mark(&store->days, &found->place) : code;
}

static int enter_run(struct store_db *store, const struct build *build, const struct found *found)
{
	struct run_place place = {.build = found->row == ROW_NONE ? sqlite3_last_insert_rowid(store->db)
								  : found->place.build};
	int code = runs_put(&store->runs, build, &place);

	return code == SQLITE_OK ? days_mark(&store->days, &place) : code;
}

/* The row and its run, unless what is there is as new. */
static enum status put_row(struct store_db *store, const struct build *build, enum store_put *put,
			   struct err *err)
{
	struct found found;
	enum status status = find(store, build->id, &found, err);
	int code;

	*put = STORE_UNCHANGED;
	if (status != OK || (found.row != ROW_NONE && found.version >= build->version)) {
		return status;
	}
	if (found.row != ROW_NONE && compare(store, build, &found, err) != OK) {
		return err->status;
	}
	code = found.row == ROW_OTHER ? leave_run(store, build, &found) : SQLITE_OK;
	status = code == SQLITE_OK ? bind_all(store, &store->build, store->upsert, 1, build, err)
				   : store_fail(store, code, err);
	if (status == OK) {
		status = run_one(store, store->upsert, err);
	}
	if (status != OK || found.row == ROW_SAME) {
		return status;
	}
	*put = found.row == ROW_OTHER ? STORE_UPDATED : STORE_CREATED;
	code = enter_run(store, build, &found);
	return code == SQLITE_OK ? OK : store_fail(store, code, err);
}

enum status store_db_put(struct store_db *store, const struct build *build, enum store_put *put,
			 struct err *err)
{
	enum status status;

	arena_reset(&store->arena);
	if (build->version == INT_NULL) {
		return err_set(err, ERR_DATA, "version: missing");
	}
	status = put_row(store, build, put, err);
	if (status == OK && *put == STORE_UPDATED) {
		status = clear_jobs(store, build->id, err);
	}
	return status == OK && *put != STORE_UNCHANGED ? put_jobs(store, build, err) : status;
}
