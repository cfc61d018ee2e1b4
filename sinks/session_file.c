/* SPDX-License-Identifier: MIT */
#include "sinks/session_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define DIGITS_MAX 24

int64_t session_file_open(struct session_file *file, const char *state_dir, const char *name)
{
	char path[PATH_MAX], text[DIGITS_MAX] = "";

	file->fd = -1;
	if (strchr(name, '/') ||
	    (size_t)snprintf(path, sizeof path, "%s/sink-%s.session", state_dir, name) >= sizeof path) {
		return 0;
	}
	file->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file->fd == -1) {
		return 0;
	}
	if (flock(file->fd, LOCK_EX | LOCK_NB) == -1) {
		session_file_close(file);
		return 0;
	}
	return pread(file->fd, text, sizeof text - 1, 0) > 0 ? strtoll(text, NULL, 10) : 0;
}

void session_file_write(struct session_file *file, int64_t session)
{
	char text[DIGITS_MAX + 2];
	/* One write of a fixed size replaces it whole; a power cut ends the session at the hub too, or it
	 * waits. */
	int size = snprintf(text, sizeof text, "%-*lld\n", DIGITS_MAX - 2, (long long)session);

	if (file->fd != -1 && pwrite(file->fd, text, (size_t)size, 0) != size) {
		session_file_close(file);
	}
}

void session_file_close(struct session_file *file)
{
	if (file->fd != -1) {
		close(file->fd);
		file->fd = -1;
	}
}
