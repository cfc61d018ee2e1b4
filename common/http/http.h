/* HTTP client on the event loop: curl's multi-socket interface as zloop events. Nothing blocks.
 *
 * One struct http serves one base URL (scheme, host, port): keep-alive, HTTP/2 where offered, at most
 * `concurrency` requests in flight, the rest wait in order. It retries nothing by itself: each answer is
 * classified and its rate headers read, the caller decides. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <czmq.h>
#include <stdbool.h>
#include <stdint.h>

struct http;
struct http_request;

struct http_options {
	const char *user_agent;     /* NULL: "buildbus/<version>" */
	int concurrency;            /* default 8 */
	int64_t timeout_ms;         /* whole request, default 60 000 */
	int64_t connect_timeout_ms; /* default 10 000 */
	int64_t body_max_bytes;     /* default 64 MiB: more is ERR_DATA */
	bool told_by_others; /* URLs come from answers: addresses that are private to a host are refused */
	/* Proxy (HTTPS_PROXY, NO_PROXY) and CA (SSL_CERT_FILE, CURL_CA_BUNDLE) come from the environment. */
};

/* What to do with an answer. */
enum http_class {
	HTTP_OK,        /* 2xx */
	HTTP_NOT_FOUND, /* 404, 410 */
	HTTP_LIMITED,   /* 429, and 403 with an exhausted budget: wait `retry_after_ms` */
	HTTP_REFUSED,   /* 401, 403: an operator must act */
	HTTP_CLIENT,    /* other 4xx: this request is wrong */
	HTTP_SERVER,    /* 5xx: retry with back-off */
	HTTP_REDIRECT,  /* 3xx: location is set; never followed here */
	HTTP_FAILED, /* no whole answer: connect, TLS, reset, truncated, timeout, too large; err says which */
};

/* One of the limits that an answer announces. */
struct http_rate {
	int64_t remaining; /* -1: not given */
	int64_t limit;     /* -1 */
	int64_t reset_ms;  /* until it is whole again; -1 */
};

/* RateLimit-*, RateLimit-User-*, X-RateLimit-* */
#define HTTP_RATES 3

/* Lives during the callback only. */
struct http_answer {
	enum http_class class;
	long code;        /* 0 when HTTP_FAILED before a status line */
	const char *body; /* NUL-terminated, body_size bytes before it */
	size_t body_size;
	int64_t date_ms;        /* `Date` header, ms UTC; 0 when absent or unreadable */
	int64_t retry_after_ms; /* -1: not given. From Retry-After (seconds or date, measured against Date) or
				 * the reset of what is exhausted */
	struct http_rate rates[HTTP_RATES]; /* all hold at once */
	int64_t budget_remaining;           /* the least of them; -1: not given */
	int64_t budget_limit;               /* of the same one; -1 */
	int64_t budget_reset_ms;            /* likewise */
	bool next_page;                     /* Link: rel="next" present */
	int64_t last_page;                  /* number in the address of Link: rel="last"; 0: not given */
	const char *location;               /* of a redirect, else NULL */
	const char *scopes;                 /* X-OAuth-Scopes: what the token may, `a,b`; NULL: not given */
	bool untrusted;                     /* HTTP_FAILED because of the server's certificate */
	struct err err; /* HTTP_FAILED: the sentence; never contains a query string or a header */
};

typedef void http_callback(void *context, const struct http_answer *answer);

/* err: ERR_SYS when curl can't start. loop must outlive the client. */
enum status http_new(struct http **out, zloop_t *loop, const struct http_options *options,
		     struct err *err) MUST_CHECK;
/* Cancels everything in flight without calling back. Accepts NULL; nulls the pointer. */
void http_free(struct http **http);

/* Starts a request. headers: NULL-terminated "Name: value" strings, copied. body NULL: GET, else POST with
 * body_size bytes, copied. callback is called exactly once, from the loop, never from inside this call,
 * unless the request is cancelled first. Returns a handle for http_cancel, valid until the callback; NULL
 * with err on failure. */
struct http_request *http_send(struct http *http, const char *method, const char *url,
			       const char *const *headers, const char *body, size_t body_size,
			       http_callback *callback, void *context, struct err *err);
void http_cancel(struct http_request *request);
/* Requests started and not yet called back. */
int http_in_flight(const struct http *http);
