/* What must be asked before something is said: whether a message whose answer was lost is there, a
 * channel's id, the member behind an e-mail address. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/process.h"
#include "common/time.h"
#include "sinks/sink.h"
#include "sinks/slack/poster.h"

#include <stdio.h>
#include <stdlib.h>

#define SKEW_MS       DAY_MS /* between our clock and Slack's: TLS ends there too */
#define PAGE          "100"
#define USER_KNOWN_MS (30 * DAY_MS)
#define NOBODY_MS     DAY_MS
#define LATER_MS      (10 * MINUTE_MS)

/* Nothing can be learned: what is better, twice or never? An alert is said once more. */
static void give_up(struct lane *lane, const struct reply *reply)
{
	log_warn("slack.blind", STR("sink", lane->poster->context->name), STR("channel", lane->channel),
		 STR("why", reply->text), STR("do", reply->cure));
}

/* False: that could not be kept. */
static bool not_there(struct lane *lane)
{
	bool written = lane_untried(lane);

	lane_end(lane, written ? 0 : RETRY_BASE_MS);
	return written;
}

/* Nothing can be said either, as opposed to: it may only not read here. */
static bool is_shut_out(const struct reply *reply)
{
	static const char *const blind[] = {"missing_scope", "no_permission", "not_in_channel"};
	bool out = reply->kind == REPLY_TOKEN || reply->kind == REPLY_CHANNEL;

	for (size_t i = 0; i < sizeof blind / sizeof *blind; i++) {
		out = out && strcmp(reply->word, blind[i]) != 0;
	}
	return out;
}

struct found {
	struct lane *lane;
	const char *ts; /* NULL: nothing was found */
	int64_t rev;    /* what it shows: perhaps less than it should by now */
};

static void write_found(struct book *book, void *arg)
{
	const struct found *found = arg;
	struct operation operation = found->lane->operation;

	operation.rev = found->rev;
	book_said(book, &operation, found->ts, NULL);
}

static void is_there(struct found found)
{
	struct lane *lane = found.lane;

	*lane->poster->numbers.found += 1;
	lane_well(lane);
	poster_write(lane->poster, write_found, &found);
	lane_end(lane, 0);
}

/* A message with our key; of an edit, with what it was to show at least. */
static struct found find_message(struct lane *lane, yyjson_val *root)
{
	yyjson_val *message;
	size_t i, count;

	yyjson_arr_foreach(yyjson_obj_get(root, "messages"), i, count, message)
	{
		yyjson_val *payload = yyjson_obj_get(yyjson_obj_get(message, "metadata"), "event_payload");
		const char *key = yyjson_get_str(yyjson_obj_get(payload, "key"));
		int64_t rev = yyjson_get_sint(yyjson_obj_get(payload, "rev"));

		if (key && strcmp(key, lane->operation.key) == 0 &&
		    (!lane->operation.edit || rev >= lane->operation.rev)) {
			return (struct found){lane, yyjson_get_str(yyjson_obj_get(message, "ts")), rev};
		}
	}
	return (struct found){lane, NULL, 0};
}

/* False: there is no further page. */
static bool next_page(struct lane *lane, yyjson_val *root)
{
	const char *cursor =
		yyjson_get_str(yyjson_obj_get(yyjson_obj_get(root, "response_metadata"), "next_cursor"));

	free(lane->cursor);
	lane->cursor = cursor && *cursor ? strdup(cursor) : NULL;
	return lane->cursor != NULL;
}

static bool ask_history(struct lane *lane);

static void on_history(void *owner, const struct reply *reply)
{
	struct lane *lane = owner;
	struct poster *poster = lane->poster;
	struct found found = {lane, NULL, 0};

	lane->call = NULL;
	if (reply->kind == REPLY_OK) {
		found = find_message(lane, reply->root);
	}
	if (found.ts) {
		is_there(found);
	} else if (reply->kind == REPLY_OK) {
		if (!lane->operation.edit && next_page(lane, reply->root)) {
			ask_history(lane);
		} else {
			not_there(lane);
		}
	} else if (reply->kind == REPLY_LATER || reply->kind == REPLY_UNSURE) {
		lane_later(lane, reply);
	} else if (is_shut_out(reply)) {
		lane_mute(lane, reply); /* what was tried is kept: looked up when somebody acted */
	} else {
		give_up(lane, reply);
		not_there(lane);
	}
	poster_turn(poster);
}

static bool ask(struct lane *lane, enum lane_step step, const char *method, const char *const *values,
		api_callback *answered)
{
	struct err err;

	lane->step = step;
	lane->call = api_read(&lane->poster->api, method, values, answered, lane, &err);
	if (!lane->call) {
		lane_later(lane, &(struct reply){.text = "no memory for a request"});
	}
	return lane->call != NULL;
}

