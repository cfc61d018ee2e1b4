/* Each channel of each rule: is it there, may the bot post in it, will it find its messages again? */
/* SPDX-License-Identifier: MIT */
#include "common/config_problems.h"
#include "sinks/slack/check.h"

#include <stdio.h>
#include <string.h>

#define PAGE      "1000"
#define PAGES_MAX 20 /* so many requests a minute does Slack answer */

static void list_page(struct slack_check *state, const char *cursor);

static bool is_true(yyjson_val *channel, const char *key)
{
	return yyjson_is_true(yyjson_obj_get(channel, key));
}

static void judge_member(struct slack_check *state, const struct wanted *wanted, bool is_private)
{
	if (is_private || check_lacks(state, "chat:write.public")) {
		sink_tell(state->check, CHECK_BAD, "%s: the bot is not in %s: write `/invite @%s` there",
			  wanted->where, wanted->what, state->bot);
	} else {
		sink_tell(state->check, CHECK_NOTE,
			  "%s: the bot is not in %s: it may post (chat:write.public), but can't look after a "
			  "crash what was posted: write `/invite @%s` there",
			  wanted->where, wanted->what, state->bot);
	}
}

static void judge(struct slack_check *state, struct wanted *wanted, yyjson_val *channel)
{
	bool is_private = is_true(channel, "is_private");

	wanted->seen = true;
	if (is_true(channel, "is_archived")) {
		sink_tell(state->check, CHECK_BAD,
			  "%s: %s is archived: unarchive it, or name another channel", wanted->where,
			  wanted->what);
	} else if (!is_true(channel, "is_member")) {
		judge_member(state, wanted, is_private);
	} else if (is_private && check_lacks(state, "groups:history")) {
		sink_tell(state->check, CHECK_BAD,
			  "%s: %s is private, and the token lacks the scope groups:history (to look after a "
			  "crash "
			  "what was posted): add it under OAuth & Permissions, and install the app anew",
			  wanted->where, wanted->what);
	} else {
		sink_tell(state->check, CHECK_OK, "%s: the bot is in %s", wanted->where, wanted->what);
	}
}

static void tell_missing(struct slack_check *state, const struct wanted *wanted)
{
	if (*wanted->near) {
		sink_tell(state->check, CHECK_BAD, "%s: the bot sees no channel %s, did you mean #%s?",
			  wanted->where, wanted->what, wanted->near);
	} else {
		sink_tell(state->check, CHECK_BAD,
			  "%s: the bot sees no channel %s: correct it, or, if it is private, %swrite "
			  "`/invite @%s` "
			  "there",
			  wanted->where, wanted->what,
			  check_lacks(state, "groups:read") ? "give the token the scope groups:read and "
							    : "",
			  state->bot);
	}
}

static void end_names(struct slack_check *state)
{
	for (size_t i = 0; i < state->channel_count; i++) {
		if (!state->channels[i].seen && *state->channels[i].what == '#') {
			tell_missing(state, &state->channels[i]);
		}
	}
	check_people(state);
}

static void look_for(struct slack_check *state, struct wanted *wanted, yyjson_val *channels)
{
	struct nearest nearest = {.word = wanted->what + 1};
	yyjson_val *channel;
	size_t i, count;

	yyjson_arr_foreach(channels, i, count, channel)
	{
		const char *name = yyjson_get_str(yyjson_obj_get(channel, "name"));

		if (name && strcmp(name, nearest.word) == 0) {
			judge(state, wanted, channel);
			return;
		}
		if (name) {
			nearest_offer(&nearest, name, strlen(name));
		}
	}
	if (nearest.best && nearest.distance <= 2 && nearest.distance < strlen(nearest.word)) {
		snprintf(wanted->near, sizeof wanted->near, "%.*s", (int)nearest.best_len, nearest.best);
	}
}

static bool all_seen(const struct slack_check *state)
{
	for (size_t i = 0; i < state->channel_count; i++) {
		if (!state->channels[i].seen && *state->channels[i].what == '#') {
			return false;
		}
	}
	return true;
}

static void on_page(void *owner, const struct reply *reply)
{
	struct slack_check *state = owner;
	yyjson_val *channels = yyjson_obj_get(reply->root, "channels");
	const char *cursor = yyjson_get_str(
		yyjson_obj_get(yyjson_obj_get(reply->root, "response_metadata"), "next_cursor"));

	if (reply->kind != REPLY_OK) {
		check_refused(state, "the list of channels", reply);
		return;
	}
	for (size_t i = 0; i < state->channel_count; i++) {
		if (!state->channels[i].seen && *state->channels[i].what == '#') {
			look_for(state, &state->channels[i], channels);
		}
	}
	if (!all_seen(state) && cursor && *cursor && ++state->pages < PAGES_MAX) {
		list_page(state, cursor);
	} else {
		end_names(state);
	}
}

/* NULL: the first. */
static void list_page(struct slack_check *state, const char *cursor)
{
	const char *types =
		check_lacks(state, "groups:read") ? "public_channel" : "public_channel,private_channel";
	const char *values[] = {"types", types, "limit", PAGE, cursor ? "cursor" : NULL, cursor, NULL};

	check_ask(state, "conversations.list", values, on_page);
}

static void on_info(void *owner, const struct reply *reply);

/* Channels that are named by their id, one by one; then those by name, all from one list. */
static void ask_next(struct slack_check *state)
{
	while (state->at < state->channel_count && *state->channels[state->at].what == '#') {
		state->at++;
	}
	if (state->at < state->channel_count) {
		const char *values[] = {"channel", state->channels[state->at].what, NULL};

		check_ask(state, "conversations.info", values, on_info);
	} else if (all_seen(state)) {
		end_names(state);
	} else {
		list_page(state, NULL);
	}
}

static void on_info(void *owner, const struct reply *reply)
{
	struct slack_check *state = owner;
	struct wanted *wanted = &state->channels[state->at++];

	if (reply->kind == REPLY_OK) {
		judge(state, wanted, yyjson_obj_get(reply->root, "channel"));
	} else if (strcmp(reply->word, "channel_not_found") == 0) {
		tell_missing(state, wanted);
	} else {
		check_refused(state, wanted->where, reply);
		return;
	}
	ask_next(state);
}

void check_channels(struct slack_check *state)
{
	if (!check_lacks(state, "channels:read") || !check_lacks(state, "groups:read")) {
		state->at = 0;
		ask_next(state);
		return;
	}
	for (size_t i = 0; i < state->channel_count; i++) {
		sink_tell(state->check, CHECK_SKIP,
			  "%s: without the scope channels:read nobody says whether %s "
			  "is there",
			  state->channels[i].where, state->channels[i].what);
	}
	check_people(state);
}
