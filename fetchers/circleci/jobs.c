/* The details of jobs: when they could run, and where they ran. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/circleci.h"

#include <stdlib.h>

bool job_has_run(const struct item *job)
{
	return !job->approval && job->started && job->number > 0;
}

/* What is not there adds nothing; what could not be read may be there the next time. */
static enum status on_details(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
			      struct err *err)
{
	struct detail *detail = (struct detail *)tag;
	enum status status = OK;

	if (answer->kind == ANSWER_OK) {
		status = answer_read_item(visit_arena(visit), answer->body, &detail->item, err);
	}
	detail->failed = answer->kind != ANSWER_OK && answer->kind != ANSWER_NOT_FOUND;
	(void)visit_date(visit, answer);
	return status == OK ? tree_answered(detail->tree, answer, err) : status;
}

/* A job that ran, where a workflow lists it. */
struct listed {
	const struct item *job, *workflow;
	struct detail *detail;
};

/* A re-run lists what passed in an earlier run once more: it belongs where it ran
 * (normalizer/circleci_jobs.c).
 */
static int by_number(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	int64_t first = x->job->number, second = y->job->number;

	if (first == second) {
		first = x->workflow->created_at;
		second = y->workflow->created_at;
	}
	return first != second ? (first < second ? -1 : 1) : strcmp(x->workflow->id, y->workflow->id);
}

static enum status list(struct flow *flow, struct listed *all, size_t *count, struct err *err)
{
	flow->details = calloc(flow->jobs.count + 1, sizeof *flow->details);
	if (!flow->details) {
		return err_set(err, ERR_SYS, "out of memory for the details of jobs");
	}
	for (size_t i = 0; i < flow->jobs.count; i++) {
		flow->details[i].tree = flow->tree;
		if (job_has_run(&flow->jobs.at[i])) {
			all[(*count)++] = (struct listed){&flow->jobs.at[i], flow->item, &flow->details[i]};
		}
	}
	return OK;
}

static enum status ask(struct tree *tree, const struct listed *all, size_t count, int64_t detailed,
		       struct err *err)
{
	const struct circleci_visit *state = visit_state(tree->visit);
	enum status status = OK;
	struct path path;

	for (size_t i = 0; status == OK && i < count; i++) {
		bool again = i > 0 && all[i].job->number == all[i - 1].job->number;

		if (!again && all[i].job->number > detailed) {
			path_job(&path, state->slug, all[i].job->number);
			status = tree_get(tree, path.text, on_details, (intptr_t)all[i].detail, err);
		}
	}
	return status;
}

enum status jobs_ask(struct work *work, int64_t detailed, struct err *err)
{
	struct tree *tree = &work->tree;
	struct listed *all;
	size_t count = 1;
	enum status status = OK;

	for (size_t i = 0; i < tree->workflows.count; i++) {
		count += tree->flows[i].jobs.count;
	}
	all = calloc(count, sizeof *all);
	if (!all) {
		return err_set(err, ERR_SYS, "out of memory for jobs");
	}
	count = 0;
	for (size_t i = 0; status == OK && i < tree->workflows.count; i++) {
		status = list(&tree->flows[i], all, &count, err);
	}
	qsort(all, count, sizeof *all, by_number);
	status = status == OK ? ask(tree, all, count, detailed, err) : status;
	free(all);
	return status;
}

bool jobs_lack(const struct work *work)
{
	for (size_t i = 0; i < work->tree.workflows.count; i++) {
		const struct flow *flow = &work->tree.flows[i];

		for (size_t j = 0; flow->details && j < flow->jobs.count; j++) {
			if (flow->details[j].failed) {
				return true;
			}
		}
	}
	return false;
}

/* Numbers of a project's jobs only grow: a re-run's are higher. What failed to come, and what is above it, is
 * asked for another time. */
int64_t jobs_detailed(const struct work *work, int64_t detailed)
{
	int64_t most = detailed, missing = INT64_MAX;

	for (size_t i = 0; i < work->tree.workflows.count; i++) {
		const struct flow *flow = &work->tree.flows[i];

		for (size_t j = 0; flow->details && j < flow->jobs.count; j++) {
			const struct detail *detail = &flow->details[j];
			int64_t number = flow->jobs.at[j].number;

			most = detail->item.json && number > most ? number : most;
			missing = detail->failed && number < missing ? number : missing;
		}
	}
	return missing <= most ? missing - 1 : most;
}
