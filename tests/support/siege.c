/* SPDX-License-Identifier: MIT */
#include "tests/support/siege.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#define OPEN_MAX_COUNT 8192
#define CHUNK          65536

const char *const siege_names[SIEGE_KINDS] = {"silent", "half", "garbage", "huge", "calls", "keys", "plain"};

/* ZMTP 3.1: signature, version, mechanism CURVE, as a client. */
static const char greeting[64] = "\xff\0\0\0\0\0\0\0\1\x7f\3\1CURVE";

struct siege {
	pthread_t thread;
	enum siege_kind kind;
	int port, most;
	char hub_key[41];
	atomic_bool over;
	atomic_int made;
	int fds[OPEN_MAX_COUNT];
	int count;
	void *zmq;
};

static int call(const struct siege *siege)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)siege->port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0 &&
	    errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static void say_first(const struct siege *siege, int fd)
{
	static const char frame[9] = {2, 0, 0, 0, 0, 3, (char)0x93, (char)0x87, 0}; /* 60,000,000 bytes */

	if (siege->kind == SIEGE_HALF || siege->kind == SIEGE_HUGE) {
		send(fd, greeting, sizeof greeting, MSG_NOSIGNAL);
	}
	if (siege->kind == SIEGE_HUGE) {
		send(fd, frame, sizeof frame, MSG_NOSIGNAL);
	}
}

/* False: it was cut off. */
static bool go_on(const struct siege *siege, int fd)
{
	static char bytes[CHUNK];
	ssize_t size;

	if (siege->kind == SIEGE_GARBAGE || siege->kind == SIEGE_HUGE) {
		size = send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);
	} else {
		size = recv(fd, (char[64]){0}, 64, 0);
		size = size == 0 ? -2 : size;
	}
	return size >= 0 || (size == -1 && errno == EAGAIN);
}

static void one_turn(struct siege *siege)
{
	int at = siege->count;

	if (siege->count < siege->most && (siege->fds[at] = call(siege)) >= 0) {
		siege->made++;
		say_first(siege, siege->fds[at]);
		siege->count++;
		if (siege->kind == SIEGE_CALLS) {
			close(siege->fds[--siege->count]);
		}
	}
	for (int i = siege->count; i-- > 0;) {
		if ((siege->count >= siege->most || siege->kind == SIEGE_GARBAGE ||
		     siege->kind == SIEGE_HUGE) &&
		    !go_on(siege, siege->fds[i])) {
			close(siege->fds[i]);
			siege->fds[i] = siege->fds[--siege->count];
		}
	}
}

static void one_peer(struct siege *siege)
{
	void *socket = zmq_socket(siege->zmq, ZMQ_DEALER);
	char public_key[41], secret_key[41], endpoint[64];
	int none = 0;

	zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
	if (siege->kind == SIEGE_KEYS) {
		zmq_curve_keypair(public_key, secret_key);
		zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, siege->hub_key, 41);
		zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key, 41);
		zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, 41);
	}
	snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", siege->port);
	zmq_connect(socket, endpoint);
	zmq_send(socket, "\x93\1\xa6status\xc0", 10, ZMQ_DONTWAIT);
	zmq_poll(&(zmq_pollitem_t){.socket = socket, .events = ZMQ_POLLIN}, 1, 5);
	siege->made++;
	zmq_close(socket);
}

static void *run(void *arg)
{
	struct siege *siege = arg;
	bool peers = siege->kind == SIEGE_KEYS || siege->kind == SIEGE_PLAIN;

	while (!siege->over) {
		peers ? one_peer(siege) : one_turn(siege);
		/* About 2,000 a second: more would show how a machine is shared with its attacker. */
		if (!peers && (siege->count >= siege->most || siege->made % 2 == 0)) {
			poll(NULL, 0, 1);
		}
	}
	while (siege->count > 0) {
		close(siege->fds[--siege->count]);
	}
	return NULL;
}

struct siege *siege_begin(enum siege_kind kind, int port, int most, const char *hub_key)
{
	struct siege *siege = calloc(1, sizeof *siege);
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	cr_assert(siege && most <= OPEN_MAX_COUNT);
	siege->kind = kind;
	siege->port = port;
	siege->most = most;
	snprintf(siege->hub_key, sizeof siege->hub_key, "%s", hub_key);
	siege->zmq = zmq_ctx_new();
	cr_assert_eq(pthread_create(&siege->thread, NULL, run, siege), 0);
	return siege;
}

int siege_made(struct siege *siege)
{
	return siege->made;
}

int siege_end(struct siege **at)
{
	struct siege *siege = *at;
	int made;

	*at = NULL;
	siege->over = true;
	pthread_join(siege->thread, NULL);
	zmq_ctx_term(siege->zmq);
	made = siege->made;
	free(siege);
	return made;
}
