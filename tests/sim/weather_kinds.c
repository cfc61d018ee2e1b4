/* What each kind of fault does to a reply. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/sim.h"
#include "tests/sim/when.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT = 200, RESET_S = 1, HUGE_BYTES = 100 << 20, DRIP_BYTES_PER_S = 1000 };
#define MARK "redirected=1" /* a request that followed a redirect is let pass */

/* The order may have named a slot that was freed since: texts belong to the weather and live under the same
 * lock. */
static void status(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		   struct rng *rng)
{
	(void)request, (void)rng;
	if (fault->reset_s >= 0) {
		reply_header(reply, "Retry-After", "%lld", (long long)fault->reset_s);
	}
	if (fault->body) {
		reply->status = (int)fault->status;
		reply->body.size = 0;
		text_add(&reply->body, fault->body, strlen(fault->body));
	} else {
		reply_message(reply, (int)fault->status, "%s", status_phrase((int)fault->status));
	}
}

static void drop(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		 struct rng *rng)
{
	(void)request, (void)fault, (void)rng;
	reply->delivery = DELIVER_NOTHING;
}

static void latency(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		    struct rng *rng)
{
	(void)request;
	reply->wait_ms += fault->ms + (fault->jitter_ms > 0 ? rng_below(rng, fault->jitter_ms) : 0);
}

static int64_t reset_s(const struct fault *fault)
{
	return fault->reset_s > 0 ? fault->reset_s : RESET_S;
}

static void put_rate(struct sim_reply *reply, const char *prefix, const char *scope, int64_t remaining,
		     int64_t seconds)
{
	char name[64];

	snprintf(name, sizeof name, "%s-Scope", prefix);
	reply_header(reply, name, "%s", scope);
	snprintf(name, sizeof name, "%s-Remaining", prefix);
	reply_header(reply, name, "%lld", (long long)remaining);
	snprintf(name, sizeof name, "%s-Limit", prefix);
	reply_header(reply, name, "%d", LIMIT);
	snprintf(name, sizeof name, "%s-Reset", prefix);
	reply_header(reply, name, "%lld", (long long)seconds);
}

static void limit_body(struct sim_reply *reply, const char *scope, int64_t seconds)
{
	char body[256];
	int size = snprintf(
		body, sizeof body,
		"{\"message\":\"You have exceeded your API rate limit. Please wait %lld seconds before "
		"making more requests.\",\"scope\":\"%s\",\"limit\":%d,\"current\":%d,\"reset\":%lld}",
		(long long)seconds, scope, LIMIT, LIMIT + 5, (long long)seconds);

	reply->status = 429;
	reply->body.size = 0;
	text_add(&reply->body, body, (size_t)size);
}

static void limit_organization(struct sim_reply *reply, const struct sim_request *request,
			       const struct fault *fault, struct rng *rng)
{
	(void)request, (void)rng;
	reply->headers.size = 0;
	put_rate(reply, "RateLimit", "rest", 0, reset_s(fault));
	limit_body(reply, "rest", reset_s(fault));
}

static void limit_user(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		       struct rng *rng)
{
	(void)request, (void)rng;
	reply->headers.size = 0;
	put_rate(reply, "RateLimit", "rest", LIMIT / 2, reset_s(fault));
	put_rate(reply, "RateLimit-User", "rest_user", 0, reset_s(fault));
	limit_body(reply, "rest_user", reset_s(fault));
}

static void limit_both(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		       struct rng *rng)
{
	(void)request, (void)rng;
	reply->headers.size = 0;
	put_rate(reply, "RateLimit", "rest", 0, reset_s(fault));
	put_rate(reply, "RateLimit-User", "rest_user", 0, reset_s(fault));
	limit_body(reply, "rest", reset_s(fault));
}

static void limit_seconds(struct sim_reply *reply, const struct sim_request *request,
			  const struct fault *fault, struct rng *rng)
{
	(void)request, (void)rng;
	reply->headers.size = 0;
	reply_header(reply, "Retry-After", "%lld", (long long)reset_s(fault));
	limit_body(reply, "rest", reset_s(fault));
}

/* The date is one of the same clock as `Date`: it is put once that is known. */
static void limit_date(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		       struct rng *rng)
{
	(void)request, (void)rng;
	reply->headers.size = 0;
	reply->retry_after_date_ms = reset_s(fault) * SECOND_MS;
	limit_body(reply, "rest", reset_s(fault));
}

static void limit_bare(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		       struct rng *rng)
{
	(void)request, (void)rng;
	reply->headers.size = 0;
	limit_body(reply, "rest", reset_s(fault));
}

static int error_status(const struct fault *fault)
{
	return fault->status ? (int)fault->status : 503;
}

static void error_json(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		       struct rng *rng)
{
	(void)request, (void)rng;
	reply_message(reply, error_status(fault), "%s", status_phrase(error_status(fault)));
}

