/* SPDX-License-Identifier: MIT */
#include "tests/tables/bigquery_sql.h"
#include "common/time.h"
#include "sinks/bigquery/columns.h"
#include "sinks/bigquery/views.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In this order. */
static const struct {
	const char *google, *sqlite;
} dialect[] = {
	{"`p.d.", ""},
	{"`", ""},
	{"* EXCEPT(row_rank)", "*"},
	{"CURRENT_TIMESTAMP()", "'2026-06-01T00:00:00.000Z'"},
	{", MILLISECOND)", ")"},
	{"UNNEST(b.jobs) AS job", "json_each(b.jobs) AS j"},
	{"job.runner.queue", "j.value ->> '$.runner.queue'"},
	{"job.runner.class", "j.value ->> '$.runner.class'"},
	{"job.name", "j.value ->> 'name'"},
	{"job.id", "j.value ->> 'id'"},
	{"job.kind", "j.value ->> 'kind'"},
	{"job.state", "j.value ->> 'state'"},
	{"job.attempt", "j.value ->> 'attempt' AS attempt"},
	{"job.result", "j.value ->> 'result' AS result"},
	{"job.superseded", "j.value ->> 'superseded' AS superseded"},
	{"job.queue_ms", "j.value ->> 'queue_ms' AS queue_ms"},
	{"job.duration_ms", "j.value ->> 'duration_ms' AS duration_ms"},
};

static char *replaced(const char *text, const char *from, const char *to)
{
	char *out;
	size_t size;
	FILE *stream = open_memstream(&out, &size);
	const char *at;

	while ((at = strstr(text, from))) {
		fprintf(stream, "%.*s%s", (int)(at - text), text, to);
		text = at + strlen(from);
	}
	fputs(text, stream);
	fclose(stream);
	return out;
}

static void run(sqlite3 *db, const char *sql)
{
	char *error = NULL;

	cr_assert(sqlite3_exec(db, sql, NULL, NULL, &error) == SQLITE_OK, "%s\n%s", error, sql);
}

/* --- functions --- */

static void count_step(sqlite3_context *context, int count, sqlite3_value **values)
{
	int64_t *sum = sqlite3_aggregate_context(context, sizeof *sum);

	(void)count;
	*sum += sqlite3_value_int(values[0]) != 0;
}

static void count_inverse(sqlite3_context *context, int count, sqlite3_value **values)
{
	int64_t *sum = sqlite3_aggregate_context(context, sizeof *sum);

	(void)count;
	*sum -= sqlite3_value_int(values[0]) != 0;
}

static void count_value(sqlite3_context *context)
{
	int64_t *sum = sqlite3_aggregate_context(context, sizeof *sum);

	sqlite3_result_int64(context, *sum);
}

struct percentile {
	double *values, share;
	size_t count;
};

