/* SPDX-License-Identifier: MIT */
#include "fetchers/redact_path.h"

#include "common/text.h"

#include <string.h>

#define PATH_BYTES_MAX 256

/* `*` stands for any characters, none too. One star is tried again a character later; that is enough. */
static bool key_fits(struct text pattern, struct text key)
{
	size_t at = 0, i = 0, star = SIZE_MAX, resume = 0;

	while (i < key.size) {
		if (at < pattern.size && pattern.at[at] == '*') {
			star = at++;
			resume = i;
		} else if (at < pattern.size && pattern.at[at] == key.at[i]) {
			at++;
			i++;
		} else if (star != SIZE_MAX) {
			at = star + 1;
			i = ++resume;
		} else {
			return false;
		}
	}
	while (at < pattern.size && pattern.at[at] == '*') {
		at++;
	}
	return at == pattern.size;
}

static struct text without_brackets(struct text step)
{
	if (step.size > 2 && memcmp(step.at + step.size - 2, "[]", 2) == 0) {
		step.size -= 2;
	}
	return step;
}

/* Takes the last step off rest. */
static struct text last_step(struct text *rest)
{
	const char *dot = memrchr(rest->at, '.', rest->size);
	size_t start = dot ? (size_t)(dot - rest->at) + 1 : 0;
	struct text step = {rest->at + start, rest->size - start};

	rest->size = dot ? start - 1 : 0;
	return without_brackets(step);
}

bool redact_path_fits(const char *path, const struct redact_key *at)
{
	struct text rest = text_of(path);

	while (rest.size > 0) {
		struct text step = last_step(&rest);

		if (text_is(step, "$")) {
			return !at;
		}
		if (!at || !key_fits(step, (struct text){yyjson_get_str(at->key), yyjson_get_len(at->key)})) {
			return false;
		}
		at = at->outer;
	}
	return true;
}

static bool step_ok(struct text step, bool first)
{
	struct text key = without_brackets(step);

	if (key.size == 0 || (text_is(key, "$") && !first)) {
		return false;
	}
	for (size_t i = 0; i < key.size; i++) {
		if ((unsigned char)key.at[i] < ' ' || key.at[i] == '[' || key.at[i] == ']') {
			return false;
		}
	}
	return true;
}

static bool steps_ok(const char *path)
{
	for (const char *at = path;; at++) {
		size_t size = strcspn(at, ".");

		if (!step_ok((struct text){at, size}, at == path)) {
			return false;
		}
		at += size;
		if (!*at) {
			return true;
		}
	}
}

enum status redact_path_check(const char *path, const char *const *needed, struct err *err)
{
	struct text rest = text_of(path), last;

	if (rest.size == 0 || rest.size > PATH_BYTES_MAX || strcmp(path, "$") == 0 || !steps_ok(path)) {
		return err_set(
			err, ERR_CONFIG,
			"\"%.60s\" is no path: write keys joined by dots, as in jobs[].agent.meta_data "
			"or $.meta_data.secret*",
			path);
	}
	last = last_step(&rest);
	for (; (rest.size == 0 || text_is(rest, "$")) && *needed; needed++) {
		if (key_fits(last, text_of(*needed))) {
			return err_set(err, ERR_CONFIG,
				       "\"%.60s\" takes %s of the build, without which there is no record",
				       path, *needed);
		}
	}
	return OK;
}
