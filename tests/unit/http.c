/* The client against a server that misbehaves. */
/* SPDX-License-Identifier: MIT */
#include "common/http/http.h"
#include "common/process.h"
#include "tests/unit/canned.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CALLS_MAX = 64 };

/* What came of one request. */
struct call {
	struct world *world;
	bool done;
	int order; /* the how-manieth answer it was */
	enum http_class class;
	long code;
	char body[256];
	size_t body_size;
	char location[128];
	int64_t retry_after_ms, budget_remaining;
	struct err err;
};

static struct world {
	struct canned server;
	zloop_t *loop;
	struct http *http;
	struct call calls[CALLS_MAX];
	int sent, answered;
	bool sending;
	char base[64];
} world;

static int on_stop(zloop_t *loop, int timer, void *arg)
{
	(void)loop, (void)timer, (void)arg;
	return -1;
}

static void on_answer(void *context, const struct http_answer *answer)
{
	struct call *call = context;

	cr_assert_not(world.sending, "called back from inside http_send");
	cr_assert_not(call->done, "called back twice");
	cr_assert_eq(answer->body[answer->body_size], '\0');
	call->done = true;
	call->order = world.answered++;
	call->class = answer->class;
	call->code = answer->code;
	call->body_size = answer->body_size;
	snprintf(call->body, sizeof call->body, "%s", answer->body);
	snprintf(call->location, sizeof call->location, "%s", answer->location ? answer->location : "");
	call->retry_after_ms = answer->retry_after_ms;
	call->budget_remaining = answer->budget_remaining;
	call->err = answer->err;
	if (world.http && http_in_flight(world.http) == 0) {
		zloop_timer(world.loop, 0, 1, on_stop, NULL);
	}
}

static void open_world(canned_answer *answer, struct http_options options)
{
	struct err err;

	zsys_handler_set(NULL);
	canned_start(&world.server, answer);
	world.loop = zloop_new();
	snprintf(world.base, sizeof world.base, "http://127.0.0.1:%d", world.server.port);
	cr_assert_eq(http_new(&world.http, world.loop, &options, &err), OK);
}
#define OPEN(answer, ...) open_world(answer, (struct http_options){__VA_ARGS__})

static void close_world(void)
{
	http_free(&world.http);
	cr_assert_null(world.http);
	zloop_destroy(&world.loop);
	canned_stop(&world.server);
}

static struct http_request *send_body(const char *method, const char *path, const char *body, size_t size)
{
	static const char *const headers[] = {"X-Test: yes", "Authorization: Bearer s3cret", NULL};
	struct err err = {0};
	struct http_request *request;
	char url[256];

	snprintf(url, sizeof url, "%s%s", *path == '/' ? world.base : "", path);
	world.sending = true;
	request = http_send(world.http, method, url, headers, body, size, on_answer,
			    &world.calls[world.sent++], &err);
	world.sending = false;
	cr_assert_not_null(request, "%s", err.text);
	return request;
}

static struct http_request *send_get(const char *path)
{
	return send_body("GET", path, NULL, 0);
}

static void run(void)
{
	zloop_start(world.loop);
}

static struct call *get(const char *path)
{
	struct call *call = &world.calls[world.sent];

	send_get(path);
	run();
	cr_assert(call->done);
	return call;
}

TestSuite(http, .timeout = 30);

static bool answer_hello(int fd, const char *request, size_t size)
{
	(void)request, (void)size;
	return say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}

static bool answer_echo(int fd, const char *request, size_t size)
{
	char head[64];

	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size);
	return say(fd, head) && say_bytes(fd, request, size);
}

Test(http, gets_an_answer_over_a_kept_connection)
{
	OPEN(answer_hello, .concurrency = 1);
	for (int i = 0; i < 5; i++) {
		struct call *call = get("/a?b=c");

		cr_assert_eq(call->class, HTTP_OK);
		cr_assert_eq(call->code, 200);
		cr_assert_str_eq(call->body, "hello");
	}
	cr_assert_eq(world.server.connections, 1);
	cr_assert_eq(world.server.requests, 5);
	close_world();
}

Test(http, sends_method_headers_and_body)
{
	struct call *call = &world.calls[1];

	OPEN(answer_echo, .user_agent = "test/1");
	get("/a?b=c");
	cr_assert_eq(strncmp(world.calls[0].body, "GET /a?b=c HTTP/1.1\r\n", 21), 0);
	cr_assert_not_null(strstr(world.calls[0].body, "\r\nUser-Agent: test/1\r\n"));
	cr_assert_not_null(strstr(world.calls[0].body, "\r\nX-Test: yes\r\n"));
	send_body("PATCH", "/p", "{\"a\":1}", 7);
	run();
	cr_assert_eq(strncmp(call->body, "PATCH /p HTTP/1.1\r\n", 19), 0);
	cr_assert_not_null(strstr(call->body, "\r\nContent-Length: 7\r\n"));
	cr_assert_str_eq(call->body + call->body_size - 7, "{\"a\":1}");
	close_world();
}

