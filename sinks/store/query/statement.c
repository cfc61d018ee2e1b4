/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/statement.h"

int statement_run(sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);

	sqlite3_reset(statement);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}
