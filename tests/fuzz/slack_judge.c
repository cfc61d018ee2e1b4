/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/slack_judge.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX       40000
#define CHARACTERS_MAX 13200
#define METADATA_MAX   8000

/* Controls, and what turns or hides text. */
static const struct {
	uint32_t from, to;
} forbidden[] = {{0x00, 0x09},     {0x0b, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},
		 {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xe0000, 0xe0fff}};

static uint32_t take_code(const unsigned char **at)
{
	uint32_t code = *(*at)++;
	int more = code >= 0xf0 ? 3 : code >= 0xe0 ? 2 : code >= 0xc0 ? 1 : 0;

	code &= more ? 0x3fu >> more : 0x7fu;
	while (more-- > 0) {
		code = code << 6 | (*(*at)++ & 0x3fu);
	}
	return code;
}

static bool can_be_seen(const char *text, char why[static 300])
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		uint32_t code = take_code(&at);
		for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
			if (code >= forbidden[i].from && code <= forbidden[i].to) {
				snprintf(why, 300, "U+%04X in %.200s", code, text);
				return false;
			}
		}
	}
	return true;
}

static void add(struct judged *judged, const char *text, bool mrkdwn, bool verbatim)
{
	struct slack_live *sum = &judged->live, live;

	slack_parse(text, mrkdwn, &live);
	sum->users += live.users;
	sum->channels += live.channels;
	sum->styles += live.styles;
	sum->emoji += live.emoji;
	sum->specials += live.specials;
	sum->links += live.links;
	sum->bare += verbatim ? 0 : live.bare;
	for (const char *at = text; (at = strchr(at, '\n')); at++) {
		judged->lines++;
	}
}

/* Every text object below a value. */
static bool judge_value(yyjson_val *value, struct judged *judged, char why[static 300])
{
	const char *type = yyjson_get_str(yyjson_obj_get(value, "type")),
		   *text = yyjson_get_str(yyjson_obj_get(value, "text"));
	yyjson_val *key, *item;
	size_t i, max;

	if (type && text) {
		add(judged, text, strcmp(type, "mrkdwn") == 0,
		    yyjson_is_true(yyjson_obj_get(value, "verbatim")) || strcmp(type, "plain_text") == 0);
		return can_be_seen(text, why);
	}
	yyjson_arr_foreach(value, i, max, item)
	{
		if (!judge_value(item, judged, why)) {
			return false;
		}
	}
	if (!yyjson_is_obj(value)) {
		return true;
	}
	yyjson_obj_foreach(value, i, max, key, item)
	{
		if (!judge_value(item, judged, why)) {
			return false;
		}
	}
	return true;
}

static bool judge_text(yyjson_val *root, struct judged *judged, char why[static 300])
{
	const char *text = yyjson_get_str(yyjson_obj_get(root, "text"));

	if (!text || !*text || strlen(text) > TEXT_MAX) {
		snprintf(why, 300, "no text, or too much of it");
		return false;
	}
	add(judged, text, true, true); /* what blocks show hides it, but for the notification */
	return can_be_seen(text, why);
}

bool judge_body(const char *body, struct judged *judged, char why[static 300])
{
	yyjson_doc *doc = yyjson_read(body, strlen(body), 0);
	yyjson_val *root = yyjson_doc_get_root(doc), *blocks = yyjson_obj_get(root, "blocks");
	size_t characters = 0, size = 0;
	char *metadata = yyjson_val_write(yyjson_obj_get(root, "metadata"), 0, &size);
	bool fits;

	*judged = (struct judged){0};
	snprintf(why, 300, "%s", doc ? "" : "not JSON, or not UTF-8");
	fits = doc && (!blocks || slack_blocks_fit(blocks, why, &characters)) &&
	       judge_value(blocks, judged, why) && judge_text(root, judged, why);
	if (fits && (characters > CHARACTERS_MAX || size > METADATA_MAX)) {
		snprintf(why, 300, "%zu characters, %zu bytes of metadata", characters, size);
		fits = false;
	}
	free(metadata);
	yyjson_doc_free(doc);
	return fits;
}

bool judge_is_harmless(const struct judged *judged, const struct judged *harmless, char why[static 300])
{
	const struct slack_live *is = &judged->live, *most = &harmless->live;
	const struct {
		const char *what;
		int is, most;
	} rows[] = {
		{"mentions", is->users, most->users},     {"channels", is->channels, most->channels},
		{"styles", is->styles, most->styles},     {"emoji", is->emoji, most->emoji},
		{"alarms", is->specials, most->specials}, {"links", is->links, most->links},
		{"bare addresses", is->bare, most->bare}, {"line ends", judged->lines, harmless->lines},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].is > rows[i].most) {
			snprintf(why, 300, "%d %s, where harmless words have %d", rows[i].is, rows[i].what,
				 rows[i].most);
			return false;
		}
	}
	return true;
}
