/* SPDX-License-Identifier: MIT */
#include "common/http/headers.h"
#include "common/http/link.h"
#include "common/time.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A longer wait than any provider means is a mistake; it also keeps the sums below from overflowing. */
#define NUMBER_MAX INT64_C(1000000000000000)
/* A reset above this is a time (epoch seconds, as GitHub sends), below it seconds from now (Buildkite).
 */
#define EPOCH_MIN_S INT64_C(100000000)

/* The leading number of text: "60", "100, 100;w=60", "1.5" (rounded up). -1: there is none; below zero counts
 * as 0. */
static int64_t read_number(const char *text)
{
	const char *at = *text == '-' ? text + 1 : text;
	int64_t number = 0;

	if (!isdigit((unsigned char)*at)) {
		return -1;
	}
	for (; isdigit((unsigned char)*at); at++) {
		number = number < NUMBER_MAX ? number * 10 + (*at - '0') : NUMBER_MAX;
	}
	if (*text == '-') {
		return 0;
	}
	return *at == '.' ? number + 1 : number;
}

static void on_date(struct http_headers *headers, const char *value)
{
	if (time_parse_http(value, strlen(value), &headers->date_ms) != OK) {
		headers->date_ms = 0;
	}
}

static void on_retry_after(struct http_headers *headers, const char *value)
{
	headers->retry_after_s = read_number(value);
	if (headers->retry_after_s == -1 &&
	    time_parse_http(value, strlen(value), &headers->retry_after_date_ms) != OK) {
		headers->retry_after_date_ms = 0;
	}
}

static void on_link(struct http_headers *headers, const char *value)
{
	struct http_link link = http_link_read(value);

	headers->next_page |= link.next;
	headers->last_page = link.last_page ? link.last_page : headers->last_page;
}

static void on_location(struct http_headers *headers, const char *value)
{
	free(headers->location);
	headers->location = strdup(value);
}

static void on_scopes(struct http_headers *headers, const char *value)
{
	free(headers->scopes);
	headers->scopes = strdup(value);
}

static const struct {
	const char *name;
	void (*on)(struct http_headers *headers, const char *value);
} known[] = {
	{"date", on_date},         {"retry-after", on_retry_after}, {"link", on_link},
	{"location", on_location}, {"x-oauth-scopes", on_scopes},
};

/* The longer prefix first. */
static const struct {
	const char *prefix;
	enum rate_set set;
} rate_prefixes[] = {
	{"x-ratelimit-", RATE_X},
	{"ratelimit-user-", RATE_USER},
	{"ratelimit-", RATE_PLAIN},
};

static void on_rate(struct rate *rate, const char *field, int64_t number)
{
	if (strcasecmp(field, "remaining") == 0) {
		rate->remaining = number;
	} else if (strcasecmp(field, "reset") == 0) {
		rate->reset = number;
	} else if (strcasecmp(field, "limit") == 0) {
		rate->limit = number;
	} else if (strncasecmp(field, "limit-", 6) == 0 && rate->limit == -1) {
		rate->limit = number; /* CircleCI: X-RateLimit-Limit-Minute */
	}
}

static void on_header(struct http_headers *headers, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcasecmp(name, known[i].name) == 0) {
			known[i].on(headers, value);
			return;
		}
	}
	for (size_t i = 0; i < sizeof rate_prefixes / sizeof *rate_prefixes; i++) {
		size_t size = strlen(rate_prefixes[i].prefix);

		if (strncasecmp(name, rate_prefixes[i].prefix, size) == 0) {
			on_rate(&headers->rates[rate_prefixes[i].set], name + size, read_number(value));
			return;
		}
	}
}

void http_headers_init(struct http_headers *headers)
{
	*headers = (struct http_headers){.retry_after_s = -1};
	for (size_t i = 0; i < RATE_SETS; i++) {
		headers->rates[i] = (struct rate){-1, -1, -1};
	}
}

static void on_status(struct http_headers *headers, const char *line)
{
	const char *code = strchr(line, ' ');

	http_headers_fini(headers);
	http_headers_init(headers);
	headers->code = code ? strtol(code, NULL, 10) : 0;
}

