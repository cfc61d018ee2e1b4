/* The views give the figures that are counted here another way, from the builds themselves: versions that
 * come out of order and twice, builds that run beside each other, a main that is red in between. */
/* SPDX-License-Identifier: MIT */
#include "common/record.h"
#include "common/time.h"
#include "sinks/bigquery/row.h"
#include "tests/tables/bigquery_sql.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define BUILDS    600
#define PIPELINES 3
#define FROM_MS   INT64_C(1767225600000) /* 2026-01-01 */

struct truth {
	int pipeline, result;
	bool finished, main;
	int64_t created_at, started_at, finished_at, queue_ms, duration_ms;
};

static struct truth truth[BUILDS];
static uint64_t dice;
static sqlite3 *db;
static struct arena arena;

static uint64_t roll(uint64_t sides)
{
	dice = dice * 6364136223846793005U + 1442695040888963407U;
	return (dice >> 33) % sides;
}

static const char *const pipelines[] = {"web", "api", "app"};

static void draw(void)
{
	for (int i = 0; i < BUILDS; i++) {
		struct truth *build = &truth[i];

		*build = (struct truth){.pipeline = i % PIPELINES, .main = roll(4) > 0};
		build->created_at = FROM_MS + (int64_t)i * 900000 + (int64_t)roll(600000);
		build->queue_ms = (int64_t)roll(60000);
		build->started_at = build->created_at + build->queue_ms;
		build->duration_ms =
			(int64_t)roll(7200000); /* up to two hours: eight more are made meanwhile */
		build->finished_at = build->started_at + build->duration_ms;
		build->finished = roll(20) > 0;
		build->result = (int)(roll(3) == 0   ? 1 + roll(6)
				      : roll(3) == 0 ? RESULT_FAILURE
						     : RESULT_SUCCESS);
	}
}

/* One version; the last one of each build is as in truth. */
static void add(int i, int version, bool last)
{
	const struct truth *from = &truth[i];
	struct job jobs[2];
	struct build build;
	struct text row;
	struct err err;
	char id[64];

	arena_reset(&arena);
	build_init(&build);
	snprintf(id, sizeof id, "buildkite/acme/%s/%d", pipelines[from->pipeline], i);
	build.id = text_of(id);
	build.version = version;
	build.provider = text_of("buildkite");
	build.organization = text_of("acme");
	build.pipeline = text_of(pipelines[from->pipeline]);
	build.number = i;
	build.default_branch = text_of("main");
	build.branch = text_of(from->main ? "main" : "fix");
	build.created_at = from->created_at;
	build.state = last && from->finished ? STATE_FINISHED : STATE_RUNNING;
	build.started_at = from->started_at;
	build.queue_ms = from->queue_ms;
	if (build.state == STATE_FINISHED) {
		build.result = from->result;
		build.finished_at = from->finished_at;
		build.duration_ms = from->duration_ms;
	}
	for (int job = 0; job < 2; job++) {
		job_init(&jobs[job]);
		jobs[job].id = text_of(job ? "b" : "a");
		jobs[job].name = text_of(job ? "test" : "lint");
		jobs[job].kind = KIND_SCRIPT;
		jobs[job].state = build.state;
		jobs[job].duration_ms = from->duration_ms / (job + 1);
	}
	build.jobs = (struct field_list){jobs, 2};
	cr_assert(row_write(&build, &arena, &row, &err) == OK, "%s", err.text);
	bigquery_sql_add(db, row.at);
}

static void init(void)
{
	dice = 4711;
	arena_init(&arena, 4 << 20);
	db = bigquery_sql_open();
	draw();
	for (int i = BUILDS; i-- > 0;) { /* backwards, the newest version first, some twice */
		int versions = 1 + (int)roll(3);

		for (int version = versions; version > 0; version--) {
			add(i, version, version == versions);
			if (roll(10) == 0) {
				add(i, version, version == versions);
			}
		}
	}
}

static void fini(void)
{
	sqlite3_close(db);
	arena_fini(&arena);
}

TestSuite(bigquery_views, .init = init, .fini = fini);

