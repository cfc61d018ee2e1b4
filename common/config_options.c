/* A map of options against its rows: every row finds its value. */
/* SPDX-License-Identifier: MIT */
#include "common/config_expand.h"
#include "common/config_file.h"
#include "common/config_slot.h"
#include "common/config_value.h"

#include <assert.h>
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void slot_problem(const struct slot *slot, const struct err *err)
{
	if (err->status == ERR_SYS) {
		problem_no_memory(slot->reader->problems);
	} else {
		problem_add(slot->reader->problems, slot->line, slot->where.text, "%s", err->text);
	}
}

static void add_missing(const struct slot *slot, bool given)
{
	problem_add(slot->reader->problems, slot->line, slot->where.text,
		    given ? "is empty: %s" : "missing: %s", slot->row->help);
}

/* Expands node's text; NULL: it can't be had, the problem was added. */
static char *expanded(const struct slot *slot, int node)
{
	const char *text = doc_text(slot->reader->doc, node);
	struct err err;
	char *out;

	if (!text) {
		problem_add(slot->reader->problems, doc_line(slot->reader->doc, node), slot->where.text,
			    "must be one value, not a %s",
			    doc_is_map(slot->reader->doc, node) ? "map" : "list");
		return NULL;
	}
	if (config_expand(text, &out, &err)) {
		slot_problem(slot, &err);
		return NULL;
	}
	return out;
}

/* The content of the file that node names, without the newline at its end; NULL as above. */
static char *from_file(const struct slot *slot, int node)
{
	char *name = expanded(slot, node), *path, *text = NULL;
	struct err err;
	size_t size = 0;

	if (!name) {
		return NULL;
	}
	path = path_resolve(slot->reader->doc->folder, name);
	if (!path) {
		problem_no_memory(slot->reader->problems);
	} else if (file_read(path, CONFIG_VALUE_MAX, &text, &size, &err)) {
		problem_add(slot->reader->problems, slot->line, slot->where.text, "%.200s %s", path,
			    err.text);
	} else if (strlen(text) != size) {
		problem_add(slot->reader->problems, slot->line, slot->where.text, "%.200s holds a zero byte",
			    path);
		free(text);
		text = NULL;
	}
	for (; text && size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'); size--) {
		text[size - 1] = '\0';
	}
	free(path);
	free(name);
	return text;
}

/* Takes item. */
static bool push(char ***items, size_t *count, char *item)
{
	char **more = item ? reallocarray(*items, *count + 1, sizeof **items) : NULL;

	if (!more) {
		free(item);
		return false;
	}
	*items = more;
	more[(*count)++] = item;
	return true;
}

static void add_item(const struct slot *slot, int node)
{
	struct config_list *list = slot->target;
	char *text = expanded(slot, node);

	if (text && !*text) {
		problem_add(slot->reader->problems, doc_line(slot->reader->doc, node), slot->where.text,
			    "item %zu is empty", list->count + 1);
		free(text);
	} else if (text && !push(&list->items, &list->count, text)) {
		problem_no_memory(slot->reader->problems);
	}
}

static void add_word(const struct slot *slot, int node)
{
	char *text = expanded(slot, node);
	struct err err;

	if (text && config_value_set(slot->row, slot->folder, text, doc_text(slot->reader->doc, node),
				     slot->target, &err)) {
		slot_problem(slot, &err);
	}
	free(text);
}

/* A list from a file or from one scalar: a line an item. */
static void add_lines(const struct slot *slot, const char *text)
{
	struct config_list *list = slot->target;

	while (*text) {
		size_t len = strcspn(text, "\r\n");

		if (len > 0 && !push(&list->items, &list->count, strndup(text, len))) {
			problem_no_memory(slot->reader->problems);
		}
		text += len + (text[len] != '\0');
	}
}

static void add_pair(const struct slot *slot, int map, size_t i)
{
	struct config_map *out = slot->target;
	const char *key = doc_text(slot->reader->doc, doc_key(slot->reader->doc, map, i));
	char *value = expanded(slot, doc_value(slot->reader->doc, map, i));
	size_t keys = out->count, values = out->count;

	if (!value) {
		return;
	}
	for (size_t j = 0; j < out->count; j++) {
		if (strcmp(out->keys[j], key) == 0) {
			problem_add(slot->reader->problems,
				    doc_line(slot->reader->doc, doc_key(slot->reader->doc, map, i)),
				    slot->where.text, "%.60s is repeated", key);
			free(value);
			return;
		}
	}
	if (!push(&out->values, &values, value)) {
		problem_no_memory(slot->reader->problems);
	} else if (!push(&out->keys, &keys, strdup(key))) {
		free(out->values[out->count]);
		problem_no_memory(slot->reader->problems);
	} else {
		out->count++;
	}
}

static void set_map(const struct slot *slot, int node)
{
	if (!doc_is_map(slot->reader->doc, node)) {
		problem_add(slot->reader->problems, slot->line, slot->where.text,
			    "must be a map, {key: value}");
		return;
	}
	for (size_t i = 0; i < doc_count(slot->reader->doc, node); i++) {
		add_pair(slot, node, i);
	}
}

