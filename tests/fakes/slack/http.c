/* The HTTP side: a request's arguments in, an answer out. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/slack/slack.h"

#include <criterion/criterion.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A request while its body comes. */
struct coming {
	char *body;
	size_t size;
};

static void collect(struct coming *coming, const char *data, size_t size)
{
	coming->body = realloc(coming->body, coming->size + size + 1);
	memcpy(coming->body + coming->size, data, size);
	coming->size += size;
	coming->body[coming->size] = '\0';
}

static void put_text(yyjson_mut_doc *args, const char *name, const char *value)
{
	yyjson_mut_val *root = yyjson_mut_doc_get_root(args);

	yyjson_mut_obj_put(root, yyjson_mut_strcpy(args, name), yyjson_mut_strcpy(args, value));
}

static enum MHD_Result take_query(void *args, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	put_text(args, name, value ? value : "");
	return MHD_YES;
}

static int digit(char c)
{
	const char *at = c ? strchr("0123456789abcdef", c | 0x20) : NULL;

	return at ? (int)(at - "0123456789abcdef") : -1;
}

/* In place, as forms are encoded; false: a stray %. */
static bool decode(char *text)
{
	char *out = text;

	for (; *text; text++) {
		if (*text != '%') {
			*out++ = *text == '+' ? ' ' : *text;
			continue;
		}
		if (digit(text[1]) < 0 || digit(text[2]) < 0) {
			return false;
		}
		*out++ = (char)(digit(text[1]) * 16 + digit(text[2]));
		text += 2;
	}
	*out = '\0';
	return true;
}

static bool take_form(struct slack_request *request, char *body)
{
	char *rest = body, *pair, *value;

	while ((pair = strsep(&rest, "&"))) {
		if (!*pair) {
			continue;
		}
		value = strchr(pair, '=');
		if (value) {
			*value++ = '\0';
		}
		if (!decode(pair) || (value && !decode(value))) {
			return false;
		}
		put_text(request->args, pair, value ? value : "");
	}
	return true;
}

static bool take_json(struct slack_request *request, const char *body, size_t size)
{
	yyjson_doc *doc = yyjson_read(body, size, 0);
	bool is_object = yyjson_is_obj(yyjson_doc_get_root(doc));

	if (is_object) {
		yyjson_mut_doc_free(request->args);
		request->args = yyjson_doc_mut_copy(doc, NULL);
	}
	yyjson_doc_free(doc);
	return is_object;
}

static void take_body(struct slack_request *request, const char *type, const struct coming *coming)
{
	const char json[] = "application/json", form[] = "application/x-www-form-urlencoded";

	if (coming->size == 0) {
		return;
	}
	if (type && strncasecmp(type, json, strlen(json)) == 0) {
		request->json = true;
		request->no_charset = !strcasestr(type, "charset=utf-8");
		request->broken = !take_json(request, coming->body, coming->size);
	} else if (type && strncasecmp(type, form, strlen(form)) == 0) {
		request->broken = !take_form(request, coming->body);
	} else {
		request->broken = true;
	}
}

static void add_headers(struct fake_slack *fake, struct MHD_Response *response,
			const struct slack_reply *reply)
{
	time_t seconds = (time_t)(slack_now_ms(fake) / 1000);
	char text[64];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	MHD_add_response_header(response, "Date", text);
	MHD_add_response_header(response, "Content-Type",
				reply->content_type ? reply->content_type
						    : "application/json; charset=utf-8");
	if (reply->retry_after_s > 0) {
		snprintf(text, sizeof text, "%lld", (long long)reply->retry_after_s);
		MHD_add_response_header(response, "Retry-After", text);
	}
	if (*reply->accepted) {
		MHD_add_response_header(response, "x-oauth-scopes", fake->scopes);
		MHD_add_response_header(response, "x-accepted-oauth-scopes", reply->accepted);
	}
}

