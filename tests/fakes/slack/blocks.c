/* Block Kit's limits. Characters are counted as UTF-16 does, as Slack's own tools in JavaScript do: never
 * fewer than by any other count of characters. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/slack/slack.h"

#include <stdarg.h>
#include <string.h>

struct look {
	char *complaint; /* of 300 bytes; "" until something is wrong */
	size_t *characters;
	char path[40];
	const char *ids[51];
	size_t id_count;
};

static bool bad(struct look *look, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool bad(struct look *look, const char *format, ...)
{
	char text[160];
	va_list values;

	va_start(values, format);
	vsnprintf(text, sizeof text, format, values);
	va_end(values);
	if (!*look->complaint) {
		snprintf(look->complaint, 300, "[ERROR] %s [json-pointer:%s]", text, look->path);
	}
	return false;
}

static size_t units(const char *text)
{
	size_t count = 0;

	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		count += (*at & 0xc0) != 0x80;
		count += *at >= 0xf0; /* beyond the first plane: a pair */
	}
	return count;
}

bool slack_is_named(const char *const *names, const char *name)
{
	while (*names && strcmp(*names, name) != 0) {
		names++;
	}
	return *names;
}

#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})

static bool has_only(struct look *look, yyjson_val *object, const char *const *keys)
{
	yyjson_val *key, *value;
	size_t i, max;

	if (!yyjson_is_obj(object)) {
		return bad(look, "must be an object");
	}
	yyjson_obj_foreach(object, i, max, key, value)
	{
		if (!slack_is_named(keys, yyjson_get_str(key))) {
			return bad(look, "invalid additional property: %.60s", yyjson_get_str(key));
		}
	}
	return true;
}

static bool text_is_short(struct look *look, yyjson_val *object, const char *key, size_t min, size_t max)
{
	yyjson_val *value = yyjson_obj_get(object, key);
	size_t size;

	if (!value && min == 0) {
		return true;
	}
	if (!yyjson_is_str(value)) {
		return bad(look, "missing required field: %s", key);
	}
	size = units(yyjson_get_str(value));
	if (strlen(yyjson_get_str(value)) != yyjson_get_len(value)) {
		return bad(look, "%s has a NUL", key);
	}
	*look->characters += size;
	if (size > max) {
		return bad(look, "must be less than %zu characters: %s", max + 1, key);
	}
	return size >= min ? true : bad(look, "must be more than %zu characters: %s", min - 1, key);
}

/* A text object. */
static bool text_fits(struct look *look, yyjson_val *text, bool plain_only, size_t max)
{
	const char *type = yyjson_get_str(yyjson_obj_get(text, "type"));
	bool plain = type && strcmp(type, "plain_text") == 0;

	if (!type || (!plain && (plain_only || strcmp(type, "mrkdwn") != 0))) {
		return bad(look, "must be a text object%s", plain_only ? " of plain_text" : "");
	}
	return has_only(look, text,
			plain ? KEYS("type", "text", "emoji") : KEYS("type", "text", "verbatim")) &&
	       text_is_short(look, text, "text", 1, max);
}

static bool url_fits(struct look *look, yyjson_val *object, const char *key, size_t min)
{
	const char *url = yyjson_get_str(yyjson_obj_get(object, key));

	if (url && strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0) {
		return bad(look, "invalid url: %s", key);
	}
	return text_is_short(look, object, key, min, 3000);
}

static bool image_fits(struct look *look, yyjson_val *image)
{
	return has_only(look, image, KEYS("type", "image_url", "alt_text", "title", "block_id")) &&
	       url_fits(look, image, "image_url", 1) && text_is_short(look, image, "alt_text", 1, 2000);
}

static bool button_fits(struct look *look, yyjson_val *button)
{
	const char *style = yyjson_get_str(yyjson_obj_get(button, "style"));

	if (!has_only(look, button,
		      KEYS("type", "text", "action_id", "url", "value", "style", "accessibility_label"))) {
		return false;
	}
	if (style && strcmp(style, "primary") != 0 && strcmp(style, "danger") != 0) {
		return bad(look, "invalid style");
	}
	return text_fits(look, yyjson_obj_get(button, "text"), true, 75) &&
	       text_is_short(look, button, "action_id", 0, 255) && url_fits(look, button, "url", 0) &&
	       text_is_short(look, button, "value", 0, 2000);
}

static bool element_fits(struct look *look, yyjson_val *element, bool in_actions)
{
	const char *type = yyjson_get_str(yyjson_obj_get(element, "type"));

	if (type && strcmp(type, "button") == 0 && in_actions) {
		return button_fits(look, element);
	}
	if (type && strcmp(type, "image") == 0 && !in_actions) {
		return image_fits(look, element);
	}
	return in_actions ? bad(look, "unsupported element") : text_fits(look, element, false, 3000);
}

