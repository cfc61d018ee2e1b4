/* GoogleSQL as far as the views use it, on SQLite: a table of what is spelt differently, and the functions
 * that are missing there. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <sqlite3.h>

/* A database with the views over build_events, whose rows are given to bigquery_sql_add. */
sqlite3 *bigquery_sql_open(void);
/* One row of build_events, as the sink writes it: JSON. */
void bigquery_sql_add(sqlite3 *db, const char *json);
