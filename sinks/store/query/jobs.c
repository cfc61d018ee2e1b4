/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/jobs.h"
#include "sinks/store/query/json.h"
#include "sinks/store/query/table.h"

#include <stdlib.h>

enum { LOOK_MS = 400 };

static const char jobs_sql[] =
	"SELECT j.name, j.\"group\", j.result, j.duration_ms, b.\"commit\", b.id, b.number, b.url,"
	" j.soft_failed"
	" FROM builds b JOIN jobs j ON j.build_id = b.id"
	" WHERE b.rowid = ?1 AND j.state = 'finished' AND (j.kind IS NULL OR j.kind = 'script')"
	" AND j.result IN ('success', 'failure', 'error', 'timeout')";

/* One job over all builds. */
struct job_sum {
	const char *name, *group; /* group NULL: none */
	int64_t runs, failures, flakes;
	int64_t p50_ms, p90_ms;
	struct times durations;
	const struct job_on_commit *last; /* flake */
};

/* One job on one commit. */
struct job_on_commit {
	struct job_sum *job;
	bool failed, passed;
	const char *id, *url; /* of the newest build in which it failed */
	int64_t number, at_ms;
};

struct sums {
	struct arena arena;
	struct table jobs, commits;
	int64_t builds, rows;
	bool whole;
};

static const char *keep(struct sums *sums, struct text text)
{
	return text.at ? arena_text(&sums->arena, text.at, text.size) : NULL;
}

static struct job_sum *job_of(struct sums *sums, sqlite3_stmt *row)
{
	struct text name = reader_text(row, 0), group = reader_text(row, 1);
	char *key = arena_format(&sums->arena, "%.*s\n%.*s", TEXT_FMT(name), TEXT_FMT(group));
	void **place = key ? table_place(&sums->jobs, text_of(key)) : NULL;
	struct job_sum *job = place ? *place : NULL;

	if (place && !job) {
		job = *place = arena_alloc(&sums->arena, sizeof *job);
		if (job) {
			job->name = name.at ? keep(sums, name) : "";
			job->group = keep(sums, group);
		}
	}
	return job;
}

static struct job_on_commit *on_commit(struct sums *sums, struct job_sum *job, struct text commit)
{
	char *key = arena_format(&sums->arena, "%p\n%.*s", (void *)job, TEXT_FMT(commit));
	void **place = key ? table_place(&sums->commits, text_of(key)) : NULL;
	struct job_on_commit *here = place ? *place : NULL;

	if (place && !here) {
		here = *place = arena_alloc(&sums->arena, sizeof *here);
		if (here) {
			here->job = job;
		}
	}
	return here;
}

/* False: no memory. */
static bool take_job(struct sums *sums, sqlite3_stmt *row, int64_t at_ms)
{
	struct job_sum *job = job_of(sums, row);
	bool passed = text_is(reader_text(row, 2), "success");
	bool failed = !passed && reader_int(row, 8) != 1; /* what may fail tells nothing */
	int64_t duration_ms = reader_int(row, 3);
	struct text commit = reader_text(row, 4);
	struct job_on_commit *here = job && commit.at ? on_commit(sums, job, commit) : NULL;

	if (!job || (commit.at && !here)) {
		return false;
	}
	job->runs++;
	job->failures += failed;
	if (here && failed && !here->id) { /* builds come newest first */
		here->id = keep(sums, reader_text(row, 5));
		here->number = reader_int(row, 6);
		here->url = keep(sums, reader_text(row, 7));
		here->at_ms = at_ms;
	}
	if (here) {
		here->failed |= failed;
		here->passed |= passed;
	}
	return duration_ms == INT_NULL || times_add(&job->durations, duration_ms);
}

static void take_build(struct sums *sums, struct reader *reader, const struct run *run, enum status *status,
		       struct err *err)
{
	sqlite3_stmt *rows = reader_statement(reader, jobs_sql, err);

	if (!rows) {
		*status = err->status;
		return;
	}
	sqlite3_bind_int64(rows, 1, run->place.build);
	while (sums->whole && reader_row(reader, rows, status, err)) {
		sums->whole = ++sums->rows <= JOBS_ROWS_MAX && take_job(sums, rows, run->place.at_ms);
	}
	sqlite3_reset(rows);
	sums->builds++;
}

static enum status take_all(struct sums *sums, struct reader *reader, const struct filter *filter,
			    struct err *err)
{
	struct walk walk;
	struct run run;
	enum status status = walk_open(&walk, reader, filter, WALK_START, err);

