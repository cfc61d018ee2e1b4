/* The past from hub.db, when no hub runs: read only, nothing is written into the folder but what SQLite needs
 * to read. */
/* SPDX-License-Identifier: MIT */
#include "compose/slack_builds.h"
#include "normalizer/db.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#define BUSY_MS 2000

static enum status cant_read(sqlite3 *db, const char *path, struct err *err)
{
	return err_set(err, ERR_REMOTE, "%s can't be read: %s", path, sqlite3_errmsg(db));
}

static enum status read_rows(sqlite3 *db, const struct slack_from *from, struct slack_builds *builds,
			     const char *path, struct err *err)
{
	sqlite3_stmt *rows = NULL;
	enum status status = OK;
	int code = sqlite3_prepare_v2(db, "SELECT record FROM log WHERE seq >= ?1 AND at >= ?2 ORDER BY seq",
				      -1, &rows, NULL);

	if (code != SQLITE_OK) {
		return cant_read(db, path, err);
	}
	sqlite3_bind_int64(rows, 1, from->seq);
	sqlite3_bind_int64(rows, 2, from->time_ms);
	while (status == OK && (code = sqlite3_step(rows)) == SQLITE_ROW) {
		const void *bytes = sqlite3_column_blob(rows, 0);

		status = slack_builds_add(builds, (struct text){bytes, (size_t)sqlite3_column_bytes(rows, 0)},
					  err);
	}
	if (status == OK && code != SQLITE_DONE) {
		status = cant_read(db, path, err);
	}
	sqlite3_finalize(rows);
	return status;
}

enum status slack_read_file(const struct bus_config *bus, const struct slack_from *from,
			    struct slack_builds *builds, struct err *err)
{
	char path[PATH_MAX];
	sqlite3 *db = NULL;
	enum status status;

	snprintf(path, sizeof path, "%s/hub.db", bus->state_dir);
	if (access(path, F_OK) != 0) {
		return err_set(err, ERR_AGAIN, "there is no %s: %s", path, strerror(errno));
	}
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		status = cant_read(db, path, err);
	} else {
		sqlite3_busy_timeout(db, BUSY_MS);
		status = read_rows(db, from, builds, path, err);
	}
	sqlite3_close(db);
	return status;
}
