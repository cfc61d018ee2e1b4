/* A list of maps: each is read like a section of its own. */
/* SPDX-License-Identifier: MIT */
#include "common/config_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A zeroed item at the end; NULL: out of memory. */
static void *add_item(const struct config_row *row, struct config_items *items)
{
	char *more = reallocarray(items->items, items->count + 1, row->item_size), *item;

	if (!more) {
		return NULL;
	}
	items->items = more;
	item = more + items->count++ * row->item_size;
	memset(item, 0, row->item_size);
	return item;
}

static void read_item(const struct config_options *outer, const struct config_row *row, int map,
		      const char *where, struct config_items *items, struct config_problems *problems)
{
	struct config_options options = {.doc = outer->doc, .map = map, .where = where, .line = outer->line};
	void *item = add_item(row, items);

	if (!item) {
		problem_no_memory(problems);
		return;
	}
	if (map) {
		options.line = doc_line(outer->doc, map);
	}
	config_options_read(&options, row->items, item, problems);
}

void config_items_read(const struct config_options *outer, const struct config_row *row, int node,
		       const char *where, struct config_items *target, struct config_problems *problems)
{
	struct config_doc *doc = outer->doc;

	if (node && !doc_is_list(doc, node)) {
		problem_add(problems, doc_line(doc, node), where, "must be a list of maps, `- {key: value}`");
		return;
	}
	for (size_t i = 0; i < doc_count(doc, node); i++) {
		int map = doc_item(doc, node, i);
		char place[176];

		snprintf(place, sizeof place, "%.140s[%zu]", where, i);
		if (doc_is_map(doc, map)) {
			read_item(outer, row, map, place, target, problems);
		} else {
			problem_add(problems, doc_line(doc, map), place, "must be a map, {key: value}");
		}
	}
	if (doc_count(doc, node) == 0 && row->fallback) {
		read_item(outer, row, 0, where, target, problems);
	}
}
