/* Messages: written, edited, found again. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/slack/slack.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static int64_t micros(const char *ts, int64_t otherwise)
{
	long long seconds, part = 0;
	int read = ts ? sscanf(ts, "%lld.%6lld", &seconds, &part) : 0;

	return read > 0 ? (int64_t)seconds * 1000000 + part : otherwise;
}

/* Unique in the workspace, growing. */
static void next_ts(struct fake_slack *fake, char ts[32])
{
	int64_t now_us = slack_now_ms(fake) * 1000;

	fake->last_ts_us = now_us > fake->last_ts_us ? now_us : fake->last_ts_us + 1;
	snprintf(ts, 32, "%lld.%06lld", (long long)(fake->last_ts_us / 1000000),
		 (long long)(fake->last_ts_us % 1000000));
}

struct slack_message *slack_find(struct fake_slack *fake, const struct slack_channel *channel, const char *ts)
{
	for (size_t i = fake->message_count; ts && i-- > 0;) {
		struct slack_message *message = &fake->messages[i];
		if (&fake->channels[message->channel] == channel && strcmp(message->ts, ts) == 0) {
			return message;
		}
	}
	return NULL;
}

static void replace(char **kept, char **given)
{
	if (*given) {
		free(*kept);
		*kept = *given;
		*given = NULL;
	}
}

static void take_content(struct slack_message *message, struct slack_content *content)
{
	replace(&message->text, &content->text);
	replace(&message->blocks, &content->blocks);
	replace(&message->attachments, &content->attachments);
	replace(&message->metadata, &content->metadata);
}

static struct slack_message *add_message(struct fake_slack *fake, size_t channel)
{
	struct slack_message *message;

	fake->messages = realloc(fake->messages, (fake->message_count + 1) * sizeof *fake->messages);
	message = &fake->messages[fake->message_count++];
	*message = (struct slack_message){.channel = channel};
	next_ts(fake, message->ts);
	return message;
}

void slack_chatter(struct fake_slack *fake, size_t channel, int messages)
{
	slack_lock(fake);
	for (int i = 0; i < messages; i++) {
		add_message(fake, channel)->text = strdup("so what?");
	}
	slack_unlock(fake);
}

struct slack_message *slack_store(struct fake_slack *fake, struct slack_channel *channel,
				  struct slack_content *content, const char *thread_ts, bool broadcast)
{
	struct slack_message *message = add_message(fake, (size_t)(channel - fake->channels));

	message->broadcast = broadcast;
	snprintf(message->thread_ts, sizeof message->thread_ts, "%s", thread_ts ? thread_ts : "");
	take_content(message, content);
	slack_happened(fake, SLACK_POSTED, message);
	return message;
}

static void add_json(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const char *json)
{
	yyjson_doc *value = json ? yyjson_read(json, strlen(json), 0) : NULL;

	if (value) {
		yyjson_mut_obj_add_val(doc, object, key,
				       yyjson_val_mut_copy(doc, yyjson_doc_get_root(value)));
	}
	yyjson_doc_free(value);
}

static int64_t replies_of(const struct fake_slack *fake, const struct slack_message *parent)
{
	int64_t count = 0;

	for (size_t i = 0; i < fake->message_count; i++) {
		count += fake->messages[i].channel == parent->channel &&
			 strcmp(fake->messages[i].thread_ts, parent->ts) == 0;
	}
	return count;
}

static yyjson_mut_val *message_json(const struct fake_slack *fake, yyjson_mut_doc *doc,
				    const struct slack_message *message, bool metadata)
{
	yyjson_mut_val *json = yyjson_mut_obj(doc);
	int64_t replies = replies_of(fake, message);

	yyjson_mut_obj_add_str(doc, json, "type", "message");
	if (message->broadcast) {
		yyjson_mut_obj_add_str(doc, json, "subtype", "thread_broadcast");
	}
	yyjson_mut_obj_add_str(doc, json, "user", "U0BOT");
	yyjson_mut_obj_add_str(doc, json, "bot_id", "B0BOT");
	yyjson_mut_obj_add_str(doc, json, "app_id", "A0APP");
	yyjson_mut_obj_add_strcpy(doc, json, "ts", message->ts);
	yyjson_mut_obj_add_strcpy(doc, json, "text", message->text ? message->text : "");
	add_json(doc, json, "blocks", message->blocks);
	add_json(doc, json, "attachments", message->attachments);
	if (*message->thread_ts || replies) {
		yyjson_mut_obj_add_strcpy(doc, json, "thread_ts", replies ? message->ts : message->thread_ts);
	}
	if (replies) {
		yyjson_mut_obj_add_int(doc, json, "reply_count", replies);
	}
	if (message->edited) {
		yyjson_mut_obj_add_str(doc, yyjson_mut_obj_add_obj(doc, json, "edited"), "user", "U0BOT");
	}
	if (metadata) {
		add_json(doc, json, "metadata", message->metadata);
	}
	return json;
}

