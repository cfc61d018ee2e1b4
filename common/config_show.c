/* Values and limits as people would write them: for `buildbus validate`, for errors, for docs/config.md. */
/* SPDX-License-Identifier: MIT */
#include "common/config_value.h"
#include "common/time.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* In the largest unit that says it exactly. */
static void amount_text(const struct config_row *row, int64_t amount, char out[static 32])
{
	static const struct {
		const char *unit;
		int64_t worth;
	} scales[][5] = {
		{{"d", DAY_MS}, {"h", HOUR_MS}, {"m", MINUTE_MS}, {"s", SECOND_MS}, {"ms", 1}},
		{{"TiB", INT64_C(1) << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}},
	};
	int i = 0;

	if (row->type == CONFIG_INT || row->type == CONFIG_REAL || amount == 0) {
		snprintf(out, 32, "%lld", (long long)amount);
		return;
	}
	while (amount % scales[row->type == CONFIG_SIZE][i].worth != 0) {
		i++;
	}
	snprintf(out, 32, "%lld%s", (long long)(amount / scales[row->type == CONFIG_SIZE][i].worth),
		 scales[row->type == CONFIG_SIZE][i].unit);
}

void config_range_text(const struct config_row *row, char *out, size_t size)
{
	char low[32], high[32];

	amount_text(row, row->min, low);
	amount_text(row, row->max, high);
	if (row->max == 0 && row->min == 0) {
		snprintf(out, size, "%s", "");
	} else if (row->max == 0 || row->max == INT64_MAX) {
		snprintf(out, size, "at least %s", low);
	} else {
		snprintf(out, size, "%s to %s", low, high);
	}
}

static void since_text(const struct config_row *row, const struct config_since *since, char *out, size_t size)
{
	char text[32];

	if (since->builds) {
		snprintf(out, size, "%lld builds", (long long)since->builds);
	} else if (since->date_ms) {
		time_format(since->date_ms, text);
		snprintf(out, size, "%s", text);
	} else if (since->ago_ms) {
		amount_text(row, since->ago_ms, text);
		snprintf(out, size, "%s", text);
	}
}

static void list_text(const struct config_list *list, char *out, size_t size)
{
	for (size_t i = 0, used = 0; i < list->count && used < size; i++) {
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", list->items[i]);
	}
}

static void map_text(const struct config_row *row, const struct config_map *map, char *out, size_t size)
{
	for (size_t i = 0, used = 0; i < map->count && used < size; i++) {
		used += (size_t)snprintf(out + used, size - used, "%s%s: %s", i ? ", " : "", map->keys[i],
					 row->hidden ? "***" : map->values[i]);
	}
}

static void words_text(const struct config_row *row, unsigned words, char *out, size_t size)
{
	for (size_t i = 0, used = 0; row->choices[i] && used < size; i++) {
		if (words & 1u << i) {
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "",
						 row->choices[i]);
		}
	}
}

/* NULL: not given, or more than a word. */
static const char *word_text(const struct config_row *row, const void *target, char amount[static 32])
{
	switch (row->type) {
	case CONFIG_TEXT:
	case CONFIG_PATH:
	case CONFIG_URL:
		return *(char *const *)target;
	case CONFIG_SECRET:
		return *(char *const *)target ? "***" : NULL;
	case CONFIG_BOOL:
		return *(const bool *)target ? "true" : "false";
	case CONFIG_ENUM:
		return row->choices[*(const int *)target];
	case CONFIG_INT:
	case CONFIG_DURATION:
	case CONFIG_SIZE:
		amount_text(row, *(const int64_t *)target, amount);
		return amount;
	case CONFIG_REAL:
		snprintf(amount, 32, "%g", *(const double *)target);
		return amount;
	default:
		return NULL;
	}
}

void config_value_text(const struct config_row *row, const void *target, char *out, size_t size)
{
	char amount[32];
	const char *word = word_text(row, target, amount);

	snprintf(out, size, "%s", word ? word : "");
	switch (row->type) {
	case CONFIG_SINCE:
		since_text(row, target, out, size);
		break;
	case CONFIG_LIST:
		list_text(target, out, size);
		break;
	case CONFIG_MAP:
		map_text(row, target, out, size);
		break;
	case CONFIG_WORDS:
		words_text(row, *(const unsigned *)target, out, size);
		break;
	default: /* CONFIG_ITEMS: config_item_text, each */
		break;
	}
}

/* An amount of 0 without a default was not given. */
static bool is_given(const struct config_row *row, const void *target, const char *value)
{
	switch (row->type) {
	case CONFIG_INT:
	case CONFIG_DURATION:
	case CONFIG_SIZE:
		return row->fallback || *(const int64_t *)target != 0;
	case CONFIG_REAL:
		return row->fallback || *(const double *)target != 0;
	default:
		return *value;
	}
}

void config_item_text(const struct config_row *rows, const void *item, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (; rows->key && used < size; rows++) {
		const void *target = (const char *)item + rows->offset;
		char value[128];

		config_value_text(rows, target, value, sizeof value);
		if (is_given(rows, target, value) &&
		    (!rows->fallback || strcmp(value, rows->fallback) != 0)) {
			used += (size_t)snprintf(out + used, size - used, "%s%s %s", used ? "; " : "",
						 rows->key, value);
		}
	}
}
