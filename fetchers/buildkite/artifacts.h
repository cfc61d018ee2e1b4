/* Which artifact of a build holds its coverage. Pure.
 *
 * https://buildkite.com/docs/apis/rest-api/artifacts: the list has no times and no documented order. So of
 * several files of that name the one of the job that finished last counts, then the one in the fewest
 * folders, then the first. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "common/err.h"
#include "common/text.h"

#include <stddef.h>
#include <stdint.h>

/* The best of one job. */
struct artifact {
	char *job;  /* id */
	char *path; /* of its download, below api_url */
	size_t folders;
	size_t place; /* in the list */
};

struct artifacts {
	struct artifact *items;
	size_t count, capacity;
	size_t seen; /* artifacts of all names */
};

/* Adds a page of the list. *listed: artifacts on it. ERR_DATA: it is no list of artifacts. */
enum status artifacts_read(struct artifacts *artifacts, const char *api_url, struct arena *arena,
			   struct text body, size_t *listed, struct err *err) MUST_CHECK;
/* The one that counts, by the jobs of "Get a build". ERR_DATA: body is no build. */
enum status artifacts_choose(const struct artifacts *artifacts, struct arena *arena, struct text body,
			     const struct artifact **chosen, struct err *err) MUST_CHECK;
void artifacts_fini(struct artifacts *artifacts);