static bool ask_history(struct lane *lane)
{
	const struct operation *operation = &lane->operation;
	int64_t since_ms = operation->tried_ms > SKEW_MS ? operation->tried_ms - SKEW_MS : 0;
	char oldest[32];
	const char *values[] = {
		"channel",
		operation->channel_id,
		"ts",
		operation->thread_ts,
		"oldest",
		operation->edit ? operation->ts : oldest,
		"latest",
		operation->edit ? operation->ts : NULL,
		"inclusive",
		"true",
		"include_all_metadata",
		"true",
		"limit",
		PAGE,
		"cursor",
		lane->cursor,
		NULL,
		NULL,
	};

	snprintf(oldest, sizeof oldest, "%lld.000000", (long long)(since_ms / 1000));
	return ask(lane, LANE_LOOK, operation->thread_ts ? "conversations.replies" : "conversations.history",
		   values, on_history);
}

/* Without an id nothing was ever posted there, or that answer was lost: its name must be found first. */
bool lookup_start(struct lane *lane)
{
	static const struct reply reply = {.text = "nobody knows the id of this channel",
					   .cure = "name the channel by its id, or give the app the scope "
						   "channels:read"};

	if (!lane->operation.channel_id && *lane->channel == '#') {
		give_up(lane, &reply);
		return not_there(lane) && lane_start(lane);
	}
	lane->operation.channel_id = lane->operation.channel_id ? lane->operation.channel_id : lane->channel;
	return ask_history(lane);
}

struct naming {
	const char *channel, *id;
};

static void write_id(struct book *book, void *arg)
{
	const struct naming *naming = arg;

	book_channel(book, naming->channel, naming->id);
}

static const char *find_channel(const struct lane *lane, yyjson_val *root)
{
	yyjson_val *channel;
	size_t i, count;

	yyjson_arr_foreach(yyjson_obj_get(root, "channels"), i, count, channel)
	{
		const char *name = yyjson_get_str(yyjson_obj_get(channel, "name"));

		if (name && strcmp(name, lane->channel + (*lane->channel == '#')) == 0) {
			return yyjson_get_str(yyjson_obj_get(channel, "id"));
		}
	}
	return NULL;
}

/* Where the list may not be read, the name must do. */
static void on_channels(void *owner, const struct reply *reply)
{
	struct lane *lane = owner;
	struct poster *poster = lane->poster;
	const char *id = reply->kind == REPLY_OK ? find_channel(lane, reply->root) : NULL;
	bool written = true;

	lane->call = NULL;
	if (id) {
		struct naming naming = {lane->channel, id};

		written = poster_write(poster, write_id, &naming);
	} else if (reply->kind == REPLY_OK && next_page(lane, reply->root)) {
		lookup_channel(lane);
		return;
	} else if (reply->kind == REPLY_LATER || reply->kind == REPLY_UNSURE) {
		lane_later(lane, reply);
		poster_turn(poster);
		return;
	}
	lane->named = written;
	lane_end(lane, written ? 0 : RETRY_BASE_MS);
	poster_turn(poster);
}

bool lookup_channel(struct lane *lane)
{
	const char *values[] = {"types",
				"public_channel,private_channel",
				"limit",
				"1000",
				"exclude_archived",
				"true",
				"cursor",
				lane->cursor,
				NULL,
				NULL};

	return ask(lane, LANE_CHANNEL, "conversations.list", values, on_channels);
}

struct person {
	const char *email, *id;
	int64_t until_ms;
};

static void write_user(struct book *book, void *arg)
{
	const struct person *person = arg;

	book_user(book, person->email, person->id, person->until_ms);
}

/* Whoever can't be found now is named, not mentioned: nothing waits for that. */
static void on_user(void *owner, const struct reply *reply)
{
	struct lane *lane = owner;
	struct poster *poster = lane->poster;
	struct person person = {
		.email = lane->operation.email,
		.id = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(reply->root, "user"), "id")),
	};
	bool nobody = strcmp(reply->word, "users_not_found") == 0;

	lane->call = NULL;
	person.until_ms = wall_ms() + (person.id ? USER_KNOWN_MS : nobody ? NOBODY_MS : LATER_MS);
	if (!person.id && !nobody) {
		log_warn("slack.nobody", STR("sink", poster->context->name), STR("why", reply->text),
			 STR("do", reply->cure));
	}
	poster_write(poster, write_user, &person);
	lane_end(lane, 0);
	poster_turn(poster);
}

bool lookup_user(struct lane *lane)
{
	const char *values[] = {"email", lane->operation.email, NULL};

	return ask(lane, LANE_USER, "users.lookupByEmail", values, on_user);
}