void http_headers_line(struct http_headers *headers, const char *line, size_t size)
{
	char *copy, *value;

	while (size > 0 && isspace((unsigned char)line[size - 1])) {
		size--;
	}
	copy = strndup(line, size);
	if (!copy) {
		return; /* a header less: nothing in them is needed to be correct, only to be polite */
	}
	value = strchr(copy, ':');
	if (strncmp(copy, "HTTP/", 5) == 0) {
		on_status(headers, copy);
	} else if (value) {
		*value++ = '\0';
		on_header(headers, copy, value + strspn(value, " \t"));
	}
	free(copy);
}

void http_headers_fini(struct http_headers *headers)
{
	free(headers->location);
	free(headers->scopes);
	headers->location = headers->scopes = NULL;
}

static int64_t not_negative(int64_t number)
{
	return number > 0 ? number : 0;
}

static int64_t reset_ms(int64_t reset, int64_t now_ms_utc)
{
	if (reset < 0) {
		return -1;
	}
	return reset >= EPOCH_MIN_S ? not_negative(reset * 1000 - now_ms_utc) : reset * 1000;
}

static void put_rates(const struct http_headers *headers, int64_t now_ms_utc, struct http_answer *answer)
{
	for (size_t i = 0; i < RATE_SETS; i++) {
		const struct rate *rate = &headers->rates[i];

		answer->rates[i] =
			(struct http_rate){rate->remaining, rate->limit, reset_ms(rate->reset, now_ms_utc)};
	}
}

/* The set with the least left; among equals the one that takes longest to be whole again. */
static void find_budget(struct http_answer *answer)
{
	answer->budget_remaining = answer->budget_limit = answer->budget_reset_ms = -1;
	for (size_t i = 0; i < RATE_SETS; i++) {
		const struct http_rate *rate = &answer->rates[i];

		if (rate->remaining == -1 ||
		    (answer->budget_remaining != -1 && rate->remaining > answer->budget_remaining) ||
		    (rate->remaining == answer->budget_remaining &&
		     rate->reset_ms <= answer->budget_reset_ms)) {
			continue;
		}
		answer->budget_remaining = rate->remaining;
		answer->budget_limit = rate->limit;
		answer->budget_reset_ms = rate->reset_ms;
	}
}

/* GitHub answers 403 for a spent budget and for its secondary limits (then with Retry-After). */
static bool is_limited(const struct http_headers *headers, const struct http_answer *answer)
{
	return headers->code == 429 ||
	       (headers->code == 403 && (answer->budget_remaining == 0 || answer->retry_after_ms != -1));
}

static enum http_class classify(const struct http_headers *headers, const struct http_answer *answer)
{
	long code = headers->code;

	if (is_limited(headers, answer)) {
		return HTTP_LIMITED;
	}
	switch (code) {
	case 404:
	case 410:
		return HTTP_NOT_FOUND;
	case 401:
	case 403:
	case 407: /* the proxy wants a password */
		return HTTP_REFUSED;
	case 408: /* the server gave up waiting for the request: its fault or the network's */
	case 425:
		return HTTP_SERVER;
	default:
		return code >= 500   ? HTTP_SERVER
		       : code >= 400 ? HTTP_CLIENT
		       : code >= 300 ? HTTP_REDIRECT
		       : code >= 200 ? HTTP_OK
				     : HTTP_FAILED;
	}
}

void http_headers_answer(const struct http_headers *headers, int64_t wall_now_ms, struct http_answer *answer)
{
	int64_t now = headers->date_ms ? headers->date_ms : wall_now_ms;

	answer->code = headers->code;
	answer->date_ms = headers->date_ms;
	answer->next_page = headers->next_page;
	answer->last_page = headers->last_page;
	answer->location = headers->location;
	answer->scopes = headers->scopes;
	answer->retry_after_ms = -1;
	if (headers->retry_after_s != -1) {
		answer->retry_after_ms = headers->retry_after_s * 1000;
	} else if (headers->retry_after_date_ms) {
		answer->retry_after_ms = not_negative(headers->retry_after_date_ms - now);
	}
	put_rates(headers, now, answer);
	find_budget(answer);
	answer->class = classify(headers, answer);
	if (answer->class == HTTP_LIMITED && answer->retry_after_ms == -1 && answer->budget_remaining == 0) {
		answer->retry_after_ms = answer->budget_reset_ms;
	}
}
