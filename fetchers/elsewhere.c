/* Details that the API keeps elsewhere: its answer is a redirect to a signed URL of another host, or the URL
 * of a file. That one is asked by a client of its own, so that it can hold up nothing that goes to the API;
 * with the credentials only at hosts of the provider that want them, never behind a redirect. */
/* SPDX-License-Identifier: MIT */
#include "common/http/url.h"
#include "fetchers/engine.h"

#include <stdlib.h>

#define ELSEWHERE_CONNECTIONS 4
#define ELSEWHERE_TIMEOUT_MS  20000
#define ELSEWHERE_BODY_BYTES  (1 << 20)
#define HOPS_MAX              3

static enum status client(struct source *source, struct err *err)
{
	const struct http_options options = {
		.concurrency = ELSEWHERE_CONNECTIONS,
		.timeout_ms = ELSEWHERE_TIMEOUT_MS,
		.body_max_bytes = ELSEWHERE_BODY_BYTES,
		.told_by_others = true,
	};

	return source->elsewhere ? OK
				 : http_new(&source->elsewhere, source->engine->context->loop, &options, err);
}

/* Its answer has nothing to say about the API's limits, tokens and times. */
static enum status judge(struct request *request, const struct http_answer *answer, struct err *err)
{
	switch (answer->class) {
	case HTTP_OK:
		return request_answer(request, answer, ANSWER_OK, err);
	case HTTP_NOT_FOUND:
		return request_answer(request, answer, ANSWER_NOT_FOUND, err);
	case HTTP_REDIRECT:
		return request_follow(request, answer, err);
	case HTTP_FAILED:
		*err = answer->err;
		if (answer->err.status == ERR_DATA) {
			return request_answer(request, answer, ANSWER_TOO_LARGE, err);
		}
		break;
	default:
		err_set(err, ERR_REMOTE, "where the API keeps its files the answer is %ld", answer->code);
	}
	/* From the start: the signed URL may be too old by now. */
	return request_retry(request, err);
}

static void on_elsewhere(void *context, const struct http_answer *answer)
{
	struct request *request = context;
	struct visit *visit = request->visit;
	struct err err = {0};

	request->sent = NULL;
	request_settle(visit, request, judge(request, answer, &err), &err);
}

enum status request_send_elsewhere(struct request *request, struct err *err)
{
	struct source *source = request->visit->source;
	bool ours = source->info.files_domain && http_url_within(request->url, source->info.files_domain);
	const char *const headers[] = {"Accept: */*", ours ? source->authorization : NULL, NULL};
	enum status status = client(source, err);

	if (status != OK) {
		return status;
	}
	request->sent = http_send(source->elsewhere, "GET", request->url, headers, NULL, 0, on_elsewhere,
				  request, err);
	return request->sent ? OK : err->status;
}

/* The new address takes the place of the old one. */
static enum status go(struct request *request, char *url, struct err *err)
{
	const char *const headers[] = {"Accept: */*", NULL};

	free(request->moved);
	request->moved = url;
	request->hops++;
	request->sent = http_send(request->visit->source->elsewhere, "GET", url, headers, NULL, 0,
				  on_elsewhere, request, err);
	return request->sent ? ERR_AGAIN : err->status;
}

enum status request_follow(struct request *request, const struct http_answer *answer, struct err *err)
{
	struct source *source = request->visit->source;
	const char *from = request->moved ? request->moved : request->url;
	char *url = answer->location ? http_url_join(from, answer->location) : NULL;
	enum status status;

	if (!url || request->hops >= HOPS_MAX || !http_url_may_follow(source->info.api_url, url)) {
		free(url);
		err_set(err, ERR_REMOTE, "the API redirects in vain (%ld): %s", answer->code,
			request->hops >= HOPS_MAX ? "again and again" : "to where no file may come from");
		return request_give_up(request, err);
	}
	status = client(source, err);
	if (status != OK) {
		free(url);
		return status;
	}
	return go(request, url, err);
}
