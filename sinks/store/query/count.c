/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "sinks/store/query/builds.h"

#define COUNTS "queued, running, blocked, success, failure, error, timeout, cancellation, skip, unknown"
#define SUMS                                                                                                 \
	"sum(queued), sum(running), sum(blocked), sum(success), sum(failure), sum(error), sum(timeout),"     \
	" sum(cancellation), sum(skip), sum(unknown)"

static const char pipeline_total_sql[] = "SELECT 0, " SUMS " FROM days WHERE pipeline = ?1 AND side <= ?2";
static const char every_total_sql[] = "SELECT 0, " SUMS " FROM totals WHERE side <= ?2";
static const char pipeline_days_sql[] =
	"SELECT day, " COUNTS " FROM days WHERE pipeline = ?1 AND side <= ?2 ORDER BY day DESC";
static const char every_days_sql[] = "SELECT day, " COUNTS " FROM totals WHERE side <= ?2 ORDER BY day DESC";

static const char skip_sql[] = "SELECT at, build FROM runs INDEXED BY runs_at WHERE at < ?1 AND side <= ?2"
			       " ORDER BY at DESC, build DESC LIMIT 1 OFFSET ?3";

static sqlite3_stmt *open_rows(struct reader *reader, const struct filter *filter, const char *of_pipeline,
			       const char *of_every, struct err *err)
{
	bool every = filter->scope.pipeline == WALK_ALL;
	sqlite3_stmt *rows = reader_statement(reader, every ? of_every : of_pipeline, err);

	if (rows) {
		every ? 0 : sqlite3_bind_int64(rows, 1, filter->scope.pipeline);
		sqlite3_bind_int(rows, 2, filter->scope.side_max);
	}
	return rows;
}

/* What of a row of days passes states and results. */
static int64_t passing(const struct filter *filter, sqlite3_stmt *row)
{
	int64_t sum = 0;

	for (int state = STATE_QUEUED; state <= STATE_BLOCKED; state++) {
		bool good = (filter->states >> state & 1) && (filter->results & 1);

		sum += good ? sqlite3_column_int64(row, 1 + (int)day_count_of(state, RESULT_NULL)) : 0;
	}
	for (int result = RESULT_NULL; result <= RESULT_SKIP; result++) {
		bool good = (filter->states >> STATE_FINISHED & 1) && (filter->results >> result & 1);

		sum += good ? sqlite3_column_int64(row, 1 + (int)day_count_of(STATE_FINISHED, result)) : 0;
	}
	return sum;
}

enum status count_plain(struct reader *reader, const struct filter *filter, int64_t *total, struct err *err)
{
	sqlite3_stmt *rows = open_rows(reader, filter, pipeline_total_sql, every_total_sql, err);
	enum status status = rows ? OK : err->status;

	*total = 0;
	if (rows && reader_row(reader, rows, &status, err)) {
		*total = passing(filter, rows);
		sqlite3_reset(rows);
	}
	return status;
}

/* Of every pipeline a day may be long: what is only counted is passed over in an index that has no more than
 * the order. */
static enum status skip(struct reader *reader, const struct filter *filter, struct walk_place *start,
			int64_t *rest, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = OK;

	if (filter->scope.pipeline != WALK_ALL || filter->states != ~0u || filter->results != ~0u ||
	    *rest == 0) {
		return OK;
	}
	row = reader_statement(reader, skip_sql, err);
	if (!row) {
		return err->status;
	}
	sqlite3_bind_int64(row, 1, start->at_ms);
	sqlite3_bind_int(row, 2, filter->scope.side_max);
	sqlite3_bind_int64(row, 3, *rest - 1);
	if (reader_row(reader, row, &status, err)) {
		*start = (struct walk_place){sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1)};
		*rest = 0;
	}
	sqlite3_reset(row);
	return status;
}

enum status count_seek(struct reader *reader, const struct filter *filter, int64_t offset,
		       struct walk_place *start, int64_t *rest, struct err *err)
{
	sqlite3_stmt *rows = open_rows(reader, filter, pipeline_days_sql, every_days_sql, err);
	enum status status = rows ? OK : err->status;
	int64_t passed = 0, day = INT64_MAX;

	*start = WALK_START;
	*rest = offset;
	while (rows && passed < offset && reader_row(reader, rows, &status, err)) {
		/* A pipeline has two rows of a day: both before the walk may start behind it. */
		if (sqlite3_column_int64(rows, 0) != day) {
			day = sqlite3_column_int64(rows, 0);
			*start = (struct walk_place){(day + 1) * DAY_MS, INT64_MIN};
			*rest = offset - passed;
		}
		passed += passing(filter, rows);
	}
	sqlite3_reset(rows);
	return status == OK ? skip(reader, filter, start, rest, err) : status;
}
