/* Test results and coverage of finished builds, asked for when the builds themselves are published: of the
 * jobs of each workflow's newest run. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/details.h"

#include <stdlib.h>

static struct owed *owed_of(struct tree *tree)
{
	return (struct owed *)tree;
}

static void owed_fini(struct owed *owed)
{
	tree_fini(&owed->tree);
	free(owed->jobs);
	free(owed->coverage);
	*owed = (struct owed){0};
}

void details_free(struct visit *visit)
{
	struct circleci_visit *state = visit_state(visit);

	for (size_t i = 0; state->owed && i < visit_due_count(visit); i++) {
		owed_fini(&state->owed[i]);
	}
	free(state->owed);
	state->owed = NULL;
}

/* The end of this one. */
static enum status hand_over(struct owed *owed, struct err *err)
{
	struct visit *visit = owed->tree.visit;
	struct visit_detail detail = {
		.index = owed->index,
		.observed_at = owed->tree.observed_at,
		.result = visit_detail_result(owed->tree.failed),
	};

	if (owed->unsummed) {
		owed->results.count = 0;
	}
	if (owed->tree.failed == ANSWER_OK && (owed->coverage || owed->results.count > 0)) {
		detail.json = results_json(visit_scratch(visit), text_of(owed->coverage), &owed->results);
		detail.result = detail.json.at ? DETAIL_FOUND : DETAIL_TOO_LARGE;
	}
	owed_fini(owed);
	return visit_detail(visit, &detail, err);
}

static enum status files_whole(struct tree *tree, struct err *err)
{
	return hand_over(owed_of(tree), err);
}

/* The pages of each job's list are counted anew. */
static void rewind_jobs(struct owed *owed)
{
	for (size_t i = 0; i < owed->count; i++) {
		owed->jobs[i].token[0] = '\0';
		owed->jobs[i].pages = 0;
	}
}

static enum status tests_whole(struct tree *tree, struct err *err)
{
	const struct circleci_config *config = visit_config(tree->visit);
	struct owed *owed = owed_of(tree);
	enum status status = OK;

	rewind_jobs(owed);
	tree->whole = files_whole;
	if (tree->failed == ANSWER_OK && config->coverage) {
		status = coverage_ask(owed, err);
	}
	return status != OK || tree->waiting > 0 ? status : hand_over(owed, err);
}

static enum status jobs_whole(struct tree *tree, struct err *err)
{
	const struct circleci_config *config = visit_config(tree->visit);
	struct owed *owed = owed_of(tree);
	enum status status;

	if (tree->failed != ANSWER_OK) {
		return hand_over(owed, err);
	}
	status = ran_collect(owed, err);
	tree->whole = tests_whole;
	if (status == OK && config->tests) {
		status = tests_ask(owed, err);
	}
	return status != OK || tree->waiting > 0 ? status : tests_whole(tree, err);
}

static enum status ask_jobs(struct owed *owed, struct err *err)
{
	enum status status;

	owed->tree.whole = jobs_whole;
	status = tree_ask_jobs(&owed->tree, err);
	return status != OK || owed->tree.waiting > 0 ? status : jobs_whole(&owed->tree, err);
}

static enum status workflows_whole(struct tree *tree, struct err *err)
{
	struct owed *owed = owed_of(tree);

	if (tree->failed != ANSWER_OK) {
		return hand_over(owed, err);
	}
	ran_keep_newest(&tree->workflows);
	return ask_jobs(owed, err);
}

/* "…/pipeline/<id>@<finish>", or with build_per workflow "…/workflow/<id>@…". */
static bool read_key(const char *key, char id[static ID_BYTES], bool *workflow)
{
	static const char pipeline[] = "/pipeline/", flow[] = "/workflow/";
	const char *slash = strrchr(key, '/'), *at = slash ? slash - (sizeof flow - 2) : key;
	size_t size = slash ? strcspn(slash + 1, "@") : 0;

	if (size == 0 || size >= ID_BYTES || at < key) {
		return false;
	}
	memcpy(id, slash + 1, size);
	id[size] = '\0';
	*workflow = strncmp(at, flow, sizeof flow - 1) == 0;
	return *workflow || strncmp(at, pipeline, sizeof pipeline - 1) == 0;
}

static enum status begin_workflow(struct owed *owed, const char *id, struct err *err)
{
	struct items *workflows = &owed->tree.workflows;

	workflows->at = calloc(1, sizeof *workflows->at);
	if (!workflows->at) {
		return err_set(err, ERR_SYS, "out of memory for a workflow");
	}
	memcpy(workflows->at[0].id, id, strlen(id) + 1);
	workflows->count = 1;
	return ask_jobs(owed, err);
}

static enum status begin(struct visit *visit, size_t index, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	struct owed *owed = &state->owed[index];
	char id[ID_BYTES];
	bool workflow;

	tree_init(&owed->tree, visit, TREE_DETAIL, workflows_whole);
	owed->index = index;
	if (!read_key(visit_due_key(visit, index), id, &workflow)) {
		return hand_over(owed, err);
	}
	return workflow ? begin_workflow(owed, id, err) : tree_ask_workflows(&owed->tree, id, err);
}

enum status details_start(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);

	state->owed = calloc(visit_due_count(visit) + 1, sizeof *state->owed);
	return state->owed ? visit_begin_details(visit, begin, err)
			   : err_set(err, ERR_SYS, "out of memory for details");
}
