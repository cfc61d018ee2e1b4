/* What the figures of the dashboard are made from: `runs`, a narrow row a build in the order of its pipeline,
 * beside the wide rows of `builds`. Written in the transaction that writes the build, so the two never
 * differ; made anew from `builds` where a file has none. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/record.h"
#include "sinks/store/query/names.h"

#include <sqlite3.h>
#include <stdint.h>

/* Builds of the default branch are apart from the others, so that the newest of them are found among any
 * number of branches. A pipeline whose default branch is unknown has main and master. */
enum side { SIDE_DEFAULT, SIDE_OTHER, SIDES };

/* Where a build is in `runs`. */
struct run_place {
	int64_t pipeline, side, at_ms,
		build; /* at: created_at, else the earliest time there is; build: rowid */
};

/* In SQL about `builds b`, and the same of a record. */
#define RUN_AT                                                                                               \
	"min(max(coalesce(b.created_at, b.queued_at, b.started_at, b.finished_at, 0), 0), 253402300799999)"
#define RUN_SIDE                                                                                             \
	"(b.branch IS NULL OR b.branch IS NOT coalesce(b.default_branch, "                                   \
	"CASE WHEN b.branch IN ('main', 'master') THEN b.branch END))"
int64_t run_at(const struct build *build);
enum side run_side(const struct build *build);
/* "buildkite/acme/web" of "buildkite/acme/web/49"; "" where there is no slash. */
struct text run_key(struct text id);

/* The writer's. Zeroed is empty. */
struct runs {
	struct names pipelines, words;
	sqlite3_stmt *drop, *put;
};

/* Each returns SQLite's code. */
int runs_create(sqlite3 *db);
/* Fills an empty `runs` from `builds`. */
int runs_fill(sqlite3 *db);
int runs_open(struct runs *runs, sqlite3 *db);
void runs_close(struct runs *runs);
/* Takes the run of the build at that row out; side and at_ms as in builds. *place: where it was. */
int runs_drop(struct runs *runs, struct text id, struct run_place *place);
/* Puts it in. place: build is set, the rest is found. */
int runs_put(struct runs *runs, const struct build *build, struct run_place *place);
/* Of a transaction that was taken back. */
void runs_forget(struct runs *runs);