/* What a load balancer says in the provider's place. */
static void error_html(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		       struct rng *rng)
{
	const char *phrase = status_phrase(error_status(fault));
	char body[256];
	int size = snprintf(
		body, sizeof body,
		"<html>\n<head><title>%d %s</title></head>\n<body><center><h1>%d %s</h1></center></body>\n"
		"</html>\n",
		error_status(fault), phrase, error_status(fault), phrase);

	(void)request, (void)rng;
	reply->status = error_status(fault);
	reply->content_type = "text/html";
	reply->headers.size = reply->body.size = 0;
	text_add(&reply->body, body, (size_t)size);
}

static void reset_before(struct sim_reply *reply, const struct sim_request *request,
			 const struct fault *fault, struct rng *rng)
{
	(void)request, (void)fault, (void)rng;
	reply->delivery = DELIVER_RESET_BEFORE;
}

static void reset_within(struct sim_reply *reply, const struct sim_request *request,
			 const struct fault *fault, struct rng *rng)
{
	(void)request;
	reply->delivery = DELIVER_RESET_WITHIN;
	reply->cut_at = fault->bytes > 0 ? fault->bytes : rng_below(rng, (int64_t)reply->body.size + 1);
}

static void reset_after(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
			struct rng *rng)
{
	(void)request, (void)fault, (void)rng;
	reply->delivery = DELIVER_RESET_AFTER;
}

static void cut(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		struct rng *rng)
{
	(void)request;
	reply->delivery = DELIVER_CUT;
	reply->cut_at = fault->bytes > 0 ? fault->bytes : rng_below(rng, (int64_t)reply->body.size + 1);
}

static void truncated(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		      struct rng *rng)
{
	size_t size = fault->bytes > 0 ? (size_t)fault->bytes
				       : (size_t)rng_below(rng, (int64_t)reply->body.size + 1);

	(void)request;
	reply->body.size = size < reply->body.size ? size : reply->body.size;
}

/* {"data": […]} for a list, [{…}] for an object. */
static void wrong_root(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		       struct rng *rng)
{
	bool list = reply->body.size > 0 && reply->body.data[0] == '[';
	struct text wrapped = {0};

	(void)request, (void)fault, (void)rng;
	text_add(&wrapped, list ? "{\"data\":" : "[", list ? 8 : 1);
	text_add(&wrapped, reply->body.data, reply->body.size);
	text_add(&wrapped, list ? "}" : "]", 1);
	text_fini(&reply->body);
	reply->body = wrapped;
}

/* Where the value of the n-th member that is a text begins and ends, quotes included. */
static bool find_member_text(const char *json, int64_t n, const char **start, const char **end)
{
	while ((json = strstr(json, "\":\""))) {
		const char *close = json + 3;

		while (*close && *close != '"') {
			close += close[0] == '\\' && close[1] ? 2 : 1;
		}
		if (*close && n-- == 0) {
			*start = json + 2;
			*end = close + 1;
			return true;
		}
		json = close;
	}
	return false;
}

static int64_t count_member_texts(const char *json)
{
	const char *start, *end = json;
	int64_t count = 0;

	while (find_member_text(end, 0, &start, &end)) {
		count++;
	}
	return count;
}

/* A list or a number where a text was. */
static void wrong_member(struct sim_reply *reply, const struct sim_request *request,
			 const struct fault *fault, struct rng *rng)
{
	struct text changed = {0};
	const char *start, *end;
	int64_t count;

	(void)request;
	text_add(&reply->body, "", 1); /* ends what is searched as a text */
	reply->body.size--;
	count = count_member_texts(reply->body.data);
	if (count == 0 || !find_member_text(reply->body.data, rng_below(rng, count), &start, &end)) {
		return;
	}
	text_add(&changed, reply->body.data, (size_t)(start - reply->body.data));
	text_add(&changed, fault->word == FAULT_WRONG_NUMBER ? "42" : "[]", 2);
	text_add(&changed, end, strlen(end));
	text_fini(&reply->body);
	reply->body = changed;
}

/* Not held in memory: see deliver.c. */
static void huge(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		 struct rng *rng)
{
	(void)request, (void)rng;
	reply->delivery = fault->word == FAULT_HUGE ? DELIVER_HUGE : DELIVER_HUGE_CHUNKED;
	reply->huge_bytes = fault->bytes > 0 ? fault->bytes : HUGE_BYTES;
}

static void redirect(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		     struct rng *rng)
{
	bool loop = fault->word == FAULT_REDIRECT_LOOP, query = request->query && *request->query;

	(void)rng;
	reply_message(reply, fault->status >= 300 && fault->status < 400 ? (int)fault->status : 302, "Found");
	reply_header(reply, "Location", "%s%s%s%s%s%s", fault->to ? fault->to : "", request->path,
		     query || !loop ? "?" : "", query ? request->query : "", query && !loop ? "&" : "",
		     loop ? "" : MARK);
}

static void redirect_other(struct sim_reply *reply, const struct sim_request *request,
			   const struct fault *fault, struct rng *rng)
{
	struct fault other = *fault;
	char elsewhere[] = "https://elsewhere.invalid";

	other.to = fault->to ? fault->to : elsewhere;
	redirect(reply, request, &other, rng);
}