static void percentile_step(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct percentile *state = sqlite3_aggregate_context(context, sizeof *state);

	(void)count;
	state->share = sqlite3_value_double(values[1]);
	if (sqlite3_value_type(values[0]) != SQLITE_NULL) {
		state->values = realloc(state->values, (state->count + 1) * sizeof *state->values);
		state->values[state->count++] = sqlite3_value_double(values[0]);
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Interpolates, nulls ignored (PERCENTILE_CONT of GoogleSQL). */
static void percentile_value(sqlite3_context *context)
{
	struct percentile *state = sqlite3_aggregate_context(context, sizeof *state);
	double place;
	size_t low;

	if (state->count == 0) {
		sqlite3_result_null(context);
		return;
	}
	qsort(state->values, state->count, sizeof *state->values, by_value);
	place = state->share * (double)(state->count - 1);
	low = (size_t)place;
	sqlite3_result_double(context, low + 1 < state->count
					       ? state->values[low] +
							 (place - (double)low) *
								 (state->values[low + 1] - state->values[low])
					       : state->values[low]);
}

static void percentile_final(sqlite3_context *context)
{
	struct percentile *state = sqlite3_aggregate_context(context, sizeof *state);

	percentile_value(context);
	free(state->values);
}

static void percentile_inverse(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)context, (void)count, (void)values;
	cr_assert_fail("the window has no frame");
}

static void safe_divide(sqlite3_context *context, int count, sqlite3_value **values)
{
	double by = sqlite3_value_double(values[1]);

	(void)count;
	by != 0 ? sqlite3_result_double(context, sqlite3_value_double(values[0]) / by)
		: sqlite3_result_null(context);
}

static int64_t ms_of(sqlite3_value *value)
{
	const char *text = (const char *)sqlite3_value_text(value);
	int64_t ms = 0;

	cr_assert(text && time_parse(text, strlen(text), &ms) == OK);
	return ms;
}

static void timestamp_diff(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	sqlite3_result_int64(context, ms_of(values[0]) - ms_of(values[1]));
}

static void greatest(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	sqlite3_result_value(context, strcmp((const char *)sqlite3_value_text(values[0]),
					     (const char *)sqlite3_value_text(values[1])) >= 0
					      ? values[0]
					      : values[1]);
}

static void add_functions(sqlite3 *db)
{
	sqlite3_create_window_function(db, "countif", 1, SQLITE_UTF8, NULL, count_step, count_value,
				       count_value, count_inverse, NULL);
	sqlite3_create_window_function(db, "percentile_cont", 2, SQLITE_UTF8, NULL, percentile_step,
				       percentile_final, percentile_value, percentile_inverse, NULL);
	sqlite3_create_function(db, "safe_divide", 2, SQLITE_UTF8, NULL, safe_divide, NULL, NULL);
	sqlite3_create_function(db, "timestamp_diff", 2, SQLITE_UTF8, NULL, timestamp_diff, NULL, NULL);
	sqlite3_create_function(db, "greatest", 2, SQLITE_UTF8, NULL, greatest, NULL, NULL);
}

static void add_table(sqlite3 *db)
{
	char sql[4000] = "CREATE TABLE build_events(";

	for (const struct column *column = columns(); column->name; column++) {
		snprintf(sql + strlen(sql), sizeof sql - strlen(sql), "%s\"%s\"",
			 column == columns() ? "" : ", ", column->name);
	}
	snprintf(sql + strlen(sql), sizeof sql - strlen(sql), ")");
	run(db, sql);
}

static void add_view(sqlite3 *db, const struct view *view)
{
	char *sql = view_sql(view, "p", "d"), *create;

	for (size_t i = 0; i < sizeof dialect / sizeof *dialect; i++) {
		char *next = replaced(sql, dialect[i].google, dialect[i].sqlite);
		free(sql);
		sql = next;
	}
	cr_assert(asprintf(&create, "CREATE VIEW %s AS %s", view->name, sql) > 0);
	run(db, create);
	free(create);
	free(sql);
}

sqlite3 *bigquery_sql_open(void)
{
	sqlite3 *db;

	cr_assert(sqlite3_open(":memory:", &db) == SQLITE_OK);
	add_functions(db);
	add_table(db);
	for (const struct view *view = views; view->name; view++) {
		add_view(db, view);
	}
	return db;
}

void bigquery_sql_add(sqlite3 *db, const char *json)
{
	char sql[4000] = "INSERT INTO build_events SELECT ";
	sqlite3_stmt *statement;

	for (const struct column *column = columns(); column->name; column++) {
		snprintf(sql + strlen(sql), sizeof sql - strlen(sql), "%s?1 ->> '%s'",
			 column == columns() ? "" : ", ", column->name);
	}
	cr_assert(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_bind_text(statement, 1, json, -1, SQLITE_STATIC);
	cr_assert(sqlite3_step(statement) == SQLITE_DONE);
	sqlite3_finalize(statement);
}
