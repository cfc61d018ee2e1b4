/* What the sinks of a `buildbus sync` without --state say that their destinations have, gathered from their
 * events and handed to the hub (normalizer/known.h). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

struct sync_known {
	yyjson_mut_doc *doc;
	yyjson_mut_val *pipelines;
	size_t ended; /* so many sinks have said all */
};

enum status sync_known_init(struct sync_known *known, struct err *err) MUST_CHECK;
void sync_known_fini(struct sync_known *known);
/* One event of a process; true: a sink has said all. */
bool sync_known_event(struct sync_known *known, const char *event, yyjson_val *fields);
/* newest: so many builds of a known pipeline are to be read anew; 0: as many as its source's `since` says. */
enum status sync_known_write(struct sync_known *known, const char *path, int64_t newest,
			     struct err *err) MUST_CHECK;
