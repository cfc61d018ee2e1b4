/* The session that this sink holds, kept in <state_dir>/sink-<name>.session. A sink that was killed would
 * else wait for its own session to run out (15 s). The file is locked by the process that holds the session,
 * so a second instance can't take the session of a first that lives. Only a convenience: without the file a
 * sink waits. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdint.h>

struct session_file {
	int fd; /* -1: not ours */
};

/* Tries to become the owner; returns the session in it. 0: none, or another process owns the file. */
int64_t session_file_open(struct session_file *file, const char *state_dir, const char *name);
/* Nothing where it isn't ours. */
void session_file_write(struct session_file *file, int64_t session);
void session_file_close(struct session_file *file);
