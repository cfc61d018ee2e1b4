/* The jobs of one Buildkite build, and what its attempts are derived from. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "normalizer/json.h"
#include "normalizer/provider.h"
#include "normalizer/words.h"

#define JOB_NONE SIZE_MAX

/* What the record's job doesn't say. */
struct buildkite_job {
	struct job *job;
	struct text retried_in, retry_of; /* ids of the next and the previous job of the same work */
	int64_t created_at, runnable_at, retries;
	bool retried_by_rule, is_retry_by_rule; /* "automatic": happens before the build can finish */
	size_t next, previous;                  /* in the array, JOB_NONE: none there */
	int64_t from;                           /* ms since when it could run; INT_NULL: never */
	size_t round;                           /* the attempt of the build in which it ran, from 0 */
};

struct buildkite_jobs {
	struct job *jobs; /* in arena, as items */
	struct buildkite_job *items;
	size_t count;
};

/* Reads build.jobs; absent is none. Errors stay in the document. */
void buildkite_jobs_read(struct json *build, struct buildkite_jobs *out, struct normal_notes *notes);
