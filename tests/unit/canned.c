/* SPDX-License-Identifier: MIT */
#include "tests/unit/canned.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
	struct canned *canned;
	int fd;
};

bool say_bytes(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size > 0) {
		ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);

		if (sent <= 0) {
			return false;
		}
		at += sent;
		size -= (size_t)sent;
	}
	return true;
}

bool say(int fd, const char *text)
{
	return say_bytes(fd, text, strlen(text));
}

bool reset_connection(int fd)
{
	struct linger hard = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	return false;
}

static size_t body_size(const char *head)
{
	const char *length = strcasestr(head, "\r\ncontent-length:");

	return length ? strtoul(length + strlen("\r\ncontent-length:"), NULL, 10) : 0;
}

/* Reads one whole request; 0 at the end of the connection. */
static size_t read_request(int fd, char *buffer, size_t room)
{
	size_t size = 0;

	for (;;) {
		const char *end;
		ssize_t got = recv(fd, buffer + size, room - size - 1, 0);

		if (got <= 0) {
			return 0;
		}
		size += (size_t)got;
		buffer[size] = '\0';
		end = strstr(buffer, "\r\n\r\n");
		if (end && size >= (size_t)(end + 4 - buffer) + body_size(buffer)) {
			return size;
		}
	}
}

static void *serve_connection(void *arg)
{
	struct connection *connection = arg;
	size_t room = 4 << 20, size;
	char *request = malloc(room);
	bool go_on = true;

	while (go_on && (size = read_request(connection->fd, request, room)) > 0) {
		atomic_fetch_add(&connection->canned->requests, 1);
		go_on = connection->canned->answer(connection->fd, request, size);
	}
	close(connection->fd);
	free(request);
	free(connection);
	return NULL;
}

static void *serve(void *arg)
{
	struct canned *canned = arg;
	int fd;

	while ((fd = accept(canned->listener, NULL, NULL)) != -1) {
		struct connection *connection = malloc(sizeof *connection);
		pthread_t thread;

		*connection = (struct connection){.canned = canned, .fd = fd};
		atomic_fetch_add(&canned->connections, 1);
		pthread_create(&thread, NULL, serve_connection, connection);
		pthread_detach(thread);
	}
	return NULL;
}

void canned_start(struct canned *canned, canned_answer *answer)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;

	*canned =
		(struct canned){.answer = answer, .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	if (bind(canned->listener, (struct sockaddr *)&address, size) == -1 ||
	    listen(canned->listener, 64) == -1 ||
	    getsockname(canned->listener, (struct sockaddr *)&address, &size) == -1) {
		perror("canned server");
		abort();
	}
	canned->port = ntohs(address.sin_port);
	pthread_create(&canned->thread, NULL, serve, canned);
}

void canned_stop(struct canned *canned)
{
	shutdown(canned->listener, SHUT_RDWR);
	pthread_join(canned->thread, NULL);
	close(canned->listener);
}
