/* SPDX-License-Identifier: MIT */
#include "common/google/token.h"
#include "common/alarm.h"
#include "common/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RENEW_BEFORE_MS 300000 /* the end; at least a tenth of the token's life */
#define UNUSABLE_MS     30000  /* before the end: a request must arrive in time; at least a hundredth */
#define ARENA_MAX       (256 << 10)

enum token_state {
	TOKEN_NONE,   /* never had, or forgotten */
	TOKEN_FIRST,  /* asked for; there is none to use */
	TOKEN_VALID,  /* usable until unusable_ms */
	TOKEN_RENEWS, /* usable, and the next one is asked for */
};

struct google_token {
	struct google_token_options options;
	struct http *http;
	struct alarm alarm; /* brings what can't be told from inside a call */
	struct arena arena;
	enum token_state state;
	bool renewing; /* the request in flight uses `renewal` */
	char *bearer;  /* header; heap */
	char *renewal; /* heap; NULL: from the start */
	int64_t renew_ms, unusable_ms;
	int64_t count;
	struct err failed; /* to be told by the alarm */
};

static void ask(struct google_token *token);

static void settle(struct google_token *token, enum status status, const struct err *err)
{
	bool usable = token->state == TOKEN_RENEWS;

	if (status == OK) {
		token->state = TOKEN_VALID;
	} else {
		token->state = usable ? TOKEN_VALID : TOKEN_NONE;
		/* Not at each request for the token: the next try is in a while. */
		token->renew_ms = now_ms() + (token->unusable_ms - now_ms()) / 2;
	}
	/* A token that can be used is no failure yet. */
	if (status == OK || !usable) {
		token->options.settled(token->options.owner, status, err);
	}
}

static void on_alarm(void *context)
{
	struct google_token *token = context;

	settle(token, token->failed.status, &token->failed);
}

static bool replace(char **place, char *fresh)
{
	free(*place);
	*place = fresh;
	return fresh != NULL;
}

static enum status keep(struct google_token *token, const struct google_grant *grant, struct err *err)
{
	int64_t life_ms = grant->lives_ms;
	char *bearer = NULL;

	if (asprintf(&bearer, "Authorization: Bearer %s", grant->token) < 0) {
		return err_set(err, ERR_SYS, "no memory for a token");
	}
	replace(&token->bearer, bearer);
	if (grant->renewal && !replace(&token->renewal, strdup(grant->renewal))) {
		return err_set(err, ERR_SYS, "no memory for a token");
	}
	token->renew_ms =
		now_ms() + life_ms - (life_ms / 10 < RENEW_BEFORE_MS ? life_ms / 10 : RENEW_BEFORE_MS);
	token->unusable_ms = now_ms() + life_ms - (life_ms / 100 < UNUSABLE_MS ? life_ms / 100 : UNUSABLE_MS);
	token->count++;
	return OK;
}

static void on_answer(void *context, const struct http_answer *answer)
{
	struct google_token *token = context;
	struct google_grant grant = {0};
	struct err err = answer->err;
	enum status status = ERR_REMOTE;

	arena_reset(&token->arena);
	if (answer->class != HTTP_FAILED) {
		status = token->options.way->read(token->options.identity, answer, &token->arena, &grant,
						  &err);
	} else if (err.status == ERR_CONFIG || err.status == ERR_SYS) {
		status = err.status;
	}
	if (status == ERR_CONFIG && token->renewing) {
		replace(&token->renewal, NULL);
		ask(token);
		return;
	}
	if (status == OK) {
		status = keep(token, &grant, &err);
	}
	settle(token, status, &err);
}

static void ask(struct google_token *token)
{
	const struct google_way *way = token->options.way;
	struct google_call call = {0};
	struct err err = {0};

	arena_reset(&token->arena);
	token->renewing = token->renewal != NULL;
	token->state =
		token->state == TOKEN_VALID || token->state == TOKEN_RENEWS ? TOKEN_RENEWS : TOKEN_FIRST;
	if (way->ask(token->options.identity, token->renewal, &token->arena, &call, &err) == OK &&
	    http_send(token->http, call.body ? "POST" : "GET", call.url, call.headers, call.body,
		      call.body ? strlen(call.body) : 0, on_answer, token, &err)) {
		return;
	}
	token->failed = err;
	alarm_by(&token->alarm, now_ms());
}

const char *google_token_bearer(struct google_token *token)
{
	bool has = token->state == TOKEN_VALID || token->state == TOKEN_RENEWS;

	if (token->options.way == &google_owner) {
		return "Authorization: Bearer owner";
	}
	if (has && now_ms() >= token->unusable_ms) {
		token->state = token->state == TOKEN_RENEWS ? TOKEN_FIRST : TOKEN_NONE;
		has = false;
	}
	if (token->state == TOKEN_NONE || (token->state == TOKEN_VALID && now_ms() >= token->renew_ms)) {
		ask(token);
	}
	return has ? token->bearer : NULL;
}

void google_token_refused(struct google_token *token, const char *bearer)
{
	if (token->bearer && strcmp(token->bearer, bearer) == 0) {
		if (token->state == TOKEN_VALID) {
			token->state = TOKEN_NONE;
		} else if (token->state == TOKEN_RENEWS) {
			token->state = TOKEN_FIRST;
		}
	}
}

int64_t google_token_count(const struct google_token *token)
{
	return token->count;
}

enum status google_token_new(struct google_token **out, const struct google_token_options *options,
			     struct err *err)
{
	const struct http_options http = {
		.concurrency = 1,
		.timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : 20000,
	};
	struct google_token *token = calloc(1, sizeof *token);
	enum status status;

	*out = token;
	if (!token) {
		return err_set(err, ERR_SYS, "no memory for a token");
	}
	token->options = *options;
	alarm_init(&token->alarm, options->loop, on_alarm, token);
	arena_init(&token->arena, ARENA_MAX);
	status = http_new(&token->http, options->loop, &http, err);
	if (status != OK) {
		google_token_free(out);
	}
	return status;
}

void google_token_free(struct google_token **pointer)
{
	struct google_token *token = *pointer;

	if (!token) {
		return;
	}
	http_free(&token->http);
	alarm_fini(&token->alarm);
	arena_fini(&token->arena);
	free(token->bearer);
	free(token->renewal);
	free(token);
	*pointer = NULL;
}

const struct google_way google_owner = {.ask = NULL};
