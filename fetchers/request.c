/* Requests of visits: when they are sent, what becomes of their answers. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/engine.h"

#include "common/backoff.h"
#include "common/http/url.h"
#include "common/log.h"
#include "fetchers/count.h"
#include "fetchers/redirect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES_MAX    5   /* of one request; then the visit fails and the target waits */
#define FAILURES_MAX 8   /* visits that failed in a row; from then on a request has one try */
#define DETAIL_TRIES 3   /* of one that a build can do without: the hub asks again another day */
#define RETRY_MS     500 /* first back-off; doubles */
#define RETRY_MAX_MS 20000
#define AHEAD_MAX    3 /* requests that may go before a page of back-fill, where both wait for the budget */

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

static bool is_whole(const char *path)
{
	return strncmp(path, "https://", 8) == 0 || strncmp(path, "http://", 7) == 0;
}

static enum status start(struct visit *visit, const char *path, const struct request *values, struct err *err)
{
	struct engine *engine = visit->source->engine;
	struct request **end = &engine->requests;
	struct request *request = calloc(1, sizeof *request);
	bool whole = values->detail && is_whole(path);
	char *url;

	if (!request || !(url = whole ? strdup(path) : redirect_url(visit, path))) {
		free(request);
		return err_set(err, ERR_SYS, "out of memory for a request");
	}
	*request = *values;
	request->elsewhere = whole && !http_url_same_origin(visit->source->info.api_url, url);
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

bool visit_may_get(const struct visit *visit, const char *url)
{
	const char *api_url = visit->source->info.api_url;

	return http_url_same_origin(api_url, url) || http_url_may_follow(api_url, url);
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

/* While nothing works at all, trying each request again and again would be a storm. */
static int tries_max(const struct request *request)
{
	if (request->visit->source->failures >= FAILURES_MAX) {
		return 1;
	}
	return request->detail ? DETAIL_TRIES : TRIES_MAX;
}

enum status request_retry(struct request *request, struct err *err)
{
	struct visit *visit = request->visit;
	int64_t wait_ms = backoff_ms(request->tries, RETRY_MS, RETRY_MAX_MS);

	free(request->moved);
	request->moved = NULL;
	request->hops = request->redirects = 0;
	if (++request->tries >= tries_max(request)) {
		return request_give_up(request, err);
	}
	log_info("fetch.retry", STR("target", visit->lease->target), STR("why", err->text),
		 NUM("try", request->tries), NUM("again_in_ms", wait_ms));
	request->not_before_ms = zclock_mono() + wait_ms;
	alarm_by(&visit->source->engine->alarm, request->not_before_ms);
	return ERR_AGAIN;
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
	request_settle(visit, request, request_judge(request, answer, &err), &err);
}

/* Of back-fill. */
static bool is_page(const struct request *request)
{
	return request->priority == VISIT_BACKFILL && !request->detail;
}

static void send_request(struct request *request)
{
	struct source *source = request->visit->source;
	const char *const headers[] = {source->accept, source->authorization, NULL};
	struct err err;

	if (request->elsewhere) {
		if (request_send_elsewhere(request, &err) != OK) {
			visit_fail(request->visit, &err);
		}
		return;
	}
	source->ahead = is_page(request) ? 0 : source->ahead + (source->ahead < AHEAD_MAX);
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
static bool may_send(struct request *request, bool low, int64_t now)
{
	struct visit *visit = request->visit;
	struct alarm *alarm = &visit->source->engine->alarm;
	int64_t wait_ms;

	if (request->sent || visit->over || !ingest_room(visit->lease) ||
	    (!request->elsewhere && http_in_flight(visit->source->http) >= FETCH_CONNECTIONS)) {
		return false;
	}
	if (request->priority == VISIT_BACKFILL && !request->detail && visit_late(visit)) {
		return false;
	}
	if (request->not_before_ms > now) {
		alarm_by(alarm, request->not_before_ms);
		return false;
	}
	wait_ms = request->elsewhere ? 0 : budget_take(&visit->source->budget, now, low);
	if (wait_ms > 0) {
		alarm_by(alarm, now + wait_ms);
	}
	return wait_ms == 0;
}

/* Polls that ask for more than the budget would leave nothing to back-fill for ever, and no live walk stands
 * in for a pipeline before that is done. So some of its pages go first. */
static void pump_starving(struct engine *engine, int64_t now)
{
	struct request *request = engine->requests;

	while (request) {
		struct request *next = request->next;

		if (is_page(request) && request->visit->source->ahead >= AHEAD_MAX &&
		    may_send(request, false, now)) {
			send_request(request);
			next = request->visit->over ? engine->requests : next;
		}
		request = next;
	}
}

static void pump_those(struct engine *engine, enum visit_priority priority, bool detail, int64_t now)
{
	struct request *request = engine->requests;

	while (request) {
		struct request *next = request->next;

		if (request->priority == priority && request->detail == detail &&
		    may_send(request, request_is_low(request), now)) {
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

	pump_starving(engine, now);
	pump_those(engine, VISIT_LIVE, false, now);
	pump_those(engine, VISIT_LIVE, true, now);
	pump_those(engine, VISIT_BACKFILL, false, now);
	pump_those(engine, VISIT_BACKFILL, true, now);
	backfill_yield(engine, now);
}
