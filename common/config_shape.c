/* The three accepted forms of a file to one list of sections:
 *
 *   sources: [- buildkite: {…}]      destinations: [- store]
 *   source: {buildkite: {…}}         destination: {firestore: {…}}
 *   native: {…}                      data_sources: [- {slug: circleci, projects: […], config: […]}]
 */
/* SPDX-License-Identifier: MIT */
#include "common/config_shape.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 64

static const char *const side_words[] = {"source", "destination"};

static const struct config_kind *find_kind(const struct shape *shape, enum section_kind side,
					   const char *kind)
{
	for (const struct config_kind *known = shape->kinds; known->kind; known++) {
		if (known->side == side && strcmp(known->kind, kind) == 0) {
			return known;
		}
	}
	return NULL;
}

static void add_unknown_kind(const struct shape *shape, const struct draft *draft, const char *where)
{
	struct nearest nearest = {.word = doc_text(shape->doc, draft->kind)};
	char what[48];

	for (const struct config_kind *known = shape->kinds; known->kind; known++) {
		if (known->side == draft->side) {
			nearest_offer(&nearest, known->kind, strlen(known->kind));
		}
	}
	snprintf(what, sizeof what, "unknown kind of %s", side_words[draft->side]);
	problem_unknown(shape->problems, doc_line(shape->doc, draft->kind), where, what, &nearest);
}

static void add_unavailable(const struct shape *shape, const struct draft *draft)
{
	char have[160] = "";

	for (const struct config_kind *known = shape->kinds; known->kind; known++) {
		size_t used = strlen(have);

		if (known->side == draft->side && known->available) {
			snprintf(have + used, sizeof have - used, "%s%s", used ? ", " : "", known->kind);
		}
	}
	problem_add(shape->problems, doc_line(shape->doc, draft->kind), doc_text(shape->doc, draft->kind),
		    "this version of buildbus has no such %s yet (has: %s)", side_words[draft->side], have);
}

/* Names stand in metrics, topics and on command lines, and each process must see the same one: no variables.
 */
static const char *name_of(const struct shape *shape, const struct draft *draft, const char *kind,
			   const char *where)
{
	int node = doc_get(shape->doc, draft->options, "name");
	const char *name = doc_text(shape->doc, node);
	size_t len = name ? strlen(name) : 0;

	if (doc_is_null(shape->doc, node)) {
		return kind;
	}
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)name[i]) && !strchr("_-.", name[i])) {
			len = 0;
		}
	}
	if (len == 0 || len > NAME_MAX_LEN) {
		problem_add(shape->problems, doc_line(shape->doc, node), where,
			    "name: must be 1 to %d letters, digits, '-', '_' or '.'", NAME_MAX_LEN);
		return NULL;
	}
	return name;
}

static bool name_is_free(const struct shape *shape, const struct draft *draft, const char *name,
			 const char *where)
{
	for (size_t i = 0; i < shape->config->section_count; i++) {
		const struct config_section *other = &shape->config->sections[i];
		const struct config_place *place = other->node;

		if (other->side == draft->side && strcmp(other->name, name) == 0) {
			problem_add(shape->problems, doc_line(shape->doc, draft->kind), where,
				    "name: %s is the name of %s in line %d too; give each a name of its own",
				    name, place->where, other->line);
			return false;
		}
	}
	return true;
}

static void append(const struct shape *shape, const struct config_section *section,
		   const struct config_place *place)
{
	struct config *config = shape->config;
	struct config_section *more =
		reallocarray(config->sections, config->section_count + 1, sizeof *config->sections);
	struct config_place *kept = malloc(sizeof *kept);

	if (more) {
		config->sections = more;
	}
	if (!more || !kept) {
		free(kept);
		problem_no_memory(shape->problems);
		return;
	}
	*kept = *place;
	more[config->section_count] = *section;
	more[config->section_count++].node = kept;
}

void shape_add_section(const struct shape *shape, const struct draft *draft)
{
	const char *kind = doc_text(shape->doc, draft->kind);
	const struct config_kind *known = find_kind(shape, draft->side, kind);
	struct config_section section = {.side = draft->side, .line = doc_line(shape->doc, draft->kind)};
	struct config_place place = {0};
	char index[16] = "";

	if (draft->index >= 0) {
		snprintf(index, sizeof index, "[%d]", draft->index);
	}
	snprintf(place.where, sizeof place.where, "%s%s.%.50s", draft->list, index, kind);
	if (!known) {
		add_unknown_kind(shape, draft, place.where);
		return;
	}
	if (!known->available) {
		add_unavailable(shape, draft);
		return;
	}
	if (!doc_is_null(shape->doc, draft->options) && !doc_is_map(shape->doc, draft->options)) {
		problem_add(shape->problems, section.line, place.where, "must be a map of options");
		return;
	}
	place.options = doc_is_map(shape->doc, draft->options) ? draft->options : 0;
	section.kind = known->kind;
	section.name = name_of(shape, draft, known->kind, place.where);
	if (section.name && name_is_free(shape, draft, section.name, place.where)) {
		append(shape, &section, &place);
	}
}

