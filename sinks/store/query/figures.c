/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/figures.h"
#include "common/time.h"

#include <stdlib.h>
#include <string.h>

static const char days_sql[] =
	"SELECT day, queued, running, blocked, success, failure, error, timeout, cancellation, skip, unknown,"
	" coverage, coverage_at, durations, queues FROM days"
	" WHERE pipeline = ?1 AND day BETWEEN ?2 AND ?3 AND side <= ?4 ORDER BY day";
/* A branch by its name has no days of its own. */
static const char runs_sql[] =
	"SELECT at, state, result, duration_ms, queue_ms, coverage FROM runs"
	" WHERE pipeline = ?1 AND side IN (0, 1) AND at >= ?2 * 86400000 AND at < (?3 + 1) * 86400000"
	" AND branch = (SELECT id FROM words WHERE word = ?4) ORDER BY at";

struct window window_of(int64_t now_ms, int64_t days)
{
	int64_t today = day_of(now_ms);

	return (struct window){.first = today - days + 1, .last = today};
}

int64_t counts_sum(const int64_t counts[static DAY_COUNTS])
{
	int64_t sum = 0;

	for (int i = 0; i < DAY_COUNTS; i++) {
		sum += counts[i];
	}
	return sum;
}

double counts_success_rate(const int64_t counts[static DAY_COUNTS])
{
	int64_t all = 0;

	for (int i = 0; i < DAY_COUNTS; i++) {
		all += day_count_is_verdict((enum day_count)i) ? counts[i] : 0;
	}
	return all ? (double)counts[DAY_SUCCESS] / (double)all : REAL_NULL;
}

static bool add_all(struct times *times, const struct times *more)
{
	if (!times_reserve(times, more->count)) {
		return false;
	}
	if (more->count > 0) {
		memcpy(times->ms + times->count, more->ms, more->count * sizeof *more->ms);
		times->count += more->count;
	}
	return true;
}

/* What came of one day goes into the window; the day's own times are emptied. sorted: they came from one row.
 */
static bool end_day(struct figures *figures, struct day_figures *day, bool sorted)
{
	struct times *durations = &figures->day_durations, *queues = &figures->day_queues;
	bool room = add_all(&figures->durations, durations) && add_all(&figures->queues, queues);

	day->p50_ms = sorted ? times_sorted_percentile(durations, 50) : times_percentile(durations, 50);
	day->p90_ms = sorted ? times_sorted_percentile(durations, 90) : times_percentile(durations, 90);
	day->queue_p50_ms = sorted ? times_sorted_percentile(queues, 50) : times_percentile(queues, 50);
	day->queue_p90_ms = sorted ? times_sorted_percentile(queues, 90) : times_percentile(queues, 90);
	times_clear(durations);
	times_clear(queues);
	return room;
}

static void note_coverage(struct figures *figures, double coverage, int64_t at_ms)
{
	if (at_ms != INT_NULL && at_ms >= figures->coverage_at_ms) {
		figures->coverage = coverage;
		figures->coverage_at_ms = at_ms;
	}
}

static bool take_day(struct figures *figures, struct day_figures *day, sqlite3_stmt *row)
{
	for (int i = 0; i < DAY_COUNTS; i++) {
		day->counts[i] += sqlite3_column_int64(row, 1 + i);
	}
	note_coverage(figures, sqlite3_column_double(row, 11), reader_int(row, 12));
	return times_unpack(&figures->day_durations, sqlite3_column_blob(row, 13),
			    (size_t)sqlite3_column_bytes(row, 13)) &&
	       times_unpack(&figures->day_queues, sqlite3_column_blob(row, 14),
			    (size_t)sqlite3_column_bytes(row, 14));
}

static bool take_run(struct figures *figures, struct day_figures *day, sqlite3_stmt *row)
{
	enum day_count count = day_count_of(sqlite3_column_int(row, 1), sqlite3_column_int(row, 2));
	int64_t duration_ms = reader_int(row, 3), queue_ms = reader_int(row, 4);

	day->counts[count]++;
	if (count == DAY_SUCCESS && sqlite3_column_type(row, 5) != SQLITE_NULL) {
		note_coverage(figures, sqlite3_column_double(row, 5), sqlite3_column_int64(row, 0));
	}
	return (duration_ms == INT_NULL || !day_count_is_verdict(count) ||
		times_add(&figures->day_durations, duration_ms)) &&
	       (queue_ms == INT_NULL || times_add(&figures->day_queues, queue_ms));
}

