/* Calls of Slack's Web API and of incoming webhooks, and what their answers mean. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/http/http.h"
#include "sinks/slack/config.h"

#include <yyjson.h>

enum reply_kind {
	REPLY_OK,
	REPLY_LATER,   /* not done: again, not before after_ms */
	REPLY_UNSURE,  /* nobody knows whether it was done */
	REPLY_CHANNEL, /* nothing can be done there until somebody acts; cure says how */
	REPLY_TOKEN,   /* nothing can be done anywhere */
	REPLY_MESSAGE, /* this message can't be said like this */
};

struct reply {
	enum reply_kind kind;
	int64_t after_ms;   /* LATER, 0: not said */
	bool known;         /* LATER is what Slack said, not a guess about a word that is new */
	char word[64];      /* Slack's error, or "" */
	char text[300];     /* what happened, for people */
	const char *cure;   /* what to do about it; "" */
	const char *scopes; /* of the token; NULL: not given */
	yyjson_val *root;   /* of the answer; NULL: it is no JSON. Lives during the callback */
};

struct api {
	struct http *http;
	char *base, *bearer;
	const char *webhook; /* NULL: none */
};

typedef void api_callback(void *owner, const struct reply *reply);
struct api_call;

enum status api_open(struct api *api, zloop_t *loop, const struct slack_config *config,
		     struct err *err) MUST_CHECK;
/* Accepts zeroed. Calls in flight are forgotten. */
void api_close(struct api *api);
/* Posts JSON to a method; with a webhook to that. NULL: it can't be sent. */
struct api_call *api_post(struct api *api, const char *method, const char *json, api_callback *answered,
			  void *owner, struct err *err);
/* Names and values, NULL at the end, as a form: what reads takes no JSON. NULL values are left out. */
struct api_call *api_read(struct api *api, const char *method, const char *const *values,
			  api_callback *answered, void *owner, struct err *err);
void api_cancel(struct api_call *call);

/* Pure: what an answer means. doc: to be freed by yyjson_doc_free after use of reply->root. */
void reply_read(const struct http_answer *answer, bool webhook, struct reply *reply, yyjson_doc **doc);