static bool answer_size(int fd, const char *request, size_t size)
{
	char answer[128], body[64];
	const char *start = strstr(request, "\r\n\r\n") + 4;

	snprintf(body, sizeof body, "%s %zu", strcasestr(request, "\r\nexpect:") ? "expects" : "plain",
		 size - (size_t)(start - request));
	snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body),
		 body);
	return say(fd, answer);
}

Test(http, sends_a_large_body_without_waiting_for_100_continue)
{
	size_t size = 3 << 20;
	char *body = calloc(1, size);

	OPEN(answer_size, .concurrency = 1);
	send_body("POST", "/", body, size);
	free(body); /* it was copied */
	send_body("POST", "/", "", 0);
	run();
	cr_assert_str_eq(world.calls[0].body, "plain 3145728");
	cr_assert_str_eq(world.calls[1].body, "plain 0");
	close_world();
}

/* What each path of the nasty server does. */
static bool answer_nasty(int fd, const char *request, size_t size)
{
	static const struct {
		const char *path, *bytes;
		bool reset;
	} rows[] = {
		{"/nothing", "", false},
		{"/reset", "", true},
		{"/reset-in-head", "HTTP/1.1 200 OK\r\nContent-Le", true},
		{"/reset-in-body", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", true},
		{"/reset-in-open-body", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", true},
		{"/cut-body", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", false},
		{"/cut-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhello", false},
		{"/no-last-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		 false},
		{"/bad-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", false},
		{"/not-http", "SSH-2.0-OpenSSH_9.2\r\n", false},
		{"/bad-gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
		 false},
	};

	(void)size;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t length = strlen(rows[i].path);

		if (strncmp(request + 4, rows[i].path, length) == 0 && request[4 + length] == '?') {
			say(fd, rows[i].bytes);
			return rows[i].reset ? reset_connection(fd) : false;
		}
	}
	return say(fd, "HTTP/1.1 500 no such row\r\n\r\n");
}

Test(http, an_answer_that_does_not_come_whole_is_failed)
{
	static const struct {
		const char *path, *why;
		long code;
	} rows[] = {
		{"/nothing", "the connection was closed without an answer", 0},
		{"/reset", "connection reset by peer", 0},
		{"/reset-in-head", "connection reset by peer", 200},
		{"/reset-in-body", "connection reset by peer", 200},
		{"/reset-in-open-body", "connection reset by peer", 200},
		{"/cut-body", "the answer was cut off", 200},
		{"/cut-chunk", "the answer was cut off", 200},
		{"/no-last-chunk", "the answer was cut off", 200},
		{"/bad-chunk", "", 200},
		{"/not-http", "the answer is not HTTP", 0},
		{"/bad-gzip", "the answer's compression is broken", 200},
	};

	OPEN(answer_nasty, .concurrency = 1);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char url[128], want[256];
		struct call *call;

		snprintf(url, sizeof url, "%s?token=s3cret#part", rows[i].path);
		snprintf(want, sizeof want, "%s%s: %s", world.base, rows[i].path, rows[i].why);
		call = get(url);
		cr_expect_eq(call->class, HTTP_FAILED, "%s", rows[i].path);
		/* No words of ours: those of this version of curl, after the address. */
		if (*rows[i].why) {
			cr_expect_str_eq(call->err.text, want);
		} else {
			cr_expect_eq(strncmp(call->err.text, want, strlen(want)), 0, "%s", call->err.text);
		}
		cr_expect_eq(call->err.status, ERR_REMOTE);
		cr_expect_eq(call->code, rows[i].code, "%s: %ld", rows[i].path, call->code);
		cr_expect_eq(call->body_size, 0, "no part of a broken answer is handed over");
	}
	close_world();
}

static bool answer_open_body(int fd, const char *request, size_t size)
{
	(void)request, (void)size;
	say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello");
	return false;
}

Test(http, a_body_that_ends_with_the_connection_is_whole)
{
	OPEN(answer_open_body);
	cr_assert_eq(get("/")->class, HTTP_OK);
	cr_assert_str_eq(world.calls[0].body, "hello");
	close_world();
}

static bool answer_too_much(int fd, const char *request, size_t size)
{
	(void)request, (void)size;
	say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more than was said");
	return false;
}

Test(http, what_comes_after_content_length_is_not_the_answer)
{
	OPEN(answer_too_much);
	cr_assert_eq(get("/")->class, HTTP_OK);
	cr_assert_str_eq(world.calls[0].body, "hello");
	cr_assert_eq(get("/")->class, HTTP_OK);
	cr_assert_str_eq(world.calls[1].body, "hello");
	close_world();
}

static bool answer_large(int fd, const char *request, size_t size)
{
	char block[1000];

	(void)size;
	memset(block, 'x', sizeof block);
	if (strncmp(request, "GET /said", 9) == 0) {
		return say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n");
	}
	say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	say_bytes(fd, block, sizeof block);
	if (strncmp(request, "GET /over", 9) == 0) {
		say(fd, "x");
	}
	return false;
}

Test(http, an_answer_over_the_limit_is_refused)
{
	char want[128];

	OPEN(answer_large, .body_max_bytes = 1000);
	snprintf(want, sizeof want, "%s/said: the answer is larger than 1000 bytes", world.base);
	cr_assert_eq(get("/said")->class, HTTP_FAILED);
	cr_assert_str_eq(world.calls[0].err.text, want);
	cr_assert_eq(world.calls[0].err.status, ERR_DATA);
	cr_assert_eq(get("/over")->class, HTTP_FAILED);
	cr_assert_eq(world.calls[1].err.status, ERR_DATA);
	cr_assert_eq(get("/exactly")->class, HTTP_OK);
	cr_assert_eq(world.calls[2].body_size, 1000);
	close_world();
}

/* 20000 times x, as gzip. */
static const unsigned char bomb[] = {
	0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x31, 0x01,
	0x00, 0x00, 0x00, 0xc2, 0xa0, 0xda, 0x8b, 0x6f, 0x0d, 0x0f, 0xa0, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x78, 0x30, 0x03, 0x47, 0x65, 0x41, 0x20, 0x4e, 0x00, 0x00,
};

static bool answer_bomb(int fd, const char *request, size_t size)
{
	char head[128];

	(void)request, (void)size;
	snprintf(head, sizeof head,
		 "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", sizeof bomb);
	return say(fd, head) && say_bytes(fd, bomb, sizeof bomb);
}

Test(http, the_limit_counts_what_comes_out_of_decompression)
{
	OPEN(answer_bomb, .body_max_bytes = 20000);
	cr_assert_eq(get("/")->class, HTTP_OK);
	cr_assert_eq(world.calls[0].body_size, 20000);
	http_free(&world.http);
	cr_assert_eq(http_new(&world.http, world.loop, &(struct http_options){.body_max_bytes = 19999}, NULL),
		     OK);
	cr_assert_eq(get("/")->class, HTTP_FAILED);
	cr_assert_eq(world.calls[1].err.status, ERR_DATA);
	close_world();
}

/* A body that never ends: a byte whenever the client has taken the last one and 20 ms have passed. */
static bool answer_drip(int fd, const char *request, size_t size)
{
	struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};

	(void)request, (void)size;
	say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
	while (say(fd, "x")) {
		nanosleep(&pause, NULL);
	}
	return false;
}

Test(http, a_slow_drip_ends_at_the_time_limit)
{
	OPEN(answer_drip, .timeout_ms = 300);
	cr_assert_eq(get("/?t=s3cret")->class, HTTP_FAILED);
	cr_assert_not_null(strstr(world.calls[0].err.text, "/: no whole answer in time"), "%s",
			   world.calls[0].err.text);
	close_world();
}

Test(http, a_slow_drip_is_given_up_at_half_the_time_limit)
{
	int64_t start = now_ms();

	OPEN(answer_drip, .timeout_ms = 20000);
	world.calls[0].world = &world;
	http_free(&world.http);
	cr_assert_eq(http_new(&world.http, world.loop, &(struct http_options){.timeout_ms = 4000}, NULL), OK);
	cr_assert_eq(get("/")->class, HTTP_FAILED);
	cr_assert_lt(now_ms() - start, 3900);
	close_world();
}

/* Answers once, then never. */
static bool answer_then_hang(int fd, const char *request, size_t size)
{
	static _Thread_local int served;
	char byte;

	if (served++ == 0) {
		return answer_hello(fd, request, size);
	}
	return recv(fd, &byte, 1, 0) > 0;
}

Test(http, silence_on_a_kept_connection_ends_at_the_time_limit)
{
	OPEN(answer_then_hang, .timeout_ms = 300, .concurrency = 1);
	cr_assert_eq(get("/")->class, HTTP_OK);
	cr_assert_eq(get("/")->class, HTTP_FAILED);
	cr_assert_not_null(strstr(world.calls[1].err.text, "/: no whole answer in time"));
	cr_assert_eq(get("/")->class, HTTP_OK, "and its connection is not used again");
	close_world();
}

static bool answer_redirect(int fd, const char *request, size_t size)
{
	(void)size;
	if (strncmp(request, "GET /old", 8) != 0) {
		return answer_hello(fd, request, size);
	}
	return say(fd, "HTTP/1.1 301 Moved\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n");
}

Test(http, a_redirect_is_reported_and_not_followed)
{
	OPEN(answer_redirect);
	cr_assert_eq(get("/old")->class, HTTP_REDIRECT);
	cr_assert_eq(world.calls[0].code, 301);
	cr_assert_str_eq(world.calls[0].location, "/new");
	cr_assert_eq(world.server.requests, 1);
	close_world();
}

Test(http, nobody_there_is_a_sentence_without_secrets)
{
	char url[128], want[128];
	int port;

	OPEN(answer_hello);
	canned_stop(&world.server);
	port = world.server.port;
	snprintf(url, sizeof url, "http://me:s3cret@127.0.0.1:%d/v2/a?access_token=s3cret", port);
	snprintf(want, sizeof want, "http://127.0.0.1:%d/v2/a: connection refused", port);
	cr_assert_eq(get(url)->class, HTTP_FAILED);
	cr_assert_str_eq(world.calls[0].err.text, want);
	cr_assert_eq(world.calls[0].code, 0);
	cr_assert_eq(world.calls[0].retry_after_ms, -1);
	cr_assert_eq(world.calls[0].budget_remaining, -1);
	canned_start(&world.server, answer_hello);
	close_world();
}

Test(http, only_http_and_https_are_spoken)
{
	OPEN(answer_hello);
	cr_assert_eq(get("file:///etc/passwd")->class, HTTP_FAILED);
	cr_assert_str_eq(world.calls[0].err.text, "file:///etc/passwd: not an http or https URL");
	cr_assert_eq(world.calls[0].err.status, ERR_CONFIG);
	cr_assert_eq(get("http://")->class, HTTP_FAILED);
	cr_assert_eq(world.calls[1].err.status, ERR_CONFIG);
	close_world();
}

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

Test(http, keeps_to_the_concurrency_and_serves_the_rest_in_order)
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

Test(http, with_one_at_a_time_answers_come_in_the_order_of_the_requests)
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

Test(http, a_post_is_never_sent_twice_unasked)
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

Test(http, an_empty_post_gets_a_connection_of_its_own)
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

Test(http, a_get_on_a_connection_that_was_just_closed_is_sent_on_a_new_one)
{
	OPEN(answer_once_a_connection, .concurrency = 1);
	cr_assert_eq(get("/")->class, HTTP_OK);
	cr_assert_eq(get("/")->class, HTTP_OK);
	cr_assert_eq(world.server.connections, 2);
	close_world();
}

Test(http, a_cancelled_request_is_not_called_back_and_leaves_its_place)
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

Test(http, a_request_can_be_cancelled_while_the_server_works_on_it)
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

Test(http, the_client_can_be_freed_in_the_turn_in_which_its_timer_is_due)
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

Test(http, the_client_can_be_freed_with_requests_in_flight)
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

Test(http, the_client_can_be_freed_by_a_callback)
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

Test(http, a_callback_can_send_the_next_request)
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

static bool answer_connect(int fd, const char *request, size_t size)
{
	(void)size;
	cr_assert_eq(strncmp(request, "CONNECT api.invalid:443 HTTP/1.1\r\n", 34), 0);
	return say(fd, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n") && false;
}

Test(http, https_goes_through_the_proxy_of_the_environment)
{
	OPEN(answer_connect);
	setenv("HTTPS_PROXY", world.base, 1);
	cr_assert_eq(get("https://api.invalid/v2?token=s3cret")->class, HTTP_FAILED);
	cr_assert_eq(world.server.requests, 1);
	cr_assert_eq(world.calls[0].code, 0, "what the proxy says is not the answer");
	cr_assert_null(strstr(world.calls[0].err.text, "s3cret"));
	close_world();
}

Test(http, a_host_without_address_is_a_sentence)
{
	OPEN(answer_hello);
	cr_assert_eq(get("https://api.invalid/v2?token=s3cret")->class, HTTP_FAILED);
	cr_assert_str_eq(world.calls[0].err.text,
			 "https://api.invalid/v2: no address is known for this host");
	close_world();
}
