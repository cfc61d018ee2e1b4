/* The HTTP side: a request's arguments in, an answer out. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/slack/slack.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

static void take_body(struct slack_request *request, const struct fake_request *asked)
{
	const char *type = fake_request_header(asked, "Content-Type");
	const char json[] = "application/json", form[] = "application/x-www-form-urlencoded";

	if (asked->size == 0) {
		return;
	}
	if (type && strncasecmp(type, json, strlen(json)) == 0) {
		request->json = true;
		request->no_charset = !strcasestr(type, "charset=utf-8");
		request->broken = !take_json(request, asked->body, asked->size);
	} else if (type && strncasecmp(type, form, strlen(form)) == 0) {
		request->broken = !take_form(request, asked->body);
	} else {
		request->broken = true;
	}
}

static void answer(struct fake_slack *fake, const struct fake_request *asked, struct slack_reply *reply)
{
	struct slack_request request = {.path = asked->path, .args = yyjson_mut_doc_new(NULL)};

	yyjson_mut_doc_set_root(request.args, yyjson_mut_obj(request.args));
	MHD_get_connection_values(asked->connection, MHD_GET_ARGUMENT_KIND, take_query, request.args);
	take_body(&request, asked);
	request.authorization = fake_request_header(asked, "Authorization");
	fake->at_once++;
	fake->most_at_once = fake->at_once > fake->most_at_once ? fake->at_once : fake->most_at_once;
	slack_serve(fake, &request, reply);
	fake->at_once--;
	yyjson_mut_doc_free(request.args);
}

static void serve(void *context, const struct fake_request *request, struct fake_answer *out)
{
	struct fake_slack *fake = context;
	struct slack_reply reply = {.code = 200, .body = strdup("")};
	char seconds[24];
	int64_t latency_ms;

	slack_lock(fake);
	answer(fake, request, &reply);
	latency_ms = fake->latency_ms;
	slack_unlock(fake);
	fake_wait_ms(latency_ms);
	*out = (struct fake_answer){.code = reply.code, .body = reply.body, .at_ms = slack_now_ms(fake)};
	fake_answer_header(out, "Content-Type",
			   reply.content_type ? reply.content_type : "application/json; charset=utf-8");
	if (reply.retry_after_s > 0) {
		snprintf(seconds, sizeof seconds, "%lld", (long long)reply.retry_after_s);
		fake_answer_header(out, "Retry-After", seconds);
	}
	if (*reply.accepted) {
		fake_answer_header(out, "x-oauth-scopes", fake->scopes);
		fake_answer_header(out, "x-accepted-oauth-scopes", reply.accepted);
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
	fake->server.serve = serve;
	fake->server.context = fake;
	fake->server.port = fake->port;
	fake_server_start(&fake->server);
	fake->port = fake->server.port;
	snprintf(fake->url, sizeof fake->url, "http://127.0.0.1:%d/api", fake->port);
	snprintf(fake->hook_url, sizeof fake->hook_url, "http://127.0.0.1:%d" SLACK_HOOK, fake->port);
}

void fake_slack_stop(struct fake_slack *fake)
{
	if (!fake->server.daemon) {
		return;
	}
	slack_let_go(fake, true);
	fake_server_stop(&fake->server);
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
