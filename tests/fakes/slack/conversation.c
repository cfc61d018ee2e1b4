/* What people saw, as text that a test compares. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/slack/slack.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void put_line(FILE *out, const char *line)
{
	char *plain = slack_plain(line, true);

	for (const char *at = plain; *at; at++) {
		*at == '\n' ? fputs(" | ", out) : fputc(*at, out);
	}
	free(plain);
}

static void show_text(FILE *out, yyjson_val *text)
{
	const char *said = yyjson_get_str(yyjson_obj_get(text, "text"));
	bool plain = yyjson_equals_str(yyjson_obj_get(text, "type"), "plain_text");
	char *seen = slack_plain(said ? said : "", !plain);

	for (const char *at = seen; *at; at++) {
		*at == '\n' ? fputs("\n    ", out) : fputc(*at, out);
	}
	free(seen);
}

static void show_button(FILE *out, yyjson_val *button)
{
	const char *url = yyjson_get_str(yyjson_obj_get(button, "url"));

	fputc('[', out);
	show_text(out, yyjson_obj_get(button, "text"));
	fprintf(out, "](%s) ", url ? url : "");
}

static void show_each(FILE *out, yyjson_val *list)
{
	yyjson_val *item;
	size_t i, max;

	yyjson_arr_foreach(list, i, max, item)
	{
		if (yyjson_equals_str(yyjson_obj_get(item, "type"), "button")) {
			show_button(out, item);
		} else {
			fputs(i ? " · " : "", out);
			show_text(out, item);
		}
	}
}

static void show_block(FILE *out, yyjson_val *block)
{
	const char *type = yyjson_get_str(yyjson_obj_get(block, "type"));

	fputs("    ", out);
	if (strcmp(type, "divider") == 0) {
		fputs("----", out);
	}
	if (strcmp(type, "header") == 0) {
		fputs("# ", out);
	}
	if (yyjson_obj_get(block, "text")) {
		show_text(out, yyjson_obj_get(block, "text"));
	}
	show_each(out, yyjson_obj_get(block, "fields"));
	show_each(out, yyjson_obj_get(block, "elements"));
	fputc('\n', out);
}

static void show_blocks(FILE *out, yyjson_val *blocks)
{
	yyjson_val *block;
	size_t i, max;

	yyjson_arr_foreach(blocks, i, max, block)
	{
		show_block(out, block);
	}
}

static void show_attachments(FILE *out, const char *json)
{
	yyjson_doc *doc = json ? yyjson_read(json, strlen(json), 0) : NULL;
	yyjson_val *attachment;
	size_t i, max;

	yyjson_arr_foreach(yyjson_doc_get_root(doc), i, max, attachment)
	{
		const char *color = yyjson_get_str(yyjson_obj_get(attachment, "color"));
		if (color) {
			fprintf(out, "    (%s)\n", color);
		}
		show_blocks(out, yyjson_obj_get(attachment, "blocks"));
	}
	yyjson_doc_free(doc);
}

static char *shown(const struct slack_message *message)
{
	yyjson_doc *doc = message->blocks ? yyjson_read(message->blocks, strlen(message->blocks), 0) : NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	show_blocks(out, yyjson_doc_get_root(doc));
	show_attachments(out, message->attachments);
	fclose(out);
	yyjson_doc_free(doc);
	return text;
}

void slack_happened(struct fake_slack *fake, int kind, const struct slack_message *message)
{
	struct slack_event *event;

	fake->events = realloc(fake->events, (fake->event_count + 1) * sizeof *fake->events);
	event = &fake->events[fake->event_count++];
	*event = (struct slack_event){.kind = kind, .message = (size_t)(message - fake->messages)};
	memcpy(event->mark, fake->mark, sizeof event->mark);
	event->text = strdup(message->text ? message->text : "");
	event->shown = shown(message);
}

/* From 1 in its channel. */
static int number_of(const struct fake_slack *fake, const struct slack_message *message)
{
	int number = 0;

	for (const struct slack_message *at = fake->messages; at <= message; at++) {
		number += at->channel == message->channel;
	}
	return number;
}

