/* The client against a server that misbehaves. */
/* SPDX-License-Identifier: MIT */
#include "common/process.h"
#include "tests/unit/http_case.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(http, .timeout = 30);

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
