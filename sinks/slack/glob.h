/* Globs of rules: `*` is any characters, `/` too, `?` is one; `!` in front excludes. Own code instead of
 * fnmatch(3):
 * `[` and `\` mean themselves (logins such as `renovate[bot]`), the locale does not matter, and no pattern
 * takes more than pattern × text steps. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"
#include "common/text.h"

bool glob_matches(const char *pattern, struct text text);
/* Does a pattern, without its `!`, match what arg is? */
typedef bool glob_test(const char *pattern, const void *arg);
/* Any pattern of the list matches, and none of its exclusions; exclusions alone: all else does. An empty list
 * matches everything. */
bool globs_match(const struct config_list *globs, glob_test *test, const void *arg);
/* ERR_CONFIG: it was meant to be something else. */
enum status glob_check(const char *pattern, struct err *err) MUST_CHECK;
