/* What store.db has already, for a `buildbus sync` without --state. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/db.h"

/* prefix: the part of the ids before the number. */
struct store_knower {
	/* Once a pipeline: the newest end; INT_NULL: none. */
	void (*newest)(void *context, const char *prefix, int64_t finished_to);
	/* Each build that is not finished. */
	void (*open)(void *context, const char *prefix, const char *key);
	/* Newest builds whose coverage need not be read again: what ended before one that has a coverage was
	 * looked at as well. REAL_NULL: it has none. */
	void (*whole)(void *context, const char *prefix, const char *key, int64_t finished_at,
		      double coverage);
	void *context;
};

enum status store_known(struct store_db *store, const struct store_knower *knower,
			struct err *err) MUST_CHECK;
