/* SPDX-License-Identifier: MIT */
#include "tests/unit/http_case.h"

#include "common/process.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct world world;

int on_stop(zloop_t *loop, int timer, void *arg)
{
	(void)loop, (void)timer, (void)arg;
	return -1;
}

void on_answer(void *context, const struct http_answer *answer)
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

void open_world(canned_answer *answer, struct http_options options)
{
	struct err err;

	zsys_handler_set(NULL);
	canned_start(&world.server, answer);
	world.loop = zloop_new();
	snprintf(world.base, sizeof world.base, "http://127.0.0.1:%d", world.server.port);
	cr_assert_eq(http_new(&world.http, world.loop, &options, &err), OK);
}

void close_world(void)
{
	http_free(&world.http);
	cr_assert_null(world.http);
	zloop_destroy(&world.loop);
	canned_stop(&world.server);
}

struct http_request *send_body(const char *method, const char *path, const char *body, size_t size)
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

struct http_request *send_get(const char *path)
{
	return send_body("GET", path, NULL, 0);
}

void run(void)
{
	zloop_start(world.loop);
}

struct call *get(const char *path)
{
	struct call *call = &world.calls[world.sent];

	send_get(path);
	run();
	cr_assert(call->done);
	return call;
}

bool answer_hello(int fd, const char *request, size_t size)
{
	(void)request, (void)size;
	return say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}
