/* Statements that are kept. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <sqlite3.h>

/* One that gives no rows, whose parameters are bound: runs it and makes it ready for the next time. Returns
 * SQLite's code. */
int statement_run(sqlite3_stmt *statement);
