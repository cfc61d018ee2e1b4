/* What comes before a method's own work: who asks, whether he may, how often; and what the test lets go
 * wrong. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/slack/slack.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void slack_lock(struct fake_slack *fake)
{
	pthread_mutex_lock(&fake->mutex);
}

void slack_unlock(struct fake_slack *fake)
{
	pthread_mutex_unlock(&fake->mutex);
}

static int64_t clock_ms(clockid_t clock, const struct fake_slack *fake)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + (fake->passed_ms ? *fake->passed_ms : 0);
}

int64_t slack_now_ms(const struct fake_slack *fake)
{
	return clock_ms(CLOCK_REALTIME, fake) + fake->ahead_ms;
}

int64_t slack_ticks_ms(const struct fake_slack *fake)
{
	return clock_ms(CLOCK_MONOTONIC, fake);
}

void slack_error(struct slack_reply *reply, const char *error, const char *more, ...)
{
	char text[900] = "";
	va_list values;

	va_start(values, more);
	vsnprintf(text, sizeof text, more, values);
	va_end(values);
	free(reply->body);
	reply->code = 200;
	cr_assert(asprintf(&reply->body, "{\"ok\":false,\"error\":\"%s\"%s}", error, text) > 0);
}

yyjson_mut_doc *slack_ok(void)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_bool(doc, yyjson_mut_doc_get_root(doc), "ok", true);
	return doc;
}

void slack_answer(struct slack_reply *reply, yyjson_mut_doc *doc)
{
	free(reply->body);
	reply->code = 200;
	reply->body = yyjson_mut_write(doc, YYJSON_WRITE_ESCAPE_SLASHES, NULL);
	yyjson_mut_doc_free(doc);
}

static bool args_fit(const struct slack_method *method, const struct slack_request *request,
		     struct slack_reply *reply)
{
	yyjson_mut_obj_iter iter = yyjson_mut_obj_iter_with(yyjson_mut_doc_get_root(request->args));
	yyjson_mut_val *key;

	if (request->broken) {
		slack_error(reply, request->json ? "invalid_json" : "invalid_form_data", "%s", "");
		return false;
	}
	if (request->json && !method->takes_json) {
		slack_error(reply, "invalid_arguments",
			    ",\"response_metadata\":{\"messages\":[\"[ERROR] %s takes no JSON body\"]}",
			    method->name);
		return false;
	}
	while ((key = yyjson_mut_obj_iter_next(&iter))) {
		if (!slack_is_named(method->args, yyjson_mut_get_str(key))) {
			slack_error(reply, "invalid_arguments",
				    ",\"response_metadata\":{\"messages\":[\"[ERROR] unknown argument: "
				    "%.80s\"]}",
				    yyjson_mut_get_str(key));
			return false;
		}
	}
	return true;
}

static bool token_fits(const struct fake_slack *fake, const struct slack_request *request,
		       struct slack_reply *reply)
{
	const char *header = request->authorization;

	if (!header || strncmp(header, "Bearer ", 7) != 0) {
		slack_error(reply, "not_authed", "%s", "");
		return false;
	}
	if (strcmp(header + 7, SLACK_TOKEN) != 0) {
		slack_error(reply, "invalid_auth", "%s", "");
		return false;
	}
	if (fake->token_error) {
		slack_error(reply, fake->token_error, "%s", "");
	}
	return !fake->token_error;
}

bool slack_has_scope(const struct fake_slack *fake, const char *scope)
{
	size_t size = strlen(scope);

	for (const char *at = fake->scopes; (at = strstr(at, scope)); at += size) {
		if ((at == fake->scopes || at[-1] == ',') && (at[size] == ',' || at[size] == '\0')) {
			return true;
		}
	}
	return false;
}

bool slack_scope_fits(const struct fake_slack *fake, const struct slack_method *method,
		      const struct slack_channel *channel, struct slack_reply *reply)
{
	const char *needed = channel && channel->private && method->private ? method->private : method->scope;

	if (!needed || slack_has_scope(fake, needed) ||
	    (!channel && method->private && slack_has_scope(fake, method->private))) {
		return true;
	}
	slack_error(reply, "missing_scope", ",\"needed\":\"%s\",\"provided\":\"%s\"", needed, fake->scopes);
	return false;
}

static void say_limited(struct fake_slack *fake, enum slack_verb verb, int64_t wait_ms,
			struct slack_reply *reply)
{
	fake->limited[verb]++;
	slack_error(reply, "ratelimited", "%s", "");
	reply->code = 429;
	reply->retry_after_s = (wait_ms + 999) / 1000;
}

static bool is_within_tier(struct fake_slack *fake, const struct slack_method *method,
			   struct slack_reply *reply)
{
	int64_t now_ms = slack_ticks_ms(fake), minute = now_ms / 60000;
	int *count = &fake->in_minute[method->verb];

	if (fake->no_tiers || method->tier == 0) {
		return true;
	}
	*count = fake->minute[method->verb] == minute ? *count + 1 : 1;
	fake->minute[method->verb] = minute;
	if (*count > method->tier) {
		say_limited(fake, method->verb, 60000 - now_ms % 60000, reply);
	}
	return *count <= method->tier;
}

bool slack_may_post(struct fake_slack *fake, struct slack_channel *channel, struct slack_reply *reply)
{
	int64_t now_ms = slack_ticks_ms(fake);

	if (now_ms < channel->next_at) {
		say_limited(fake, SLACK_POST, channel->next_at - now_ms, reply);
		return false;
	}
	channel->next_at = now_ms + fake->gap_ms;
	return true;
}

/* What goes wrong in the weather that `permille` asks for. */
static const struct slack_failure weather[] = {
	{.code = 429, .retry_after_s = 1},
	{.code = 503},
	{.code = 500, .after = true},
	{.code = 200, .error = "internal_error"},
	{.code = 200, .error = "request_timeout", .after = true},
	{.code = 0},
	{.code = 0, .after = true},
	{.code = 200, .error = "fatal_error", .after = true},
};

