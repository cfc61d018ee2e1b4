/* What the headers of an answer mean: one row an answer. */
/* SPDX-License-Identifier: MIT */
#include "common/http/headers.h"
#include "common/http/link.h"

#include <criterion/criterion.h>
#include <string.h>

#define DATE    "Date: Fri, 20 Nov 2026 10:00:00 GMT\n"
#define DATE_MS INT64_C(1795168800000)

static struct http_headers headers;

/* Feeds lines separated by '\n'. location stays valid until the next call. */
static struct http_answer read_headers(const char *lines)
{
	struct http_answer answer = {0};

	http_headers_fini(&headers);
	http_headers_init(&headers);
	while (*lines) {
		size_t size = strcspn(lines, "\n");
		char line[512];

		snprintf(line, sizeof line, "%.*s\r\n", (int)size, lines);
		http_headers_line(&headers, line, strlen(line));
		lines += size + (lines[size] == '\n');
	}
	http_headers_answer(&headers, DATE_MS + 5000, &answer);
	return answer;
}

static void end(void)
{
	http_headers_fini(&headers);
}

TestSuite(http_headers, .fini = end);

Test(http_headers, a_status_has_a_class)
{
	static const struct {
		const char *lines;
		enum http_class class;
	} rows[] = {
		{"HTTP/1.1 200 OK", HTTP_OK},
		{"HTTP/2 204", HTTP_OK},
		{"HTTP/1.1 301 Moved", HTTP_REDIRECT},
		{"HTTP/1.1 304 Not Modified", HTTP_REDIRECT},
		{"HTTP/1.1 400 Bad Request", HTTP_CLIENT},
		{"HTTP/1.1 401 Unauthorized", HTTP_REFUSED},
		{"HTTP/1.1 403 Forbidden", HTTP_REFUSED},
		{"HTTP/1.1 403 Forbidden\nx-ratelimit-remaining: 17", HTTP_REFUSED},
		{"HTTP/1.1 403 Forbidden\nx-ratelimit-remaining: 0", HTTP_LIMITED},
		{"HTTP/1.1 403 Forbidden\nRetry-After: 60", HTTP_LIMITED},
		{"HTTP/1.1 404 Not Found", HTTP_NOT_FOUND},
		{"HTTP/1.1 407 Proxy", HTTP_REFUSED},
		{"HTTP/1.1 408 Timeout", HTTP_SERVER},
		{"HTTP/1.1 409 Conflict", HTTP_CLIENT},
		{"HTTP/1.1 410 Gone", HTTP_NOT_FOUND},
		{"HTTP/1.1 422 Unprocessable", HTTP_CLIENT},
		{"HTTP/1.1 429 Slow down", HTTP_LIMITED},
		{"HTTP/1.1 500 Oops", HTTP_SERVER},
		{"HTTP/1.1 503 Later", HTTP_SERVER},
		{"HTTP/1.1 100 Continue\nHTTP/1.1 404 Not Found", HTTP_NOT_FOUND},
		{"HTTP/1.1 x", HTTP_FAILED},
		{"", HTTP_FAILED},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		cr_assert_eq(read_headers(rows[i].lines).class, rows[i].class, "%s", rows[i].lines);
	}
}

Test(http_headers, each_provider_s_rate_headers_are_read)
{
	static const struct {
		const char *what, *lines;
		int64_t remaining, limit, reset_ms, retry_ms;
	} rows[] = {
		{"no answer", "", -1, -1, -1, -1},
		{"none", "HTTP/1.1 200 OK", -1, -1, -1, -1},
		{"Buildkite, one set",
		 "HTTP/2 200\nRateLimit-Remaining: 180\nRateLimit-Limit: 200\nRateLimit-Reset: 42", 180, 200,
		 42000, -1},
		{"Buildkite, the user has less left",
		 "HTTP/2 200\nRateLimit-Remaining: 180\nRateLimit-Limit: 200\nRateLimit-Reset: 42\n"
		 "RateLimit-User-Remaining: 3\nRateLimit-User-Limit: 50\nRateLimit-User-Reset: 17",
		 3, 50, 17000, -1},
		{"Buildkite, the organisation has less left",
		 "HTTP/2 200\nRateLimit-User-Remaining: 30\nRateLimit-User-Limit: 50\nRateLimit-User-Reset: "
		 "17\n"
		 "RateLimit-Remaining: 5\nRateLimit-Limit: 200\nRateLimit-Reset: 42",
		 5, 200, 42000, -1},
		{"both spent: the longer reset counts",
		 "HTTP/2 429\nRateLimit-Remaining: 0\nRateLimit-Limit: 200\nRateLimit-Reset: 9\n"
		 "RateLimit-User-Remaining: 0\nRateLimit-User-Limit: 50\nRateLimit-User-Reset: 31",
		 0, 50, 31000, 31000},
		{"a scope is not a number",
		 "HTTP/2 200\nRateLimit-Scope: rest\nRateLimit-User-Scope: rest_user\nRateLimit-Remaining: 7",
		 7, -1, -1, -1},
		{"CircleCI",
		 "HTTP/2 429\nRetry-After: 12\nX-RateLimit-Limit-Minute: 300\nX-RateLimit-Remaining: 0\n"
		 "X-RateLimit-Reset: 30\nRateLimit-Limit: 1000\nRateLimit-Remaining: 800\nRateLimit-Reset: 5",
		 0, 300, 30000, 12000},
		{"GitHub: reset is a time, measured against Date",
		 "HTTP/2 403\n" DATE
		 "x-ratelimit-limit: 5000\nx-ratelimit-remaining: 0\nx-ratelimit-reset: 1795168890",
		 0, 5000, 90000, 90000},
		{"GitHub without Date: against our clock",
		 "HTTP/2 403\nx-ratelimit-limit: 60\nx-ratelimit-remaining: 0\nx-ratelimit-reset: 1795168890",
		 0, 60, 85000, 85000},
		{"a reset in the past",
		 "HTTP/2 200\n" DATE "x-ratelimit-remaining: 9\nx-ratelimit-reset: 1700000000", 9, -1, 0, -1},
		{"limited by something else: the reset does not tell when",
		 "HTTP/2 429\nRateLimit-Remaining: 9\nRateLimit-Reset: 5", 9, -1, 5000, -1},
		{"a list and a fraction",
		 "HTTP/2 200\nRateLimit-Limit: 100, 100;w=60\nRateLimit-Remaining: 1\n"
		 "RateLimit-Reset: 1.5",
		 1, 100, 2000, -1},
		{"below zero", "HTTP/2 200\nRateLimit-Remaining: -4", 0, -1, -1, -1},
		{"nonsense", "HTTP/2 200\nRateLimit-Remaining: lots\nRateLimit-Limit:", -1, -1, -1, -1},
		{"too many digits", "HTTP/2 200\nRateLimit-Remaining: 99999999999999999999999999",
		 1000000000000000, -1, -1, -1},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct http_answer answer = read_headers(rows[i].lines);

		cr_expect_eq(answer.budget_remaining, rows[i].remaining, "%s: remaining", rows[i].what);
		cr_expect_eq(answer.budget_limit, rows[i].limit, "%s: limit", rows[i].what);
		cr_expect_eq(answer.budget_reset_ms, rows[i].reset_ms, "%s: reset", rows[i].what);
		cr_expect_eq(answer.retry_after_ms, rows[i].retry_ms, "%s: retry", rows[i].what);
	}
}

