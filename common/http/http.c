/* SPDX-License-Identifier: MIT */
#include "common/http/http.h"
#include "common/http/internal.h"

#include <stdlib.h>
#include <string.h>

static const struct http_options defaults = {
	.user_agent = "buildbus/" BUILDBUS_VERSION,
	.concurrency = 8,
	.timeout_ms = 60000,
	.connect_timeout_ms = 10000,
	.body_max_bytes = 64 << 20,
};

static struct http_options with_defaults(const struct http_options *given)
{
	struct http_options options = given ? *given : defaults;

	options.user_agent = options.user_agent ? options.user_agent : defaults.user_agent;
	options.concurrency = options.concurrency > 0 ? options.concurrency : defaults.concurrency;
	options.timeout_ms = options.timeout_ms > 0 ? options.timeout_ms : defaults.timeout_ms;
	options.connect_timeout_ms =
		options.connect_timeout_ms > 0 ? options.connect_timeout_ms : defaults.connect_timeout_ms;
	options.body_max_bytes =
		options.body_max_bytes > 0 ? options.body_max_bytes : defaults.body_max_bytes;
	return options;
}

enum status http_new(struct http **out, zloop_t *loop, const struct http_options *options, struct err *err)
{
	struct http *http = calloc(1, sizeof *http);

	*out = NULL;
	if (!http || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(http);
		return err_set(err, ERR_SYS, "curl can't start");
	}
	http->loop = loop;
	http->options = with_defaults(options);
	http->user_agent = strdup(http->options.user_agent);
	http->options.user_agent = http->user_agent;
	TAILQ_INIT(&http->waiting);
	TAILQ_INIT(&http->active);
	TAILQ_INIT(&http->failed);
	if (!http->user_agent || http_reactor_open(http, err) != OK) {
		http_free(&http);
		return err_set(err, ERR_SYS, "curl can't start");
	}
	*out = http;
	return OK;
}

static void free_all(struct http_request_list *list)
{
	struct http_request *request;

	while ((request = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, request, link);
		http_request_free(request);
	}
}

void http_free(struct http **pointer)
{
	struct http *http = *pointer;
	struct http_request *request;

	if (!http) {
		return;
	}
	TAILQ_FOREACH(request, &http->active, link)
	{
		curl_multi_remove_handle(http->multi, request->easy);
	}
	free_all(&http->active);
	free_all(&http->waiting);
	free_all(&http->failed);
	http_reactor_close(http);
	curl_global_cleanup();
	if (http->gone) {
		*http->gone = true;
	}
	free(http->user_agent);
	free(http);
	*pointer = NULL;
}

static void enter(struct http_request *request, struct http_request_list *list)
{
	request->list = list;
	TAILQ_INSERT_TAIL(list, request, link);
}

static void start_waiting(struct http *http)
{
	struct http_request *request;

	while (http->active_count < http->options.concurrency && (request = TAILQ_FIRST(&http->waiting))) {
		TAILQ_REMOVE(&http->waiting, request, link);
		if (curl_multi_add_handle(http->multi, request->easy) == CURLM_OK) {
			http->active_count++;
			enter(request, &http->active);
		} else {
			enter(request, &http->failed);
			http_reactor_wake(http);
		}
	}
}

/* Out of curl and out of its list. */
static void leave(struct http_request *request)
{
	struct http *http = request->http;

	TAILQ_REMOVE(request->list, request, link);
	if (request->list == &http->active) {
		curl_multi_remove_handle(http->multi, request->easy);
		http->active_count--;
	}
	http->in_flight--;
}

/* False: the callback freed the client. */
static bool call_back(struct http_request *request, CURLcode result)
{
	struct http *http = request->http;
	struct http_answer answer;
	bool gone = false;

	leave(request);
	http_transfer_answer(request, result, &answer);
	http->gone = &gone;
	request->callback(request->context, &answer);
	if (!gone) {
		http->gone = NULL;
	}
	http_request_free(request);
	return !gone;
}

void http_on_turn(struct http *http)
{
	struct http_request *request;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left))) {
		CURLcode result = message->data.result; /* message dies with the handle's removal */

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
		if (!call_back(request, result)) {
			return;
		}
	}
	while ((request = TAILQ_FIRST(&http->failed))) {
		if (!call_back(request, CURLE_OUT_OF_MEMORY)) {
			return;
		}
	}
	start_waiting(http);
}

static bool copy_body(struct http_request *request, const char *body, size_t size)
{
	if (!body) {
		return true;
	}
	request->body = malloc(size + 1);
	if (request->body) {
		memcpy(request->body, body, size);
		request->body_size = size;
	}
	return request->body != NULL;
}

struct http_request *http_send(struct http *http, const char *method, const char *url,
			       const char *const *headers, const char *body, size_t body_size,
			       http_callback *callback, void *context, struct err *err)
{
	struct http_request *request = calloc(1, sizeof *request);

	if (!request) {
		err_set(err, ERR_SYS, "no memory for an HTTP request");
		return NULL;
	}
	request->http = http;
	request->callback = callback;
	request->context = context;
	if (!copy_body(request, body, body_size)) {
		err_set(err, ERR_SYS, "no memory for an HTTP request");
	} else if (http_transfer_open(request, method, url, headers, err) == OK) {
		enter(request, &http->waiting);
		http->in_flight++;
		start_waiting(http);
		return request;
	}
	http_request_free(request);
	return NULL;
}

void http_cancel(struct http_request *request)
{
	leave(request);
	http_reactor_wake(request->http); /* another may wait for its place */
	http_request_free(request);
}

int http_in_flight(const struct http *http)
{
	return http->in_flight;
}
