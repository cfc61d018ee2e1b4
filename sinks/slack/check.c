/* SPDX-License-Identifier: MIT */
#include "sinks/slack/check.h"

#include "sinks/slack/check_wanted.h"
#include "sinks/slack/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool check_lacks(const struct slack_check *state, const char *scope)
{
	size_t size = strlen(scope);

	for (const char *at = state->scopes; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		at += strspn(at, " ");
		if (strncmp(at, scope, size) == 0 && (at[size] == ',' || at[size] == '\0')) {
			return false;
		}
	}
	return state->scopes != NULL;
}

void check_refused(struct slack_check *state, const char *what, const struct reply *reply)
{
	const char *cure = *reply->cure ? reply->cure
			   : strcmp(reply->word, "ratelimited") == 0
				   ? "try again in a minute"
				   : "try again; check api_url, the network and "
				     "the proxy";

	sink_tell(state->check, CHECK_BAD, "%s: %s: %s", what, reply->text, cure);
	sink_check_end(state->check);
}

void check_ask(struct slack_check *state, const char *method, const char *const *values,
	       api_callback *answered)
{
	struct err err;

	if (!api_read(&state->api, method, values, answered, state, &err)) {
		sink_tell(state->check, CHECK_BAD, "%s", err.text);
		sink_check_end(state->check);
	}
}

static void tell_scope(struct slack_check *state, const char *scope, const char *why)
{
	if (check_lacks(state, scope)) {
		sink_tell(state->check, CHECK_BAD,
			  "the token lacks the scope %s (%s): add it under OAuth & Permissions, and install "
			  "the app "
			  "anew",
			  scope, why);
	} else if (state->scopes) {
		sink_tell(state->check, CHECK_OK, "scope %s: %s", scope, why);
	}
}

static bool looks_up(const struct slack_config *config)
{
	for (size_t i = 0; i < config->users.count; i++) {
		if (strcmp(config->users.values[i], "lookup") == 0) {
			return true;
		}
	}
	return false;
}

static bool names_channels(const struct slack_check *state)
{
	for (size_t i = 0; i < state->channel_count; i++) {
		if (*state->channels[i].what == '#') {
			return true;
		}
	}
	return false;
}

static void check_scopes(struct slack_check *state)
{
	if (!state->scopes) {
		sink_tell(state->check, CHECK_NOTE, "what the token may is not told");
	}
	tell_scope(state, "chat:write", "to post and edit");
	tell_scope(state, "channels:history", "to look after a crash what was posted");
	if (names_channels(state)) {
		tell_scope(state, "channels:read", "to find channels by their names");
	}
	if (looks_up(state->config)) {
		tell_scope(state, "users:read.email", "for `lookup` in users");
	}
}

static void on_known(void *owner, const struct reply *reply)
{
	struct slack_check *state = owner;
	const char *user = yyjson_get_str(yyjson_obj_get(reply->root, "user"));
	const char *team = yyjson_get_str(yyjson_obj_get(reply->root, "team"));

	if (reply->kind != REPLY_OK) {
		check_refused(state, "token", reply);
		return;
	}
	snprintf(state->bot, sizeof state->bot, "%s", user ? user : "NAME");
	state->scopes = reply->scopes ? strdup(reply->scopes) : NULL;
	sink_tell(state->check, CHECK_OK, "token: accepted, it is %s of the workspace %s", state->bot,
		  team ? team : "(unnamed)");
	check_scopes(state);
	check_channels(state);
}

/* A message without text is refused by what is there, and posts nothing. */
static void on_empty(void *owner, const struct reply *reply)
{
	struct slack_check *state = owner;

	if (strcmp(reply->word, "no_text") != 0 && strcmp(reply->word, "invalid_payload") != 0) {
		check_refused(state, "webhook_url", reply);
		return;
	}
	sink_tell(state->check, CHECK_OK, "webhook_url: the webhook is there");
	sink_tell(state->check, CHECK_NOTE,
		  "a webhook only posts: messages are not edited, there are no threads, and after a crash a "
		  "message "
		  "may come twice; a token can do more");
	sink_check_end(state->check);
}

static enum status ask(struct slack_check *state, struct err *err)
{
	static const char *const nothing[] = {NULL};
	bool sent = state->config->token
			    ? api_read(&state->api, "auth.test", nothing, on_known, state, err) != NULL
			    : api_post(&state->api, "", "{}", on_empty, state, err) != NULL;

	return sent ? OK : err->status;
}

static enum status start(void *arg, struct sink_check *check, const void *config, struct err *err)
{
	struct slack_check *state = arg;
	enum status status = slack_config_check(config, check->context.file, err);

	state->check = check;
	state->config = config;
	if (status == OK && !wanted_collect(state)) {
		status = err_set(err, ERR_SYS, "out of memory");
	}
	if (status == OK) {
		status = api_open(&state->api, check->context.loop, config, err);
	}
	return status == OK ? ask(state, err) : status;
}

static void stop(void *arg)
{
	struct slack_check *state = arg;

	api_close(&state->api);
	free(state->scopes);
	free(state->channels);
	free(state->people);
}

const struct sink_checker slack_checker = {
	.state_size = sizeof(struct slack_check),
	.start = start,
	.stop = stop,
};