static bool elements_fit(struct look *look, yyjson_val *block, size_t most, bool in_actions)
{
	yyjson_val *elements = yyjson_obj_get(block, "elements"), *element;
	size_t i, max;

	if (!has_only(look, block, KEYS("type", "block_id", "elements"))) {
		return false;
	}
	if (yyjson_arr_size(elements) == 0) {
		return bad(look, "no elements");
	}
	if (yyjson_arr_size(elements) > most) {
		return bad(look, "no more than %zu items allowed: elements", most);
	}
	yyjson_arr_foreach(elements, i, max, element)
	{
		if (!element_fits(look, element, in_actions)) {
			return false;
		}
	}
	return true;
}

static bool fields_fit(struct look *look, yyjson_val *fields)
{
	yyjson_val *field;
	size_t i, max;

	if (yyjson_arr_size(fields) > 10 || (fields && yyjson_arr_size(fields) == 0)) {
		return bad(look, "no more than 10 items allowed: fields");
	}
	yyjson_arr_foreach(fields, i, max, field)
	{
		if (!text_fits(look, field, false, 2000)) {
			return false;
		}
	}
	return true;
}

static bool section_fits(struct look *look, yyjson_val *block)
{
	yyjson_val *text = yyjson_obj_get(block, "text"), *fields = yyjson_obj_get(block, "fields"),
		   *accessory = yyjson_obj_get(block, "accessory");
	const char *type = yyjson_get_str(yyjson_obj_get(accessory, "type"));

	if (!has_only(look, block, KEYS("type", "block_id", "text", "fields", "accessory", "expand"))) {
		return false;
	}
	if (!text && !fields) {
		return bad(look, "missing required field: text");
	}
	return (!text || text_fits(look, text, false, 3000)) && fields_fit(look, fields) &&
	       (!accessory || element_fits(look, accessory, type && strcmp(type, "button") == 0));
}

static bool kind_fits(struct look *look, const char *type, yyjson_val *block)
{
	if (strcmp(type, "section") == 0) {
		return section_fits(look, block);
	}
	if (strcmp(type, "header") == 0) {
		return has_only(look, block, KEYS("type", "block_id", "text")) &&
		       text_fits(look, yyjson_obj_get(block, "text"), true, 150);
	}
	if (strcmp(type, "context") == 0) {
		return elements_fit(look, block, 10, false);
	}
	if (strcmp(type, "actions") == 0) {
		return elements_fit(look, block, 25, true);
	}
	if (strcmp(type, "divider") == 0) {
		return has_only(look, block, KEYS("type", "block_id"));
	}
	return strcmp(type, "image") == 0 ? image_fits(look, block)
					  : bad(look, "unsupported type: %.40s", type);
}

static bool id_fits(struct look *look, yyjson_val *block)
{
	const char *id = yyjson_get_str(yyjson_obj_get(block, "block_id"));
	size_t none = 0, *characters = look->characters;
	bool fits;

	if (!id) {
		return true;
	}
	for (size_t i = 0; i < look->id_count; i++) {
		if (strcmp(look->ids[i], id) == 0) {
			return bad(look, "`block_id` must be unique");
		}
	}
	look->ids[look->id_count++] = id;
	look->characters = &none;
	fits = text_is_short(look, block, "block_id", 1, 255);
	look->characters = characters;
	return fits;
}

bool slack_blocks_fit(yyjson_val *blocks, char complaint[static 300], size_t *characters)
{
	struct look look = {.complaint = complaint, .characters = characters};
	yyjson_val *block;
	size_t i, max;

	*complaint = '\0';
	if (yyjson_arr_size(blocks) > 50) {
		return bad(&look, "no more than 50 items allowed");
	}
	yyjson_arr_foreach(blocks, i, max, block)
	{
		const char *type = yyjson_get_str(yyjson_obj_get(block, "type"));
		snprintf(look.path, sizeof look.path, "/blocks/%zu", i);
		if (!type || !id_fits(&look, block) || !kind_fits(&look, type, block)) {
			return bad(&look, "missing required field: type");
		}
	}
	return true;
}

bool slack_blocks_type(yyjson_val *blocks)
{
	yyjson_val *block;
	size_t i, max;

	yyjson_arr_foreach(blocks, i, max, block)
	{
		if (!yyjson_is_str(yyjson_obj_get(block, "type"))) {
			return false;
		}
	}
	return yyjson_is_arr(blocks);
}
