/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/fake_api.h"

#include "common/time.h"
#include "tests/support/fail.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

void fake_api_set(struct fake_api *api, int *field, int value)
{
	(void)api;
	pthread_mutex_lock(&mutex);
	*field = value;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
}

static int64_t time_of(struct MHD_Connection *connection, const char *name)
{
	const char *text = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
	int64_t ms;

	return text && time_parse(text, strlen(text), &ms) == OK ? ms : INT64_MIN;
}

static int number_of(struct MHD_Connection *connection, const char *name, int fallback)
{
	const char *text = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);

	return text ? (int)strtol(text, NULL, 10) : fallback;
}

static int64_t created_of(const struct fake_api *api, int number)
{
	number = number >= api->tied_from && number <= api->tied_to ? api->tied_to : number;
	return API_BASE_MS + number * MINUTE_MS;
}

static void put_build(FILE *out, const struct fake_api *api, int number)
{
	static const char *const slugs[] = {"web", "api", "docs"};
	bool open = api->open_from > 0 && number >= api->open_from;
	char created[32], finished[32];

	time_format(created_of(api, number), created);
	time_format(created_of(api, number) + 30000, finished);
	fprintf(out,
		"{\"id\":\"uuid-%d\",\"number\":%d,\"url\":\"https://api.buildkite.com/v2/b/"
		"%d?secret=query\","
		"\"state\":\"%s\",\"created_at\":\"%s\",\"finished_at\":%s%s%s,\"env\":{\"K\":\"env-secret\"}"
		","
		"\"pipeline\":{\"slug\":\"%s\",\"provider\":{\"webhook_url\":\"hook-secret\",\"settings\":{"
		"\"k\":\"set-"
		"secret\"}}}",
		number, number, number, open ? "running" : "passed", created, open ? "" : "\"",
		open ? "null" : finished, open ? "" : "\"", slugs[api->pipelines_in_turn ? number % 3 : 0]);
	if (api->pad > 0) {
		fprintf(out, ",\"pad\":\"%0*d\"", (int)api->pad, 0);
	}
	fprintf(out, ",\"jobs\":[]}");
}

static bool matches(struct MHD_Connection *connection, const struct fake_api *api, int number)
{
	int64_t from = time_of(connection, "created_from"), to = time_of(connection, "created_to"),
		finished_from = time_of(connection, "finished_from"), created = created_of(api, number);
	bool open = api->open_from > 0 && number >= api->open_from;
	bool any = !MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "state[]");

	return (any || open) && created >= from && (to == INT64_MIN || created < to) &&
	       (finished_from == INT64_MIN || (!open && created + 30000 >= finished_from));
}

/* Returns whether there are more pages. */
static bool put_list(FILE *out, struct MHD_Connection *connection, const struct fake_api *api)
{
	int per_page = number_of(connection, "per_page", 30),
	    skip = (number_of(connection, "page", 1) - 1) * per_page;
	int put = 0;

	fputc('[', out);
	for (int number = api->count; number > 0; number--) {
		if (!matches(connection, api, number) || skip-- > 0) {
			continue;
		}
		if (put == per_page) {
			fputc(']', out);
			return true;
		}
		fputs(put++ > 0 ? "," : "", out);
		put_build(out, api, number);
	}
	fputc(']', out);
	return false;
}

static void put_pipelines(FILE *out, struct MHD_Connection *connection)
{
	int page = number_of(connection, "page", 1), last = page < 3 ? page * 100 : 230;

	fputc('[', out);
	for (int i = (page - 1) * 100 + 1; i <= last; i++) {
		fprintf(out, "%s{\"slug\":\"pipe-%d\",\"archived_at\":%s}", i % 100 == 1 ? "" : ",", i,
			i % 10 ? "null" : "\"2020-01-01T00:00:00.000Z\"");
	}
	fputc(']', out);
}

static int note(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	FILE *out = context;

	(void)kind;
	fprintf(out, "&%s=%s", name, value ? value : "");
	return MHD_YES;
}

static void remember(struct fake_api *api, struct MHD_Connection *connection, const char *path)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct timespec now;

	fputs(path, out);
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, (MHD_KeyValueIterator)note, out);
	fclose(out);
	clock_gettime(CLOCK_MONOTONIC, &now);
	cr_assert(api->asked_count < API_ASKED_MAX);
	api->asked_ms[api->asked_count] = now.tv_sec * 1000 + now.tv_nsec / 1000000;
	api->asked[api->asked_count++] = text;
}

