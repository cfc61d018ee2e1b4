/* SPDX-License-Identifier: MIT */
#include "tests/support/meter.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAIRS_MAX 32
#define LINES_MAX 65536

struct pair {
	int client, server;
};

struct meter {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t counted;
	int listener, wake[2], port, target;
	struct pair pairs[PAIRS_MAX];
	size_t pair_count;
	char *lines[LINES_MAX]; /* of requests */
	int line_count;
	int refuse; /* so many connections */
};

static int connect_to(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd != -1 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A request's head comes in one piece: curl writes it so, and nobody pipelines. */
static void count(struct meter *meter, const char *bytes, size_t size)
{
	const char *end = memchr(bytes, '\r', size);

	if (!end || (strncmp(bytes, "POST ", 5) != 0 && strncmp(bytes, "GET ", 4) != 0)) {
		return;
	}
	pthread_mutex_lock(&meter->mutex);
	if (meter->line_count < LINES_MAX) {
		meter->lines[meter->line_count++] = strndup(bytes, (size_t)(end - bytes));
	}
	pthread_cond_broadcast(&meter->counted);
	pthread_mutex_unlock(&meter->mutex);
}

static bool send_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);

		if (sent <= 0) {
			return false;
		}
		bytes += sent;
		size -= (size_t)sent;
	}
	return true;
}

/* False: one end is gone. */
static bool forward(struct meter *meter, int from, int to, bool request)
{
	char bytes[65536];
	ssize_t size = recv(from, bytes, sizeof bytes, 0);

	if (size <= 0) {
		return false;
	}
	if (request) {
		count(meter, bytes, (size_t)size);
	}
	return send_all(to, bytes, (size_t)size);
}

static bool refuses(struct meter *meter)
{
	bool does;

	pthread_mutex_lock(&meter->mutex);
	does = meter->refuse > 0;
	meter->refuse -= does;
	pthread_mutex_unlock(&meter->mutex);
	return does || meter->pair_count == PAIRS_MAX;
}

static void take_client(struct meter *meter)
{
	struct pair pair = {.client = accept4(meter->listener, NULL, NULL, SOCK_CLOEXEC)};

	pair.server = refuses(meter) ? -1 : connect_to(meter->target);
	if (pair.server == -1) {
		close(pair.client);
		return;
	}
	meter->pairs[meter->pair_count++] = pair;
}

static void turn(struct meter *meter, const struct pollfd *fds)
{
	for (size_t i = meter->pair_count; i-- > 0;) {
		struct pair *pair = &meter->pairs[i];
		bool alive = true;

		if (fds[2 + 2 * i].revents) {
			alive = forward(meter, pair->client, pair->server, true);
		}
		if (alive && fds[3 + 2 * i].revents) {
			alive = forward(meter, pair->server, pair->client, false);
		}
		if (!alive) {
			close(pair->client);
			close(pair->server);
			*pair = meter->pairs[--meter->pair_count];
		}
	}
	if (fds[0].revents) {
		take_client(meter);
	}
}

static void *run(void *arg)
{
	struct meter *meter = arg;
	struct pollfd fds[2 + 2 * PAIRS_MAX];

	for (;;) {
		size_t used = 2;

		fds[0] = (struct pollfd){meter->listener, POLLIN, 0};
		fds[1] = (struct pollfd){meter->wake[0], POLLIN, 0};
		for (size_t i = 0; i < meter->pair_count; i++) {
			fds[used++] = (struct pollfd){meter->pairs[i].client, POLLIN, 0};
			fds[used++] = (struct pollfd){meter->pairs[i].server, POLLIN, 0};
		}
		poll(fds, used, -1);
		if (fds[1].revents) {
			return NULL;
		}
		turn(meter, fds);
	}
}

struct meter *meter_new(const char *host)
{
	struct meter *meter = calloc(1, sizeof *meter);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;

	cr_assert(meter && strrchr(host, ':'));
	meter->target = (int)strtol(strrchr(host, ':') + 1, NULL, 10);
	meter->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(bind(meter->listener, (struct sockaddr *)&address, size) == 0);
	cr_assert(listen(meter->listener, 16) == 0);
	cr_assert(getsockname(meter->listener, (struct sockaddr *)&address, &size) == 0);
	meter->port = ntohs(address.sin_port);
	cr_assert(pipe(meter->wake) == 0);
	pthread_mutex_init(&meter->mutex, NULL);
	pthread_cond_init(&meter->counted, NULL);
	cr_assert(pthread_create(&meter->thread, NULL, run, meter) == 0);
	return meter;
}

void meter_free(struct meter **out)
{
	struct meter *meter = *out;

	if (!meter) {
		return;
	}
	close(meter->wake[1]);
	pthread_join(meter->thread, NULL);
	for (size_t i = 0; i < meter->pair_count; i++) {
		close(meter->pairs[i].client);
		close(meter->pairs[i].server);
	}
	for (int i = 0; i < meter->line_count; i++) {
		free(meter->lines[i]);
	}
	close(meter->wake[0]);
	close(meter->listener);
	free(meter);
	*out = NULL;
}

int meter_port(const struct meter *meter)
{
	return meter->port;
}

int meter_count(struct meter *meter, const char *part)
{
	int found = 0;

	pthread_mutex_lock(&meter->mutex);
	for (int i = 0; i < meter->line_count; i++) {
		found += strstr(meter->lines[i], part) != NULL;
	}
	pthread_mutex_unlock(&meter->mutex);
	return found;
}

void meter_refuse(struct meter *meter, int connections)
{
	pthread_mutex_lock(&meter->mutex);
	meter->refuse = connections;
	pthread_mutex_unlock(&meter->mutex);
}

void meter_served_at(struct spot spot, struct meter *meter, int wanted)
{
	struct timespec until;
	int error = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += patience_ms() / 1000;
	pthread_mutex_lock(&meter->mutex);
	while (meter->line_count < wanted && error == 0) {
		error = pthread_cond_timedwait(&meter->counted, &meter->mutex, &until);
	}
	pthread_mutex_unlock(&meter->mutex);
	if (error != 0) {
		fail_at(spot, "%d requests instead of %d", meter_count(meter, ""), wanted);
	}
}
