/* SPDX-License-Identifier: MIT */
#include "sinks/slack/glob.h"

#define GLOB_MAX 255

/* Behind one character of UTF-8. */
static const char *behind(const char *at, const char *end)
{
	do {
		at++;
	} while (at < end && ((unsigned char)*at & 0xc0) == 0x80);
	return at;
}

/* On a mismatch the newest `*` takes one character more; an older one never has to. */
bool glob_matches(const char *pattern, struct text text)
{
	const char *at = text.at ? text.at : "", *end = at + text.size, *star = NULL, *taken = NULL;

	while (at < end) {
		if (*pattern == '*') {
			star = pattern++;
			taken = at;
		} else if (*pattern == '?') {
			pattern++;
			at = behind(at, end);
		} else if (*pattern && *pattern == *at) {
			pattern++;
			at++;
		} else if (star) {
			pattern = star + 1;
			at = ++taken;
		} else {
			return false;
		}
	}
	while (*pattern == '*') {
		pattern++;
	}
	return !*pattern;
}

bool globs_match(const struct config_list *globs, glob_test *test, const void *arg)
{
	bool wanted = false, any = false;

	for (size_t i = 0; i < globs->count; i++) {
		bool excludes = *globs->items[i] == '!';
		bool hit = test(globs->items[i] + excludes, arg);

		if (excludes && hit) {
			return false;
		}
		any |= !excludes;
		wanted |= hit && !excludes;
	}
	return wanted || !any;
}

enum status glob_check(const char *pattern, struct err *err)
{
	const char *glob = pattern + (*pattern == '!');

	if (!*glob || strlen(glob) > GLOB_MAX) {
		return err_set(err, ERR_CONFIG, "\"%.60s\" is no pattern: 1 to %d characters", pattern,
			       GLOB_MAX);
	}
	if (*glob == '^' || *glob == '/' || strpbrk(glob, "\\()|, \t\r\n")) {
		return err_set(
			err, ERR_CONFIG,
			"\"%.60s\" is no glob: * stands for any characters, ? for one, ! in front excludes; "
			"this is neither a regular expression nor a list",
			pattern);
	}
	return OK;
}
