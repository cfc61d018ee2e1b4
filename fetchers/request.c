/* Requests of visits: when they are sent, what becomes of their answers. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/engine.h"

#include "common/http/url.h"
#include "common/log.h"
#include "fetchers/backoff.h"
#include "fetchers/count.h"
#include "fetchers/limited.h"
#include "fetchers/redirect.h"
#include "fetchers/remark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES_MAX      5   /* of one request; then the visit fails and the target waits */
#define DETAIL_TRIES   3   /* of one that a build can do without: the hub asks again another day */
#define LIMITED_MAX    20  /* times a request is put off by a 429 before the visit gives its lease back */
#define RETRY_MS       500 /* first back-off; doubles */
#define RETRY_MAX_MS   20000
#define LIMITED_MS     5000   /* a 429 that doesn't say how long */
#define LIMITED_MAX_MS 120000 /* whatever it says */

static void unlink_request(struct engine *engine, struct request *request)
{
	for (struct request **at = &engine->requests; *at; at = &(*at)->next) {
		if (*at == request) {
			*at = request->next;
			return;
		}
	}
}

static void request_free(struct request *request)
{
	unlink_request(request->visit->source->engine, request);
	request->visit->waiting--;
	if (request->sent) {
		http_cancel(request->sent);
	}
	free(request->url);
	free(request->moved);
	free(request);
}

void requests_drop(struct visit *visit)
{
	struct request *next;

	for (struct request *request = visit->source->engine->requests; request; request = next) {
		next = request->next;
		if (request->visit == visit) {
			request_free(request);
		}
	}
}

static enum status start(struct visit *visit, const char *path, const struct request *values, struct err *err)
{
	struct engine *engine = visit->source->engine;
	struct request **end = &engine->requests;
	struct request *request = calloc(1, sizeof *request);
	char *url;

	if (!request || !(url = redirect_url(visit, path))) {
		free(request);
		return err_set(err, ERR_SYS, "out of memory for a request");
	}
	*request = *values;
	request->visit = visit;
	request->url = url;
	while (*end) {
		end = &(*end)->next;
	}
	*end = request;
	visit->waiting++;
	alarm_by(&engine->alarm, zclock_mono());
	return OK;
}

enum status visit_get(struct visit *visit, const char *path, enum visit_priority priority,
		      visit_callback *callback, intptr_t tag, struct err *err)
{
	const struct request values = {.priority = priority, .callback = callback, .tag = tag};

	return start(visit, path, &values, err);
}

enum status visit_get_detail(struct visit *visit, const char *path, visit_callback *callback, intptr_t tag,
			     struct err *err)
{
	const struct request values = {
		.priority = visit->backfill ? VISIT_BACKFILL : VISIT_LIVE,
		.detail = true,
		.callback = callback,
		.tag = tag,
	};

	return start(visit, path, &values, err);
}

int visit_waiting(const struct visit *visit)
{
	return visit->waiting;
}

enum status request_give_up(struct request *request, struct err *err)
{
	const struct visit_answer none = {.kind = ANSWER_UNUSABLE, .date_ms = INT_NULL};

	return request->callback(request->visit, request->tag, &none, err);
}

enum status request_retry(struct request *request, struct err *err)
{
	struct visit *visit = request->visit;
	int64_t wait_ms = backoff_ms(request->tries, RETRY_MS, RETRY_MAX_MS, backoff_random());

	free(request->moved);
	request->moved = NULL;
	request->hops = 0;
	if (++request->tries >= (request->detail ? DETAIL_TRIES : TRIES_MAX)) {
		return request_give_up(request, err);
	}
	log_info("fetch.retry", STR("target", visit->lease->target), STR("why", err->text),
		 NUM("try", request->tries), NUM("again_in_ms", wait_ms));
	request->not_before_ms = zclock_mono() + wait_ms;
	alarm_by(&visit->source->engine->alarm, request->not_before_ms);
	return ERR_AGAIN;
}

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
		wait_ms = LIMITED_MS + backoff_ms(0, LIMITED_MS, LIMITED_MS, backoff_random());
	}
	wait_ms = wait_ms > LIMITED_MAX_MS ? LIMITED_MAX_MS : wait_ms < 1 ? RETRY_MS : wait_ms;
	log_warn("fetch.limited", STR("source", source->name), NUM("wait_ms", wait_ms));
	/* A little later than told, spread: or all workers come back in the same millisecond. */
	budget_pause(&source->budget, zclock_mono(),
		     wait_ms + backoff_ms(0, RETRY_MS, RETRY_MS, backoff_random()));
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

/* A token without a scope may still read other targets; one that isn't accepted can read none. */
static enum status refused(struct request *request, const struct http_answer *answer, struct err *err)
{
	struct source *source = request->visit->source;
	char host[128], remark[REMARK_SIZE];

	host_of(source, host, sizeof host);
	remark_read((struct text){answer->body, answer->body_size}, remark);
	source->refused = answer->code != 403;
	return err_set(err, ERR_CONFIG, "source %s: %s %s (%ld)%s%s: %s", source->name, host,
		       answer->code == 401 ? "does not accept the token" : "refuses access with this token",
		       answer->code, *remark ? ", it says: " : "", remark,
		       source->engine->fetcher->token_hint);
}

