/* SPDX-License-Identifier: MIT */
#include "common/notify.h"
#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A path, or @NAME of the abstract namespace. 0: neither. */
static socklen_t read_address(struct sockaddr_un *address)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t size = path ? strlen(path) : 0;

	if (size < 2 || size >= sizeof address->sun_path || !strchr("/@", *path)) {
		return 0;
	}
	memcpy(address->sun_path, path, size + 1);
	if (*path == '@') {
		address->sun_path[0] = '\0';
	}
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
}

void notify_manager(const char *state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size = read_address(&address);
	int fd = size ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;

	if (fd == -1) {
		return;
	}
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, size) == -1) {
		log_debug("proc.ready_unread", STR("why", "NOTIFY_SOCKET takes nothing"));
	}
	close(fd);
}

void notify_failure(const char *why)
{
	char *masked = log_masked(why), state[1024];

	if (masked) {
		snprintf(state, sizeof state, "STATUS=%s", masked);
		for (char *at = state; (at = strchr(at, '\n')); at++) {
			*at = ' ';
		}
		notify_manager(state);
	}
	free(masked);
}
