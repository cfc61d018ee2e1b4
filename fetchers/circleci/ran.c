/* Which jobs of a finished build have its test results and its coverage. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/details.h"

#include <stdlib.h>

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* The newest of a name last; of two of one second the ids decide, as in the record. */
static int by_age(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->name != y->name) {
		return compare(x->name, y->name);
	}
	return x->created_at != y->created_at ? (x->created_at < y->created_at ? -1 : 1)
					      : strcmp(x->id, y->id);
}

void ran_keep_newest(struct items *workflows)
{
	size_t kept = 0;

	if (workflows->count > 0) {
		qsort(workflows->at, workflows->count, sizeof *workflows->at, by_age);
	}
	for (size_t i = 0; i < workflows->count; i++) {
		struct item *item = &workflows->at[i];

		if (i + 1 < workflows->count && item[1].name == item->name) {
			item_fini(item);
		} else {
			workflows->at[kept++] = *item;
		}
	}
	workflows->count = kept;
}

static int by_name(const void *a, const void *b)
{
	const struct ran *x = a, *y = b;

	if (x->flow != y->flow) {
		return compare(x->flow, y->flow);
	}
	return x->job->name != y->job->name ? compare(x->job->name, y->job->name)
					    : compare((uint64_t)x->job->number, (uint64_t)y->job->number);
}

static int by_stop(const void *a, const void *b)
{
	const struct ran *x = a, *y = b;

	if (x->job->stopped_at != y->job->stopped_at) {
		return x->job->stopped_at > y->job->stopped_at ? -1 : 1;
	}
	return compare((uint64_t)y->job->number, (uint64_t)x->job->number);
}

static bool is_repeated(const struct ran *ran, const struct ran *end)
{
	return ran + 1 < end && ran[1].flow == ran->flow && ran[1].job->name == ran->job->name;
}

static void drop_repeated(struct owed *owed)
{
	size_t kept = 0;

	for (size_t i = 0; i < owed->count; i++) {
		if (!is_repeated(&owed->jobs[i], owed->jobs + owed->count)) {
			owed->jobs[kept++] = owed->jobs[i];
		}
	}
	owed->count = kept;
}

static void add_jobs(struct owed *owed, size_t flow)
{
	const struct items *jobs = &owed->tree.flows[flow].jobs;

	for (size_t i = 0; i < jobs->count; i++) {
		if (job_has_run(&jobs->at[i]) && jobs->at[i].project[0]) {
			owed->jobs[owed->count++] =
				(struct ran){.owed = owed, .job = &jobs->at[i], .flow = flow};
		}
	}
}

enum status ran_collect(struct owed *owed, struct err *err)
{
	size_t most = 1;

	for (size_t i = 0; i < owed->tree.workflows.count; i++) {
		most += owed->tree.flows[i].jobs.count;
	}
	owed->jobs = calloc(most, sizeof *owed->jobs);
	if (!owed->jobs) {
		return err_set(err, ERR_SYS, "out of memory for jobs");
	}
	for (size_t i = 0; i < owed->tree.workflows.count; i++) {
		add_jobs(owed, i);
	}
	qsort(owed->jobs, owed->count, sizeof *owed->jobs, by_name);
	drop_repeated(owed);
	qsort(owed->jobs, owed->count, sizeof *owed->jobs, by_stop);
	return OK;
}