enum status request_answer(struct request *request, const struct http_answer *answer, enum answer_kind kind,
			   struct err *err)
{
	const struct visit_answer seen = {
		.kind = kind,
		.body = {answer->body ? answer->body : "", answer->body ? answer->body_size : 0},
		.date_ms = answer->date_ms > 0 ? answer->date_ms : INT_NULL,
		.next_page = answer->next_page,
		.last_page = answer->last_page,
	};
	struct engine *engine = request->visit->source->engine;
	enum status status = request->callback(request->visit, request->tag, &seen, err);

	arena_reset(&engine->arena);
	arena_reset(&engine->scratch);
	return status == ERR_DATA || status == ERR_REMOTE ? request_retry(request, err) : status;
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

/* OK: used. ERR_AGAIN: it will be sent again. Others end the visit. */
static enum status judge(struct request *request, const struct http_answer *answer, struct err *err)
{
	char host[128], remark[REMARK_SIZE];

	if (is_no_detail(request, answer)) {
		return judge_detail(request, answer, err);
	}
	host_of(request->visit->source, host, sizeof host);
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
		return redirect_follow(request, answer, err);
	case HTTP_CLIENT:
		remark_read((struct text){answer->body, answer->body_size}, remark);
		err_set(err, ERR_DATA, "%s does not understand the request (%ld)%s%s", host, answer->code,
			*remark ? ", it says: " : "", remark);
		return request_give_up(request, err);
	case HTTP_SERVER:
		err_set(err, ERR_REMOTE, "%s answers %ld", host, answer->code);
		return request_retry(request, err);
	case HTTP_FAILED:
		*err = answer->err;
		if (answer->err.status == ERR_DATA) {
			return request_answer(request, answer, ANSWER_TOO_LARGE, err);
		}
		return retry_unreached(request, err);
	}
	return err_set(err, ERR_SYS, "an answer of unknown class");
}

static void learn(struct source *source, const struct http_answer *answer)
{
	count_answer(source->name, answer->class);
	count_budget(source->name, answer->budget_remaining);
	budget_learn(&source->budget, zclock_mono(), answer->rates, http_in_flight(source->http));
}

void request_settle(struct visit *visit, struct request *request, enum status status, const struct err *err)
{
	struct engine *engine = visit->source->engine;

	if (visit->over) {
		/* Its requests are gone, this one too. */
	} else if (status == OK) {
		request_free(request);
	} else if (status != ERR_AGAIN) {
		visit_fail(visit, err);
	}
	visits_reap(engine);
	requests_pump(engine);
}

static void on_answer(void *context, const struct http_answer *answer)
{
	struct request *request = context;
	struct visit *visit = request->visit;
	struct err err = {0};

	request->sent = NULL;
	visit->requests++;
	visit->source->engine->answers++;
	learn(visit->source, answer);
	request_settle(visit, request, judge(request, answer, &err), &err);
}

static void send_request(struct request *request)
{
	struct source *source = request->visit->source;
	const char *const headers[] = {source->accept, source->authorization, NULL};
	struct err err;

	request->sent =
		http_send(source->http, "GET", request->url, headers, NULL, 0, on_answer, request, &err);
	if (!request->sent) {
		visit_fail(request->visit, &err);
	}
}

bool request_is_low(const struct request *request)
{
	return request->detail || request->priority == VISIT_BACKFILL;
}

/* Whether it may go now; sets the alarm when time alone must pass. */
static bool may_send(struct request *request, int64_t now)
{
	struct visit *visit = request->visit;
	struct alarm *alarm = &visit->source->engine->alarm;
	int64_t wait_ms;

	if (request->sent || visit->over || http_in_flight(visit->source->http) >= FETCH_CONNECTIONS ||
	    !ingest_room(visit->lease)) {
		return false;
	}
	if (request->priority == VISIT_BACKFILL && visit_late(visit)) {
		return false;
	}
	if (request->not_before_ms > now) {
		alarm_by(alarm, request->not_before_ms);
		return false;
	}
	wait_ms = budget_take(&visit->source->budget, now, request_is_low(request));
	if (wait_ms > 0) {
		alarm_by(alarm, now + wait_ms);
	}
	return wait_ms == 0;
}

static void pump_those(struct engine *engine, enum visit_priority priority, bool detail, int64_t now)
{
	struct request *request = engine->requests;

	while (request) {
		struct request *next = request->next;

		if (request->priority == priority && request->detail == detail && may_send(request, now)) {
			send_request(request);
			/* A failure drops other requests of its visit, next maybe among them. */
			next = request->visit->over ? engine->requests : next;
		}
		request = next;
	}
}

void requests_pump(struct engine *engine)
{
	int64_t now = zclock_mono();

	pump_those(engine, VISIT_LIVE, false, now);
	pump_those(engine, VISIT_LIVE, true, now);
	pump_those(engine, VISIT_BACKFILL, false, now);
	pump_those(engine, VISIT_BACKFILL, true, now);
	backfill_yield(engine, now);
}
