/* SPDX-License-Identifier: MIT */
#include "common/config_gather.h"

#include <stdio.h>
#include <string.h>

struct where where_of(const struct reader *reader, const char *key)
{
	struct where where;

	snprintf(where.text, sizeof where.text, "%s.%.60s", reader->options->where, key);
	return where;
}

/* Is name (prefix + key) the row's key or alias, or either with `_file`? */
static bool names_row(const struct config_row *row, const char *name, bool *out_from_file)
{
	const char *spellings[] = {row->key, row->alias};

	for (int i = 0; i < 2; i++) {
		size_t len = spellings[i] ? strlen(spellings[i]) : 0;

		if (len > 0 && strncmp(name, spellings[i], len) == 0) {
			*out_from_file = strcmp(name + len, "_file") == 0;
			if (*out_from_file || name[len] == '\0') {
				return true;
			}
		}
	}
	return false;
}

/* A key that ends in _file may have a row of its own: that row goes before. */
static const struct config_row *find_row(const struct reader *reader, const char *name, bool *out_from_file)
{
	const struct config_row *found = NULL;

	for (const struct config_row *row = reader->rows; row->key; row++) {
		bool from_file;

		if (names_row(row, name, &from_file) && (!found || !from_file)) {
			found = row;
			*out_from_file = from_file;
		}
	}
	return found;
}

static void add_unknown(const struct reader *reader, int key, const char *prefix, const char *name)
{
	struct nearest nearest = {.word = doc_text(reader->doc, key)};
	size_t prefix_len = strlen(prefix);

	for (const struct config_row *row = reader->rows; row->key; row++) {
		if (strncmp(row->key, prefix, prefix_len) == 0) {
			nearest_offer(&nearest, row->key + prefix_len, strcspn(row->key + prefix_len, "."));
		}
	}
	if (reader->options->kind) {
		nearest_offer(&nearest, "name", 4);
	}
	problem_unknown(reader->problems, doc_line(reader->doc, key), where_of(reader, name).text,
			"unknown key", &nearest);
}

static void note_given(struct reader *reader, const struct config_row *row, int key, int value,
		       bool from_file, const char *name)
{
	struct given *given = &reader->given[row - reader->rows];
	int line = doc_line(reader->doc, key);

	if (!given->key) {
		*given = (struct given){.key = key, .value = value, .from_file = from_file};
	} else if (strcmp(doc_text(reader->doc, given->key), doc_text(reader->doc, key)) == 0) {
		problem_add(reader->problems, line, where_of(reader, name).text, "repeated, first in line %d",
			    doc_line(reader->doc, given->key));
	} else {
		problem_add(reader->problems, line, where_of(reader, name).text,
			    "is given a second time, line %d says %s; keep one",
			    doc_line(reader->doc, given->key), doc_text(reader->doc, given->key));
	}
}

static bool has_prefix(const struct config_row *rows, const char *prefix)
{
	for (const struct config_row *row = rows; row->key; row++) {
		if (strncmp(row->key, prefix, strlen(prefix)) == 0) {
			return true;
		}
	}
	return false;
}

static void gather(struct reader *reader, int map, const char *prefix);

/* A row's key `curve.certificate` stands for the key certificate in the map curve. */
static bool gather_inner(struct reader *reader, int key, int value, const char *name)
{
	char prefix[80];

	snprintf(prefix, sizeof prefix, "%.70s.", name);
	if (!has_prefix(reader->rows, prefix)) {
		return false;
	}
	if (doc_is_map(reader->doc, value)) {
		gather(reader, value, prefix);
	} else if (!doc_is_null(reader->doc, value)) {
		problem_add(reader->problems, doc_line(reader->doc, key), where_of(reader, name).text,
			    "must be a map, {key: value}");
	}
	return true;
}

static void check_name_once(struct reader *reader, int map, size_t i)
{
	int key = doc_key(reader->doc, map, i);

	for (size_t j = 0; j < i; j++) {
		if (strcmp(doc_text(reader->doc, doc_key(reader->doc, map, j)), "name") == 0) {
			problem_add(reader->problems, doc_line(reader->doc, key),
				    where_of(reader, "name").text, "repeated, first in line %d",
				    doc_line(reader->doc, doc_key(reader->doc, map, j)));
			return;
		}
	}
}

static void gather(struct reader *reader, int map, const char *prefix)
{
	for (size_t i = 0; i < doc_count(reader->doc, map); i++) {
		int key = doc_key(reader->doc, map, i), value = doc_value(reader->doc, map, i);
		const struct config_row *row;
		bool from_file = false;
		char name[160];

		snprintf(name, sizeof name, "%s%.70s", prefix, doc_text(reader->doc, key));
		row = find_row(reader, name, &from_file);
		if (row) {
			note_given(reader, row, key, value, from_file, name);
		} else if (reader->options->kind && strcmp(name, "name") == 0) {
			check_name_once(reader, map, i);
		} else if (!gather_inner(reader, key, value, name) && !reader->options->partial) {
			add_unknown(reader, key, prefix, name);
		}
	}
}

void config_gather(struct reader *reader, int map)
{
	gather(reader, map, "");
}
