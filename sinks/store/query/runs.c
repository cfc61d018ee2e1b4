/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/runs.h"
#include "common/time.h"
#include "sinks/store/query/statement.h"

#include <stdio.h>
#include <string.h>

/* "buildkite/acme/web/" of the id. */
#define RUN_PREFIX "rtrim(b.id, replace(b.id, '/', ''))"
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

/* The rows of `runs` for all builds. */
static char *fill_sql(void)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);

	sqlite3_str_appendall(sql,
			      "INSERT INTO runs SELECT p.id, " RUN_SIDE ", " RUN_AT ", b.rowid, b.number,"
			      " nullif(substr(b.id, length(p.key) + 2), CAST(b.number AS TEXT)), ");
	put_word(sql, "state", state_words);
	put_word(sql, "result", result_words);
	put_word(sql, "trigger", trigger_words);
	sqlite3_str_appendf(
		sql, "(SELECT w.id FROM words w WHERE w.word = b.branch),"
		     " (SELECT w.id FROM words w WHERE w.word = " RUN_AUTHOR "),"
		     " b.started_at, b.finished_at, b.duration_ms, b.queue_ms, b.coverage"
		     " FROM builds b CROSS JOIN pipelines p ON p.key = substr(b.id, 1, length(" RUN_PREFIX
		     ") - 1)");
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
	char *sql = fill_sql();
	int code = sql ? sqlite3_exec(db, fill_names, NULL, NULL, NULL) : SQLITE_NOMEM;

	if (code == SQLITE_OK) {
		code = sqlite3_exec(db, sql, NULL, NULL, NULL);
	}
	sqlite3_free(sql);
	return code;
}

struct text run_key(struct text id)
{
	const char *slash = id.at ? memrchr(id.at, '/', id.size) : NULL;

	return slash ? (struct text){id.at, (size_t)(slash - id.at)} : TEXT("");
}

static struct text author_of(const struct build *build)
{
	return build->author.login.at  ? build->author.login
	       : build->author.name.at ? build->author.name
				       : build->author.email;
}

int64_t run_at(const struct build *build)
{
	const int64_t times[] = {build->created_at, build->queued_at, build->started_at, build->finished_at,
				 0};
	size_t i = 0;

	while (times[i] == INT_NULL) {
		i++;
	}
	return times[i] < 0 ? 0 : times[i] > TIME_MAX_MS ? TIME_MAX_MS : times[i];
}

enum side run_side(const struct build *build)
{
	bool is_default = build->default_branch.at
				  ? text_same(build->branch, build->default_branch)
				  : text_is(build->branch, "main") || text_is(build->branch, "master");

	return build->branch.at && is_default ? SIDE_DEFAULT : SIDE_OTHER;
}

int runs_open(struct runs *runs, sqlite3 *db)
{
	int code = names_open(&runs->pipelines, db, "SELECT id FROM pipelines WHERE key = ?1",
			      "INSERT INTO pipelines (key) VALUES (?1)");

	if (code == SQLITE_OK) {
		code = names_open(&runs->words, db, "SELECT id FROM words WHERE word = ?1",
				  "INSERT INTO words (word) VALUES (?1)");
	}
	if (code == SQLITE_OK) {
		code = sqlite3_prepare_v3(
			db, "DELETE FROM runs WHERE pipeline = ? AND side = ? AND at = ? AND build = ?", -1,
			SQLITE_PREPARE_PERSISTENT, &runs->drop, NULL);
	}
	if (code == SQLITE_OK) {
		code = sqlite3_prepare_v3(
			db, "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", -1,
			SQLITE_PREPARE_PERSISTENT, &runs->put, NULL);
	}
	return code;
}

void runs_close(struct runs *runs)
{
	names_close(&runs->pipelines);
	names_close(&runs->words);
	sqlite3_finalize(runs->drop);
	sqlite3_finalize(runs->put);
	*runs = (struct runs){0};
}

void runs_forget(struct runs *runs)
{
	names_forget(&runs->pipelines);
	names_forget(&runs->words);
}

static void bind_place(sqlite3_stmt *statement, const struct run_place *place)
{
	sqlite3_bind_int64(statement, 1, place->pipeline);
	sqlite3_bind_int64(statement, 2, place->side);
	sqlite3_bind_int64(statement, 3, place->at_ms);
	sqlite3_bind_int64(statement, 4, place->build);
}

int runs_drop(struct runs *runs, struct text id, struct run_place *place)
{
	int code = names_id(&runs->pipelines, run_key(id), &place->pipeline);

	bind_place(runs->drop, place);
	return code == SQLITE_OK ? statement_run(runs->drop) : code;
}

static void bind_int(sqlite3_stmt *statement, int index, int64_t value)
{
	value == INT_NULL ? sqlite3_bind_null(statement, index) : sqlite3_bind_int64(statement, index, value);
}

/* The id where it is not <key>/<number>. */
static void bind_tail(sqlite3_stmt *statement, int index, const struct build *build, size_t key_size)
{
	struct text tail = {build->id.at + key_size + 1,
			    build->id.size > key_size ? build->id.size - key_size - 1 : 0};
	char number[32];

	snprintf(number, sizeof number, "%lld", (long long)build->number);
	build->number != INT_NULL &&text_is(tail, number)
		? sqlite3_bind_null(statement, index)
		: sqlite3_bind_text64(statement, index, tail.at, tail.size, SQLITE_STATIC, SQLITE_UTF8);
}

/* The id of a text that may be null. */
static int bind_name(struct runs *runs, int index, struct text text)
{
	int64_t id = INT_NULL;
	int code = text.at ? names_id(&runs->words, text, &id) : SQLITE_OK;

	bind_int(runs->put, index, id);
	return code;
}

int runs_put(struct runs *runs, const struct build *build, struct run_place *place)
{
	struct text key = run_key(build->id);
	int code = names_id(&runs->pipelines, key, &place->pipeline);

	place->side = run_side(build);
	place->at_ms = run_at(build);
	bind_place(runs->put, place);
	bind_int(runs->put, 5, build->number);
	bind_tail(runs->put, 6, build, key.size);
	sqlite3_bind_int(runs->put, 7, build->state);
	sqlite3_bind_int(runs->put, 8, build->result);
	sqlite3_bind_int(runs->put, 9, build->trigger);
	code = code == SQLITE_OK ? bind_name(runs, 10, build->branch) : code;
	code = code == SQLITE_OK ? bind_name(runs, 11, author_of(build)) : code;
	bind_int(runs->put, 12, build->started_at);
	bind_int(runs->put, 13, build->finished_at);
	bind_int(runs->put, 14, build->duration_ms);
	bind_int(runs->put, 15, build->queue_ms);
	sqlite3_bind_double(runs->put, 16, build->coverage); /* NaN becomes NULL */
	return code == SQLITE_OK ? statement_run(runs->put) : code;
}