	reader_limit(reader, LOOK_MS);
	while (sums->whole && sums->builds < JOBS_BUILDS_MAX && walk_next(&walk, &run, &status, err)) {
		take_build(sums, reader, &run, &status, err);
	}
	sums->whole = sums->whole && !reader->late && !walk_next(&walk, &run, &status, err) && !reader->late;
	walk_close(&walk);
	reader_limit(reader, 0);
	return status;
}

static void count_flakes(struct sums *sums)
{
	for (size_t i = 0; i < sums->commits.room; i++) {
		struct job_on_commit *here = sums->commits.slots[i].value;

		if (here && here->failed && here->passed) {
			here->job->flakes++;
			if (!here->job->last || here->at_ms > here->job->last->at_ms) {
				here->job->last = here;
			}
		}
	}
}

static yyjson_mut_val *last_json(yyjson_mut_doc *doc, const struct job_on_commit *last)
{
	yyjson_mut_val *out = yyjson_mut_obj(doc);

	json_text(doc, out, "id", text_of(last->id));
	json_int(doc, out, "number", last->number);
	json_text(doc, out, "url", text_of(last->url));
	json_int(doc, out, "at", last->at_ms);
	return out;
}

static yyjson_mut_val *job_json(yyjson_mut_doc *doc, const struct job_sum *job)
{
	yyjson_mut_val *out = yyjson_mut_obj(doc);

	json_text(doc, out, "name", text_of(job->name));
	json_text(doc, out, "group", text_of(job->group));
	json_int(doc, out, "runs", job->runs);
	json_int(doc, out, "failures", job->failures);
	json_int(doc, out, "flakes", job->flakes);
	json_int(doc, out, "p50_ms", job->p50_ms);
	json_int(doc, out, "p90_ms", job->p90_ms);
	yyjson_mut_obj_add_val(doc, out, "last",
			       job->last ? last_json(doc, job->last) : yyjson_mut_null(doc));
	return out;
}

/* What a list is ordered by; jobs with 0 or less are not in it. */
static int64_t slowness(const struct job_sum *job)
{
	return job->p90_ms;
}

static int64_t flakes(const struct job_sum *job)
{
	return job->flakes;
}

static int64_t failures(const struct job_sum *job)
{
	return job->failures;
}

static bool comes_before(const struct job_sum *a, const struct job_sum *b,
			 int64_t (*measure)(const struct job_sum *))
{
	return !b || measure(a) > measure(b) || (measure(a) == measure(b) && strcmp(a->name, b->name) < 0);
}

static yyjson_mut_val *top(const struct sums *sums, yyjson_mut_doc *doc,
			   int64_t (*measure)(const struct job_sum *))
{
	const struct job_sum *best[JOBS_LISTED + 1] = {0};
	yyjson_mut_val *out = yyjson_mut_arr(doc);

	for (size_t i = 0; i < sums->jobs.room; i++) {
		const struct job_sum *job = sums->jobs.slots[i].value;
		size_t place = JOBS_LISTED;

		if (!job || measure(job) <= 0) {
			continue;
		}
		for (; place > 0 && comes_before(job, best[place - 1], measure); place--) {
			best[place] = best[place - 1];
		}
		best[place] = job;
	}
	for (size_t i = 0; i < JOBS_LISTED && best[i]; i++) {
		yyjson_mut_arr_append(out, job_json(doc, best[i]));
	}
	return out;
}

static void end_jobs(struct sums *sums)
{
	for (size_t i = 0; i < sums->jobs.room; i++) {
		struct job_sum *job = sums->jobs.slots[i].value;

		if (job) {
			job->p50_ms = times_percentile(&job->durations, 50);
			job->p90_ms = times_percentile(&job->durations, 90);
			times_fini(&job->durations);
		}
	}
}

enum status jobs_add(struct reader *reader, const struct filter *filter, yyjson_mut_doc *doc,
		     yyjson_mut_val *out, struct err *err)
{
	struct sums sums = {.whole = true};
	yyjson_mut_val *of = yyjson_mut_obj(doc);
	enum status status;

	arena_init(&sums.arena, 64 << 20);
	status = take_all(&sums, reader, filter, err);
	end_jobs(&sums);
	count_flakes(&sums);
	yyjson_mut_obj_add_val(doc, out, "slowest_jobs", top(&sums, doc, slowness));
	yyjson_mut_obj_add_val(doc, out, "flakiest_jobs", top(&sums, doc, flakes));
	yyjson_mut_obj_add_val(doc, out, "failing_jobs", top(&sums, doc, failures));
	json_int(doc, of, "builds", sums.builds);
	yyjson_mut_obj_add_bool(doc, of, "whole", sums.whole);
	yyjson_mut_obj_add_val(doc, out, "jobs_of", of);
	table_fini(&sums.jobs);
	table_fini(&sums.commits);
	arena_fini(&sums.arena);
	return status;
}