static void set_list(const struct slot *slot, int node)
{
	for (size_t i = 0; i < doc_count(slot->reader->doc, node); i++) {
		int item = doc_item(slot->reader->doc, node, i);

		if (slot->row->type == CONFIG_WORDS) {
			add_word(slot, item);
		} else {
			add_item(slot, item);
		}
	}
	if (doc_count(slot->reader->doc, node) == 0 && slot->row->required) {
		add_missing(slot, true);
	}
}

/* Nothing that keys must have in common depends on how much or how long; on true or false it does. */
static bool is_quantity(enum config_type type)
{
	return type == CONFIG_INT || type == CONFIG_REAL || type == CONFIG_DURATION || type == CONFIG_SIZE ||
	       type == CONFIG_SINCE;
}

static void set_text(const struct slot *slot, const char *text, const char *shown)
{
	struct err err;

	if (slot->row->type == CONFIG_LIST) {
		add_lines(slot, text);
	} else if (config_value_set(slot->row, slot->folder, text, shown, slot->target, &err)) {
		slot_problem(slot, &err);
		slot->reader->problems->checked += is_quantity(slot->row->type);
	}
}

/* BUILDBUS_<KIND>_API_URL and its like, BUILDBUS_<KEY> of bus; NULL: the row has none, or it is not set. */
static const char *from_environment(const struct slot *slot, char name[static 80])
{
	const char *kind = slot->reader->options->kind, *key = slot->row->key, *value;

	if (kind && strcmp(key, "api_url") != 0 && strcmp(key, "auth_url") != 0) {
		return NULL;
	}
	snprintf(name, 80, "BUILDBUS_%.30s%s%.30s", kind ? kind : "", kind ? "_" : "", key);
	for (char *c = name; *c; c++) {
		*c = *c == '.' ? '_' : (char)toupper((unsigned char)*c);
	}
	value = getenv(name);
	return value && *value ? value : NULL;
}

/* How far back goes `buildbus sync` where the file doesn't say? */
static const char *fallback_of(const struct slot *slot)
{
	const char *limit = getenv("BUILDBUS_SYNC_LIMIT");

	return limit && slot->row->type == CONFIG_SINCE ? limit : slot->row->fallback;
}

static void set_default(struct slot *slot, bool given)
{
	char name[80], here[PATH_MAX];
	const char *text = from_environment(slot, name), *fallback = fallback_of(slot);

	if (text) {
		slot->line = 0;
		snprintf(slot->where.text, sizeof slot->where.text, "%s", name);
		slot->folder =
			getcwd(here, sizeof here) ? here : slot->folder; /* as for any variable of a shell */
		set_text(slot, text, text);
	} else if (fallback) {
		set_text(slot, fallback, fallback);
	} else if (slot->row->required) {
		add_missing(slot, given);
	}
}

/* An option of `buildbus sync` goes before the file; NULL: there is none. */
static const char *option_for(const struct config_row *row)
{
	return strcmp(row->key, "since") == 0      ? getenv("BUILDBUS_SYNC_SINCE")
	       : strcmp(row->key, "coverage") == 0 ? getenv("BUILDBUS_SYNC_COVERAGE")
						   : NULL;
}

static bool takes_list(const struct config_row *row)
{
	return row->type == CONFIG_LIST || row->type == CONFIG_WORDS;
}

static void set_row(struct reader *reader, const struct config_row *row, void *target)
{
	const struct given *given = &reader->given[row - reader->rows];
	struct slot slot = {.reader = reader, .row = row, .target = target, .folder = reader->doc->folder};
	char *text;

	slot.where = where_of(reader, row->key);
	if (given->from_file) {
		slot.where = where_of(reader, doc_text(reader->doc, given->key));
	}
	slot.line = given->key ? doc_line(reader->doc, given->key) : reader->options->line;
	text = (char *)(uintptr_t)option_for(row);
	if (row->type == CONFIG_ITEMS) {
		config_items_read(reader->options, row,
				  doc_is_null(reader->doc, given->value) ? 0 : given->value, slot.where.text,
				  target, reader->problems);
	} else if (text) {
		set_text(&slot, text, text);
	} else if (doc_is_null(reader->doc, given->value)) {
		set_default(&slot, given->key);
	} else if (row->type == CONFIG_MAP) {
		set_map(&slot, given->value);
	} else if (takes_list(row) && doc_is_list(reader->doc, given->value)) {
		set_list(&slot, given->value);
	} else {
		text = given->from_file ? from_file(&slot, given->value) : expanded(&slot, given->value);
		if (text && !*text) {
			set_default(&slot, true);
		} else if (text) {
			set_text(&slot, text, given->from_file ? NULL : doc_text(reader->doc, given->value));
		}
		free(text);
	}
	slot_check(&slot);
}

void config_options_read(const struct config_options *options, const struct config_row *rows, void *target,
			 struct config_problems *problems)
{
	struct reader reader = {.options = options, .doc = options->doc, .rows = rows, .problems = problems};
	size_t count = 0;

	while (rows[count].key) {
		count++;
	}
	assert(count <= CONFIG_ROWS_MAX);
	config_gather(&reader, options->map);
	for (size_t i = 0; i < count; i++) {
		set_row(&reader, &rows[i], (char *)target + rows[i].offset);
	}
}
