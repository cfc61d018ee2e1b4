/* What a message says, read from a request and checked against Slack's limits. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/slack/slack.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX        40000
#define BLOCKS_TEXT_MAX 13200 /* undocumented: bolt-js#2509 */
#define ATTACHMENTS_MAX 100
#define METADATA_MAX    8192

static bool say_invalid(struct slack_reply *reply, const char *complaint)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *text = yyjson_mut_strcpy(doc, complaint);
	char *json = yyjson_mut_val_write(text, 0, NULL);

	slack_error(reply, "invalid_blocks", ",\"errors\":[%s],\"response_metadata\":{\"messages\":[%s]}",
		    json, json);
	free(json);
	yyjson_mut_doc_free(doc);
	return false;
}

static bool check_blocks(yyjson_val *blocks, size_t *characters, struct slack_reply *reply)
{
	char complaint[300];

	if (!slack_blocks_type(blocks)) {
		slack_error(reply, "invalid_blocks_format", "%s", "");
		return false;
	}
	if (!slack_blocks_fit(blocks, complaint, characters)) {
		return say_invalid(reply, complaint);
	}
	if (*characters > BLOCKS_TEXT_MAX) {
		slack_error(reply, "msg_blocks_too_long", "%s", "");
	}
	return *characters <= BLOCKS_TEXT_MAX;
}

static bool color_fits(const char *color)
{
	return !color || strcmp(color, "good") == 0 || strcmp(color, "warning") == 0 ||
	       strcmp(color, "danger") == 0 ||
	       (*color == '#' && strlen(color) == 7 && strspn(color + 1, "0123456789abcdefABCDEF") == 6);
}

static bool check_attachment(yyjson_val *attachment, size_t *characters, struct slack_reply *reply)
{
	static const char known[] =
		" color fallback blocks text mrkdwn_in title title_link pretext footer ts ";
	yyjson_val *key, *value;
	size_t i, max;
	char word[40];

	if (!yyjson_is_obj(attachment) || !color_fits(yyjson_get_str(yyjson_obj_get(attachment, "color")))) {
		slack_error(reply, "invalid_attachments", "%s", "");
		return false;
	}
	yyjson_obj_foreach(attachment, i, max, key, value)
	{
		snprintf(word, sizeof word, " %.30s ", yyjson_get_str(key));
		if (!strstr(known, word)) {
			return say_invalid(reply, "[ERROR] unknown member of an attachment");
		}
	}
	value = yyjson_obj_get(attachment, "blocks");
	return !value || check_blocks(value, characters, reply);
}

static bool check_attachments(yyjson_val *attachments, size_t *characters, struct slack_reply *reply)
{
	yyjson_val *attachment;
	size_t i, max;

	if (yyjson_arr_size(attachments) > ATTACHMENTS_MAX) {
		slack_error(reply, "too_many_attachments", "%s", "");
		return false;
	}
	yyjson_arr_foreach(attachments, i, max, attachment)
	{
		if (!check_attachment(attachment, characters, reply)) {
			return false;
		}
	}
	return true;
}

static bool check_lists(const struct slack_content *content, struct slack_reply *reply)
{
	yyjson_doc *blocks =
			   content->blocks ? yyjson_read(content->blocks, strlen(content->blocks), 0) : NULL,
		   *attachments = content->attachments
					  ? yyjson_read(content->attachments, strlen(content->attachments), 0)
					  : NULL;
	size_t characters = 0;
	bool fits = (!blocks || check_blocks(yyjson_doc_get_root(blocks), &characters, reply)) &&
		    (!attachments || check_attachments(yyjson_doc_get_root(attachments), &characters, reply));

	yyjson_doc_free(blocks);
	yyjson_doc_free(attachments);
	return fits;
}

static bool check_metadata(const char *metadata, struct slack_reply *reply)
{
	yyjson_doc *doc;
	bool fits;

	if (!metadata) {
		return true;
	}
	if (strlen(metadata) > METADATA_MAX) {
		slack_error(reply, "metadata_too_large", "%s", "");
		return false;
	}
	doc = yyjson_read(metadata, strlen(metadata), 0);
	fits = yyjson_obj_size(yyjson_doc_get_root(doc)) == 2 &&
	       yyjson_get_len(yyjson_obj_get(yyjson_doc_get_root(doc), "event_type")) > 0 &&
	       yyjson_is_obj(yyjson_obj_get(yyjson_doc_get_root(doc), "event_payload"));
	yyjson_doc_free(doc);
	if (!fits) {
		slack_error(reply, "invalid_metadata_format", "%s", "");
	}
	return fits;
}

/* An argument of JSON; false: it is none. */
static bool read_json(const struct slack_request *request, const char *name, char **json, const char *error,
		      struct slack_reply *reply)
{
	bool broken;

	*json = slack_arg_json(request, name, &broken);
	if (broken) {
		slack_error(reply, error, "%s", "");
	}
	return !broken;
}

static bool check(const struct slack_request *request, struct slack_content *content,
		  struct slack_reply *reply)
{
	const char *text = slack_arg(request, "text");

	content->text = text ? strdup(text) : NULL;
	if (!read_json(request, "blocks", &content->blocks, "invalid_blocks_format", reply) ||
	    !read_json(request, "attachments", &content->attachments, "invalid_attachments", reply) ||
	    !read_json(request, "metadata", &content->metadata, "invalid_metadata_format", reply)) {
		return false;
	}
	if ((!text || !*text) && !content->blocks && !content->attachments) {
		slack_error(reply, "no_text", "%s", "");
		return false;
	}
	if (text && strlen(text) > TEXT_MAX) {
		slack_error(reply, "msg_too_long", "%s", "");
		return false;
	}
	return check_lists(content, reply) && check_metadata(content->metadata, reply);
}

bool slack_content_read(const struct slack_request *request, struct slack_content *content,
			struct slack_reply *reply)
{
	bool fits;

	*content = (struct slack_content){0};
	fits = check(request, content, reply);
	if (!fits) {
		slack_content_fini(content);
	}
	return fits;
}

void slack_content_fini(struct slack_content *content)
{
	free(content->text);
	free(content->blocks);
	free(content->attachments);
	free(content->metadata);
	*content = (struct slack_content){0};
}
