/* store.db: SQLite, tables `builds` (a row a build) and `jobs`. Written by the sink, read by `buildbus`. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "sinks/store/columns.h"
#include "sinks/store/query/days.h"

#define STORE_FILE           "store.db"
#define STORE_APPLICATION_ID 0x42427573 /* "BBus" */
#define STORE_VERSION        2          /* user_version; 2: with the tables of the dashboard */

struct store_db {
	sqlite3 *db;
	char *path;
	struct columns build, job;
	sqlite3_stmt *begin, *commit, *rollback, *find, *same, *upsert, *clear_jobs, *add_job;
	struct runs runs;
	struct days days;
	struct arena arena; /* JSON of one record */
};

/* Opens state_dir/store.db for writing; makes the folder (0700) and the file (0600) where they are missing,
 * brings an older one up to date. ERR_CONFIG: an operator must act; ERR_SYS: full disk, locked. */
enum status store_db_open(struct store_db *store, const char *state_dir, struct err *err) MUST_CHECK;
/* The file is from before there was a dashboard: opening it makes what the dashboard needs of every build,
 * some 20 s of a million. */
bool store_db_is_old(const char *state_dir);
/* Accepts zeroed and half-opened. */
void store_db_close(struct store_db *store);

/* True only when there is surely no build in it. */
bool store_db_is_empty(const struct store_db *store);

/* ERR_AGAIN: this machine can't store now (full, locked, read-only): the transaction is gone, try again
 * later. ERR_CONFIG: the file is not usable any more (damaged, moved away). */
enum status store_db_begin(struct store_db *store, struct err *err) MUST_CHECK;
/* Durable when it returns OK. */
enum status store_db_commit(struct store_db *store, struct err *err) MUST_CHECK;
void store_db_rollback(struct store_db *store);
enum store_put { STORE_UNCHANGED, STORE_CREATED, STORE_UPDATED };

/* Puts a build and its jobs, unless the same or a newer version is there; *put is what that came to.
 * ERR_DATA: this record can't be stored; a part of it may have been: roll back and put the others anew
 * (savepoints would cost each record a copy of its pages). Others as above. */
enum status store_db_put(struct store_db *store, const struct build *build, enum store_put *put,
			 struct err *err) MUST_CHECK;
