/* A long way: takes TCP connections at LISTEN, makes one to TARGET for each, and hands every byte on MS
 * milliseconds after it came, both ways. delay LISTEN TARGET MS --ready-fd N, addresses as 127.0.0.1:5550. */
/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LANES_MAX = 256, CHUNK_MAX = 64 << 10, UNDER_WAY_MAX = 16 << 20 };

struct chunk {
	struct chunk *next;
	int64_t due_ms;
	size_t size, sent; /* size 0: the end */
	char bytes[];
};

/* One direction of a connection; lanes[i ^ 1] is the other. */
struct lane {
	int from, to; /* -1: free */
	struct chunk *first, **last;
	size_t under_way;
	bool ended; /* nothing more comes */
};

static struct lane lanes[LANES_MAX];
static int64_t delay_ms;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct sockaddr_in read_address(char *text)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	char *colon = strchr(text, ':');

	if (colon) {
		*colon = '\0';
		address.sin_port = htons((uint16_t)strtol(colon + 1, NULL, 10));
	}
	if (!colon || inet_pton(AF_INET, text, &address.sin_addr) != 1) {
		fprintf(stderr, "delay: %s is no ADDRESS:PORT\n", text);
		exit(2);
	}
	return address;
}

static int listen_at(const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (bind(fd, (const struct sockaddr *)address, sizeof *address) != 0 || listen(fd, 64) != 0) {
		perror("delay");
		exit(1);
	}
	return fd;
}

static void lane_open(struct lane *lane, int from, int to)
{
	*lane = (struct lane){.from = from, .to = to};
	lane->last = &lane->first;
}

static void lane_fini(struct lane *lane)
{
	for (struct chunk *chunk = lane->first, *next; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	lane->first = NULL;
	lane->from = lane->to = -1;
}

static void end_pair(size_t i)
{
	close(lanes[i].from);
	close(lanes[i].to);
	lane_fini(&lanes[i]);
	lane_fini(&lanes[i ^ 1]);
}

static void on_call(int listener, const struct sockaddr_in *target)
{
	int here = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), there;
	size_t i = 0;

	while (i < LANES_MAX && lanes[i].from != -1) {
		i += 2;
	}
	there = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (here == -1 || there == -1 || i == LANES_MAX ||
	    (connect(there, (const struct sockaddr *)target, sizeof *target) != 0 && errno != EINPROGRESS)) {
		close(here);
		close(there);
		return;
	}
	setsockopt(here, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	setsockopt(there, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	lane_open(&lanes[i], here, there);
	lane_open(&lanes[i + 1], there, here);
}

static void take(struct lane *lane)
{
	struct chunk *chunk = malloc(sizeof *chunk + CHUNK_MAX);
	ssize_t size = recv(lane->from, chunk->bytes, CHUNK_MAX, 0);

	if (size < 0 && errno == EAGAIN) {
		free(chunk);
		return;
	}
	*chunk = (struct chunk){.due_ms = now_ms() + delay_ms, .size = size > 0 ? (size_t)size : 0};
	chunk = realloc(chunk, sizeof *chunk + chunk->size);
	lane->ended = size <= 0;
	lane->under_way += chunk->size;
	*lane->last = chunk;
	lane->last = &chunk->next;
}

/* False: the connection is over. */
static bool hand_on(struct lane *lane)
{
	struct chunk *chunk;

	while ((chunk = lane->first) && chunk->due_ms <= now_ms()) {
		ssize_t size = chunk->size ? send(lane->to, chunk->bytes + chunk->sent,
						  chunk->size - chunk->sent, MSG_NOSIGNAL)
					   : -1;

		if (size < 0) {
			return chunk->size && errno == EAGAIN;
		}
		lane->under_way -= (size_t)size;
		if ((chunk->sent += (size_t)size) == chunk->size) {
			lane->first = chunk->next;
			lane->last = lane->first ? lane->last : &lane->first;
			free(chunk);
		}
	}
	return true;
}

/* Until something is due, or comes. */
static void wait_for_work(struct pollfd *items, int listener)
{
	int64_t due = INT64_MAX, now = now_ms();

	items[LANES_MAX] = (struct pollfd){.fd = listener, .events = POLLIN};
	for (size_t i = 0; i < LANES_MAX; i++) {
		const struct lane *lane = &lanes[i];
		bool late = lane->first && lane->first->due_ms <= now;

		items[i] = (struct pollfd){.fd = lane->ended ? -1 : lane->from};
		items[i].events = lane->under_way < UNDER_WAY_MAX ? POLLIN : 0;
		if (lane->first && lane->first->due_ms < due) {
			due = late ? now + 1 : lane->first->due_ms;
		}
	}
	poll(items, LANES_MAX + 1, due == INT64_MAX ? -1 : due > now ? (int)(due - now) : 0);
}

static void run(int listener, const struct sockaddr_in *target)
{
	struct pollfd items[LANES_MAX + 1];

	for (;;) {
		wait_for_work(items, listener);
		for (size_t i = 0; i < LANES_MAX; i++) {
			if (lanes[i].from != -1 && items[i].fd == lanes[i].from && items[i].revents) {
				take(&lanes[i]);
			}
			if (lanes[i].from != -1 && !hand_on(&lanes[i])) {
				end_pair(i);
			}
		}
		if (items[LANES_MAX].revents) {
			on_call(listener, target);
		}
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in from, to;
	int listener;

	if (argc != 6) {
		fprintf(stderr, "usage: delay LISTEN TARGET MS --ready-fd N\n");
		return 2;
	}
	from = read_address(argv[1]);
	to = read_address(argv[2]);
	delay_ms = strtol(argv[3], NULL, 10);
	for (size_t i = 0; i < LANES_MAX; i++) {
		lanes[i].from = lanes[i].to = -1;
	}
	listener = listen_at(&from);
	return write((int)strtol(argv[5], NULL, 10), "\n", 1) == 1 ? (run(listener, &to), 0) : 1;
}