static void answer_message(struct fake_slack *fake, const struct slack_request *request,
			   const struct slack_message *message, struct slack_reply *reply)
{
	yyjson_mut_doc *doc = slack_ok();
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);

	yyjson_mut_obj_add_strcpy(doc, root, "channel", fake->channels[message->channel].id);
	yyjson_mut_obj_add_strcpy(doc, root, "ts", message->ts);
	if (request->verb == SLACK_UPDATE) {
		yyjson_mut_obj_add_strcpy(doc, root, "text", message->text ? message->text : "");
	}
	yyjson_mut_obj_add_val(doc, root, "message", message_json(fake, doc, message, true));
	if (request->no_charset) {
		yyjson_mut_obj_add_str(doc, root, "warning", "missing_charset");
	}
	slack_answer(reply, doc);
}

/* Whether the bot can write there. */
static bool is_open(const struct fake_slack *fake, const struct slack_channel *channel,
		    struct slack_reply *reply)
{
	if (channel->archived) {
		slack_error(reply, "is_archived", "%s", "");
	} else if (!channel->member && (channel->private || !slack_has_scope(fake, "chat:write.public"))) {
		slack_error(reply, channel->private ? "channel_not_found" : "not_in_channel", "%s", "");
	} else {
		return true;
	}
	return false;
}

void slack_post(struct fake_slack *fake, const struct slack_request *request, struct slack_reply *reply)
{
	struct slack_channel *channel = slack_channel_of(fake, request, reply, true);
	const char *thread_ts = slack_arg(request, "thread_ts");
	const struct slack_message *parent = channel ? slack_find(fake, channel, thread_ts) : NULL;
	struct slack_content content;

	if (!channel || !is_open(fake, channel, reply) || !slack_content_read(request, &content, reply)) {
		return;
	}
	if (thread_ts && (!parent || *parent->thread_ts)) {
		slack_error(reply, "cannot_reply_to_message", "%s", "");
	} else if (slack_may_post(fake, channel, reply)) {
		answer_message(fake, request,
			       slack_store(fake, channel, &content, thread_ts,
					   thread_ts && slack_arg_bool(request, "reply_broadcast")),
			       reply);
	}
	slack_content_fini(&content);
}

void slack_update(struct fake_slack *fake, const struct slack_request *request, struct slack_reply *reply)
{
	struct slack_channel *channel = slack_channel_of(fake, request, reply, false);
	struct slack_message *message = channel ? slack_find(fake, channel, slack_arg(request, "ts")) : NULL;
	struct slack_content content;

	if (!channel || !is_open(fake, channel, reply)) {
		return;
	}
	if (!message) {
		slack_error(reply, "message_not_found", "%s", "");
		return;
	}
	if (!slack_content_read(request, &content, reply)) {
		return;
	}
	take_content(message, &content);
	message->edited = true;
	slack_happened(fake, SLACK_EDITED, message);
	answer_message(fake, request, message, reply);
	slack_content_fini(&content);
}

void slack_permalink(struct fake_slack *fake, const struct slack_request *request, struct slack_reply *reply)
{
	struct slack_channel *channel = slack_channel_of(fake, request, reply, false);
	const char *ts = slack_arg(request, "message_ts");
	yyjson_mut_doc *doc;
	char url[160];

	if (!channel) {
		return;
	}
	if (!slack_find(fake, channel, ts)) {
		slack_error(reply, "message_not_found", "%s", "");
		return;
	}
	doc = slack_ok();
	snprintf(url, sizeof url, "https://fake.slack.com/archives/%s/p%.10s%s", channel->id, ts, ts + 11);
	yyjson_mut_obj_add_strcpy(doc, yyjson_mut_doc_get_root(doc), "channel", channel->id);
	yyjson_mut_obj_add_strcpy(doc, yyjson_mut_doc_get_root(doc), "permalink", url);
	slack_answer(reply, doc);
}

/* Which part of the messages a request wants. */
struct span {
	int64_t oldest_us, latest_us, limit;
	int64_t cursor_us; /* of the last one on the page before; 0: none */
	bool inclusive, metadata;
};

