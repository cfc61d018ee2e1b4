/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/runs.h"
#include "common/record.h"

#include <string.h>

#define RUN_AUTHOR "coalesce(b.author_login, b.author_name, b.author_email)"

static const char tables[] =
	"CREATE TABLE IF NOT EXISTS pipelines (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);"
	"CREATE TABLE IF NOT EXISTS words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);"
	"CREATE TABLE IF NOT EXISTS runs ("
	" pipeline INTEGER NOT NULL, side INTEGER NOT NULL, at INTEGER NOT NULL, build INTEGER NOT NULL,"
	" number INTEGER, tail TEXT, state INTEGER, result INTEGER, trigger INTEGER,"
	" branch INTEGER, author INTEGER,"
	" started_at INTEGER, finished_at INTEGER, duration_ms INTEGER, queue_ms INTEGER, coverage REAL,"
	" PRIMARY KEY (pipeline, side, at, build)) WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS runs_at ON runs (at, build);";

int runs_create(sqlite3 *db)
{
	return sqlite3_exec(db, tables, NULL, NULL, NULL);
}

/* CASE column WHEN 'queued' THEN 1 …: the number of the word. */
static void put_word(sqlite3_str *sql, const char *column, const char *const *words)
{
	sqlite3_str_appendf(sql, "CASE b.%s", column);
	for (int i = 1; words[i]; i++) {
		sqlite3_str_appendf(sql, " WHEN %Q THEN %d", words[i], i);
	}
	sqlite3_str_appendall(sql, " ELSE 0 END, ");
}

/* The rows of `runs` for the builds that `where` names. */
static char *put_sql(const char *where)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);

	sqlite3_str_appendall(sql, "INSERT OR REPLACE INTO runs SELECT p.id, " RUN_SIDE ", " RUN_AT
				   ", b.rowid, b.number,"
				   " nullif(substr(b.id, length(p.key) + 2), CAST(b.number AS TEXT)), ");
	put_word(sql, "state", state_words);
	put_word(sql, "result", result_words);
	put_word(sql, "trigger", trigger_words);
	sqlite3_str_appendf(
		sql,
		"(SELECT w.id FROM words w WHERE w.word = b.branch),"
		" (SELECT w.id FROM words w WHERE w.word = " RUN_AUTHOR "),"
		" b.started_at, b.finished_at, b.duration_ms, b.queue_ms, b.coverage"
		" FROM builds b CROSS JOIN pipelines p ON p.key = substr(b.id, 1, length(" RUN_PREFIX
		") - 1) %s",
		where);
	return sqlite3_str_finish(sql);
}

static const char fill_names[] =
	"INSERT OR IGNORE INTO pipelines (key)"
	" SELECT DISTINCT substr(b.id, 1, length(" RUN_PREFIX ") - 1) FROM builds b;"
	"INSERT OR IGNORE INTO words (word) SELECT DISTINCT b.branch FROM builds b WHERE b.branch IS NOT "
	"NULL;"
	"INSERT OR IGNORE INTO words (word) SELECT DISTINCT " RUN_AUTHOR " FROM builds b"
	" WHERE " RUN_AUTHOR " IS NOT NULL;";

int runs_fill(sqlite3 *db)
{
	char *sql = put_sql("");
	int code = sql ? sqlite3_exec(db, fill_names, NULL, NULL, NULL) : SQLITE_NOMEM;

	if (code == SQLITE_OK) {
		code = sqlite3_exec(db, sql, NULL, NULL, NULL);
	}
	sqlite3_free(sql);
	return code;
}

static int prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out)
{
	return sql ? sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) : SQLITE_NOMEM;
}

int runs_open(struct runs *runs, sqlite3 *db)
{
	char *put = put_sql("WHERE b.id = ?1 RETURNING pipeline, side, at, build");
	int code = prepare(db, "INSERT OR IGNORE INTO pipelines (key) VALUES (?1)", &runs->pipeline);

	if (code == SQLITE_OK) {
		code = prepare(db, "INSERT OR IGNORE INTO words (word) VALUES (?1)", &runs->word);
	}
	if (code == SQLITE_OK) {
		code = prepare(db,
			       "DELETE FROM runs WHERE (pipeline, side, at, build) = (SELECT p.id, " RUN_SIDE
			       ", " RUN_AT
			       ", b.rowid FROM builds b, pipelines p WHERE b.id = ?1 AND p.key = ?2)"
			       " RETURNING pipeline, side, at, build",
			       &runs->drop);
	}
	if (code == SQLITE_OK) {
		code = prepare(db, put, &runs->put);
	}
	sqlite3_free(put);
	return code;
}

void runs_close(struct runs *runs)
{
	sqlite3_finalize(runs->pipeline);
	sqlite3_finalize(runs->word);
	sqlite3_finalize(runs->drop);
	sqlite3_finalize(runs->put);
	*runs = (struct runs){0};
}

/* "buildkite/acme/web" of "buildkite/acme/web/49". */
static struct text key_of(struct text id)
{
	const char *slash = id.at ? memrchr(id.at, '/', id.size) : NULL;

	return slash ? (struct text){id.at, (size_t)(slash - id.at)} : TEXT("");
}

static void bind_text(sqlite3_stmt *statement, int index, struct text text)
{
	sqlite3_bind_text64(statement, index, text.at, text.size, SQLITE_STATIC, SQLITE_UTF8);
}

static int name(sqlite3_stmt *statement, struct text text)
{
	int code;

	if (!text.at) {
		return SQLITE_OK;
	}
	bind_text(statement, 1, text);
	code = sqlite3_step(statement);
	sqlite3_reset(statement);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Runs a statement that returns the place it changed, or nothing. */
static int change(sqlite3_stmt *statement, struct run_place *place)
{
	int code = sqlite3_step(statement);

	if (code == SQLITE_ROW) {
		*place = (struct run_place){
			.pipeline = sqlite3_column_int64(statement, 0),
			.side = sqlite3_column_int64(statement, 1),
			.at_ms = sqlite3_column_int64(statement, 2),
			.build = sqlite3_column_int64(statement, 3),
		};
		code = sqlite3_step(statement);
		code = code == SQLITE_DONE ? SQLITE_OK : code;
	} else if (code == SQLITE_DONE) {
		code = SQLITE_NOTFOUND;
	}
	sqlite3_reset(statement);
	return code;
}

int runs_drop(struct runs *runs, struct text id, struct run_place *old)
{
	bind_text(runs->drop, 1, id);
	bind_text(runs->drop, 2, key_of(id));
	return change(runs->drop, old);
}

int runs_put(struct runs *runs, struct text id, struct text branch, struct text author,
	     struct run_place *place)
{
	int code = name(runs->pipeline, key_of(id));

	if (code == SQLITE_OK) {
		code = name(runs->word, branch);
	}
	if (code == SQLITE_OK) {
		code = name(runs->word, author);
	}
	bind_text(runs->put, 1, id);
	return code == SQLITE_OK ? change(runs->put, place) : code;
}
