/* SPDX-License-Identifier: MIT */
#include "sinks/bigquery/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct call {
	LIST_ENTRY(call) link;
	struct caller *caller;
	struct call_order order;
	char *url, *bearer, *type;
	struct http_request *request; /* NULL: waits for a token */
	bool again;                   /* after a refused token */
};

static void call_free(struct call *call)
{
	LIST_REMOVE(call, link);
	free(call->url);
	free(call->bearer);
	free(call->type);
	free(call);
}

static void call_end(struct call *call, const struct http_answer *answer, const struct reply *reply)
{
	struct call_order order = call->order;

	call_free(call);
	order.answered(order.owner, answer, reply);
}

static void call_fail(struct call *call, const char *why)
{
	struct reply reply = {.kind = REPLY_LATER};

	snprintf(reply.text, sizeof reply.text, "%s", why);
	call_end(call, NULL, &reply);
}

static enum status call_start(struct call *call, struct err *err);

static void on_answer(void *context, const struct http_answer *answer)
{
	struct call *call = context;
	struct reply reply;
	struct err err;

	reply_read(answer, &reply);
	call->request = NULL;
	if (reply.kind == REPLY_TOKEN && !call->again) {
		call->again = true;
		google_token_refused(call->caller->token, call->bearer);
		if (call_start(call, &err) != OK) {
			call_fail(call, err.text);
		}
		return;
	}
	call_end(call, answer, &reply);
}

/* Without a token it stays where it is: on_settled finds it. */
static enum status call_start(struct call *call, struct err *err)
{
	struct caller *caller = call->caller;
	const char *bearer = google_token_bearer(caller->token);
	const char *headers[] = {bearer, call->type, NULL};

	if (!bearer) {
		return OK;
	}
	free(call->bearer);
	call->bearer = strdup(bearer);
	if (!call->bearer) {
		return err_sys(err, "memory for a request");
	}
	call->request = http_send(caller->http, call->order.method, call->url, headers, call->order.body,
				  call->order.size, on_answer, call, err);
	return call->request ? OK : err->status;
}

static struct call *first_waiting(const struct caller *caller)
{
	struct call *call;

	LIST_FOREACH(call, &caller->calls, link)
	{
		if (!call->request) {
			return call;
		}
	}
	return NULL;
}

static void on_settled(void *owner, enum status status, const struct err *err)
{
	struct caller *caller = owner;
	struct call *call;
	struct err why;

	if (status == ERR_CONFIG || status == ERR_SYS) {
		caller->refused(caller->owner, err);
		return;
	}
	while ((call = first_waiting(caller))) {
		if (status != OK) {
			call_fail(call, err->text);
		} else if (call_start(call, &why) != OK) {
			call_fail(call, why.text);
		} else if (!call->request) {
			return; /* the new token was forgotten meanwhile: it is asked for again */
		}
	}
}

enum status caller_open(struct caller *caller, zloop_t *loop, const char *api_url,
			const struct google_way *way, const void *identity, int concurrency, struct err *err)
{
	const struct http_options http = {.concurrency = concurrency, .timeout_ms = 120000};
	const struct google_token_options token = {
		.way = way, .identity = identity, .loop = loop, .settled = on_settled, .owner = caller};
	enum status status;

	LIST_INIT(&caller->calls);
	caller->base = strdup(api_url);
	if (!caller->base) {
		return err_set(err, ERR_SYS, "no memory for an address");
	}
	status = google_token_new(&caller->token, &token, err);
	return status == OK ? http_new(&caller->http, loop, &http, err) : status;
}

void caller_close(struct caller *caller)
{
	http_free(&caller->http);
	google_token_free(&caller->token);
	while (caller->base && !LIST_EMPTY(&caller->calls)) {
		call_free(LIST_FIRST(&caller->calls));
	}
	free(caller->base);
	caller->base = NULL;
}

PRINTF(2, 0)
static char *url_of(const struct caller *caller, const char *format, va_list values)
{
	char *path = NULL, *url = NULL;

	if (vasprintf(&path, format, values) < 0) {
		return NULL;
	}
	if (asprintf(&url, "%s%s", caller->base, path) < 0) {
		url = NULL;
	}
	free(path);
	return url;
}

enum status call_send(struct caller *caller, const struct call_order *order, struct err *err,
		      const char *path, ...)
{
	struct call *call = calloc(1, sizeof *call);
	enum status status;
	va_list values;

	if (!call) {
		return err_sys(err, "memory for a request");
	}
	*call = (struct call){.caller = caller, .order = *order};
	va_start(values, path);
	call->url = url_of(caller, path, values);
	va_end(values);
	if (asprintf(&call->type, "Content-Type: %s", order->type ? order->type : "application/json") < 0) {
		call->type = NULL;
	}
	LIST_INSERT_HEAD(&caller->calls, call, link);
	status = call->url && call->type ? call_start(call, err) : err_sys(err, "memory for a request");
	if (status != OK) {
		call_free(call);
	}
	return status;
}
