/* `buildbus health`: what a daemon says of itself, for the health check of a container that has no other
 * tool. */
/* SPDX-License-Identifier: MIT */
#include "compose/command.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { TIMEOUT_S = 4, ANSWER_MAX = 4096 };

static const char fallback[] = "127.0.0.1:9100";
static const char request[] = "GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n";

static int connect_to(const struct addrinfo *found)
{
	const struct timeval timeout = {.tv_sec = TIMEOUT_S};
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), saved;

	if (fd == -1) {
		return -1;
	}
	/* SO_SNDTIMEO bounds connect too. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	if (connect(fd, found->ai_addr, found->ai_addrlen) == 0) {
		return fd;
	}
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* The whole answer, as far as it fits; its size, or -1. */
static ssize_t ask(int fd, char *answer, size_t room)
{
	size_t size = 0;
	ssize_t got = send(fd, request, sizeof request - 1, MSG_NOSIGNAL);

	while (got > 0 && size + 1 < room) {
		got = recv(fd, answer + size, room - 1 - size, 0);
		size += got > 0 ? (size_t)got : 0;
	}
	answer[size] = '\0';
	return got < 0 ? -1 : (ssize_t)size;
}

/* The sentence of the answer on stdout. */
static int tell(const char *address, const char *answer)
{
	const char *body = strstr(answer, "\r\n\r\n");
	int code = 0;

	if (!body || sscanf(answer, "HTTP/1.%*d %d", &code) != 1) {
		return command_fail(EXIT_REFUSED, "health: %s is no daemon of buildbus", address);
	}
	printf("%s", body + 4);
	return code == 200 ? EXIT_DONE : EXIT_REFUSED;
}

static int ask_health(const char *address, const struct addrinfo *found)
{
	char answer[ANSWER_MAX];
	int fd = connect_to(found), code;

	if (fd == -1 || ask(fd, answer, sizeof answer) == -1) {
		code = command_fail(EXIT_REFUSED, "health: %s: %s", address,
				    errno == EAGAIN || errno == EINPROGRESS ? "no answer" : strerror(errno));
	} else {
		code = tell(address, answer);
	}
	if (fd != -1) {
		close(fd);
	}
	return code;
}

static int health_main(const void *given, char *const *operands)
{
	const struct addrinfo want = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	const char *address = operands[0] ? operands[0] : fallback, *colon = strrchr(address, ':');
	struct addrinfo *found;
	char *host;
	int code;

	(void)given;
	if ((operands[0] && operands[1]) || !colon || colon == address) {
		return command_fail(EXIT_USAGE, "health: name one address, HOST:PORT");
	}
	host = strndup(address, (size_t)(colon - address));
	code = host ? getaddrinfo(host, colon + 1, &want, &found) : EAI_MEMORY;
	free(host);
	if (code != 0) {
		return command_fail(EXIT_USAGE, "health: %s: %s", address, gai_strerror(code));
	}
	code = ask_health(address, found);
	freeaddrinfo(found);
	return code;
}

static const struct option_row health_rows[] = {OPTION_END};

const struct command health_command = {
	.name = "health",
	.summary = "ask a daemon of this machine or container whether it is well",
	.operands = "[HOST:PORT]",
	.options = health_rows,
	.notes = "HOST:PORT is what the daemon was started with as --metrics (default 127.0.0.1:9100).\n",
	.exits = "  0  it is well\n"
		 "  1  it is not, and says why; or it does not answer\n"
		 "  2  the command line can't be used\n",
	.example = "buildbus health 127.0.0.1:9100",
	.run = health_main,
};
