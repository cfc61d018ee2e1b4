/* Which job retries which, and the number of each. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/buildkite_attempts.h"

#include <stdlib.h>

struct entry {
	struct text id;
	size_t index;
};

static int by_id(const void *a, const void *b)
{
	const struct text *one = &((const struct entry *)a)->id, *other = &((const struct entry *)b)->id;

	if (one->size != other->size) {
		return one->size < other->size ? -1 : 1;
	}
	return memcmp(one->at, other->at, one->size);
}

static size_t find(const struct entry *entries, size_t count, struct text id)
{
	struct entry key = {.id = id};
	const struct entry *found = id.at && count ? bsearch(&key, entries, count, sizeof key, by_id) : NULL;

	return found ? found->index : JOB_NONE;
}

static void link_jobs(struct buildkite_jobs *jobs, size_t from, size_t to)
{
	if (from == JOB_NONE || to == JOB_NONE || from == to || jobs->items[from].next != JOB_NONE ||
	    jobs->items[to].previous != JOB_NONE) {
		return;
	}
	jobs->items[from].next = to;
	jobs->items[to].previous = from;
}

/* A chain whose beginning isn't listed (without include_retried_jobs) is numbered from the count of retries.
 */
static int64_t first_attempt(const struct buildkite_job *item)
{
	if (!item->job->superseded && item->retries > 0 && item->retries < INT32_MAX) {
		return item->retries + 1;
	}
	return 1;
}

/* From each beginning on. A loop has none, so this ends: no job has two predecessors. */
static void number(struct buildkite_jobs *jobs)
{
	for (size_t i = 0; i < jobs->count; i++) {
		int64_t attempt = first_attempt(&jobs->items[i]);

		if (jobs->items[i].previous != JOB_NONE) {
			continue;
		}
		for (size_t at = i; at != JOB_NONE; at = jobs->items[at].next) {
			jobs->items[at].job->attempt = attempt++;
		}
	}
}

bool buildkite_number_jobs(struct arena *arena, struct buildkite_jobs *jobs)
{
	struct entry *entries = arena_alloc(arena, jobs->count * sizeof *entries);
	size_t count = 0;

	if (!entries) {
		return false;
	}
	for (size_t i = 0; i < jobs->count; i++) {
		if (jobs->items[i].job->id.at) {
			entries[count++] = (struct entry){jobs->items[i].job->id, i};
		}
	}
	qsort(entries, count, sizeof *entries, by_id);
	for (size_t i = 0; i < jobs->count; i++) {
		link_jobs(jobs, i, find(entries, count, jobs->items[i].retried_in));
	}
	for (size_t i = 0; i < jobs->count; i++) {
		link_jobs(jobs, find(entries, count, jobs->items[i].retry_of), i);
	}
	number(jobs);
	return true;
}
