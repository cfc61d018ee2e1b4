/* Which workflows and jobs of a pipeline are attempts of one work: those of one name, oldest first. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/circleci.h"

#include <stdlib.h>

/* A job where a workflow lists it. */
struct listed {
	size_t place; /* in the order of the workflows */
	struct circleci_workflow *workflow;
	struct job *job;
	bool repeated;
};

static int compare(struct text a, struct text b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order = size ? memcmp(a.at, b.at, size) : 0;

	return order ? order : a.size < b.size ? -1 : a.size > b.size;
}

static int by_place(const struct listed *a, const struct listed *b)
{
	return a->place < b->place ? -1 : a->place > b->place;
}

static int by_id(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	int order = compare(x->job->id, y->job->id);

	return order ? order : by_place(x, y);
}

static int by_work(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	int order = compare(x->workflow->name, y->workflow->name);

	order = order ? order : compare(x->job->name, y->job->name);
	return order ? order : by_place(x, y);
}

static int by_name(const void *a, const void *b)
{
	const struct circleci_workflow *x = *(struct circleci_workflow *const *)a,
				       *y = *(struct circleci_workflow *const *)b;
	int order = compare(x->name, y->name);

	return order ? order : x < y ? -1 : x > y;
}

static bool number_workflows(struct arena *arena, struct circleci_workflows *all)
{
	struct circleci_workflow **sorted = arena_alloc(arena, (all->count + 1) * sizeof *sorted);

	if (!sorted) {
		return false;
	}
	for (size_t i = 0; i < all->count; i++) {
		sorted[i] = &all->items[i];
	}
	qsort(sorted, all->count, sizeof *sorted, by_name);
	for (size_t i = 0; i < all->count; i++) {
		bool same = i > 0 && text_same(sorted[i]->name, sorted[i - 1]->name);

		sorted[i]->attempt = same ? sorted[i - 1]->attempt + 1 : 1;
		sorted[i]->newest = true;
		if (same) {
			sorted[i - 1]->newest = false;
		}
	}
	return true;
}

/* A re-run from the failed job lists those that passed once more, with their ids: they belong where they ran.
 */
static void find_repeated(struct listed *jobs, size_t count)
{
	const struct circleci_workflow *first = NULL;

	qsort(jobs, count, sizeof *jobs, by_id);
	for (size_t i = 0; i < count; i++) {
		bool same = i > 0 && jobs[i].job->id.at && text_same(jobs[i].job->id, jobs[i - 1].job->id);

		first = same ? first : jobs[i].workflow;
		jobs[i].repeated = jobs[i].workflow != first;
	}
}

/* Earlier jobs of the same name, in workflows of the same name, are earlier attempts. */
static void number_jobs(struct listed *jobs, size_t count)
{
	const struct listed *last = NULL;

	qsort(jobs, count, sizeof *jobs, by_work);
	for (size_t i = 0; i < count; i++) {
		struct listed *listed = &jobs[i];
		bool same = last && text_same(last->workflow->name, listed->workflow->name) &&
			    text_same(last->job->name, listed->job->name);

		if (listed->repeated) {
			continue;
		}
		listed->job->attempt = same ? last->job->attempt + 1 : 1;
		if (same) {
			last->job->superseded = true;
		}
		last = listed;
	}
}

static int in_order(const void *a, const void *b)
{
	return by_place(a, b);
}

static void leave_out_repeated(struct listed *jobs, size_t count, struct circleci_workflows *all)
{
	qsort(jobs, count, sizeof *jobs, in_order);
	for (size_t i = 0; i < all->count; i++) {
		all->items[i].count = 0;
	}
	all->jobs = 0;
	for (size_t i = 0; i < count; i++) {
		struct circleci_workflow *workflow = jobs[i].workflow;

		if (!jobs[i].repeated) {
			workflow->jobs[workflow->count++] = *jobs[i].job;
			all->jobs++;
		}
	}
}

bool circleci_number(struct arena *arena, struct circleci_workflows *all)
{
	struct listed *jobs;
	size_t count = 0;

	for (size_t i = 0; i < all->count; i++) {
		count += all->items[i].count;
	}
	jobs = arena_alloc(arena, (count + 1) * sizeof *jobs);
	if (!jobs || !number_workflows(arena, all)) {
		return false;
	}
	count = 0;
	for (size_t i = 0; i < all->count; i++) {
		for (size_t j = 0; j < all->items[i].count; j++, count++) {
			jobs[count] = (struct listed){count, &all->items[i], &all->items[i].jobs[j], false};
		}
	}
	find_repeated(jobs, count);
	number_jobs(jobs, count);
	leave_out_repeated(jobs, count, all);
	return true;
}