static enum MHD_Result send_reply(struct fake_slack *fake, struct MHD_Connection *connection,
				  const struct slack_reply *reply)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	if (reply->code == 0) {
		free(reply->body);
		return MHD_NO;
	}
	response = MHD_create_response_from_buffer(strlen(reply->body), reply->body, MHD_RESPMEM_MUST_FREE);
	add_headers(fake, response, reply);
	result = MHD_queue_response(connection, (unsigned)reply->code, response);
	MHD_destroy_response(response);
	return result;
}

static void wait_ms(int64_t ms)
{
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	if (ms > 0) {
		nanosleep(&time, NULL);
	}
}

static enum MHD_Result answer(struct fake_slack *fake, struct MHD_Connection *connection, const char *path,
			      const struct coming *coming)
{
	struct slack_request request = {.path = path, .args = yyjson_mut_doc_new(NULL)};
	struct slack_reply reply = {.code = 200, .body = strdup("")};
	int64_t latency_ms;

#define HEADER(name) MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name)
	yyjson_mut_doc_set_root(request.args, yyjson_mut_obj(request.args));
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_query, request.args);
	take_body(&request, HEADER("Content-Type"), coming);
	request.authorization = HEADER("Authorization");
	slack_lock(fake);
	fake->at_once++;
	fake->most_at_once = fake->at_once > fake->most_at_once ? fake->at_once : fake->most_at_once;
	slack_serve(fake, &request, &reply);
	fake->at_once--;
	latency_ms = fake->latency_ms;
	slack_unlock(fake);
	yyjson_mut_doc_free(request.args);
	wait_ms(latency_ms);
	return send_reply(fake, connection, &reply);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *data_size, void **state)
{
	struct coming *coming = *state;

	(void)version, (void)method; /* Slack takes each method by GET and by POST */
	if (!coming) {
		*state = calloc(1, sizeof *coming);
		return *state ? MHD_YES : MHD_NO;
	}
	if (*data_size > 0) {
		collect(coming, data, *data_size);
		*data_size = 0;
		return MHD_YES;
	}
	return answer(context, connection, path, coming);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct coming *coming = *state;

	(void)context, (void)connection, (void)code;
	if (coming) {
		free(coming->body);
		free(coming);
	}
}

void fake_slack_start(struct fake_slack *fake)
{
	pthread_mutex_init(&fake->mutex, NULL);
	pthread_cond_init(&fake->changed, NULL);
	fake->gap_ms = fake->gap_ms ? fake->gap_ms : 1000;
	fake->scopes = fake->scopes ? fake->scopes
				    : "chat:write,channels:read,groups:read,channels:history,groups:history,"
				      "users:read,users:read.email";
	slack_add_channel(fake, "C0BUILDS", "builds");
	slack_add_channel(fake, "C0OTHER", "other");
	fake->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION,
					(uint16_t)fake->port, NULL, NULL, on_request, fake,
					MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	cr_assert(fake->daemon, "no HTTP server");
	fake->port = MHD_get_daemon_info(fake->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	snprintf(fake->url, sizeof fake->url, "http://127.0.0.1:%d/api", fake->port);
	snprintf(fake->hook_url, sizeof fake->hook_url, "http://127.0.0.1:%d" SLACK_HOOK, fake->port);
}

void fake_slack_stop(struct fake_slack *fake)
{
	if (!fake->daemon) {
		return;
	}
	slack_let_go(fake, true);
	MHD_stop_daemon(fake->daemon);
	for (size_t i = 0; i < fake->message_count; i++) {
		free(fake->messages[i].text);
		free(fake->messages[i].blocks);
		free(fake->messages[i].attachments);
		free(fake->messages[i].metadata);
	}
	for (size_t i = 0; i < fake->event_count; i++) {
		free(fake->events[i].text);
		free(fake->events[i].shown);
	}
	free(fake->messages);
	free(fake->events);
	memset(fake, 0, sizeof *fake);
}
