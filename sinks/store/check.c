/* SPDX-License-Identifier: MIT */
#include "sinks/store/check.h"
#include "sinks/store/db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Writes nothing: the transaction is taken back. */
static void check_file(struct sink_check *check, const char *folder, const char *path)
{
	struct store_db store = {0};
	struct err err;
	enum status status = store_db_open(&store, folder, &err);

	if (status == OK) {
		status = store_db_begin(&store, &err);
		store_db_rollback(&store);
	}
	status == OK ? sink_tell(check, CHECK_OK, "%s can be written", path)
		     : sink_tell(check, CHECK_BAD, "%s", err.text);
	store_db_close(&store);
}

/* Shortens path to the nearest folder that exists. */
static void nearest(char *path)
{
	char *slash;

	while (access(path, F_OK) == -1 && (slash = strrchr(path, '/'))) {
		slash == path ? (slash[1] = '\0') : (*slash = '\0');
	}
}

static enum status start(void *state, struct sink_check *check, const void *config, struct err *err)
{
	const char *folder = check->context.bus->state_dir;
	char *path = NULL, *existing = strdup(folder);

	(void)state, (void)config;
	if (!existing || asprintf(&path, "%s/" STORE_FILE, folder) < 0) {
		free(existing);
		return err_set(err, ERR_SYS, "out of memory");
	}
	nearest(existing);
	if (access(path, F_OK) == 0) {
		check_file(check, folder, path);
	} else if (access(existing, W_OK | X_OK) == -1) {
		sink_tell(check, CHECK_BAD,
			  "%s can't be made: %s: %s: give this user the right to, or name another "
			  "bus.state_dir",
			  path, existing, strerror(errno));
	} else {
		sink_tell(check, CHECK_OK, "%s can be made", path);
	}
	free(path);
	free(existing);
	sink_check_end(check);
	return OK;
}

const struct sink_checker store_checker = {.start = start};