Test(http_headers, retry_after_is_seconds_or_a_date)
{
	static const struct {
		const char *lines;
		int64_t ms;
	} rows[] = {
		{"HTTP/2 503\nRetry-After: 120", 120000},
		{"HTTP/2 503\nretry-after:0", 0},
		{"HTTP/2 503\n" DATE "Retry-After: Fri, 20 Nov 2026 10:02:00 GMT", 120000},
		{"HTTP/2 503\nRetry-After: Fri, 20 Nov 2026 10:02:00 GMT\n" DATE, 120000},
		{"HTTP/2 503\nRetry-After: Fri, 20 Nov 2026 10:02:00 GMT", 115000},
		{"HTTP/2 503\n" DATE "Retry-After: Thu, 19 Nov 2026 10:00:00 GMT", 0},
		{"HTTP/2 503\nRetry-After: soon", -1},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		cr_expect_eq(read_headers(rows[i].lines).retry_after_ms, rows[i].ms, "%s", rows[i].lines);
	}
}

Test(http_headers, what_a_token_may_is_handed_over)
{
	cr_assert_str_eq(read_headers("HTTP/2 200\nX-OAuth-Scopes: chat:write,users:read").scopes,
			 "chat:write,users:read");
	cr_assert_null(read_headers("HTTP/2 200").scopes);
}

Test(http_headers, date_and_location_are_handed_over)
{
	struct http_answer answer =
		read_headers("HTTP/1.1 302 Found\n" DATE "Location: https://other/path?x=1");

	cr_assert_eq(answer.date_ms, DATE_MS);
	cr_assert_str_eq(answer.location, "https://other/path?x=1");
	cr_assert_eq(read_headers("HTTP/1.1 200 OK\nDate: yesterday").date_ms, 0);
}

Test(http_headers, nothing_of_an_interim_answer_stays)
{
	struct http_answer answer =
		read_headers("HTTP/1.1 100 Continue\n" DATE "Location: a\nLink: <b>; rel=next\n"
			     "Retry-After: 5\nRateLimit-Remaining: 1\nHTTP/1.1 200 OK");

	cr_assert_eq(answer.date_ms, 0);
	cr_assert_null(answer.location);
	cr_assert_not(answer.next_page);
	cr_assert_eq(answer.retry_after_ms, -1);
	cr_assert_eq(answer.budget_remaining, -1);
}

Test(http_headers, the_next_and_the_last_page_are_found_in_link)
{
	static const struct {
		const char *value;
		bool next;
		int64_t last;
	} rows[] = {
		{"<https://a/?page=2>; rel=\"next\", <https://a/?page=9>; rel=\"last\"", true, 9},
		{"<https://a/?page=1>; rel=\"prev\", <https://a/?page=3>; rel=next", true, 0},
		{"<https://a/?page=1>; title=\"x, y; z\"; REL=\"prev Next\"", true, 0},
		{"<https://a/?q=rel=\"next\">; rel=\"last\"", false, 0},
		{"<https://a/?per_page=50&page=12&x=page=3>; rel=\"next last\"", true, 12},
		{"<https://a/?page=12>; rel=next; title=x, <?page=7&per_page=100>; rel=last", true, 7},
		{"<https://a/?per_page=50>; rel=last", false, 0},
		{"<https://a/?page=99999999999999999999>; rel=last", false, 0},
		{"<https://a/?page=>; rel=last", false, 0},
		{"<https://a/>; title=\"rel=next\"; rel=prev", false, 0},
		{"<https://a/>; rel=nextish", false, 0},
		{"<https://a/>; xrel=next", false, 0},
		{"<https://a/", false, 0},
		{"rel=\"next", true, 0},
		{"rel=last", false, 0},
		{"", false, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct http_link link = http_link_read(rows[i].value);

		cr_expect_eq(link.next, rows[i].next, "%s", rows[i].value);
		cr_expect_eq(link.last_page, rows[i].last, "%s", rows[i].value);
	}
	cr_assert(read_headers("HTTP/2 200\nlink: <a>; rel=prev\nLink: <b>; rel=next").next_page);
}
