/* The dashboard's figures against the slow way, over random pasts. */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "tests/unit/store_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const char *const branches[] = {"default", "all", "feature"};

/* What the figures of a pipeline should be. */
struct truth {
	int64_t counts[DAY_COUNTS], week, durations[WORLD_BUILDS], queues[WORLD_BUILDS];
	int duration_count, queue_count;
	double coverage;
	int64_t coverage_at;
};

static int compare(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

static int64_t rank(int64_t *values, int count, int percent)
{
	int place = (count * percent + 99) / 100;

	qsort(values, (size_t)count, sizeof *values, compare);
	return count ? values[place - 1] : INT_NULL;
}

static void take(struct truth *truth, const struct build *build)
{
	enum day_count count = day_count_of(build->state, build->result);

	truth->counts[count]++;
	if (day_count_is_verdict(count) && build->duration_ms != INT_NULL) {
		truth->durations[truth->duration_count++] = build->duration_ms;
	}
	if (build->queue_ms != INT_NULL) {
		truth->queues[truth->queue_count++] = build->queue_ms;
	}
	if (count == DAY_SUCCESS && isfinite(build->coverage) && build->created_at > truth->coverage_at) {
		truth->coverage = build->coverage;
		truth->coverage_at = build->created_at;
	}
}

static void reckon(struct truth *truth, const struct world *world, int pipeline, const char *branch, int days)
{
	*truth = (struct truth){.coverage = REAL_NULL, .coverage_at = INT_NULL};
	for (int i = 0; i < world->count; i++) {
		const struct fact *fact = &world->facts[i];
		int64_t age_days = world->now_ms / DAY_MS - fact->build.created_at / DAY_MS;

		if (!fact_in(fact, pipeline, branch)) {
			continue;
		}
		truth->week += age_days < 7;
		if (age_days < days) {
			take(truth, &fact->build);
		}
	}
}

static void expect_figures(struct world *world, int pipeline, const char *branch, int days)
{
	struct figures figures = {0};
	struct pipeline found;
	struct window window = window_of(world->now_ms, days);
	struct truth truth;
	struct err err;
	enum status status;

	cr_assert(reader_begin(&world->reader, &err) == OK);
	cr_assert(pipeline_find(&world->reader, text_of(world_key(pipeline)), &found, &status, &err));
	struct scope scope = {.pipeline = found.id,
			      .side_max = strcmp(branch, "all") == 0 ? SIDE_OTHER : SIDE_DEFAULT,
			      .branch = strcmp(branch, "feature") == 0 ? text_of(branch) : (struct text){0}};
	cr_assert(figures_read(&figures, &world->reader, &scope, &window, &err) == OK, "%s", err.text);
	reckon(&truth, world, pipeline, branch, days);
	for (int i = 0; i < DAY_COUNTS; i++) {
		cr_expect(figures.counts[i] == truth.counts[i], "%s %s %d days: %s %lld, not %lld",
			  world_key(pipeline), branch, days, day_count_names[i], (long long)figures.counts[i],
			  (long long)truth.counts[i]);
	}
	cr_expect(figures.week == truth.week, "%d days: %lld, not %lld", days, (long long)figures.week,
		  (long long)truth.week);
	cr_expect(figures.p50_ms == rank(truth.durations, truth.duration_count, 50));
	cr_expect(figures.p90_ms == rank(truth.durations, truth.duration_count, 90));
	cr_expect(figures.queue_p50_ms == rank(truth.queues, truth.queue_count, 50));
	cr_expect(figures.queue_p90_ms == rank(truth.queues, truth.queue_count, 90));
	cr_expect(figures.coverage == truth.coverage || (isnan(figures.coverage) && isnan(truth.coverage)));
	figures_fini(&figures);
	reader_end(&world->reader);
}

static void expect_all_figures(struct world *world)
{
	static const int days[] = {1, 7, 30, 365};

	for (int pipeline = 0; pipeline < WORLD_PIPELINES; pipeline++) {
		for (size_t b = 0; b < 3; b++) {
			for (size_t d = 0; d < 4; d++) {
				expect_figures(world, pipeline, branches[b], days[d]);
			}
		}
	}
}

static char *text_of_sql(struct world *world, const char *sql)
{
	sqlite3_stmt *row = NULL;
	char *text;

	cr_assert(sqlite3_prepare_v2(world->store.db, sql, -1, &row, NULL) == SQLITE_OK, "%s",
		  sqlite3_errmsg(world->store.db));
	cr_assert(sqlite3_step(row) == SQLITE_ROW);
	text = strdup((const char *)sqlite3_column_text(row, 0));
	sqlite3_finalize(row);
	return text;
}

static void expect_totals(struct world *world)
{
	static const char sql[] =
		"SELECT count(*) FROM (SELECT day, side, sum(success) AS s, sum(failure) AS f, sum(running) "
		"AS r FROM "
		"days GROUP BY 1, 2) d LEFT JOIN totals t USING (day, side) "
		"WHERE t.success IS NOT d.s OR t.failure IS NOT d.f OR t.running IS NOT d.r";
	char *wrong = text_of_sql(world, sql);

	cr_expect_str_eq(wrong, "0");
	free(wrong);
}

Test(store_figures, are_those_that_counting_gives)
{
	static struct world world;

	for (unsigned seed = 1; seed <= 6; seed++) {
		world_init(&world, seed);
		expect_all_figures(&world);
		expect_totals(&world);
		world_fini(&world);
	}
}

static const char all_runs[] = "SELECT group_concat(line, char(10)) FROM (SELECT concat.line FROM (SELECT "
			       "p.key || ' ' || quote(side) || "
			       "' ' || at || ' ' || build || ' ' || quote(number) || quote(tail) || state || "
			       "result || trigger || ' ' || "
			       "quote((SELECT word FROM words WHERE id = branch)) || quote((SELECT word FROM "
			       "words WHERE id = author)) || "
			       "quote(started_at) || quote(finished_at) || quote(duration_ms) || "
			       "quote(queue_ms) || quote(coverage) AS line "
			       "FROM runs JOIN pipelines p ON p.id = pipeline) concat ORDER BY 1)";
static const char all_days[] =
	"SELECT group_concat(line, char(10)) FROM (SELECT p.key || ' ' || day || ' ' || side || ' ' || "
	"success || "
	"quote(durations) || quote(queues) || quote(coverage) || quote(coverage_at) AS line FROM days "
	"JOIN pipelines p ON p.id = pipeline ORDER BY 1)";

/* As an older buildbus left it. */
static void make_old(struct world *world)
{
	cr_assert(sqlite3_exec(world->store.db,
			       "DROP TABLE runs; DROP TABLE days; DROP TABLE totals; DROP TABLE words; DROP "
			       "TABLE pipelines; "
			       "PRAGMA user_version = 1",
			       NULL, NULL, NULL) == SQLITE_OK);
}

Test(store_figures, of_an_older_file_are_made_when_it_is_opened)
{
	static struct world world;
	char *runs, *days, *new_runs, *new_days;
	struct err err;

	world_init(&world, 11);
	runs = text_of_sql(&world, all_runs);
	days = text_of_sql(&world, all_days);
	reader_close(&world.reader);
	store_db_rollback(&world.store);
	make_old(&world);
	store_db_close(&world.store);
	cr_assert(store_db_open(&world.store, world.folder, &err) == OK, "%s", err.text);
	cr_assert(store_db_begin(&world.store, &err) == OK);
	new_runs = text_of_sql(&world, all_runs);
	new_days = text_of_sql(&world, all_days);
	cr_expect_str_eq(runs, new_runs);
	cr_expect_str_eq(days, new_days);
	expect_totals(&world);
	free(runs), free(days), free(new_runs), free(new_days);
	cr_assert(reader_open(&world.reader, world.path, &err) == OK);
	expect_all_figures(&world);
	world_fini(&world);
}

Test(store_figures, of_a_batch_that_was_taken_back_are_forgotten)
{
	static struct world world;
	struct fact fact;
	enum store_put put;
	struct err err;
	char *before, *after;

	world_init(&world, 12);
	before = text_of_sql(&world, all_runs);
	fact = world.facts[0];
	fact.build.id = TEXT("buildkite/acme/never/1");
	fact.build.branch = TEXT("never-seen");
	for (int i = 0; i < 2; i++) {
		cr_assert(store_db_put(&world.store, &fact.build, &put, &err) == OK);
		store_db_rollback(&world.store);
		cr_assert(store_db_begin(&world.store, &err) == OK);
	}
	after = text_of_sql(&world, all_runs);
	cr_expect_str_eq(before, after);
	free(before), free(after);
	fact.build.id = text_of(fact.id);
	fact.build.version++;
	world_put(&world, &fact);
	world_commit(&world);
	world.facts[0] = fact;
	expect_figures(&world, world.facts[0].pipeline, "all", 365);
	world_fini(&world);
}
