/* What an answer means for its request, its visit and its source. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/engine.h"

#include "common/backoff.h"
#include "common/http/url.h"
#include "common/log.h"
#include "fetchers/limited.h"
#include "fetchers/redirect.h"
#include "fetchers/remark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMITED_MAX    20     /* times a request is put off by a 429 before the visit gives its lease back */
#define SPREAD_MS      500    /* the least wait, and how far apart workers come back */
#define LIMITED_MS     5000   /* a 429 that doesn't say how long */
#define LIMITED_MAX_MS 120000 /* whatever it says */

static enum status retry_unreached(struct request *request, struct err *err)
{
	enum status status = request_retry(request, err);

	if (status == ERR_REMOTE) {
		err_append(err, ": check api_url, the network and the proxy; it is tried again by itself");
	}
	return status;
}

/* The whole source waits: the limit is the token's or the organization's, not this request's. */
static enum status put_off(struct request *request, const struct http_answer *answer, struct err *err)
{
	struct source *source = request->visit->source;
	int64_t wait_ms = limited_wait_ms(answer);

	if (wait_ms < 0) {
		wait_ms = LIMITED_MS + backoff_ms(0, LIMITED_MS, LIMITED_MS);
	}
	wait_ms = wait_ms > LIMITED_MAX_MS ? LIMITED_MAX_MS : wait_ms < 1 ? SPREAD_MS : wait_ms;
	log_warn("fetch.limited", STR("source", source->name), NUM("wait_ms", wait_ms));
	/* A little later than told, spread: or all workers come back in the same millisecond. */
	budget_pause(&source->budget, zclock_mono(), wait_ms + backoff_ms(0, SPREAD_MS, SPREAD_MS));
	if (++request->limited >= LIMITED_MAX) {
		return err_set(err, ERR_REMOTE, "the provider answers %ld (rate limit) again and again",
			       answer->code);
	}
	return ERR_AGAIN;
}

static void host_of(const struct source *source, char *out, size_t size)
{
	const char *start = strstr(source->info.api_url, "://");

	start = start ? start + 3 : source->info.api_url;
	snprintf(out, size, "%.*s", (int)strcspn(start, "/"), start);
}

void answer_explain(const struct source *source, const struct http_answer *answer, struct err *err)
{
	char host[128], remark[REMARK_SIZE];
	const char *says;

	host_of(source, host, sizeof host);
	remark_read((struct text){answer->body, answer->body_size}, remark);
	says = *remark ? ", it says: " : "";
	switch (answer->class) {
	case HTTP_FAILED:
		*err = answer->err;
		break;
	case HTTP_REFUSED:
		err_set(err, ERR_CONFIG, "%s %s (%ld)%s%s: %s", host,
			answer->code == 401 ? "does not accept the token" : "refuses access with this token",
			answer->code, says, remark, source->engine->fetcher->token_hint);
		break;
	case HTTP_CLIENT:
		err_set(err, ERR_DATA, "%s does not understand the request (%ld)%s%s", host, answer->code,
			says, remark);
		break;
	case HTTP_LIMITED:
		err_set(err, ERR_REMOTE, "%s: the rate limit is used up (%ld)%s%s", host, answer->code, says,
			remark);
		break;
	default:
		err_set(err, ERR_REMOTE, "%s answers %ld", host, answer->code);
	}
}

/* A token without a scope may still read other targets; one that isn't accepted can read none. */
static enum status refused(struct request *request, const struct http_answer *answer, struct err *err)
{
	struct source *source = request->visit->source;

	source->refused = answer->code != 403;
	answer_explain(source, answer, err);
	return err_prefix(err, "source %s", source->name);
}

/* The page of somebody in between (maintenance, a login) may be gone a moment later; what stays is for an
 * operator.
 */
static enum status redirect(struct request *request, const struct http_answer *answer, struct err *err)
{
	enum status status = redirect_follow(request, answer, err);

	return status == ERR_CONFIG ? request_retry(request, err) : status;
}

/* Nothing that a few seconds change. */
static enum status untrusted(const struct http_answer *answer, struct err *err)
{
	*err = answer->err;
	err_append(err, "; it is tried again by itself");
	return err->status;
}

/* What a build can do without must not end a visit, let alone stop the source. */
static bool is_no_detail(const struct request *request, const struct http_answer *answer)
{
	return request->detail && (answer->code == 403 || answer->class == HTTP_REDIRECT) &&
	       answer->class != HTTP_LIMITED;
}

/* The address of what was renamed, and not of a file: it gets the token. */
static bool is_of_api(const struct request *request, const struct http_answer *answer)
{
	const char *api_url = request->visit->source->info.api_url;
	char *url = answer->location ? http_url_join(request->url, answer->location) : NULL;
	size_t size = strlen(api_url);
	bool is = url && strncmp(url, api_url, size) == 0 && url[size] == '/';

	free(url);
	return is;
}

static enum status judge_detail(struct request *request, const struct http_answer *answer, struct err *err)
{
	enum status status;

	if (answer->class != HTTP_REDIRECT) {
		return request_answer(request, answer, ANSWER_REFUSED, err);
	}
	if (!is_of_api(request, answer)) {
		return request_follow(request, answer, err);
	}
	status = redirect_follow(request, answer, err);
	return status == ERR_CONFIG ? request_give_up(request, err) : status;
}

enum status request_judge(struct request *request, const struct http_answer *answer, struct err *err)
{
	if (is_no_detail(request, answer)) {
		return judge_detail(request, answer, err);
	}
	switch (answer->class) {
	case HTTP_OK:
		return request_answer(request, answer, ANSWER_OK, err);
	case HTTP_NOT_FOUND:
		return request_answer(request, answer, ANSWER_NOT_FOUND, err);
	case HTTP_LIMITED:
		return put_off(request, answer, err);
	case HTTP_REFUSED:
		return refused(request, answer, err);
	case HTTP_REDIRECT:
		return redirect(request, answer, err);
	case HTTP_CLIENT:
		answer_explain(request->visit->source, answer, err);
		return request_give_up(request, err);
	case HTTP_SERVER:
		answer_explain(request->visit->source, answer, err);
		return request_retry(request, err);
	case HTTP_FAILED:
		if (answer->untrusted) {
			return untrusted(answer, err);
		}
		*err = answer->err;
		if (answer->err.status == ERR_DATA) {
			return request_answer(request, answer, ANSWER_TOO_LARGE, err);
		}
		return retry_unreached(request, err);
	}
	return err_set(err, ERR_SYS, "an answer of unknown class");
}
