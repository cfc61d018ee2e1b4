/* SPDX-License-Identifier: MIT */
#include "common/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* getaddrinfo takes 99999 for 34463. */
int port_read(const char *text, size_t size)
{
	long port = size > 0 && size <= 5 && strspn(text, "0123456789") >= size ? strtol(text, NULL, 10) : -1;

	return port <= UINT16_MAX ? (int)port : -1;
}

/* "ADDR:PORT" -> its parts; host is "" for every address. */
static enum status split(const char *address, const char *what, char host[static NI_MAXHOST],
			 const char **port, struct err *err)
{
	const char *colon = strrchr(address, ':'), *start = address;
	size_t size = colon ? (size_t)(colon - address) : 0;

	if (size >= 2 && *address == '[' && colon[-1] == ']') {
		start++;
		size -= 2;
	}
	if (!colon || port_read(colon + 1, strlen(colon + 1)) < 0 || size >= NI_MAXHOST) {
		return err_set(err, ERR_CONFIG, "%s %s: write it as ADDR:PORT, e.g. 127.0.0.1:9100", what,
			       address);
	}
	memcpy(host, start, size);
	host[size] = '\0';
	*port = colon + 1;
	return OK;
}

/* A name may be known elsewhere; what is written in digits is an address or nothing. */
static bool is_host(const char *host)
{
	struct addrinfo want = {.ai_flags = AI_NUMERICHOST}, *found;

	if (!*host || (!strchr(host, ':') && strspn(host, "0123456789.") != strlen(host))) {
		return !strpbrk(host, " \t/[]");
	}
	if (getaddrinfo(host, NULL, &want, &found) != 0) {
		return false;
	}
	freeaddrinfo(found);
	return true;
}

enum status listen_check(const char *address, struct err *err)
{
	char host[NI_MAXHOST];
	const char *port;

	if (split(address, "", host, &port, err) != OK || !is_host(host)) {
		return err_set(err, ERR_CONFIG, "\"%.60s\": write it as ADDR:PORT, e.g. 127.0.0.1:8080",
			       address);
	}
	return OK;
}

static int listen_at(const struct addrinfo *found, int backlog)
{
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, saved;

	if (fd == -1) {
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, backlog) == 0) {
		return fd;
	}
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

enum status listen_open(const char *address, const char *what, int backlog, int *fd, struct err *err)
{
	struct addrinfo want = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found;
	char host[NI_MAXHOST];
	const char *port = NULL;
	enum status status = split(address, what, host, &port, err);
	int code;

	if (status != OK) {
		return status;
	}
	code = getaddrinfo(*host ? host : NULL, port, &want, &found);
	if (code != 0) {
		return err_set(err, ERR_CONFIG, "%s %s: %s", what, address, gai_strerror(code));
	}
	*fd = listen_at(found, backlog);
	freeaddrinfo(found);
	if (*fd == -1) {
		return err_set(err, ERR_CONFIG, "%s %s: %s", what, address,
			       errno == EADDRINUSE ? "the port is in use; choose another" : strerror(errno));
	}
	return OK;
}

void listen_address(int fd, char out[static LISTEN_ADDRESS_SIZE])
{
	struct sockaddr_storage name;
	socklen_t size = sizeof name;
	char host[NI_MAXHOST] = "", port[16] = "";

	if (getsockname(fd, (struct sockaddr *)&name, &size) == 0) {
		getnameinfo((struct sockaddr *)&name, size, host, sizeof host, port, sizeof port,
			    NI_NUMERICHOST | NI_NUMERICSERV);
	}
	snprintf(out, LISTEN_ADDRESS_SIZE, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

bool listen_is_loopback(int fd)
{
	struct sockaddr_storage name = {0};
	socklen_t size = sizeof name;

	if (getsockname(fd, (struct sockaddr *)&name, &size) != 0) {
		return false;
	}
	if (name.ss_family == AF_INET) {
		return ntohl(((struct sockaddr_in *)&name)->sin_addr.s_addr) >> 24 == 127;
	}
	return name.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&name)->sin6_addr);
}
