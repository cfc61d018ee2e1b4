/* Shared by the files of the client only. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/http/headers.h"
#include "common/http/http.h"

#include <curl/curl.h>
#include <sys/queue.h>

TAILQ_HEAD(http_request_list, http_request);

/* A request is in one of the lists: waiting -> active -> (called back, freed); failed when curl did not take
 * it. */
struct http_request {
	TAILQ_ENTRY(http_request) link;
	struct http_request_list *list; /* the one it is in */
	struct http *http;
	CURL *easy;
	struct curl_slist *headers;
	char *place; /* the URL without user, query, fragment: for sentences */
	char *body;
	size_t body_size, body_sent;
	struct http_headers answer_headers;
	char *answer;
	size_t answer_size, answer_capacity;
	bool too_large;
	char curl_error[CURL_ERROR_SIZE];
	http_callback *callback;
	void *context;
};

struct http {
	LIST_ENTRY(http) alive;
	zloop_t *loop;
	CURLM *multi;
	int timer, wake; /* of zloop: curl's, ours; -1: none */
	struct http_options options;
	char *user_agent;
	struct http_request_list waiting, active, failed;
	int active_count, in_flight;
	bool *gone; /* set while calling back: becomes true when the callback freed the client */
};

/* transfer.c: one request as a curl handle. */
enum status http_transfer_open(struct http_request *request, const char *method, const char *url,
			       const char *const *headers, struct err *err) MUST_CHECK;
/* What came of it, once curl is done. The texts belong to the request. */
void http_transfer_answer(struct http_request *request, CURLcode result, struct http_answer *answer);
void http_request_free(struct http_request *request);
/* failure.c: the sentence for an answer that did not come whole. */
void http_failure(struct http_request *request, CURLcode result, struct err *err);

/* reactor.c: curl's sockets and its timer as events of the loop. */
enum status http_reactor_open(struct http *http, struct err *err) MUST_CHECK;
void http_reactor_close(struct http *http);
/* Has http_on_turn called from the loop, at once. */
void http_reactor_wake(struct http *http);
/* http.c: after curl had a turn. */
void http_on_turn(struct http *http);