/* entry is `buildkite: {…}` or the word `store`. */
static void add_entry(const struct shape *shape, struct draft draft, int entry)
{
	size_t count = doc_count(shape->doc, entry);
	char where[48];

	snprintf(where, sizeof where, draft.index < 0 ? "%s" : "%s[%d]", draft.list, draft.index);
	if (doc_text(shape->doc, entry) && !doc_is_null(shape->doc, entry)) {
		draft.kind = entry;
		shape_add_section(shape, &draft);
	} else if (doc_is_map(shape->doc, entry) && count == 1) {
		draft.kind = doc_key(shape->doc, entry, 0);
		draft.options = doc_value(shape->doc, entry, 0);
		shape_add_section(shape, &draft);
	} else if (doc_is_map(shape->doc, entry) && count > 1) {
		problem_add(shape->problems, doc_line(shape->doc, entry), where,
			    "has %zu keys (%.40s, %.40s…) where one kind belongs; indent the options deeper "
			    "than the kind",
			    count, doc_text(shape->doc, doc_key(shape->doc, entry, 0)),
			    doc_text(shape->doc, doc_key(shape->doc, entry, 1)));
	} else {
		problem_add(shape->problems, doc_line(shape->doc, entry), where,
			    "must be a kind with its options, `%s`%s",
			    draft.side == SECTION_SOURCE ? "buildkite: {…}" : "store: {…}",
			    doc_is_list(shape->doc, entry) && draft.index < 0
				    ? "; a list belongs under sources: or destinations:"
				    : "");
	}
}

/* `sources:`, `destinations:` */
static void read_list(const struct shape *shape, struct draft draft, int list)
{
	if (!doc_is_list(shape->doc, list)) {
		problem_add(shape->problems, doc_line(shape->doc, list), draft.list,
			    "must be a list, `- %s: {…}`",
			    draft.side == SECTION_SOURCE ? "buildkite" : "store");
		return;
	}
	for (size_t i = 0; i < doc_count(shape->doc, list); i++) {
		draft.index = (int)i;
		add_entry(shape, draft, doc_item(shape->doc, list, i));
	}
}

/* `source:`, `destination:` */
static void read_one(const struct shape *shape, struct draft draft, int entry)
{
	draft.index = -1;
	add_entry(shape, draft, entry);
}

static const struct {
	const char *key;
	void (*read)(const struct shape *shape, struct draft draft, int node);
	enum section_kind side;
} forms[] = {
	{"bus", NULL, SECTION_SOURCE}, /* config_bus */
	{"sources", read_list, SECTION_SOURCE},
	{"source", read_one, SECTION_SOURCE},
	{"data_sources", shape_read_fixture, SECTION_SOURCE},
	{"native", NULL, SECTION_SOURCE}, /* says whose fixture it is; nothing here depends on it */
	{"destinations", read_list, SECTION_DESTINATION},
	{"destination", read_one, SECTION_DESTINATION},
};
#define FORM_COUNT (sizeof forms / sizeof forms[0])

void shape_unknown_key(const struct shape *shape, int key, const char *where, const char *const *known)
{
	struct nearest nearest = {.word = doc_text(shape->doc, key)};

	for (; *known; known++) {
		nearest_offer(&nearest, *known, strlen(*known));
	}
	problem_unknown(shape->problems, doc_line(shape->doc, key), where, "unknown key", &nearest);
}

bool shape_check_keys(const struct shape *shape, int node, const char *where, const char *const *known)
{
	bool good = true;

	if (!doc_is_map(shape->doc, node)) {
		problem_add(shape->problems, doc_line(shape->doc, node), where,
			    "must be a map with the key %s", *known);
		return false;
	}
	for (size_t i = 0; i < doc_count(shape->doc, node); i++) {
		int key = doc_key(shape->doc, node, i);
		const char *const *found = known;
		char place[160];

		snprintf(place, sizeof place, "%s%s%.60s", where, *where ? "." : "",
			 doc_text(shape->doc, key));
		while (*found && strcmp(*found, doc_text(shape->doc, key)) != 0) {
			found++;
		}
		if (!*found) {
			shape_unknown_key(shape, key, place, known);
			good = false;
		} else if (doc_get(shape->doc, node, *found) != doc_value(shape->doc, node, i)) {
			problem_add(shape->problems, doc_line(shape->doc, key), place, "repeated");
			good = false;
		}
	}
	return good;
}

/* Records have to go somewhere: without a destination of the file's own, into the embedded store. */
static void add_default_store(const struct shape *shape)
{
	int root = doc_root(shape->doc), list = doc_get(shape->doc, root, "destinations");
	const struct config_section section = {.side = SECTION_DESTINATION, .kind = "store", .name = "store"};
	const struct config_place place = {.where = "destinations[0].store"};

	if ((doc_is_null(shape->doc, list) || doc_is_list(shape->doc, list)) &&
	    doc_count(shape->doc, list) == 0 &&
	    doc_is_null(shape->doc, doc_get(shape->doc, root, "destination"))) {
		append(shape, &section, &place);
	}
}

void config_shape(struct config *config, const struct config_kind *kinds, struct config_problems *problems)
{
	struct shape shape = {
		.config = config, .doc = config->document, .kinds = kinds, .problems = problems};
	const char *keys[FORM_COUNT + 1] = {NULL};
	int root = doc_root(shape.doc);

	for (size_t i = 0; i < FORM_COUNT; i++) {
		keys[i] = forms[i].key;
	}
	(void)shape_check_keys(&shape, root, "", keys);
	for (size_t i = 0; i < FORM_COUNT; i++) {
		int node = doc_get(shape.doc, root, forms[i].key);

		if (forms[i].read && !doc_is_null(shape.doc, node)) {
			forms[i].read(&shape, (struct draft){.side = forms[i].side, .list = forms[i].key},
				      node);
		}
	}
	add_default_store(&shape);
}
