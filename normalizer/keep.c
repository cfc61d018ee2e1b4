/* SPDX-License-Identifier: MIT */
#include "normalizer/keep.h"

#include "common/schema.h"
#include "normalizer/words.h"

#include <stdlib.h>

static bool same_second(int64_t a, int64_t b)
{
	return a != INT_NULL && b != INT_NULL && a / 1000 == b / 1000;
}

/* Whether both tell of the same end, and old tells more. */
static bool tells_more(const struct job *old, const struct job *job)
{
	return old->queued_at != INT_NULL && job->queued_at == INT_NULL && job->state == STATE_FINISHED &&
	       same_second(old->started_at, job->started_at) &&
	       same_second(old->finished_at, job->finished_at);
}

static void keep_job(const struct job *old, struct job *job)
{
	job->queued_at = old->queued_at;
	job->started_at = old->started_at;
	job->finished_at = old->finished_at;
	job->queue_ms = old->queue_ms;
	job->duration_ms = old->duration_ms;
	job->runner = old->runner;
	job->parallel = old->parallel;
	job->url = job->url.at ? job->url : old->url;
}

static int by_id(const void *a, const void *b)
{
	const struct job *x = *(const struct job *const *)a, *y = *(const struct job *const *)b;
	size_t size = x->id.size < y->id.size ? x->id.size : y->id.size;
	int order = size ? memcmp(x->id.at, y->id.at, size) : 0;

	return order ? order : x->id.size < y->id.size ? -1 : x->id.size > y->id.size;
}

static bool may_lack(const struct job *job)
{
	return job->id.at && job->started_at != INT_NULL && job->finished_at != INT_NULL &&
	       job->queued_at == INT_NULL;
}

static bool lacks_any(const struct build *build)
{
	const struct job *jobs = build->jobs.items;

	for (size_t i = 0; i < build->jobs.count; i++) {
		if (may_lack(&jobs[i])) {
			return true;
		}
	}
	return false;
}

/* The times of a job give the build and its attempts theirs. */
static void keep_times(const struct build *old, struct build *build)
{
	const struct attempt *before = old->attempts.items;
	struct attempt *attempts = build->attempts.items;
	size_t count =
		old->attempts.count < build->attempts.count ? old->attempts.count : build->attempts.count;

	for (size_t i = 0; i < count; i++) {
		if (same_second(before[i].started_at, attempts[i].started_at)) {
			attempts[i].started_at = before[i].started_at;
		}
		if (same_second(before[i].finished_at, attempts[i].finished_at)) {
			attempts[i].finished_at = before[i].finished_at;
		}
	}
	if (build->queued_at == INT_NULL && same_second(old->started_at, build->started_at)) {
		build->started_at = old->started_at;
		build->queued_at = old->queued_at;
		build->queue_ms = span_ms(build->queued_at, build->started_at);
		build->finished_at = same_second(old->finished_at, build->finished_at) ? old->finished_at
										       : build->finished_at;
		build->duration_ms = build->duration_ms == INT_NULL
					     ? INT_NULL
					     : span_ms(build->started_at, build->finished_at);
	}
}

bool keep_jobs(struct arena *arena, const struct build *old, struct build *build)
{
	const struct job *before = old->jobs.items;
	struct job *jobs = build->jobs.items;
	const struct job **sorted;

	if (old->jobs.count == 0 || !lacks_any(build)) {
		return true;
	}
	sorted = arena_alloc(arena, old->jobs.count * sizeof *sorted);
	if (!sorted) {
		return false;
	}
	for (size_t i = 0; i < old->jobs.count; i++) {
		sorted[i] = &before[i];
	}
	qsort(sorted, old->jobs.count, sizeof *sorted, by_id);
	for (size_t i = 0; i < build->jobs.count; i++) {
		const struct job *key = &jobs[i], **found;

		found = may_lack(key) ? bsearch(&key, sorted, old->jobs.count, sizeof *sorted, by_id) : NULL;
		if (found && tells_more(*found, &jobs[i])) {
			keep_job(*found, &jobs[i]);
		}
	}
	keep_times(old, build);
	return true;
}
