/* Preloaded into a daemon: writes what it syncs to the file $BUILDBUS_SYNCED, a path a line. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int fsync(int fd)
{
	char link[64], path[PATH_MAX + 1];
	int out = open(getenv("BUILDBUS_SYNCED"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	ssize_t size;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	size = readlink(link, path, PATH_MAX);
	if (size > 0 && out >= 0) {
		path[size] = '\n';
		(void)!write(out, path, (size_t)size + 1);
	}
	close(out);
	return (int)syscall(SYS_fsync, fd);
}
