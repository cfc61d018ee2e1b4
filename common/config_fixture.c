/* The fixture form, `data_sources:`. Each entry becomes the map that the other forms would hold, made of the
 * file's own nodes, so that errors point into the file:
 *
 *   - slug: circleci                                     circleci:
 *     projects: [{endpoints: [{name: gh/acme/api}]}]  →    project_slug: [gh/acme/api]
 *     config: [{name: Circle-Token, value: $TOKEN}]        token: $TOKEN
 */
/* SPDX-License-Identifier: MIT */
#include "common/config_shape.h"

#include <stdio.h>
#include <strings.h>

/* The number of items of what has to be a list, or may be left out. */
static size_t items_of(const struct shape *shape, int list, const char *where)
{
	if (doc_is_list(shape->doc, list)) {
		return doc_count(shape->doc, list);
	}
	if (!doc_is_null(shape->doc, list)) {
		problem_add(shape->problems, doc_line(shape->doc, list), where, "must be a list");
	}
	return 0;
}

/* Appends the names of a project's endpoints to slugs. */
static void add_endpoints(const struct shape *shape, int project, const char *where, int slugs)
{
	static const char *const known[] = {"name", NULL}, *const project_known[] = {"endpoints", "name",
										     NULL};
	int endpoints = doc_get(shape->doc, project, "endpoints");
	size_t count;

	if (!shape_check_keys(shape, project, where, project_known)) {
		return;
	}
	count = items_of(shape, endpoints, where);
	for (size_t i = 0; i < count; i++) {
		int endpoint = doc_item(shape->doc, endpoints, i),
		    name = doc_get(shape->doc, endpoint, "name");

		if (!shape_check_keys(shape, endpoint, where, known)) {
			continue;
		}
		if (doc_is_null(shape->doc, name)) {
			problem_add(shape->problems, doc_line(shape->doc, endpoint), where,
				    "an endpoint without name");
		} else if (!doc_append(shape->doc, slugs, name)) {
			problem_no_memory(shape->problems);
		}
	}
}

/* `config: [{name: Circle-Token, value: …}]` */
static void add_setting(const struct shape *shape, int setting, const char *where, int options)
{
	static const char *const known[] = {"name", "value", NULL}, *const names[] = {"Circle-Token", NULL};
	int name = doc_get(shape->doc, setting, "name");

	if (!shape_check_keys(shape, setting, where, known)) {
		return;
	}
	if (!doc_text(shape->doc, name)) {
		problem_add(shape->problems, doc_line(shape->doc, setting), where, "a setting without name");
	} else if (strcasecmp(doc_text(shape->doc, name), names[0]) != 0) {
		shape_unknown_key(shape, name, where, names);
	} else if (doc_is_null(shape->doc, doc_get(shape->doc, setting, "value"))) {
		problem_add(shape->problems, doc_line(shape->doc, setting), where, "%s without value",
			    names[0]);
	} else if (!doc_put(shape->doc, options, "token", doc_get(shape->doc, setting, "value"))) {
		problem_no_memory(shape->problems);
	}
}

static void translate(const struct shape *shape, int entry, const char *where, int options, int slugs)
{
	int projects = doc_get(shape->doc, entry, "projects"),
	    settings = doc_get(shape->doc, entry, "config");
	size_t project_count = items_of(shape, projects, where),
	       setting_count = items_of(shape, settings, where);

	for (size_t i = 0; i < project_count; i++) {
		add_endpoints(shape, doc_item(shape->doc, projects, i), where, slugs);
	}
	for (size_t i = 0; i < setting_count; i++) {
		add_setting(shape, doc_item(shape->doc, settings, i), where, options);
	}
	if (!doc_put(shape->doc, options, "project_slug", slugs)) {
		problem_no_memory(shape->problems);
	}
}

static void add_data_source(const struct shape *shape, struct draft draft, int entry)
{
	static const char *const known[] = {"slug", "projects", "config", NULL};
	char where[48];
	int slugs;

	snprintf(where, sizeof where, "%s[%d]", draft.list, draft.index);
	if (!shape_check_keys(shape, entry, where, known)) {
		return;
	}
	draft.kind = doc_get(shape->doc, entry, "slug");
	if (!doc_text(shape->doc, draft.kind)) {
		problem_add(shape->problems, doc_line(shape->doc, entry), where, "slug: missing");
		return;
	}
	draft.options = doc_new_map(shape->doc, draft.kind);
	slugs = doc_new_list(shape->doc, entry);
	if (!draft.options || !slugs) {
		problem_no_memory(shape->problems);
		return;
	}
	translate(shape, entry, where, draft.options, slugs);
	shape_add_section(shape, &draft);
}

void shape_read_fixture(const struct shape *shape, struct draft draft, int list)
{
	if (!doc_is_list(shape->doc, list)) {
		problem_add(shape->problems, doc_line(shape->doc, list), draft.list,
			    "must be a list, `- slug: circleci`");
		return;
	}
	for (size_t i = 0; i < doc_count(shape->doc, list); i++) {
		draft.index = (int)i;
		add_data_source(shape, draft, doc_item(shape->doc, list, i));
	}
}
