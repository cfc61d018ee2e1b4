/* One channel's operation at a time, from the book to Slack and back: what is noted before it is sent,
 * and what becomes of it by the answer. A channel that is limited or closed holds up no other. */
/* SPDX-License-Identifier: MIT */
#include "common/backoff.h"
#include "common/log.h"
#include "common/process.h"
#include "sinks/sink.h"
#include "sinks/slack/poster.h"

#include <stdio.h>
#include <stdlib.h>

#define RETRY_CAP_MS 60000
#define UNSURE_MS    2000 /* before a lost answer is looked up: it may still be on its way */
#define TRIES_MOST   12   /* with a word that nobody knows */

static void forget(struct lane *lane)
{
	for (size_t i = 0; i < sizeof lane->memory / sizeof lane->memory[0]; i++) {
		free(lane->memory[i]);
		lane->memory[i] = NULL;
	}
	free(lane->cursor);
	lane->cursor = NULL;
	lane->operation = (struct operation){0};
	lane->step = LANE_IDLE;
}

void lane_end(struct lane *lane, int64_t after_ms)
{
	forget(lane);
	lane->next_ms = passed_ms() + after_ms;
}

void lane_free(struct lane *lane)
{
	api_cancel(lane->call);
	forget(lane);
	free(lane->channel);
	free(lane);
}

/* Texts of the book live until its next call. */
static bool keep(struct lane *lane, const struct operation *operation)
{
	const char *from[] = {operation->channel_id, operation->ts,   operation->thread_ts, operation->key,
			      operation->text,       operation->body, operation->email};
	struct operation *out = &lane->operation;
	const char **to[] = {&out->channel_id, &out->ts,   &out->thread_ts, &out->key,
			     &out->text,       &out->body, &out->email};
	bool kept = true;

	forget(lane);
	lane->operation = *operation;
	lane->operation.channel = lane->channel;
	lane->operation.kind = NULL;
	for (size_t i = 0; i < sizeof from / sizeof from[0]; i++) {
		*to[i] = lane->memory[i] = from[i] ? strdup(from[i]) : NULL;
		kept &= !from[i] || *to[i];
	}
	return kept;
}

void lane_later(struct lane *lane, const struct reply *reply)
{
	struct poster *poster = lane->poster;
	int64_t wait_ms = backoff_ms(lane->tries++, RETRY_BASE_MS, RETRY_CAP_MS);

	*poster->numbers.failed += 1;
	if (strcmp(reply->word, "ratelimited") == 0) {
		*poster->numbers.limited += 1;
		wait_ms = reply->after_ms > 0 ? reply->after_ms : wait_ms;
	}
	log_warn("slack.later", STR("sink", poster->context->name), STR("channel", lane->channel),
		 STR("why", reply->text), NUM("after_ms", wait_ms));
	lane_end(lane, wait_ms);
}

static void write_try(struct book *book, void *arg)
{
	const struct lane *lane = arg;

	book_try(book, &lane->operation, wall_ms());
}

static void write_untried(struct book *book, void *arg)
{
	const struct lane *lane = arg;

	book_untried(book, &lane->operation);
}

bool lane_untried(struct lane *lane)
{
	return poster_write(lane->poster, write_untried, lane);
}

struct saying {
	struct lane *lane;
	const char *ts, *channel_id;
};

static void write_said(struct book *book, void *arg)
{
	const struct saying *saying = arg;

	book_said(book, &saying->lane->operation, saying->ts, saying->channel_id);
}

static void on_said(struct lane *lane, const struct reply *reply)
{
	struct saying saying = {
		.lane = lane,
		.ts = yyjson_get_str(yyjson_obj_get(reply->root, "ts")),
		.channel_id = yyjson_get_str(yyjson_obj_get(reply->root, "channel")),
	};
	struct poster *poster = lane->poster;

	saying.ts = saying.ts ? saying.ts : "-"; /* of a webhook */
	*(lane->operation.edit ? poster->numbers.edits : poster->numbers.posts) += 1;
	log_info("slack.said", STR("sink", poster->context->name), STR("channel", lane->channel),
		 STR("does", lane->operation.edit     ? "edit"
			     : lane->operation.thread ? "reply"
						      : "post"),
		 STR("text", lane->operation.text));
	lane_well(lane);
	/* What can't be noted is looked up when it can. */
	poster_write(poster, write_said, &saying);
	lane_end(lane, PACE_MS);
}