static void put_head(FILE *out, const struct fake_slack *fake, const struct slack_message *message)
{
	const struct slack_channel *channel = &fake->channels[message->channel];
	const struct slack_message *parent =
		*message->thread_ts
			? slack_find((struct fake_slack *)(uintptr_t)fake, channel, message->thread_ts)
			: NULL;

	fprintf(out, "#%s ", channel->name);
	if (parent) {
		fprintf(out, "%d %s ", number_of(fake, parent), message->broadcast ? ">>" : ">");
	}
	fprintf(out, "%d", number_of(fake, message));
}

static bool is_of(const struct fake_slack *fake, const struct slack_message *message, const char *channel)
{
	return !channel || strcmp(fake->channels[message->channel].id, channel) == 0;
}

char *slack_conversation(struct fake_slack *fake, const char *channel, bool whole)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	slack_lock(fake);
	for (size_t i = 0; i < fake->event_count; i++) {
		const struct slack_event *event = &fake->events[i];
		const struct slack_message *message = &fake->messages[event->message];
		if (!is_of(fake, message, channel)) {
			continue;
		}
		if (*event->mark) {
			fprintf(out, "[%s] ", event->mark);
		}
		put_head(out, fake, message);
		fputs(event->kind == SLACK_EDITED ? " = " : ": ", out);
		put_line(out, event->text);
		fprintf(out, "\n%s", whole ? event->shown : "");
	}
	slack_unlock(fake);
	fclose(out);
	return text;
}

static void put_standing(FILE *out, const struct fake_slack *fake, const struct slack_message *message)
{
	put_head(out, fake, message);
	fputs(": ", out);
	put_line(out, message->text ? message->text : "");
	fputc('\n', out);
}

char *slack_standing(struct fake_slack *fake, const char *channel)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	slack_lock(fake);
	for (size_t i = 0; i < fake->message_count; i++) {
		const struct slack_message *parent = &fake->messages[i];
		if (!is_of(fake, parent, channel) || *parent->thread_ts) {
			continue;
		}
		put_standing(out, fake, parent);
		for (size_t j = i + 1; j < fake->message_count; j++) {
			if (fake->messages[j].channel == parent->channel &&
			    strcmp(fake->messages[j].thread_ts, parent->ts) == 0) {
				put_standing(out, fake, &fake->messages[j]);
			}
		}
	}
	slack_unlock(fake);
	fclose(out);
	return text;
}

static void add_json(yyjson_mut_doc *doc, const char *key, const char *json)
{
	yyjson_doc *value = json ? yyjson_read(json, strlen(json), 0) : NULL;

	if (value) {
		yyjson_mut_obj_add_val(doc, yyjson_mut_doc_get_root(doc), key,
				       yyjson_val_mut_copy(doc, yyjson_doc_get_root(value)));
	}
	yyjson_doc_free(value);
}

char *slack_message_json(struct fake_slack *fake, const char *channel, int number)
{
	yyjson_mut_doc *doc = slack_ok();
	char *json;

	slack_lock(fake);
	for (size_t i = 0; i < fake->message_count; i++) {
		const struct slack_message *message = &fake->messages[i];
		if (is_of(fake, message, channel) && --number == 0) {
			yyjson_mut_obj_add_strcpy(doc, yyjson_mut_doc_get_root(doc), "ts", message->ts);
			yyjson_mut_obj_add_strcpy(doc, yyjson_mut_doc_get_root(doc), "text",
						  message->text ? message->text : "");
			add_json(doc, "blocks", message->blocks);
			add_json(doc, "attachments", message->attachments);
			add_json(doc, "metadata", message->metadata);
		}
	}
	slack_unlock(fake);
	json = yyjson_mut_write(doc, 0, NULL);
	yyjson_mut_doc_free(doc);
	return json;
}
