/* SPDX-License-Identifier: MIT */
#include "common/config_value.h"

#include "common/config_file.h"
#include "common/config_problems.h"
#include "common/listen.h"
#include "common/log.h"
#include "common/time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* No row means a longer time, and now plus this stays far from the end of int64_t. */
#define DURATION_MAX_MS (100 * 365 * DAY_MS)

/* What a converter has at hand. */
struct input {
	const struct config_row *row;
	const char *folder, *text;
	const char *shown; /* quoted, with a space behind it; "" when it must not be printed */
};

static enum status keep(char *heap, void *target, struct err *err)
{
	if (!heap) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	*(char **)target = heap;
	return OK;
}

static enum status set_text(const struct input *in, void *target, struct err *err)
{
	return keep(strdup(in->text), target, err);
}

static enum status set_secret(const struct input *in, void *target, struct err *err)
{
	log_secret(in->text);
	return keep(strdup(in->text), target, err);
}

static enum status set_path(const struct input *in, void *target, struct err *err)
{
	return keep(path_resolve(in->folder, in->text), target, err);
}

static bool has_port_or_none(const char *host)
{
	size_t size = strcspn(host, "/");
	const char *colon = memrchr(host, ':', size);

	return !colon || host[size - 1] == ']' || port_read(colon + 1, (size_t)(host + size - colon - 1)) > 0;
}

/* The text is never shown: a password may be in it, even where it is no URL at all. */
static enum status set_url(const struct input *in, void *target, struct err *err)
{
	const char *host = strncmp(in->text, "https://", 8) == 0  ? in->text + 8
			   : strncmp(in->text, "http://", 7) == 0 ? in->text + 7
								  : NULL;
	size_t len = strlen(in->text);

	if (!host || !*host || *host == '/' || *host == ':') {
		return err_set(err, ERR_CONFIG, "must be a URL, http://HOST… or https://HOST…");
	}
	if (memchr(host, '@', strcspn(host, "/"))) {
		return err_set(err, ERR_CONFIG,
			       "must not hold a user or a password; there are keys of their own for them");
	}
	for (const char *c = in->text; *c; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '?' || *c == '#') {
			return err_set(err, ERR_CONFIG, "must be a URL without spaces, query and fragment");
		}
	}
	if (!has_port_or_none(host)) {
		return err_set(err, ERR_CONFIG, "must be a URL whose port is from 1 to 65535");
	}
	while (in->text[len - 1] == '/') {
		len--;
	}
	return keep(strndup(in->text, len), target, err);
}

static enum status check_range(const struct input *in, int64_t value, int64_t default_max, struct err *err)
{
	int64_t max = in->row->max ? in->row->max : default_max;
	struct config_row row = *in->row;
	char range[80];

	if (value >= in->row->min && value <= max) {
		return OK;
	}
	row.max = max;
	config_range_text(&row, range, sizeof range);
	return err_set(err, ERR_CONFIG, "%sis out of range: %s", in->shown, range);
}

static enum status set_int(const struct input *in, void *target, struct err *err)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(in->text, &end, 10);
	if (strspn(in->text, "-0123456789") != strlen(in->text) || *end || end == in->text) {
		return err_set(err, ERR_CONFIG, "%sis not a whole number", in->shown);
	}
	*(int64_t *)target = value;
	if (errno == ERANGE) {
		return err_set(err, ERR_CONFIG, "%sis out of range", in->shown);
	}
	return check_range(in, value, INT64_MAX, err);
}

static enum status set_real(const struct input *in, void *target, struct err *err)
{
	char *end, range[80];
	double value;

	errno = 0;
	value = strtod(in->text, &end);
	if (strspn(in->text, "-.0123456789") != strlen(in->text) || *end || end == in->text || errno) {
		return err_set(err, ERR_CONFIG, "%sis not a number", in->shown);
	}
	*(double *)target = value;
	if (value >= (double)in->row->min && (in->row->max == 0 || value <= (double)in->row->max)) {
		return OK;
	}
	config_range_text(in->row, range, sizeof range);
	return err_set(err, ERR_CONFIG, "%sis out of range: %s", in->shown, range);
}

static enum status set_bool(const struct input *in, void *target, struct err *err)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcasecmp(in->text, words[i]) == 0) {
			*(bool *)target = i % 2;
			return OK;
		}
	}
	return err_set(err, ERR_CONFIG, "%sis neither true nor false", in->shown);
}

static enum status set_duration(const struct input *in, void *target, struct err *err)
{
	if (duration_parse(in->text, target)) {
		return err_set(err, ERR_CONFIG, "%sis not a duration (30s, 5m, 1h, 7d, 2w)", in->shown);
	}
	return check_range(in, *(int64_t *)target, DURATION_MAX_MS, err);
}

static enum status set_size(const struct input *in, void *target, struct err *err)
{
	if (size_parse(in->text, target)) {
		return err_set(err, ERR_CONFIG, "%sis not a size (512MiB, 1GB, 1048576)", in->shown);
	}
	return check_range(in, *(int64_t *)target, INT64_MAX, err);
}

static enum status set_since(const struct input *in, void *target, struct err *err)
{
	struct config_since since = {0};
	size_t digits = strspn(in->text, "0123456789");
	bool number = in->text[digits] == '\0' && digits > 0 && digits <= 9;