#define KINDS (sizeof weather / sizeof *weather)

static bool meets(const struct slack_failure *failure, const struct slack_request *request)
{
	const char *channel = slack_arg(request, "channel");

	return failure->times != 0 && (!failure->where || (channel && strcmp(channel, failure->where) == 0));
}

/* The failure that this request meets; code -1: none. */
static struct slack_failure failure_of(struct fake_slack *fake, const struct slack_request *request)
{
	struct slack_failure *failure = &fake->failures[request->verb];
	size_t kind;

	if (meets(failure, request)) {
		failure->times -= failure->times > 0;
		return *failure;
	}
	if (fake->permille == 0 || fake_random(&fake->seed) % 1000 >= (uint64_t)fake->permille) {
		return (struct slack_failure){.code = -1};
	}
	kind = fake_random(&fake->seed) % KINDS;
	fake->drawn[kind]++;
	return weather[kind];
}

static void fail_so(struct fake_slack *fake, const struct slack_failure *failure, enum slack_verb verb,
		    struct slack_reply *reply)
{
	if (failure->code == 200) {
		slack_error(reply, failure->error, "%s", "");
	} else if (failure->code == 429) {
		say_limited(fake, verb, failure->retry_after_s * INT64_C(1000), reply);
	} else {
		free(reply->body);
		reply->body = strdup("<!DOCTYPE html><html><head><title>Slack is having a bad day"
				     "</title></head><body>Error</body></html>");
		reply->content_type = "text/html; charset=utf-8";
		reply->code = failure->code;
		reply->retry_after_s = failure->retry_after_s;
	}
}

static void note_request(struct fake_slack *fake, const struct slack_method *method,
			 const struct slack_request *request)
{
	char *args = fake->bodies ? yyjson_mut_write(request->args, 0, NULL) : NULL;

	if (args) {
		fprintf(fake->bodies, "%s %s\n", method->name, args);
		fflush(fake->bodies);
	}
	free(args);
}

/* Everything but what goes wrong; a webhook has no token, no scopes, its own words. */
static void serve(struct fake_slack *fake, const struct slack_method *method,
		  const struct slack_request *request, struct slack_reply *reply)
{
	if (method->verb != SLACK_WEBHOOK) {
		snprintf(reply->accepted, sizeof reply->accepted, "%s",
			 method->scope ? method->scope : "identify");
		if (!token_fits(fake, request, reply) || !is_within_tier(fake, method, reply) ||
		    !args_fit(method, request, reply) || !slack_scope_fits(fake, method, NULL, reply)) {
			return;
		}
	}
	method->serve(fake, request, reply);
}

static const struct slack_method *route(const char *path)
{
	bool is_hook = strncmp(path, "/services/", 10) == 0;

	for (size_t i = 0; i < slack_method_count; i++) {
		const struct slack_method *method = &slack_methods[i];
		if (is_hook ? method->verb == SLACK_WEBHOOK
			    : strncmp(path, "/api/", 5) == 0 && strcmp(path + 5, method->name) == 0) {
			return method;
		}
	}
	return NULL;
}

void slack_serve(struct fake_slack *fake, const struct slack_request *asked, struct slack_reply *reply)
{
	const struct slack_method *method = route(asked->path);
	struct slack_request request = *asked;
	struct slack_failure failure;

	if (!method) {
		slack_error(reply, "unknown_method", ",\"req_method\":\"%.60s\"", asked->path);
		return;
	}
	request.verb = method->verb;
	fake->asked[method->verb]++;
	note_request(fake, method, &request);
	if (!slack_wait_at(fake, method->verb, SLACK_BEFORE)) {
		reply->code = 0;
		return;
	}
	failure = failure_of(fake, &request);
	if (failure.code < 0 || failure.after) {
		serve(fake, method, &request, reply);
	}
	if (failure.code >= 0) {
		fail_so(fake, &failure, method->verb, reply);
	}
	if (!slack_wait_at(fake, method->verb, SLACK_AFTER)) {
		reply->code = 0;
	}
}
