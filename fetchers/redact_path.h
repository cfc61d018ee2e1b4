/* The paths of a `redact:` key: which members of a provider's JSON go. docs/config.md has the syntax.
 *
 * A path is keys joined by dots, `jobs[].agent.meta_data`, and fits wherever its keys are the innermost ones;
 * `$` before them stands for the build itself and ties the path to it. Lists are looked through, `[]` only
 * says so. `*` in a key stands for any characters. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stdbool.h>
#include <yyjson.h>

/* Where a copy is: the key of a member, and the member that it is in. */
struct redact_key {
	yyjson_val *key;
	const struct redact_key *outer; /* NULL: a member of the build itself */
};

/* ERR_CONFIG: no path, or one that takes a key of the build that a record can't be made without; needed ends
 * with NULL. */
enum status redact_path_check(const char *path, const char *const *needed, struct err *err) MUST_CHECK;
/* path: checked. */
bool redact_path_fits(const char *path, const struct redact_key *at);