static struct span span_of(const struct fake_slack *fake, const struct slack_request *request)
{
	const char *cursor = slack_arg(request, "cursor");
	struct span span = {.oldest_us = micros(slack_arg(request, "oldest"), 0),
			    .latest_us = micros(slack_arg(request, "latest"), INT64_MAX),
			    .inclusive = slack_arg_bool(request, "inclusive"),
			    .metadata = slack_arg_bool(request, "include_all_metadata"),
			    .limit = slack_arg_int(request, "limit", 100)};

	span.cursor_us = cursor ? strtoll(cursor, NULL, 10) : 0;
	span.limit = span.limit < 1 || span.limit > 999 ? 100 : span.limit;
	if (fake->page_max && span.limit > fake->page_max) {
		span.limit = fake->page_max;
	}
	return span;
}

static bool is_in(const struct span *span, int64_t us)
{
	return (us > span->oldest_us && us < span->latest_us) ||
	       (span->inclusive && (us == span->oldest_us || us == span->latest_us));
}

static void end_page(yyjson_mut_doc *doc, int64_t next_us)
{
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc), *more;
	char cursor[32];

	yyjson_mut_obj_add_bool(doc, root, "has_more", next_us > 0);
	if (next_us > 0) {
		snprintf(cursor, sizeof cursor, "%lld", (long long)next_us);
		more = yyjson_mut_obj_add_obj(doc, root, "response_metadata");
		yyjson_mut_obj_add_strcpy(doc, more, "next_cursor", cursor);
	}
}

static struct slack_channel *readable(struct fake_slack *fake, const struct slack_request *request,
				      struct slack_reply *reply)
{
	struct slack_channel *channel = slack_channel_of(fake, request, reply, false);

	if (!channel || !slack_scope_fits(fake, slack_method_of(request->verb), channel, reply)) {
		return NULL;
	}
	if (!channel->member) {
		slack_error(reply, "not_in_channel", "%s", "");
		return NULL;
	}
	return channel;
}

/* Newest first; replies only where the channel sees them. */
void slack_history(struct fake_slack *fake, const struct slack_request *request, struct slack_reply *reply)
{
	const struct slack_channel *channel = readable(fake, request, reply);
	struct span span = span_of(fake, request);
	int64_t last_us = 0, next_us = 0;
	yyjson_mut_val *list;
	yyjson_mut_doc *doc;

	if (!channel) {
		return;
	}
	doc = slack_ok();
	list = yyjson_mut_obj_add_arr(doc, yyjson_mut_doc_get_root(doc), "messages");
	for (size_t i = fake->message_count; i-- > 0 && !next_us;) {
		const struct slack_message *message = &fake->messages[i];
		int64_t us = micros(message->ts, 0);
		if (&fake->channels[message->channel] != channel || !is_in(&span, us) ||
		    (span.cursor_us && us >= span.cursor_us) ||
		    (*message->thread_ts && !message->broadcast)) {
			continue;
		}
		if ((int64_t)yyjson_mut_arr_size(list) == span.limit) {
			next_us = last_us;
		} else {
			yyjson_mut_arr_append(list, message_json(fake, doc, message, span.metadata));
			last_us = us;
		}
	}
	end_page(doc, next_us);
	slack_answer(reply, doc);
}

/* The parent, then its replies, oldest first. The parent comes on each page, as there. */
void slack_replies(struct fake_slack *fake, const struct slack_request *request, struct slack_reply *reply)
{
	const struct slack_channel *channel = readable(fake, request, reply);
	const struct slack_message *parent =
		channel ? slack_find(fake, channel, slack_arg(request, "ts")) : NULL;
	struct span span = span_of(fake, request);
	int64_t last_us = 0, next_us = 0;
	yyjson_mut_val *list;
	yyjson_mut_doc *doc;

	if (!channel) {
		return;
	}
	if (!parent || *parent->thread_ts) {
		slack_error(reply, "thread_not_found", "%s", "");
		return;
	}
	doc = slack_ok();
	list = yyjson_mut_obj_add_arr(doc, yyjson_mut_doc_get_root(doc), "messages");
	yyjson_mut_arr_append(list, message_json(fake, doc, parent, span.metadata));
	for (size_t i = 0; i < fake->message_count && !next_us; i++) {
		const struct slack_message *message = &fake->messages[i];
		int64_t us = micros(message->ts, 0);
		if (&fake->channels[message->channel] != channel || us <= span.cursor_us ||
		    !is_in(&span, us) || strcmp(message->thread_ts, parent->ts) != 0) {
			continue;
		}
		if ((int64_t)yyjson_mut_arr_size(list) > span.limit) {
			next_us = last_us;
		} else {
			yyjson_mut_arr_append(list, message_json(fake, doc, message, span.metadata));
			last_us = us;
		}
	}
	end_page(doc, next_us);
	slack_answer(reply, doc);
}