/* A day of the last week, before a window that is shorter. */
static void take_week(struct figures *figures, sqlite3_stmt *row, bool of_run)
{
	for (int i = 0; !of_run && i < DAY_COUNTS; i++) {
		figures->week += sqlite3_column_int64(row, 1 + i);
	}
	figures->week += of_run;
}

/* Rows come in the order of days, two of one day for its two sides, or one for each run. */
static enum status read_rows(struct figures *figures, struct reader *reader, sqlite3_stmt *rows, bool of_runs,
			     struct err *err)
{
	struct day_figures *day = NULL;
	enum status status = OK;
	bool room = true, sorted = !of_runs;

	while (room && reader_row(reader, rows, &status, err)) {
		int64_t first = sqlite3_column_int64(rows, 0), number = of_runs ? day_of(first) : first;
		struct day_figures *next;

		if (number < figures->window.first) {
			take_week(figures, rows, of_runs);
			continue;
		}
		next = &figures->days[number - figures->window.first];
		if (day && next != day) {
			room = end_day(figures, day, sorted);
			sorted = !of_runs;
		} else if (day) {
			sorted = false;
		}
		day = next;
		room = room && (of_runs ? take_run : take_day)(figures, day, rows);
	}
	sqlite3_reset(rows);
	room = room && (!day || end_day(figures, day, sorted));
	return status == OK && !room ? err_set(err, ERR_SYS, "out of memory") : status;
}

static void sum_up(struct figures *figures)
{
	int64_t count = figures->window.last - figures->window.first + 1;

	for (int64_t i = 0; i < count; i++) {
		for (int c = 0; c < DAY_COUNTS; c++) {
			figures->counts[c] += figures->days[i].counts[c];
		}
		figures->week += i >= count - WEEK_DAYS ? counts_sum(figures->days[i].counts) : 0;
	}
	figures->p50_ms = times_percentile(&figures->durations, 50);
	figures->p90_ms = times_percentile(&figures->durations, 90);
	figures->queue_p50_ms = times_percentile(&figures->queues, 50);
	figures->queue_p90_ms = times_percentile(&figures->queues, 90);
}

static enum status clear(struct figures *figures, const struct window *window, struct err *err)
{
	size_t count = (size_t)(window->last - window->first + 1);

	if (!figures->days) {
		figures->days = calloc(DAYS_MAX, sizeof *figures->days);
	}
	if (!figures->days) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	for (size_t i = 0; i < count; i++) {
		figures->days[i] = (struct day_figures){.p50_ms = INT_NULL,
							.p90_ms = INT_NULL,
							.queue_p50_ms = INT_NULL,
							.queue_p90_ms = INT_NULL};
	}
	memset(figures->counts, 0, sizeof figures->counts);
	figures->window = *window;
	figures->week = 0;
	figures->coverage = REAL_NULL;
	figures->coverage_at_ms = INT_NULL;
	times_clear(&figures->durations);
	times_clear(&figures->queues);
	times_clear(&figures->day_durations);
	times_clear(&figures->day_queues);
	return OK;
}

enum status figures_read(struct figures *figures, struct reader *reader, const struct scope *scope,
			 const struct window *window, struct err *err)
{
	bool of_runs = scope->branch.at != NULL;
	sqlite3_stmt *rows = reader_statement(reader, of_runs ? runs_sql : days_sql, err);
	enum status status = rows ? clear(figures, window, err) : err->status;
	int64_t week = window->last - WEEK_DAYS + 1;

	if (status != OK) {
		return status;
	}
	sqlite3_bind_int64(rows, 1, scope->pipeline);
	sqlite3_bind_int64(rows, 2, window->first < week ? window->first : week);
	sqlite3_bind_int64(rows, 3, window->last);
	of_runs ? reader_bind(rows, 4, scope->branch) : (void)sqlite3_bind_int(rows, 4, scope->side_max);
	status = read_rows(figures, reader, rows, of_runs, err);
	if (status == OK) {
		sum_up(figures);
	}
	return status;
}

void figures_fini(struct figures *figures)
{
	free(figures->days);
	times_fini(&figures->durations);
	times_fini(&figures->queues);
	times_fini(&figures->day_durations);
	times_fini(&figures->day_queues);
	*figures = (struct figures){0};
}
