/* `totals`: builds a day of all pipelines. `days`: what a day of a pipeline came to, one row a day and side,
 * made anew from its runs whenever one of them changed. So a version that replaces another, or a build that
 * moves to another day, needs no arithmetic of differences. Percentiles of any window are exact: each row has
 * all its durations. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/record.h"
#include "sinks/store/query/runs.h"
#include "sinks/store/query/times.h"

/* Columns of `days`: builds that are not finished by state, the others by result. */
enum day_count {
	DAY_QUEUED,
	DAY_RUNNING,
	DAY_BLOCKED,
	DAY_SUCCESS,
	DAY_FAILURE,
	DAY_ERROR,
	DAY_TIMEOUT,
	DAY_CANCELLATION,
	DAY_SKIP,
	DAY_UNKNOWN, /* finished, nobody knows how */
	DAY_COUNTS,
};
extern const char *const day_count_names[];

/* What a build counts as. */
enum day_count day_count_of(int state, int result);
/* It says whether the code is good: in success rates and durations. What was cancelled or skipped is not. */
bool day_count_is_verdict(enum day_count count);

struct day {
	int64_t counts[DAY_COUNTS];
	struct times durations; /* of verdicts */
	struct times queues;    /* of every build whose queue_ms is known */
	double coverage;        /* of the newest successful build that has one */
	int64_t coverage_at_ms;
};

int64_t day_of(int64_t at_ms);

/* A day that must be made anew. */
struct day_key {
	int64_t pipeline, side, day;
};

/* The writer's. Zeroed is empty. */
struct days {
	sqlite3_stmt *runs, *put, *drop, *counts, *total;
	struct day_key *stale;
	size_t count, room;
	struct day scratch;
	unsigned char *packed;
	size_t packed_size;
};

/* Each returns SQLite's code. */
int days_create(sqlite3 *db);
int days_open(struct days *days, sqlite3 *db);
void days_close(struct days *days);
/* The day of that run changed. */
int days_mark(struct days *days, const struct run_place *place);
/* Makes all marked days anew. */
int days_renew(struct days *days);
/* Of a transaction that was taken back. */
void days_forget(struct days *days);
/* Makes every day of an empty `days`. */
int days_fill(struct days *days, sqlite3 *db);
