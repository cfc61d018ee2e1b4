/* What an answer's headers say: status, Date, Retry-After, rate limits, next page. Pure: lines in, answer
 * out. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/http/http.h"

#include <stddef.h>

/* Several limits may be announced side by side. */
enum rate_set { RATE_PLAIN, RATE_USER, RATE_X, RATE_SETS = HTTP_RATES };

struct rate {
	int64_t remaining, limit, reset; /* as sent; -1: not sent */
};

struct http_headers {
	long code; /* 0: no status line yet */
	int64_t date_ms;
	int64_t retry_after_s;       /* -1: not sent */
	int64_t retry_after_date_ms; /* 0: not sent as a date */
	struct rate rates[RATE_SETS];
	bool next_page;
	int64_t last_page;
	char *location, *scopes; /* heap */
};

void http_headers_init(struct http_headers *headers);
/* One header line as curl hands it over, with or without its line end. A status line starts anew: interim
 * answers (1xx, a proxy's) leave nothing behind. */
void http_headers_line(struct http_headers *headers, const char *line, size_t size);
/* Class and all numbers of answer; body and err are the caller's. now_ms (wall clock) stands in for a missing
 * Date. */
void http_headers_answer(const struct http_headers *headers, int64_t wall_now_ms, struct http_answer *answer);
/* Accepts zeroed. */
void http_headers_fini(struct http_headers *headers);
