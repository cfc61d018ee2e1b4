/* SPDX-License-Identifier: MIT */
#include "tests/fakes/google/google.h"

#include <criterion/criterion.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A request while its body comes. */
struct request {
	char *body;
	size_t size;
};

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

static void answer(struct fake_google *google, struct MHD_Connection *connection, enum fake_verb verb,
		   const struct request *request, struct fake_reply *reply)
{
	const char *token = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
	const char *key = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "key");

	if (verb == FAKE_VERBS) {
		fake_error(reply, 404, NULL, "<html>Not Found</html>");
		return;
	}
	google->asked[verb]++;
	if (fails(google, verb, reply)) {
		return;
	}
	if (verb > FAKE_COMMIT) {
		fake_tokens(google, verb, key, request->body ? request->body : "", reply);
	} else if (!fake_token_fits(google, token)) {
		fake_error(reply, 401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
	} else {
		fake_documents(google, verb, request->body ? request->body : "", request->size, reply);
	}
}

static void add_date(const struct fake_google *google, struct MHD_Response *response)
{
	time_t seconds = time(NULL) + (time_t)(google->ahead_ms / 1000);
	char text[64];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	MHD_add_response_header(response, "Date", text);
}

static enum MHD_Result send_reply(const struct fake_google *google, struct MHD_Connection *connection,
				  const struct fake_reply *reply)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	if (reply->code == 0) {
		free(reply->body);
		return MHD_NO;
	}
	response = MHD_create_response_from_buffer(strlen(reply->body), reply->body, MHD_RESPMEM_MUST_FREE);
	add_date(google, response);
	MHD_add_response_header(response, "Content-Type", "application/json");
	result = MHD_queue_response(connection, (unsigned)reply->code, response);
	MHD_destroy_response(response);
	return result;
}

static void collect(struct request *request, const char *data, size_t size)
{
	request->body = realloc(request->body, request->size + size + 1);
	memcpy(request->body + request->size, data, size);
	request->size += size;
	request->body[request->size] = '\0';
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *data_size, void **state)
{
	struct fake_google *google = context;
	struct request *request = *state;
	struct fake_reply reply = {.code = 200};

	(void)method, (void)version;
	if (!request) {
		*state = calloc(1, sizeof *request);
		return MHD_YES;
	}
	if (*data_size > 0) {
		collect(request, data, *data_size);
		*data_size = 0;
		return MHD_YES;
	}
	fake_lock(google);
	answer(google, connection, verb_of(path), request, &reply);
	fake_unlock(google);
	return send_reply(google, connection, &reply);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct request *request = *state;

	(void)context, (void)connection, (void)code;
	if (request) {
		free(request->body);
		free(request);
	}
}

void fake_google_start(struct fake_google *google)
{
	pthread_mutex_init(&google->mutex, NULL);
	google->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION,
					  (uint16_t)google->port, NULL, NULL, on_request, google,
					  MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	cr_assert(google->daemon, "no HTTP server");
	google->port = MHD_get_daemon_info(google->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	snprintf(google->url, sizeof google->url, "http://127.0.0.1:%d", google->port);
}

void fake_google_stop(struct fake_google *google)
{
	if (google->daemon) {
		MHD_stop_daemon(google->daemon);
	}
	for (size_t i = 0; i < google->count; i++) {
		free(google->documents[i].name);
		free(google->documents[i].fields);
	}
	free(google->documents);
	google->documents = NULL;
	google->count = 0;
	google->daemon = NULL;
}
