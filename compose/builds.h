/* `buildbus builds`: lists store.db, newest first. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct builds_options {
	const char *state_dir;
	const char *pipeline; /* a slug, or organization/slug; NULL: all */
	int64_t count;        /* at most so many; 0: 20 */
	bool json;            /* one record a line instead of a table */
};

/* Prints to stdout; reads only, also while the sink writes. Returns the exit code: 1 with a sentence on
 * stderr when there is no store or it can't be read. */
int builds_run(const struct builds_options *options);
