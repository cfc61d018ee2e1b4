/* SPDX-License-Identifier: MIT */
#include "tests/support/truth.h"
#include "tests/support/watch.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yyjson.h>

struct comparison {
	sqlite3 *db;
	sqlite3_stmt *build, *jobs;
	char *difference; /* the first */
};

static void __attribute__((format(printf, 2, 3))) differ(struct comparison *it, const char *format, ...)
{
	va_list args;

	if (it->difference) {
		return;
	}
	va_start(args, format);
	cr_assert_geq(vasprintf(&it->difference, format, args), 0);
	va_end(args);
}

/* A value of either side as text, so that they compare and print alike. */
static const char *told(yyjson_val *value, char *buffer, size_t size)
{
	if (yyjson_is_str(value)) {
		return yyjson_get_str(value);
	}
	if (yyjson_is_int(value)) {
		snprintf(buffer, size, "%lld", (long long)yyjson_get_sint(value));
		return buffer;
	}
	if (yyjson_is_real(value)) {
		snprintf(buffer, size, "%.15g%s", yyjson_get_real(value),
			 yyjson_get_real(value) == (double)(int)yyjson_get_real(value) ? ".0" : "");
		return buffer;
	}
	return yyjson_is_bool(value) ? (yyjson_get_bool(value) ? "1" : "0") : "null";
}

static const char *kept(sqlite3_stmt *row, int column)
{
	const unsigned char *text = sqlite3_column_text(row, column);

	return text ? (const char *)text : "null";
}

/* Compares the columns of row with the members of its name; false: told in it. */
static bool same_columns(struct comparison *it, sqlite3_stmt *row, yyjson_val *truth, const char *what)
{
	bool times_mix = sqlite3_column_int(row, 0) > 1 &&
			 yyjson_equals_str(yyjson_obj_get(truth, "provider"), "buildkite");

	for (int i = 0; i < sqlite3_column_count(row); i++) {
		const char *name = sqlite3_column_name(row, i);
		yyjson_val *value = yyjson_obj_get(truth, name);
		const char *ends = strrchr(name, '_');
		char buffer[32];

		if (!value || (times_mix && ends && strcmp(ends, "_at") == 0)) {
			continue;
		}
		if (strcmp(told(value, buffer, sizeof buffer), kept(row, i)) != 0) {
			differ(it, "%s: %s is %.80s, in truth %.80s", what, name, kept(row, i),
			       told(value, buffer, sizeof buffer));
			return false;
		}
	}
	return true;
}

static bool same_jobs(struct comparison *it, const char *id, yyjson_val *truth)
{
	yyjson_val *jobs = yyjson_obj_get(truth, "jobs"), *job;
	size_t i, count;
	char what[256];

	sqlite3_reset(it->jobs);
	sqlite3_bind_text(it->jobs, 1, id, -1, SQLITE_STATIC);
	yyjson_arr_foreach(jobs, i, count, job)
	{
		snprintf(what, sizeof what, "job %zu of %s", i, id);
		if (sqlite3_step(it->jobs) != SQLITE_ROW) {
			differ(it, "%s is missing", what);
			return false;
		}
		if (!same_columns(it, it->jobs, job, what)) {
			return false;
		}
	}
	if (sqlite3_step(it->jobs) == SQLITE_ROW) {
		differ(it, "%s has more than its %zu jobs", id, count);
		return false;
	}
	return true;
}

/* A build that finished and was retried is in no list that a walk asks for until it finishes again
 * (docs/decisions/0004): until then the store may hold the attempt before. */
static bool rerun_under_way(sqlite3_stmt *row, yyjson_val *truth)
{
	int64_t attempt = yyjson_get_sint(yyjson_obj_get(truth, "attempt"));

	return !yyjson_equals_str(yyjson_obj_get(truth, "state"), "finished") && attempt > 1 &&
	       sqlite3_column_int64(row, 0) == attempt - 1 &&
	       strcmp((const char *)sqlite3_column_text(row, 6), "finished") == 0;
}

static void compare_build(struct comparison *it, yyjson_val *truth)
{
	const char *id = yyjson_get_str(yyjson_obj_get(truth, "id"));

	sqlite3_reset(it->build);
	sqlite3_bind_text(it->build, 1, id, -1, SQLITE_STATIC);
	if (sqlite3_step(it->build) != SQLITE_ROW) {
		differ(it, "%s is missing", id);
	} else if (!rerun_under_way(it->build, truth) && same_columns(it, it->build, truth, id)) {
		same_jobs(it, id, truth);
	}
}

