/* Where `buildbus sync` keeps the hub of a run: a folder that lasts (--state), one run at a time in it, or a
 * temporary one that goes with the run. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

struct sync_folder {
	char *path; /* absolute */
	bool temporary;
	int lock_fd; /* -1: none */
};

/* state NULL: a temporary folder in $TMPDIR or /tmp. Waits for another run on the same state, at most until
 * deadline_ms (now_ms), and says so once. ERR_AGAIN: that one has not ended by then. ERR_CONFIG: the folder
 * can't be used. */
enum status sync_folder_open(struct sync_folder *folder, const char *state, int64_t deadline_ms,
			     struct err *err) MUST_CHECK;
/* Accepts zeroed with lock_fd -1. A temporary folder is removed with what is in it. */
void sync_folder_close(struct sync_folder *folder);