static sqlite3_stmt *query(const char *sql)
{
	sqlite3_stmt *statement;

	cr_assert(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	return statement;
}

Test(bigquery_views, builds_has_the_newest_version_once)
{
	sqlite3_stmt *row = query("SELECT number, state, result FROM builds ORDER BY number");
	int i = 0;

	for (; sqlite3_step(row) == SQLITE_ROW; i++) {
		const char *result = (const char *)sqlite3_column_text(row, 2);

		cr_expect(sqlite3_column_int(row, 0) == i);
		cr_expect_str_eq((const char *)sqlite3_column_text(row, 1),
				 truth[i].finished ? "finished" : "running");
		cr_expect(!truth[i].finished || strcmp(result, result_words[truth[i].result]) == 0);
	}
	cr_expect(i == BUILDS, "%d builds", i);
	sqlite3_finalize(row);
}

struct day {
	int builds, finished, results[RESULT_SKIP + 1];
	double durations[BUILDS];
	int durations_count;
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double share_of(double *values, int count, double share)
{
	double place = share * (count - 1);
	int low = (int)place;

	qsort(values, (size_t)count, sizeof *values, by_value);
	return low + 1 < count ? values[low] + (place - low) * (values[low + 1] - values[low]) : values[low];
}

static void count_day(int pipeline, int64_t day, struct day *out)
{
	*out = (struct day){0};
	for (int i = 0; i < BUILDS; i++) {
		const struct truth *build = &truth[i];

		if (build->pipeline != pipeline || build->created_at / DAY_MS != day) {
			continue;
		}
		out->builds++;
		out->finished += build->finished;
		if (build->finished) {
			out->results[build->result]++;
			out->durations[out->durations_count++] = (double)build->duration_ms;
		}
	}
}

Test(bigquery_views, build_days_counts_what_was_built)
{
	sqlite3_stmt *row =
		query("SELECT pipeline, day, builds, finished, success, failure, timeout, success_rate, "
		      "duration_p50_ms, duration_p90_ms FROM build_days");
	int days = 0;

	for (; sqlite3_step(row) == SQLITE_ROW; days++) {
		static struct day day;
		const char *name = (const char *)sqlite3_column_text(row, 0);
		const char *date = (const char *)sqlite3_column_text(row, 1);
		int64_t ms = 0;
		int pipeline = strcmp(name, "web") == 0 ? 0 : strcmp(name, "api") == 0 ? 1 : 2, judged;

		cr_assert(time_parse(date, strlen(date), &ms) == OK);
		count_day(pipeline, ms / DAY_MS, &day);
		cr_expect(sqlite3_column_int(row, 2) == day.builds);
		cr_expect(sqlite3_column_int(row, 3) == day.finished);
		cr_expect(sqlite3_column_int(row, 4) == day.results[RESULT_SUCCESS]);
		cr_expect(sqlite3_column_int(row, 5) == day.results[RESULT_FAILURE]);
		cr_expect(sqlite3_column_int(row, 6) == day.results[RESULT_TIMEOUT]);
		judged = day.results[RESULT_SUCCESS] + day.results[RESULT_FAILURE] +
			 day.results[RESULT_ERROR] + day.results[RESULT_TIMEOUT];
		cr_expect(fabs(sqlite3_column_double(row, 7) - (double)day.results[RESULT_SUCCESS] / judged) <
			  1e-9);
		cr_expect(fabs(sqlite3_column_double(row, 8) -
			       share_of(day.durations, day.durations_count, 0.5)) < 1e-3);
		cr_expect(fabs(sqlite3_column_double(row, 9) -
			       share_of(day.durations, day.durations_count, 0.9)) < 1e-3);
	}
	cr_expect(days >= 3 * 6, "%d", days);
	sqlite3_finalize(row);
}

static bool is_verdict(const struct truth *build, int pipeline)
{
	return build->pipeline == pipeline && build->main && build->finished &&
	       build->result != RESULT_CANCELLATION && build->result != RESULT_SKIP;
}

/* Another way round: at each moment a finish is known, main is as the newest-made build that has finished
 * says; red time is summed between such moments. */
static int64_t red_ms(int pipeline, int64_t until_ms)
{
	int64_t red = 0, at_ms = 0;
	int newest = -1;

	for (;;) {
		int next = -1;

		for (int i = 0; i < BUILDS; i++) {
			if (is_verdict(&truth[i], pipeline) && truth[i].finished_at > at_ms &&
			    (next < 0 || truth[i].finished_at < truth[next].finished_at)) {
				next = i;
			}
		}
		if (newest >= 0 && truth[newest].result != RESULT_SUCCESS) {
			red += (next < 0 ? until_ms : truth[next].finished_at) - at_ms;
		}
		if (next < 0) {
			return red;
		}
		at_ms = truth[next].finished_at;
		newest = next > newest ? next : newest;
	}
}

Test(bigquery_views, broken_main_is_the_time_that_main_was_red)
{
	sqlite3_stmt *row =
		query("SELECT pipeline, sum(broken_ms), count(*), min(broken_ms) FROM broken_main GROUP BY "
		      "pipeline");
	int64_t until = 0;
	int seen = 0;

	cr_assert(time_parse("2026-06-01", 10, &until) == OK);
	for (; sqlite3_step(row) == SQLITE_ROW; seen++) {
		const char *name = (const char *)sqlite3_column_text(row, 0);
		int pipeline = strcmp(name, "web") == 0 ? 0 : strcmp(name, "api") == 0 ? 1 : 2;

		cr_expect(sqlite3_column_int64(row, 1) == red_ms(pipeline, until), "%s: %lld ms, not %lld",
			  name, (long long)sqlite3_column_int64(row, 1), (long long)red_ms(pipeline, until));
		cr_expect(sqlite3_column_int(row, 2) > 10, "%d outages", sqlite3_column_int(row, 2));
		cr_expect(sqlite3_column_int64(row, 3) > 0);
	}
	cr_expect(seen == PIPELINES);
	sqlite3_finalize(row);
}

Test(bigquery_views, intervals_of_a_broken_main_never_overlap)
{
	sqlite3_stmt *row =
		query("SELECT count(*) FROM broken_main a JOIN broken_main b USING (pipeline) WHERE "
		      "a.broken_at < b.broken_at AND coalesce(a.fixed_at, '9') > b.broken_at");

	cr_assert(sqlite3_step(row) == SQLITE_ROW);
	cr_expect(sqlite3_column_int(row, 0) == 0, "%d", sqlite3_column_int(row, 0));
	sqlite3_finalize(row);
}

Test(bigquery_views, job_durations_has_every_finished_job)
{
	sqlite3_stmt *row = query("SELECT count(*), sum(duration_ms) FROM job_durations");
	int64_t count = 0, sum = 0;

	for (int i = 0; i < BUILDS; i++) {
		count += truth[i].finished ? 2 : 0;
		sum += truth[i].finished ? truth[i].duration_ms + truth[i].duration_ms / 2 : 0;
	}
	cr_assert(sqlite3_step(row) == SQLITE_ROW);
	cr_expect(sqlite3_column_int64(row, 0) == count);
	cr_expect(sqlite3_column_int64(row, 1) == sum);
	sqlite3_finalize(row);
}
