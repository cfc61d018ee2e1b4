/* Filters of the build lists (facts: rest_api/builds, "Optional query string parameters"). */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/query.h"
#include "tests/sim/when.h"
#include "tests/sim/world.h"

#include <string.h>

static enum status read_time(const struct query *query, const char *name, int64_t *ms, struct err *err)
{
	const char *text = query_get(query, name);

	*ms = 0;
	if (text && !when_parse(text, ms)) {
		return err_set(err, ERR_DATA,
			       "%s is not an ISO 8601 time: '%.60s' (is its + escaped as %%2B?)", name, text);
	}
	return OK;
}

static enum status add_state(struct filter *filter, const char *word, struct err *err)
{
	if (strcmp(word, "finished") == 0) {
		filter->states |=
			1u << BUILD_PASSED | 1u << BUILD_FAILED | 1u << BUILD_BLOCKED | 1u << BUILD_CANCELED;
		return OK;
	}
	for (int state = 0; state < BUILD_STATES; state++) {
		if (strcmp(word, build_state_word((enum build_state)state)) == 0) {
			filter->states |= 1u << state;
			return OK;
		}
	}
	return err_set(err, ERR_DATA, "Unknown state '%.40s'", word);
}

static bool is_text_filter(const char *name)
{
	static const char *const names[] = {"branch", "branch[]", "commit", "commit[]", "creator"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(name, names[i]) == 0) {
			return true;
		}
	}
	return false;
}

enum status filter_parse(struct filter *filter, const struct query *query, struct err *err)
{
	*filter = (struct filter){.query = query};
	if (read_time(query, "created_from", &filter->created_from, err) ||
	    read_time(query, "created_to", &filter->created_to, err) ||
	    read_time(query, "finished_from", &filter->finished_from, err)) {
		return ERR_DATA;
	}
	for (int i = 0; i < query->count; i++) {
		const struct query_param *param = &query->items[i];
		bool state = strcmp(param->name, "state") == 0 || strcmp(param->name, "state[]") == 0;

		if (state && add_state(filter, param->value, err)) {
			return ERR_DATA;
		}
		filter->texts |= is_text_filter(param->name);
	}
	return OK;
}

bool filter_is_range(const struct filter *filter)
{
	return !filter->finished_from && !filter->states && !filter->texts;
}

/* "*" stands for any number of characters. */
static bool glob(const char *pattern, const char *text)
{
	for (; *pattern != '*'; pattern++, text++) {
		if (*pattern != *text) {
			return false;
		}
		if (!*text) {
			return true;
		}
	}
	do {
		if (glob(pattern + 1, text)) {
			return true;
		}
	} while (*text++);
	return false;
}

/* At least one of the values of a name (with or without []) fits, or there is none. */
static bool any_value(const struct query *query, const char *name, const char *text)
{
	size_t size = strlen(name);
	bool asked = false;

	for (int i = 0; i < query->count; i++) {
		const struct query_param *param = &query->items[i];

		if (strncmp(param->name, name, size) != 0 ||
		    (param->name[size] && strcmp(param->name + size, "[]") != 0)) {
			continue;
		}
		asked = true;
		if (glob(param->value, text)) {
			return true;
		}
	}
	return !asked;
}

bool filter_matches(const struct filter *filter, struct build *build, int64_t now)
{
	enum build_state state;

	build_look(build, now);
	state = build->view.blocked ? BUILD_BLOCKED : build->view.state;
	if (filter->states && !(filter->states & 1u << state)) {
		return false;
	}
	if (filter->finished_from &&
	    (!build->view.finished || build->view.finished < filter->finished_from)) {
		return false;
	}
	return !filter->texts ||
	       (any_value(filter->query, "branch", build->branch) &&
		any_value(filter->query, "commit", build->commit) &&
		any_value(filter->query, "creator", build->creator ? build->creator->uuid : ""));
}
