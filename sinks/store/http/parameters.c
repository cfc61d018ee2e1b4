/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/parameters.h"
#include "common/time.h"
#include "common/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1024, LIMIT = 50, LIMIT_MAX = 500, DAYS = 30, BRANCH_MS = 1000 };

static bool is_utf8(const char *text)
{
	size_t left = strlen(text), size;

	for (; left > 0; text += size, left -= size) {
		size = utf8_size(text, left);
		if (size == 0) {
			return false;
		}
	}
	return true;
}

/* Not given, or empty: null. */
static enum status text(const struct request *request, const char *name, struct text *out, struct err *err)
{
	const char *value = request_parameter(request, name);

	*out = (struct text){0};
	if (!value || !*value) {
		return OK;
	}
	if (strlen(value) > TEXT_MAX || !is_utf8(value)) {
		return err_set(err, ERR_DATA, "%s: must be UTF-8 of at most %d bytes", name, TEXT_MAX);
	}
	*out = text_of(value);
	return OK;
}

static enum status number(const struct request *request, const char *name, int64_t least, int64_t most,
			  int64_t *out, struct err *err)
{
	const char *value = request_parameter(request, name);
	char *end;
	long long given;

	if (!value || !*value) {
		return OK;
	}
	errno = 0;
	given = strtoll(value, &end, 10);
	if (errno != 0 || *end || strspn(value, "-0123456789") != strlen(value) || given < least ||
	    given > most) {
		return err_set(err, ERR_DATA, "%s: must be a whole number from %lld to %lld", name,
			       (long long)least, (long long)most);
	}
	*out = given;
	return OK;
}

static enum status branch(const struct request *request, int *side_max, struct text *name, struct err *err)
{
	enum status status = text(request, "branch", name, err);

	*side_max = text_is(*name, "all") ? SIDE_OTHER : SIDE_DEFAULT;
	if (text_is(*name, "all") || text_is(*name, "default")) {
		*name = (struct text){0};
	}
	return status;
}

enum status parameters_overview(const struct request *request, struct overview_ask *ask, struct err *err)
{
	enum status status = branch(request, &ask->side_max, &ask->branch, err);

	ask->days = DAYS;
	ask->limit_ms = ask->branch.at ? BRANCH_MS : 0; /* it is read run by run */
	if (status == OK) {
		status = number(request, "days", 1, DAYS_MAX, &ask->days, err);
	}
	return status == OK ? text(request, "pipeline", &ask->pipeline, err) : status;
}

/* "failure,error" as bits; "none" is null. */
static enum status mask(const struct request *request, const char *name, const char *const *words,
			unsigned *out, struct err *err)
{
	const char *value = request_parameter(request, name);

	*out = value && *value ? 0 : ~0u;
	while (value && *value) {
		size_t size = strcspn(value, ",");
		int i = 1;

		while (words[i] && !text_is((struct text){value, size}, words[i])) {
			i++;
		}
		if (!words[i] && !text_is((struct text){value, size}, "none")) {
			return err_set(err, ERR_DATA, "%s: %.*s is none of its words", name,
				       (int)(size < 40 ? size : 40), value);
		}
		*out |= 1u << (words[i] ? i : 0);
		value += size + (value[size] == ',');
	}
	return OK;
}

/* RFC 3339, a date, or milliseconds. */
static enum status moment(const struct request *request, const char *name, int64_t *out, struct err *err)
{
	const char *value = request_parameter(request, name);

	if (!value || !*value || time_parse(value, strlen(value), out) == OK) {
		return OK;
	}
	return number(request, name, 0, TIME_MAX_MS, out, err) == OK
		       ? OK
		       : err_set(err, ERR_DATA, "%s: must be a time as 2026-11-21, RFC 3339 or milliseconds",
				 name);
}

static enum status place(const struct request *request, struct builds_ask *ask, struct err *err)
{
	const char *after = request_parameter(request, "after"), *at = request_parameter(request, "at");
	char *end;

	ask->after = WALK_START;
	ask->fraction = REAL_NULL;
	if (after && *after && !walk_place_parse(after, &ask->after)) {
		return err_set(err, ERR_DATA, "after: must be what `next` said");
	}
	if (at && *at) {
		ask->fraction = strtod(at, &end);
		if (*end || !(ask->fraction >= 0 && ask->fraction <= 1)) {
			return err_set(err, ERR_DATA, "at: must be a number from 0 to 1");
		}
	}
	return number(request, "offset", 0, INT64_C(1) << 40, &ask->offset, err);
}

static enum status filter(const struct request *request, struct builds_ask *ask, struct err *err)
{
	struct filter *out = &ask->filter;
	enum status status = branch(request, &out->scope.side_max, &out->scope.branch, err);

	status = status == OK ? mask(request, "state", state_words, &out->states, err) : status;
	status = status == OK ? mask(request, "result", result_words, &out->results, err) : status;
	status = status == OK ? mask(request, "trigger", trigger_words, &out->triggers, err) : status;
	status = status == OK ? moment(request, "from", &out->from_ms, err) : status;
	status = status == OK ? moment(request, "to", &out->to_ms, err) : status;
	status = status == OK ? text(request, "author", &ask->author, err) : status;
	return status == OK ? text(request, "q", &out->search, err) : status;
}

enum status parameters_builds(const struct request *request, struct reader *reader, struct builds_ask *ask,
			      struct err *err)
{
	struct text key;
	struct pipeline pipeline = {.id = WALK_ALL};
	enum status status = text(request, "pipeline", &key, err);

	*ask = (struct builds_ask){.limit = LIMIT, .filter = {.to_ms = INT64_MAX}};
	if (status == OK && key.at && !pipeline_find(reader, key, &pipeline, &status, err) && status == OK) {
		pipeline.id = INT64_MAX; /* there is none: no build is its */
	}
	ask->filter.scope.pipeline = pipeline.id;
	status = status == OK ? filter(request, ask, err) : status;
	status = status == OK ? number(request, "limit", 1, LIMIT_MAX, &ask->limit, err) : status;
	return status == OK ? place(request, ask, err) : status;
}
