/* Several requests at once: their order, their end before an answer, and that of the client. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/http_case.h"

#include "common/process.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(http_many, .timeout = 30);

static atomic_int gate, inside, most_inside;

/* Answers when the test opens the gate; counts how many are waiting there. */
static bool answer_at_gate(int fd, const char *request, size_t size)
{
	int now = atomic_fetch_add(&inside, 1) + 1;

	if (now > most_inside) {
		most_inside = now;
	}
	while (!gate) {
		sched_yield();
	}
	atomic_fetch_sub(&inside, 1);
	return answer_hello(fd, request, size);
}

static int on_open_gate(zloop_t *loop, int timer, void *arg)
{
	(void)arg;
	if (inside < 3) {
		return 0;
	}
	gate = 1;
	zloop_timer_end(loop, timer);
	return 0;
}

Test(http_many, keeps_to_the_concurrency_and_serves_the_rest_in_order)
{
	OPEN(answer_at_gate, .concurrency = 3);
	for (int i = 0; i < 12; i++) {
		send_get("/");
	}
	cr_assert_eq(http_in_flight(world.http), 12);
	zloop_timer(world.loop, 1, 0, on_open_gate, NULL);
	run();
	cr_assert_eq(world.answered, 12);
	cr_assert_eq(http_in_flight(world.http), 0);
	cr_assert_eq(most_inside, 3);
	cr_assert_eq(world.server.connections, 3);
	close_world();
}

Test(http_many, with_one_at_a_time_answers_come_in_the_order_of_the_requests)
{
	OPEN(answer_hello, .concurrency = 1);
	for (int i = 0; i < 10; i++) {
		send_get("/");
	}
	run();
	for (int i = 0; i < 10; i++) {
		cr_assert_eq(world.calls[i].order, i);
	}
	close_world();
}

static atomic_int posts, gets;

/* A server that closes a kept connection in the very moment in which the next request arrives. */
static bool answer_once_a_connection(int fd, const char *request, size_t size)
{
	static _Thread_local int served;

	atomic_fetch_add(*request == 'P' ? &posts : &gets, 1);
	return served++ == 0 && answer_hello(fd, request, size);
}

Test(http_many, a_post_is_never_sent_twice_unasked)
{
	OPEN(answer_once_a_connection, .concurrency = 1);
	cr_assert_eq(get("/")->class, HTTP_OK);
	send_body("POST", "/message", "hello", 5);
	run();
	cr_assert_eq(world.calls[1].class, HTTP_FAILED);
	cr_assert_not_null(
		strstr(world.calls[1].err.text, "/message: the connection was closed without an answer"),
		"%s", world.calls[1].err.text);
	cr_assert_eq(posts, 1);
	close_world();
}

Test(http_many, an_empty_post_gets_a_connection_of_its_own)
{
	OPEN(answer_once_a_connection, .concurrency = 1);
	cr_assert_eq(get("/")->class, HTTP_OK);
	send_body("POST", "/message", "", 0);
	run();
	cr_assert_eq(world.calls[1].class, HTTP_OK);
	cr_assert_eq(posts, 1);
	cr_assert_eq(world.server.connections, 2);
	close_world();
}

Test(http_many, a_get_on_a_connection_that_was_just_closed_is_sent_on_a_new_one)
{
	OPEN(answer_once_a_connection, .concurrency = 1);
	cr_assert_eq(get("/")->class, HTTP_OK);
	cr_assert_eq(get("/")->class, HTTP_OK);
	cr_assert_eq(world.server.connections, 2);
	close_world();
}

Test(http_many, a_cancelled_request_is_not_called_back_and_leaves_its_place)
{
	struct http_request *active, *waiting;

	OPEN(answer_hello, .concurrency = 1);
	active = send_get("/active");
	waiting = send_get("/waiting");
	send_get("/last");
	http_cancel(active);
	http_cancel(waiting);
	cr_assert_eq(http_in_flight(world.http), 1);
	run();
	cr_assert_not(world.calls[0].done || world.calls[1].done);
	cr_assert(world.calls[2].done);
	close_world();
}

static int on_cancel(zloop_t *loop, int timer, void *arg)
{
	(void)timer;
	if (inside == 0) {
		zloop_timer(loop, 1, 1, on_cancel, arg);
		return 0;
	}
	http_cancel(arg);
	gate = 1;
	return -1;
}

Test(http_many, a_request_can_be_cancelled_while_the_server_works_on_it)
{
	OPEN(answer_at_gate, .concurrency = 1);
	zloop_timer(world.loop, 1, 1, on_cancel, send_get("/"));
	run();
	cr_assert_eq(http_in_flight(world.http), 0);
	cr_assert_not(world.calls[0].done);
	cr_assert_eq(get("/")->class, HTTP_OK);
	close_world();
}

static int on_free(zloop_t *loop, int timer, void *arg)
{
	(void)timer, (void)arg;
	http_free(&world.http);
	zloop_timer(loop, 10, 1, on_stop, NULL);
	return 0;
}

Test(http_many, the_client_can_be_freed_in_the_turn_in_which_its_timer_is_due)
{
	OPEN(answer_hello, .concurrency = 1);
	http_free(&world.http);
	zloop_timer(world.loop, 0, 1, on_free, NULL); /* before curl's, so that it is called first */
	cr_assert_eq(http_new(&world.http, world.loop, NULL, NULL), OK);
	send_get("/");
	run();
	cr_assert_not(world.calls[0].done);
	close_world();
}

Test(http_many, the_client_can_be_freed_with_requests_in_flight)
{
	OPEN(answer_at_gate, .concurrency = 2);
	for (int i = 0; i < 5; i++) {
		send_get("/");
	}
	http_free(&world.http);
	gate = 1;
	cr_assert_eq(world.answered, 0);
	close_world();
}

static void on_answer_free(void *context, const struct http_answer *answer)
{
	(void)context, (void)answer;
	http_free(&world.http);
	zloop_timer(world.loop, 0, 1, on_stop, NULL);
}

Test(http_many, the_client_can_be_freed_by_a_callback)
{
	char url[80];

	OPEN(answer_hello, .concurrency = 1);
	snprintf(url, sizeof url, "%s/", world.base);
	cr_assert_not_null(http_send(world.http, "GET", url, NULL, NULL, 0, on_answer_free, NULL, NULL));
	send_get("/");
	run();
	cr_assert_null(world.http);
	cr_assert_not(world.calls[0].done);
	close_world();
}

static void on_answer_send(void *context, const struct http_answer *answer)
{
	on_answer(context, answer);
	if (world.sent < 20) {
		char url[80];

		snprintf(url, sizeof url, "%s/", world.base);
		http_send(world.http, "GET", url, NULL, NULL, 0, on_answer_send, &world.calls[world.sent++],
			  NULL);
	}
}

static int on_check_end(zloop_t *loop, int timer, void *arg)
{
	(void)loop, (void)timer, (void)arg;
	return world.answered == 20 ? -1 : 0;
}

Test(http_many, a_callback_can_send_the_next_request)
{
	struct http_answer first = {.body = ""};

	OPEN(answer_hello, .concurrency = 1);
	on_answer_send(&world.calls[world.sent++], &first);
	zloop_timer(world.loop, 1, 0, on_check_end, NULL);
	while (world.answered < 20) {
		run();
	}
	cr_assert_eq(world.server.connections, 1);
	close_world();
}
