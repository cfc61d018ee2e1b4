/* What TCP is told of a bus that leaves the machine. */
/* SPDX-License-Identifier: MIT */
#include "common/tcp.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIBZMQ_PATIENCE_MS 30000

static int listen_somewhere(char endpoint[64])
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
	cr_assert_eq(listen(listener, 4), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&at, &size), 0);
	snprintf(endpoint, 64, "tcp://127.0.0.1:%d", ntohs(at.sin_port));
	return listener;
}

/* -1: nobody called. */
static int take_call(int listener, int wait_ms)
{
	struct pollfd item = {.fd = listener, .events = POLLIN};

	return poll(&item, 1, wait_ms) == 1 ? accept(listener, NULL, NULL) : -1;
}

/* On a network with an impostor every other call meets it: each may cost seconds, not half a minute. */
Test(tcp, one_that_takes_the_call_and_says_nothing_is_left_for_another_try, .timeout = 60)
{
	char endpoint[64];
	void *context = zmq_ctx_new(), *client = zmq_socket(context, ZMQ_DEALER);
	int listener = listen_somewhere(endpoint), first, second;

	tcp_set_patience(client);
	zmq_setsockopt(client, ZMQ_LINGER, &(int){0}, sizeof(int));
	cr_assert_eq(zmq_connect(client, endpoint), 0);
	cr_assert((first = take_call(listener, LIBZMQ_PATIENCE_MS)) >= 0);
	second = take_call(listener, LIBZMQ_PATIENCE_MS - 5000);
	cr_assert(second >= 0, "no second call");
	close(first);
	close(second);
	close(listener);
	zmq_close(client);
	zmq_ctx_term(context);
}
