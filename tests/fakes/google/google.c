/* SPDX-License-Identifier: MIT */
#include "tests/fakes/google/google.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void fake_lock(struct fake_google *google)
{
	pthread_mutex_lock(&google->mutex);
}

void fake_unlock(struct fake_google *google)
{
	pthread_mutex_unlock(&google->mutex);
}

void fake_fail(struct fake_google *google, enum fake_verb verb, int times, long code, const char *status,
	       const char *message)
{
	fake_lock(google);
	google->failures[verb] = (struct fake_failure){times, code, status, message};
	fake_unlock(google);
}

int fake_asked(struct fake_google *google, enum fake_verb verb)
{
	int asked;

	fake_lock(google);
	asked = google->asked[verb];
	fake_unlock(google);
	return asked;
}

void fake_error(struct fake_reply *reply, long code, const char *status, const char *message)
{
	free(reply->body);
	reply->code = code;
	if (!status) {
		reply->body = strdup(message);
		return;
	}
	cr_assert(asprintf(&reply->body, "{\"error\":{\"code\":%ld,\"message\":\"%s\",\"status\":\"%s\"}}",
			   code, message, status) > 0);
}

static const struct {
	const char *end; /* of the path */
	enum fake_verb verb;
} routes[] = {
	{":batchGet", FAKE_READ},
	{":commit", FAKE_COMMIT},
	{"/v1/accounts:signInWithPassword", FAKE_SIGN_IN},
	{"/v1/token", FAKE_RENEW},
	{"/oauth2/token", FAKE_GRANT},
	{"/service-accounts/default/token", FAKE_GRANT},
};

static enum fake_verb verb_of(const char *path)
{
	size_t size = strlen(path);

	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		size_t end = strlen(routes[i].end);
		if (size >= end && strcmp(path + size - end, routes[i].end) == 0) {
			return routes[i].verb;
		}
	}
	return FAKE_VERBS;
}

static bool fails(struct fake_google *google, enum fake_verb verb, struct fake_reply *reply)
{
	struct fake_failure *failure = &google->failures[verb];

	if (failure->times == 0) {
		return false;
	}
	failure->times -= failure->times > 0;
	fake_error(reply, failure->code, failure->status, failure->message);
	return true;
}

static void answer(struct fake_google *google, enum fake_verb verb, const struct fake_request *request,
		   struct fake_reply *reply)
{
	const char *token = fake_request_header(request, "Authorization");

	if (verb == FAKE_VERBS) {
		fake_error(reply, 404, NULL, "<html>Not Found</html>");
		return;
	}
	google->asked[verb]++;
	if (fails(google, verb, reply)) {
		return;
	}
	if (verb > FAKE_COMMIT) {
		fake_tokens(google, verb, fake_request_argument(request, "key"), request->body, reply);
	} else if (!fake_token_fits(google, token)) {
		fake_error(reply, 401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
	} else {
		fake_documents(google, verb, request->body, request->size, reply);
	}
}

static void serve(void *context, const struct fake_request *request, struct fake_answer *out)
{
	struct fake_google *google = context;
	struct fake_reply reply = {.code = 200};

	fake_lock(google);
	answer(google, verb_of(request->path), request, &reply);
	fake_unlock(google);
	*out = (struct fake_answer){.code = reply.code,
				    .body = reply.body,
				    .at_ms = (int64_t)time(NULL) * 1000 + google->ahead_ms};
	fake_answer_header(out, "Content-Type", "application/json");
}

void fake_google_start(struct fake_google *google)
{
	pthread_mutex_init(&google->mutex, NULL);
	google->server.serve = serve;
	google->server.context = google;
	google->server.port = google->port;
	fake_server_start(&google->server);
	google->port = google->server.port;
	snprintf(google->url, sizeof google->url, "http://127.0.0.1:%d", google->port);
}

void fake_google_stop(struct fake_google *google)
{
	fake_server_stop(&google->server);
	for (size_t i = 0; i < google->count; i++) {
		free(google->documents[i].name);
		free(google->documents[i].fields);
	}
	free(google->documents);
	google->documents = NULL;
	google->count = 0;
}
