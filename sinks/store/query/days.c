/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/days.h"
#include "common/time.h"
#include "sinks/store/query/statement.h"

#include <stdlib.h>
#include <string.h>

const char *const day_count_names[] = {
	[DAY_QUEUED] = "queued",   [DAY_RUNNING] = "running", [DAY_BLOCKED] = "blocked",
	[DAY_SUCCESS] = "success", [DAY_FAILURE] = "failure", [DAY_ERROR] = "error",
	[DAY_TIMEOUT] = "timeout", [DAY_SKIP] = "skip",       [DAY_CANCELLATION] = "cancellation",
	[DAY_UNKNOWN] = "unknown",
};

static const char tables[] =
	"CREATE TABLE IF NOT EXISTS days ("
	" pipeline INTEGER NOT NULL, side INTEGER NOT NULL, day INTEGER NOT NULL,"
	" queued INTEGER, running INTEGER, blocked INTEGER, success INTEGER, failure INTEGER, error INTEGER,"
	" timeout INTEGER, cancellation INTEGER, skip INTEGER, unknown INTEGER,"
	" coverage REAL, coverage_at INTEGER, durations BLOB, queues BLOB,"
	" PRIMARY KEY (pipeline, day, side)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS totals ("
	" day INTEGER NOT NULL, side INTEGER NOT NULL,"
	" queued INTEGER, running INTEGER, blocked INTEGER, success INTEGER, failure INTEGER, error INTEGER,"
	" timeout INTEGER, cancellation INTEGER, skip INTEGER, unknown INTEGER,"
	" PRIMARY KEY (day, side)) WITHOUT ROWID;";

enum { PUT_COVERAGE = 4 + DAY_COUNTS };
static const char put_sql[] =
	"INSERT OR REPLACE INTO days VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
static const char runs_sql[] = "SELECT state, result, duration_ms, queue_ms, coverage, at FROM runs"
			       " WHERE pipeline = ?1 AND side = ?2 AND at >= ?3 AND at < ?4";

#define COUNTS "queued, running, blocked, success, failure, error, timeout, cancellation, skip, unknown"
static const char counts_sql[] = "SELECT " COUNTS " FROM days WHERE pipeline = ? AND side = ? AND day = ?";
#define MORE(name) #name " = " #name " + excluded." #name
static const char total_sql
	[] = "INSERT INTO totals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
	     "SET " MORE(queued) ", " MORE(running) ", " MORE(blocked) ", " MORE(success) ", " MORE(failure) ", " MORE(
		     error) ", " MORE(timeout) ", " MORE(cancellation) ", " MORE(skip) ", " MORE(unknown);

enum day_count day_count_of(int state, int result)
{
	static const enum day_count states[] = {
		[STATE_QUEUED] = DAY_QUEUED, [STATE_RUNNING] = DAY_RUNNING, [STATE_BLOCKED] = DAY_BLOCKED};
	static const enum day_count results[] = {
		[RESULT_NULL] = DAY_UNKNOWN,    [RESULT_SUCCESS] = DAY_SUCCESS,
		[RESULT_FAILURE] = DAY_FAILURE, [RESULT_ERROR] = DAY_ERROR,
		[RESULT_TIMEOUT] = DAY_TIMEOUT, [RESULT_CANCELLATION] = DAY_CANCELLATION,
		[RESULT_SKIP] = DAY_SKIP,
	};

	return state > STATE_NULL && state < STATE_FINISHED ? states[state] : results[result];
}

bool day_count_is_verdict(enum day_count count)
{
	return count == DAY_SUCCESS || count == DAY_FAILURE || count == DAY_ERROR || count == DAY_TIMEOUT;
}

int64_t day_of(int64_t at_ms)
{
	return at_ms / DAY_MS - (at_ms % DAY_MS < 0);
}

int days_create(sqlite3 *db)
{
	return sqlite3_exec(db, tables, NULL, NULL, NULL);
}