static void drip(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		 struct rng *rng)
{
	(void)request, (void)rng;
	reply->delivery = DELIVER_DRIP;
	reply->bytes_per_s = fault->bytes_per_s > 0 ? fault->bytes_per_s : DRIP_BYTES_PER_S;
}

static void skew(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		 struct rng *rng)
{
	(void)request;
	reply->skew_ms += fault->ms +
			  (fault->jitter_ms > 0 ? rng_between(rng, -fault->jitter_ms, fault->jitter_ms) : 0);
}

bool weather_was_redirected(const struct sim_request *request)
{
	return request->query && strstr(request->query, MARK);
}

const struct fault_kind fault_kinds[FAULT_WORDS] = {
	[FAULT_STATUS] = {"status", PHASE_INSTEAD, 0, status,
			  "answer `status`, with `body`, Retry-After: `reset_s`"},
	[FAULT_DROP] = {"drop", PHASE_INSTEAD, 10, drop, "close the connection without an answer"},
	[FAULT_LATENCY] = {"latency", PHASE_MILD, 60, latency,
			   "hold the answer back `ms`, and up to `jitter_ms` more"},
	[FAULT_LIMIT_ORGANIZATION] = {"limit-organization", PHASE_INSTEAD, 3, limit_organization,
				      "429, RateLimit-* with 0 left for `reset_s` (1)"},
	[FAULT_LIMIT_USER] = {"limit-user", PHASE_INSTEAD, 3, limit_user,
			      "429, RateLimit-User-* with 0 left, RateLimit-* with enough"},
	[FAULT_LIMIT_BOTH] = {"limit-both", PHASE_INSTEAD, 3, limit_both, "429, both with 0 left"},
	[FAULT_LIMIT_SECONDS] = {"limit-seconds", PHASE_INSTEAD, 3, limit_seconds,
				 "429, Retry-After in seconds alone"},
	[FAULT_LIMIT_DATE] = {"limit-date", PHASE_INSTEAD, 3, limit_date, "429, Retry-After as a date alone"},
	[FAULT_LIMIT_BARE] = {"limit-bare", PHASE_INSTEAD, 1, limit_bare, "429 without any header"},
	[FAULT_ERROR_JSON] = {"error-json", PHASE_INSTEAD, 25, error_json,
			      "`status` (503) with a JSON message"},
	[FAULT_ERROR_HTML] = {"error-html", PHASE_INSTEAD, 15, error_html,
			      "`status` (503) with a page of a load balancer"},
	[FAULT_RESET_BEFORE] = {"reset-before", PHASE_INSTEAD, 15, reset_before,
				"reset the connection (RST) before the answer"},
	[FAULT_RESET_WITHIN] = {"reset-within", PHASE_AFTER, 15, reset_within,
				"reset it within the body, after `bytes` (random)"},
	[FAULT_RESET_AFTER] = {"reset-after", PHASE_AFTER, 10, reset_after,
			       "reset it after the whole answer"},
	[FAULT_CUT] = {"cut", PHASE_AFTER, 15, cut, "close it within the body, after `bytes` (random)"},
	[FAULT_TRUNCATED] = {"truncated", PHASE_AFTER, 15, truncated,
			     "a whole answer whose JSON ends after `bytes` (random)"},
	[FAULT_WRONG_ROOT] = {"wrong-root", PHASE_AFTER, 5, wrong_root,
			      "an object where a list is expected, and vice versa"},
	[FAULT_WRONG_MEMBER] = {"wrong-member", PHASE_AFTER, 5, wrong_member,
				"a list for one of the texts in it"},
	/* Not in the weather: a branch that is the number 42 is read as what it says. */
	[FAULT_WRONG_NUMBER] = {"wrong-number", PHASE_AFTER, 0, wrong_member,
				"a number for one of the texts in it"},
	[FAULT_HUGE] = {"huge", PHASE_INSTEAD, 1, huge, "`bytes` (100 MiB) of JSON"},
	[FAULT_HUGE_CHUNKED] = {"huge-chunked", PHASE_INSTEAD, 1, huge,
				"likewise, without telling how many before"},
	[FAULT_REDIRECT] = {"redirect", PHASE_INSTEAD, 2, redirect,
			    "`status` (302) to the same host, where it is answered"},
	[FAULT_REDIRECT_OTHER] = {"redirect-other", PHASE_INSTEAD, 1, redirect_other,
				  "to another host: `to`=http://HOST (https://elsewhere.invalid)"},
	[FAULT_REDIRECT_LOOP] = {"redirect-loop", PHASE_INSTEAD, 1, redirect, "to itself"},
	[FAULT_DRIP] = {"drip", PHASE_AFTER, 8, drip, "`bytes_per_s` (1000) of the body"},
	[FAULT_SKEW] = {"skew", PHASE_MILD, 10, skew,
			"the Date header is off by `ms`, give or take `jitter_ms`"},
};