	if (number) {
		since.builds = strtoll(in->text, NULL, 10);
	} else if (duration_parse(in->text, &since.ago_ms) == OK) {
		since.ago_ms = since.ago_ms > DURATION_MAX_MS ? DURATION_MAX_MS : since.ago_ms;
	} else if (time_parse(in->text, strlen(in->text), &since.date_ms) == OK) {
		since.date_ms = since.date_ms < 1 ? 1 : since.date_ms; /* 0 is "no date" */
	}
	if (!since.builds && !since.ago_ms && !since.date_ms) {
		return err_set(err, ERR_CONFIG,
			       "%sis neither a duration (30d) nor a date (2026-01-31) nor a number of builds "
			       "(100) above 0",
			       in->shown);
	}
	*(struct config_since *)target = since;
	return OK;
}

static enum status find_choice(const struct input *in, int *out, struct err *err)
{
	struct nearest nearest = {.word = in->text};

	for (int i = 0; in->row->choices[i]; i++) {
		if (strcmp(in->text, in->row->choices[i]) == 0) {
			*out = i;
			return OK;
		}
		nearest_offer(&nearest, in->row->choices[i], strlen(in->row->choices[i]));
	}
	return err_set(err, ERR_CONFIG, "%sis not one of %s", in->shown, nearest.all);
}

static enum status set_enum(const struct input *in, void *target, struct err *err)
{
	return find_choice(in, target, err);
}

/* `failure, error`: more words are added to what is there. */
static enum status set_words(const struct input *in, void *target, struct err *err)
{
	struct input word = *in;

	for (const char *at = in->text; *at;) {
		size_t len = strcspn(at, ", \r\n");
		char text[32];
		int choice = 0;

		snprintf(text, sizeof text, "%.*s", (int)len, at);
		word.text = text;
		if (len > 0 && find_choice(&word, &choice, err) != OK) {
			return err->status;
		}
		*(unsigned *)target |= len > 0 ? 1u << choice : 0;
		at += len + strspn(at + len, ", \r\n");
	}
	return OK;
}

static const struct {
	const char *name;
	enum status (*set)(const struct input *in, void *target, struct err *err);
} types[] = {
	[CONFIG_TEXT] = {"text", set_text},
	[CONFIG_SECRET] = {"secret", set_secret},
	[CONFIG_PATH] = {"path", set_path},
	[CONFIG_URL] = {"URL", set_url},
	[CONFIG_INT] = {"number", set_int},
	[CONFIG_BOOL] = {"true or false", set_bool},
	[CONFIG_DURATION] = {"duration", set_duration},
	[CONFIG_SIZE] = {"size", set_size},
	[CONFIG_SINCE] = {"duration, date or number of builds", set_since},
	[CONFIG_LIST] = {"text or list", NULL},
	[CONFIG_MAP] = {"map", NULL},
	[CONFIG_ENUM] = {"choice", set_enum},
	[CONFIG_WORDS] = {"choices", set_words},
	[CONFIG_REAL] = {"decimal number", set_real},
	[CONFIG_ITEMS] = {"list of maps", NULL},
};

const char *config_type_name(enum config_type type)
{
	return types[type].name;
}

/* A token that stands under the wrong key. */
static bool looks_secret(const char *text)
{
	static const char *const marks[] = {"xoxb-", "xoxp-", "xapp-",   "xoxe",       "hooks.slack",
					    "bkua_", "ghp_",  "CCIPAT_", "PRIVATE KEY"};

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		if (strstr(text, marks[i])) {
			return true;
		}
	}
	return false;
}

enum status config_value_set(const struct config_row *row, const char *folder, const char *text,
			     const char *shown, void *target, struct err *err)
{
	char quoted[80] = "";
	struct input in = {.row = row, .folder = folder, .text = text, .shown = quoted};

	if (shown && row->type != CONFIG_SECRET && !looks_secret(shown)) {
		snprintf(quoted, sizeof quoted, "\"%.60s%s\" ", shown, strlen(shown) > 60 ? "…" : "");
	}
	return types[row->type].set(&in, target, err);
}

static void wipe(char **text)
{
	if (*text) {
		explicit_bzero(*text, strlen(*text));
	}
	free(*text);
	*text = NULL;
}

static void free_texts(char **texts, size_t count)
{
	for (size_t i = 0; texts && i < count; i++) {
		free(texts[i]);
	}
	free(texts);
}

static void free_items(const struct config_row *row, struct config_items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		config_free(row->items, (char *)items->items + i * row->item_size);
	}
	free(items->items);
	*items = (struct config_items){0};
}

void config_value_free(const struct config_row *row, void *target)
{
	struct config_list *list = target;
	struct config_map *map = target;

	switch (row->type) {
	case CONFIG_TEXT:
	case CONFIG_SECRET:
	case CONFIG_PATH:
	case CONFIG_URL:
		wipe(target);
		break;
	case CONFIG_LIST:
		free_texts(list->items, list->count);
		*list = (struct config_list){0};
		break;
	case CONFIG_MAP:
		free_texts(map->keys, map->count);
		free_texts(map->values, map->count);
		*map = (struct config_map){0};
		break;
	case CONFIG_ITEMS:
		free_items(row, target);
		break;
	default:
		break;
	}
}
