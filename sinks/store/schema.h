/* Tables and statements of store.db, written from the field tables of the record. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/db.h"

/* Creates the tables or brings them up to date, in one transaction. ERR_CONFIG: another program's file, or
 * one of a newer buildbus. */
enum status schema_update(struct store_db *store, struct err *err) MUST_CHECK;
/* Free with sqlite3_free; NULL: out of memory. */
char *schema_upsert_sql(const struct columns *columns);
/* Whether the row of this id holds the same, version and origin aside; no row: there is none. Parameters as
 * for the upsert. */
char *schema_same_sql(const struct columns *columns);
char *schema_job_sql(const struct columns *columns);
/* What an SQLite result code means here. */
enum status store_fail(const struct store_db *store, int code, struct err *err);