/* One less of a fault; whether it was there. */
static bool spend(int *fault)
{
	return *fault > 0 && (*fault)-- > 0;
}

struct reply {
	int status;
	char *body;
	size_t size;
	bool next;
};

static bool token_fits(struct MHD_Connection *connection, const struct fake_api *api)
{
	const char *given = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");

	return !api->token ||
	       (given && strncmp(given, "Bearer ", 7) == 0 && strcmp(given + 7, api->token) == 0);
}

static int status_of(struct fake_api *api, struct MHD_Connection *connection)
{
	if (!token_fits(connection, api)) {
		api->refused++;
		return 401;
	}
	return spend(&api->limited) ? 429 : spend(&api->failing) ? 503 : api->missing ? 404 : 200;
}

static void hold(struct fake_api *api)
{
	while (api->held_after > 0 && api->lists > api->held_after) {
		pthread_cond_wait(&changed, &mutex);
	}
}

static void put_one(FILE *out, const struct fake_api *api, int number, struct reply *reply)
{
	reply->status = number > api->count ? 404 : number == api->unreadable ? 422 : 200;
	put_build(out, api, number);
}

static void put_body(FILE *out, struct fake_api *api, struct MHD_Connection *connection, const char *path,
		     struct reply *reply)
{
	const char *number = strstr(path, "/builds/");

	if (reply->status != 200) {
		fputs("{\"message\":\"no\"}", out);
	} else if (number) {
		api->gets++;
		put_one(out, api, (int)strtol(number + 8, NULL, 10), reply);
	} else if (strstr(path, "/builds")) {
		api->lists++;
		hold(api);
		if (spend(&api->wrong)) {
			fputs("{\"message\":\"what?\"}", out);
			return;
		}
		if (api->page_max > 0 && number_of(connection, "per_page", 30) > api->page_max) {
			reply->status = 504;
			return;
		}
		reply->next = put_list(out, connection, api);
	} else {
		api->pipelines++;
		put_pipelines(out, connection);
	}
}

static void make_reply(struct fake_api *api, struct MHD_Connection *connection, const char *path,
		       struct reply *reply)
{
	FILE *out = open_memstream(&reply->body, &reply->size);

	pthread_mutex_lock(&mutex);
	remember(api, connection, path);
	reply->status = status_of(api, connection);
	put_body(out, api, connection, path, reply);
	fclose(out);
	if (reply->status == 200 && reply->size > 100 && spend(&api->broken)) {
		reply->size /= 2;
	}
	pthread_mutex_unlock(&mutex);
}

static void add_date(struct MHD_Response *response, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char text[64];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	MHD_add_response_header(response, "Date", text);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *data_size, void **state)
{
	struct fake_api *api = context;
	struct MHD_Response *response;
	struct reply reply = {0};
	enum MHD_Result result;

	(void)method, (void)version, (void)data, (void)data_size, (void)state;
	make_reply(api, connection, path, &reply);
	response = MHD_create_response_from_buffer(reply.size, reply.body, MHD_RESPMEM_MUST_FREE);
	add_date(response, api->now);
	if (reply.next) {
		MHD_add_response_header(response, "Link", "<http://x/?page=2&api_key=k>; rel=\"next\"");
	}
	if (api->remaining > 0) {
		char text[16];

		snprintf(text, sizeof text, "%d", api->remaining);
		MHD_add_response_header(response, "RateLimit-Remaining", text);
		MHD_add_response_header(response, "RateLimit-Limit", "100");
		MHD_add_response_header(response, "RateLimit-Reset", "30");
	}
	if (reply.status == 429) {
		MHD_add_response_header(response, "Retry-After", "1");
	}
	result = MHD_queue_response(connection, (unsigned)reply.status, response);
	MHD_destroy_response(response);
	return result;
}

void fake_api_start(struct fake_api *api)
{
	api->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0,
				       NULL, NULL, on_request, api, MHD_OPTION_END);
	cr_assert(api->daemon, "no HTTP server");
	api->port = MHD_get_daemon_info(api->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	snprintf(api->url, sizeof api->url, "http://127.0.0.1:%d/v2", api->port);
}

void fake_api_stop(struct fake_api *api)
{
	if (api->daemon) {
		fake_api_set(api, &api->held_after, 0);
		MHD_stop_daemon(api->daemon);
	}
	for (int i = 0; i < api->asked_count; i++) {
		free(api->asked[i]);
	}
	*api = (struct fake_api){0};
}