int days_open(struct days *days, sqlite3 *db)
{
	const struct {
		const char *sql;
		sqlite3_stmt **statement;
	} rows[] = {
		{runs_sql, &days->runs},
		{put_sql, &days->put},
		{counts_sql, &days->counts},
		{total_sql, &days->total},
		{"DELETE FROM days WHERE pipeline = ? AND side = ? AND day = ?", &days->drop},
	};
	int code = SQLITE_OK;

	for (size_t i = 0; code == SQLITE_OK && i < sizeof rows / sizeof rows[0]; i++) {
		code = sqlite3_prepare_v3(db, rows[i].sql, -1, SQLITE_PREPARE_PERSISTENT, rows[i].statement,
					  NULL);
	}
	return code;
}

void days_close(struct days *days)
{
	sqlite3_finalize(days->runs);
	sqlite3_finalize(days->put);
	sqlite3_finalize(days->counts);
	sqlite3_finalize(days->total);
	sqlite3_finalize(days->drop);
	times_fini(&days->scratch.durations);
	times_fini(&days->scratch.queues);
	free(days->stale);
	free(days->packed);
	*days = (struct days){0};
}

static bool same(const struct day_key *a, const struct day_key *b)
{
	return a->pipeline == b->pipeline && a->side == b->side && a->day == b->day;
}

static int mark(struct days *days, const struct day_key *key)
{
	/* Builds come in the order of their time, mostly: the same day is among the last ones. */
	for (size_t i = days->count; i > 0 && i + 8 > days->count; i--) {
		if (same(&days->stale[i - 1], key)) {
			return SQLITE_OK;
		}
	}
	if (days->count == days->room) {
		size_t room = days->room ? days->room * 2 : 64;
		struct day_key *more = reallocarray(days->stale, room, sizeof *more);

		if (!more) {
			return SQLITE_NOMEM;
		}
		days->stale = more;
		days->room = room;
	}
	days->stale[days->count++] = *key;
	return SQLITE_OK;
}

int days_mark(struct days *days, const struct run_place *place)
{
	return mark(days, &(struct day_key){place->pipeline, place->side, day_of(place->at_ms)});
}

static void clear(struct day *day)
{
	memset(day->counts, 0, sizeof day->counts);
	times_clear(&day->durations);
	times_clear(&day->queues);
	day->coverage = REAL_NULL;
	day->coverage_at_ms = INT_NULL;
}

static bool is_null(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL;
}

static bool count_run(struct day *day, sqlite3_stmt *row)
{
	enum day_count count = day_count_of(sqlite3_column_int(row, 0), sqlite3_column_int(row, 1));

	day->counts[count]++;
	if (count == DAY_SUCCESS && !is_null(row, 4)) { /* rows come in the order of time */
		day->coverage = sqlite3_column_double(row, 4);
		day->coverage_at_ms = sqlite3_column_int64(row, 5);
	}
	return (!day_count_is_verdict(count) || is_null(row, 2) ||
		times_add(&day->durations, sqlite3_column_int64(row, 2))) &&
	       (is_null(row, 3) || times_add(&day->queues, sqlite3_column_int64(row, 3)));
}