static bool open_store(struct comparison *it, const char *path)
{
	static const char build[] =
		"SELECT attempt, uid, provider, organization, pipeline, number, state, "
		"result, provider_state, branch, \"commit\", message, created_at, "
		"started_at, finished_at, coverage, \"trigger\", pull_request, tag, repository, workflow, "
		"tests_total, tests_passed, tests_failed, tests_skipped, duration_ms "
		"FROM builds WHERE id = ?";
	static const char jobs[] =
		"SELECT 0 AS _, id, provider_state, superseded, kind, \"group\", result, soft_failed, "
		"attempt, exit_status, queued_at, started_at, finished_at, queue_ms, duration_ms FROM jobs "
		"WHERE build_id = ? ORDER BY position";

	if (access(path, F_OK) != 0 ||
	    sqlite3_open_v2(path, &it->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
		return false;
	}
	sqlite3_busy_timeout(it->db, 5000);
	return sqlite3_exec(it->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK &&
	       sqlite3_prepare_v2(it->db, build, -1, &it->build, NULL) == SQLITE_OK &&
	       sqlite3_prepare_v2(it->db, jobs, -1, &it->jobs, NULL) == SQLITE_OK;
}

static int compare_lines(struct comparison *it, const char *truth)
{
	int count = 0;

	for (const char *end; (end = strchr(truth, '\n')); truth = end + 1, count++) {
		yyjson_doc *doc = yyjson_read(truth, (size_t)(end - truth), 0);

		cr_assert(doc, "the truth is no JSON: %.200s", truth);
		compare_build(it, yyjson_doc_get_root(doc));
		yyjson_doc_free(doc);
	}
	return count;
}

static int64_t first_int(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *row = NULL;
	int64_t value = INT64_MIN;

	if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW) {
		value = sqlite3_column_int64(row, 0);
	}
	sqlite3_finalize(row);
	return value;
}

static void compare(struct comparison *it, const char *path, const char *truth)
{
	int count;
	int64_t rows;

	if (!open_store(it, path)) {
		differ(it, "%s: %s", path, it->db ? sqlite3_errmsg(it->db) : "is not there");
	} else {
		count = compare_lines(it, truth);
		rows = first_int(it->db, "SELECT count(*) FROM builds");
		if (rows > count) {
			differ(it, "%lld builds instead of %d", (long long)rows, count);
		}
	}
	sqlite3_finalize(it->build);
	sqlite3_finalize(it->jobs);
	sqlite3_close(it->db);
}

char *truth_differs(const char *store_path, const char *truth)
{
	struct comparison it = {0};

	compare(&it, store_path, truth);
	return it.difference;
}

size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; (text = strchr(text, '\n')); text++) {
		count++;
	}
	return count;
}

void store_holds_at(struct spot spot, const struct place *place, const char *truth)
{
	char path[512], *difference;
	int64_t until = test_now_ms() + patience_ms() * (1 + (int64_t)count_lines(truth) / 500);
	int watch = watch_open(place->state);

	snprintf(path, sizeof path, "%s/store.db", place->state);
	while ((difference = truth_differs(path, truth)) && watch_wait(watch, until)) {
		free(difference);
	}
	close(watch);
	if (difference) {
		fail_at(spot, "store.db isn't what the provider says: %s", difference);
	}
}

int64_t db_int(const struct place *place, const char *file, const char *sql)
{
	char path[512];
	sqlite3 *db = NULL;
	int64_t value = INT64_MIN;

	snprintf(path, sizeof path, "%s/%s", place->state, file);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK) {
		sqlite3_busy_timeout(db, 5000);
		value = first_int(db, sql);
	}
	sqlite3_close(db);
	return value;
}

void db_change(const struct place *place, const char *file, const char *sql)
{
	char path[512];
	sqlite3 *db = NULL;

	snprintf(path, sizeof path, "%s/%s", place->state, file);
	cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK, "%s", path);
	sqlite3_busy_timeout(db, 5000);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

void db_becomes_at(struct spot spot, const struct place *place, const char *file, int64_t value,
		   const char *sql)
{
	int64_t until = test_now_ms() + patience_ms(), is;
	int watch = watch_open(place->state);

	while ((is = db_int(place, file, sql)) != value && watch_wait(watch, until)) {
	}
	close(watch);
	if (is != value) {
		fail_at(spot, "%s: %s is %lld instead of %lld", file, sql, (long long)is, (long long)value);
	}
}
