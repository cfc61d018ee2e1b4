/* SPDX-License-Identifier: MIT */
#include "sinks/slack/api.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONCURRENCY 8
#define TIMEOUT_MS  30000
#define BODY_MAX    (8 << 20) /* of a page of a channel's history */
#define FORM_MAX    4096

struct api_call {
	struct api *api;
	struct http_request *request;
	api_callback *answered;
	void *owner;
	bool webhook;
};

enum status api_open(struct api *api, zloop_t *loop, const struct slack_config *config, struct err *err)
{
	const struct http_options options = {
		.concurrency = CONCURRENCY, .timeout_ms = TIMEOUT_MS, .body_max_bytes = BODY_MAX};

	api->webhook = config->token ? NULL : config->webhook_url;
	api->base = strdup(config->api_url ? config->api_url : SLACK_API_URL);
	if (!api->base ||
	    asprintf(&api->bearer, "Authorization: Bearer %s", config->token ? config->token : "") < 0) {
		api->bearer = NULL;
		return err_sys(err, "memory for a token");
	}
	return http_new(&api->http, loop, &options, err);
}

void api_close(struct api *api)
{
	http_free(&api->http);
	free(api->base);
	free(api->bearer);
	*api = (struct api){0};
}

static void on_answer(void *context, const struct http_answer *answer)
{
	struct api_call call = *(struct api_call *)context;
	struct reply reply;
	yyjson_doc *doc;

	free(context);
	reply_read(answer, call.webhook, &reply, &doc);
	call.answered(call.owner, &reply);
	yyjson_doc_free(doc);
}

static struct api_call *call_send(struct api *api, const char *url, const char *type, const char *body,
				  api_callback *answered, void *owner, struct err *err)
{
	struct api_call *call = malloc(sizeof *call);
	bool webhook = api->webhook == url;
	const char *headers[] = {type, webhook ? NULL : api->bearer, NULL};

	if (!call) {
		err_sys(err, "memory for a request");
		return NULL;
	}
	*call = (struct api_call){.api = api, .answered = answered, .owner = owner, .webhook = webhook};
	call->request = http_send(api->http, "POST", url, headers, body, strlen(body), on_answer, call, err);
	if (!call->request) {
		free(call);
		return NULL;
	}
	return call;
}

static bool method_url(const struct api *api, const char *method, char out[static 1024])
{
	return snprintf(out, 1024, "%s/%s", api->base, method) < 1024;
}

struct api_call *api_post(struct api *api, const char *method, const char *json, api_callback *answered,
			  void *owner, struct err *err)
{
	char url[1024];

	if (!api->webhook && !method_url(api, method, url)) {
		err_set(err, ERR_CONFIG, "api_url is too long");
		return NULL;
	}
	return call_send(api, api->webhook ? api->webhook : url,
			 "Content-Type: application/json; charset=utf-8", json, answered, owner, err);
}

static void put_encoded(char out[static FORM_MAX], size_t *size, const char *value)
{
	for (; *value && *size + 4 < FORM_MAX; value++) {
		if (isalnum((unsigned char)*value) || strchr("-_.~", *value)) {
			out[(*size)++] = *value;
		} else {
			*size += (size_t)snprintf(out + *size, 4, "%%%02X", (unsigned char)*value);
		}
	}
}

struct api_call *api_read(struct api *api, const char *method, const char *const *values,
			  api_callback *answered, void *owner, struct err *err)
{
	char url[1024], form[FORM_MAX];
	size_t size = 0;

	for (size_t i = 0; values[i]; i += 2) {
		if (!values[i + 1] || size + strlen(values[i]) + 2 > sizeof form) {
			continue;
		}
		size += (size_t)snprintf(form + size, sizeof form - size, "%s%s=", size ? "&" : "",
					 values[i]);
		put_encoded(form, &size, values[i + 1]);
	}
	form[size] = '\0';
	if (!method_url(api, method, url)) {
		err_set(err, ERR_CONFIG, "api_url is too long");
		return NULL;
	}
	return call_send(api, url, "Content-Type: application/x-www-form-urlencoded", form, answered, owner,
			 err);
}

void api_cancel(struct api_call *call)
{
	if (call) {
		http_cancel(call->request);
		free(call);
	}
}
