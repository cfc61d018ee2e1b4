/* What the figures of the dashboard are made from: `runs`, a narrow row a build in the order of its pipeline,
 * beside the wide rows of `builds`. Written in the transaction that writes the build, so the two never
 * differ; made anew from `builds` where a file has none. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "common/text.h"

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

/* At the end of a sentence of SQL about `builds b`. */
#define RUN_AT                                                                                               \
	"min(max(coalesce(b.created_at, b.queued_at, b.started_at, b.finished_at, 0), 0), 253402300799999)"
#define RUN_SIDE                                                                                             \
	"(b.branch IS NULL OR b.branch <> coalesce(b.default_branch, "                                       \
	"CASE WHEN b.branch IN ('main', 'master') THEN b.branch ELSE '' END))"
/* "buildkite/acme/web/" of the id. */
#define RUN_PREFIX "rtrim(b.id, replace(b.id, '/', ''))"

/* Prepared on the writer's connection. Zeroed is empty. */
struct runs {
	sqlite3_stmt *pipeline, *word, *drop, *put;
};

/* Each returns SQLite's code. */
int runs_create(sqlite3 *db);
/* Fills an empty `runs` from `builds`. */
int runs_fill(sqlite3 *db);
int runs_open(struct runs *runs, sqlite3 *db);
void runs_close(struct runs *runs);
/* Before the row of builds changes: takes its run out; *old is where it was. SQLITE_NOTFOUND: there was none.
 */
int runs_drop(struct runs *runs, struct text id, struct run_place *old);
/* After the row of builds is there. */
int runs_put(struct runs *runs, struct text id, struct text branch, struct text author,
	     struct run_place *place);