static int read_runs(struct days *days, const struct day_key *key, bool *any)
{
	int code;

	clear(&days->scratch);
	*any = false;
	sqlite3_bind_int64(days->runs, 1, key->pipeline);
	sqlite3_bind_int64(days->runs, 2, key->side);
	sqlite3_bind_int64(days->runs, 3, key->day * DAY_MS);
	sqlite3_bind_int64(days->runs, 4, (key->day + 1) * DAY_MS);
	while ((code = sqlite3_step(days->runs)) == SQLITE_ROW) {
		*any = true;
		if (!count_run(&days->scratch, days->runs)) {
			code = SQLITE_NOMEM;
			break;
		}
	}
	sqlite3_reset(days->runs);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

static void bind_key(sqlite3_stmt *statement, const struct day_key *key)
{
	sqlite3_bind_int64(statement, 1, key->pipeline);
	sqlite3_bind_int64(statement, 2, key->side);
	sqlite3_bind_int64(statement, 3, key->day);
}

static int write_day(struct days *days, const struct day_key *key)
{
	struct day *day = &days->scratch;
	size_t need = times_packed_max(day->durations.count + day->queues.count) + 1, size;

	if (need > days->packed_size) {
		unsigned char *more = realloc(days->packed, need);

		if (!more) {
			return SQLITE_NOMEM;
		}
		days->packed = more;
		days->packed_size = need;
	}
	bind_key(days->put, key);
	for (int i = 0; i < DAY_COUNTS; i++) {
		sqlite3_bind_int64(days->put, 4 + i, day->counts[i]);
	}
	sqlite3_bind_double(days->put, PUT_COVERAGE, day->coverage); /* NaN becomes NULL */
	day->coverage_at_ms == INT_NULL
		? sqlite3_bind_null(days->put, PUT_COVERAGE + 1)
		: sqlite3_bind_int64(days->put, PUT_COVERAGE + 1, day->coverage_at_ms);
	size = times_pack(&day->durations, days->packed);
	sqlite3_bind_blob64(days->put, PUT_COVERAGE + 2, days->packed, size, SQLITE_STATIC);
	sqlite3_bind_blob64(days->put, PUT_COVERAGE + 3, days->packed + size,
			    times_pack(&day->queues, days->packed + size), SQLITE_STATIC);
	return statement_run(days->put);
}

/* Adds to `totals` what the day has more than its row of before. */
static int add_total(struct days *days, const struct day_key *key)
{
	bool there, changed = false;
	int code;

	bind_key(days->counts, key);
	code = sqlite3_step(days->counts);
	there = code == SQLITE_ROW;
	sqlite3_bind_int64(days->total, 1, key->day);
	sqlite3_bind_int64(days->total, 2, key->side);
	for (int i = 0; i < DAY_COUNTS; i++) {
		int64_t more = days->scratch.counts[i] - (there ? sqlite3_column_int64(days->counts, i) : 0);

		sqlite3_bind_int64(days->total, 3 + i, more);
		changed |= more != 0;
	}
	sqlite3_reset(days->counts);
	return code != SQLITE_ROW && code != SQLITE_DONE ? code
	       : changed                                 ? statement_run(days->total)
							 : SQLITE_OK;
}

static int renew(struct days *days, const struct day_key *key)
{
	bool any;
	int code = read_runs(days, key, &any);

	if (code == SQLITE_OK) {
		code = add_total(days, key);
	}
	if (code == SQLITE_OK && any) {
		return write_day(days, key);
	}
	bind_key(days->drop, key);
	return code == SQLITE_OK ? statement_run(days->drop) : code;
}

static int compare(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct day_key));
}

int days_renew(struct days *days)
{
	int code = SQLITE_OK;

	if (days->count > 1) {
		qsort(days->stale, days->count, sizeof *days->stale, compare);
	}
	for (size_t i = 0; code == SQLITE_OK && i < days->count; i++) {
		if (i == 0 || !same(&days->stale[i], &days->stale[i - 1])) {
			code = renew(days, &days->stale[i]);
		}
	}
	days_forget(days);
	return code;
}

void days_forget(struct days *days)
{
	days->count = 0;
}

int days_fill(struct days *days, sqlite3 *db)
{
	sqlite3_stmt *all = NULL;
	int code = sqlite3_prepare_v2(
		db, "SELECT DISTINCT pipeline, side, at / 86400000 - (at % 86400000 < 0) FROM runs", -1, &all,
		NULL);

	while (code == SQLITE_OK && (code = sqlite3_step(all)) == SQLITE_ROW) {
		code = mark(days,
			    &(struct day_key){sqlite3_column_int64(all, 0), sqlite3_column_int64(all, 1),
					      sqlite3_column_int64(all, 2)});
	}
	sqlite3_finalize(all);
	return code == SQLITE_DONE ? days_renew(days) : code;
}
