/* SPDX-License-Identifier: MIT */
#include "common/config_slot.h"

#include <string.h>

/* What people paste instead: ORG/PIPELINE, a URL, the pipeline's name. */
static void check_slug(const struct slot *slot, const char *text)
{
	if (text && strpbrk(text, "/ \t\n")) {
		problem_add(
			slot->reader->problems, slot->line, slot->where.text,
			"\"%.60s\" is no slug: write the last part of its address alone, in small letters",
			text);
	}
}

static void check_slugs(const struct slot *slot)
{
	const struct config_list *list = slot->target;

	if (slot->row->type == CONFIG_TEXT) {
		check_slug(slot, *(char **)slot->target);
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		check_slug(slot, list->items[i]);
	}
}

static void check_text(const struct slot *slot, const char *text)
{
	struct err err;

	if (text && slot->row->check(text, &err) != OK) {
		slot_problem(slot, &err);
	}
}

static void check_pair(const struct slot *slot, const char *key, const char *value)
{
	struct err err;

	if (slot->row->check(value, &err) != OK) {
		(void)err_prefix(&err, "%.60s", key);
		slot_problem(slot, &err);
	}
}

static void check_given(const struct slot *slot)
{
	const struct config_list *list = slot->target;
	const struct config_map *map = slot->target;

	switch (slot->row->type) {
	case CONFIG_LIST:
		for (size_t i = 0; i < list->count; i++) {
			check_text(slot, list->items[i]);
		}
		break;
	case CONFIG_MAP:
		for (size_t i = 0; i < map->count; i++) {
			check_pair(slot, map->keys[i], map->values[i]);
		}
		break;
	default:
		check_text(slot, *(char **)slot->target);
	}
}

void slot_check(const struct slot *slot)
{
	struct config_problems *problems = slot->reader->problems;

	if (slot->row->slug) {
		check_slugs(slot);
	}
	if (slot->row->check) {
		size_t before = problems->count;

		check_given(slot);
		problems->checked += problems->count - before;
	}
}