static void write_refused(struct book *book, void *arg)
{
	const struct lane *lane = arg;

	book_refused(book, &lane->operation, false);
}

static void write_gone(struct book *book, void *arg)
{
	const struct lane *lane = arg;

	book_refused(book, &lane->operation, true);
}

/* Somebody deleted what is to be edited or answered, or it is too old for that: other words don't help. */
static bool is_gone(const struct reply *reply)
{
	static const char *const words[] = {"message_not_found",       "cant_update_message",
					    "edit_window_closed",      "thread_not_found",
					    "cannot_reply_to_message", NULL};

	for (size_t i = 0; words[i]; i++) {
		if (strcmp(reply->word, words[i]) == 0) {
			return true;
		}
	}
	return false;
}

static void on_bad_message(struct lane *lane, const struct reply *reply)
{
	log_error("slack.message", STR("sink", lane->poster->context->name), STR("channel", lane->channel),
		  STR("why", reply->text), NUM("message", lane->operation.message));
	*lane->poster->numbers.failed += 1;
	poster_write(lane->poster, is_gone(reply) ? write_gone : write_refused, lane);
	lane->tries = 0;
	lane_end(lane, PACE_MS);
}

static void on_unsure(struct lane *lane, const struct reply *reply)
{
	int64_t wait_ms = UNSURE_MS + backoff_ms(lane->tries++, RETRY_BASE_MS, RETRY_CAP_MS);

	*lane->poster->numbers.failed += 1;
	log_warn("slack.unsure", STR("sink", lane->poster->context->name), STR("channel", lane->channel),
		 STR("why", reply->text), NUM("after_ms", wait_ms));
	lane_end(lane, wait_ms);
}

static void on_sent(void *owner, const struct reply *reply)
{
	struct lane *lane = owner;
	struct poster *poster = lane->poster;

	lane->call = NULL;
	/* It was surely not done; else the mark stays, and it is looked up. */
	if (reply->kind != REPLY_OK && reply->kind != REPLY_UNSURE) {
		lane_untried(lane);
	}
	switch (reply->kind) {
	case REPLY_OK:
		on_said(lane, reply);
		break;
	case REPLY_UNSURE:
		on_unsure(lane, reply);
		break;
	case REPLY_CHANNEL:
	case REPLY_TOKEN:
		lane_mute(lane, reply);
		break;
	case REPLY_MESSAGE:
		on_bad_message(lane, reply);
		break;
	case REPLY_LATER:
		lane->tries < TRIES_MOST || reply->known ? lane_later(lane, reply)
							 : on_bad_message(lane, reply);
		break;
	}
	poster_turn(poster);
}

static bool lane_send(struct lane *lane)
{
	struct poster *poster = lane->poster;
	struct err err;

	if (!poster_write(poster, write_try, lane)) {
		lane_end(lane, RETRY_BASE_MS);
		return false;
	}
	lane->step = LANE_SEND;
	lane->call = api_post(&poster->api, lane->operation.edit ? "chat.update" : "chat.postMessage",
			      lane->operation.body, on_sent, lane, &err);
	if (!lane->call) {
		log_warn("slack.unsure", STR("sink", poster->context->name), STR("channel", lane->channel),
			 STR("why", err.text), NUM("after_ms", RETRY_CAP_MS));
		lane_end(lane, RETRY_CAP_MS);
	}
	return lane->call != NULL;
}

bool lane_start(struct lane *lane)
{
	struct poster *poster = lane->poster;
	struct operation operation;

	if (!book_next(poster->book, lane->channel, wall_ms(), &operation)) {
		return false;
	}
	if (!keep(lane, &operation)) {
		lane_end(lane, RETRY_CAP_MS);
		return false;
	}
	if (!operation.channel_id && *lane->channel == '#' && !lane->named) {
		return lookup_channel(lane);
	}
	if (operation.unknown && !poster->api.webhook) {
		return lookup_start(lane);
	}
	return operation.email ? lookup_user(lane) : lane_send(lane);
}
