/* One pipeline from its list of workflows to the record that is handed over. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/circleci.h"

#include "common/log.h"
#include "common/schema.h"
#include "common/time.h"

#include <stdio.h>
#include <stdlib.h>

/* One that has had no workflow for so long has nothing to run. */
#define NO_WORKFLOW_MS (1 * HOUR_MS)
/* A setup workflow may be continued for so long. */
#define SETUP_MS (6 * HOUR_MS)

static void work_free(struct work *work)
{
	tree_fini(&work->tree);
	item_fini(&work->pipeline);
	free(work);
}

void work_free_all(struct work **works)
{
	while (*works) {
		struct work *work = *works;

		*works = work->next;
		work_free(work);
	}
}

bool work_has(const struct visit *visit, const char *id)
{
	const struct circleci_visit *state = visit_state((struct visit *)(uintptr_t)visit);

	for (const struct work *work = state->works; work; work = work->next) {
		if (strcmp(work->id, id) == 0) {
			return true;
		}
	}
	return false;
}

static enum status workflows_whole(struct tree *tree, struct err *err);

/* The tree is its first member. */
static struct work *work_of(struct tree *tree)
{
	return (struct work *)tree;
}

enum status work_add(struct visit *visit, const char *id, struct item *item, enum build_origin origin,
		     struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	struct work *work = calloc(1, sizeof *work), **end = &state->works;

	if (!work) {
		return err_set(err, ERR_SYS, "out of memory for a pipeline");
	}
	tree_init(&work->tree, visit, origin == ORIGIN_BACKFILL ? TREE_BACKFILL : TREE_LIVE, workflows_whole);
	work->origin = origin;
	memcpy(work->id, id, strnlen(id, ID_BYTES - 1));
	if (item) {
		work->pipeline = *item;
		item->json = NULL;
		work->tree.observed_at = state->date;
	}
	while (*end) {
		end = &(*end)->next;
	}
	*end = work;
	return OK;
}

static enum status leave(struct work *work, struct err *err)
{
	struct circleci_visit *state = visit_state(work->tree.visit);
	struct visit *visit = work->tree.visit;
	struct work **at = &state->works;

	while (*at != work) {
		at = &(*at)->next;
	}
	*at = work->next;
	work_free(work);
	return state->works ? OK : visit_advance(visit, err);
}

/* What it is now known to be. */
static void follow(const struct work *work, bool ended, uint64_t print)
{
	struct circleci_visit *state = visit_state(work->tree.visit);
	const struct follow *known = cursor_follow(&state->cursor, work->id);
	struct follow follow = {
		.created_at = work->pipeline.json ? work->pipeline.created_at
			      : known             ? known->created_at
						  : work->tree.observed_at,
		.checked_at = work->tree.observed_at,
		.print = print,
		.ended = ended,
	};

	follow.created_at = follow.created_at == INT_NULL ? work->tree.observed_at : follow.created_at;
	memcpy(follow.id, work->id, ID_BYTES);
	cursor_put(&state->cursor, &follow);
}

static enum status commit_and_leave(struct work *work, struct err *err)
{
	enum status status = visit_commit(work->tree.visit, err);

	return status == OK ? leave(work, err) : status;
}

/* It is not there, or too large to be had. */
static enum status give_up(struct work *work, struct err *err)
{
	struct circleci_visit *state = visit_state(work->tree.visit);
	const struct visit_build bare = {
		.key = work->id,
		.observed_at = work->tree.observed_at,
		.origin = work->origin,
		.oversize = work->tree.failed == ANSWER_TOO_LARGE,
	};
	enum status status = visit_build(work->tree.visit, &bare, err);

	if (status != OK) {
		return status;
	}
	cursor_forget(&state->cursor, work->id);
	return commit_and_leave(work, err);
}

/* The others of the project must not wait for one that the API can't give: it is looked at again. With many
 * of them it is the API that is broken. */
static enum status skip(struct work *work, struct err *err)
{
	struct circleci_visit *state = visit_state(work->tree.visit);

	if (++state->skipped > SKIPPED_MAX) {
		*err = work->tree.why;
		return err->status;
	}
	log_warn("fetch.skipped", STR("target", visit_slug(work->tree.visit)), STR("build", work->id),
		 STR("why", work->tree.why.text));
	follow(work, false, 0);
	return commit_and_leave(work, err);
}

/* Behind a setup that did not pass nothing comes, nor long after one that did (normalizer/circleci.c). */
static bool may_go_on(const struct work *work)
{
	for (size_t i = 0; i < work->tree.workflows.count; i++) {
		if (work->tree.workflows.at[i].passed) {
			return work->tree.observed_at - work->pipeline.created_at < SETUP_MS;
		}
	}
	return false;
}

static bool has_ended(const struct work *work)
{
	const struct item *pipeline = &work->pipeline;

	for (size_t i = 0; i < work->tree.workflows.count; i++) {
		if (!work->tree.workflows.at[i].ended) {
			return false;
		}
	}
	if (work->tree.workflows.count > 0) {
		return !pipeline->coming || !may_go_on(work);
	}
	return pipeline->errored || (pipeline->created_at != INT_NULL &&
				     work->tree.observed_at - pipeline->created_at > NO_WORKFLOW_MS);
}

static uint64_t print_of(const struct work *work)
{
	uint64_t print = 1;

	for (size_t i = 0; i < work->tree.workflows.count; i++) {
		print = print * 1099511628211u + work->tree.workflows.at[i].print;
	}
	return print ? print : 1;
}

static enum status publish(struct work *work, struct err *err)
{
	const struct circleci_config *config = visit_config(work->tree.visit);
	struct visit_build build = {
		.key = work->id, .observed_at = work->tree.observed_at, .origin = work->origin};
	char url[PATH_BYTES + 512];
	struct path path;
	enum status status;

	path_pipeline(&path, work->id);
	snprintf(url, sizeof url, "%s%s", config->api_url, path.text);
	build.url = url;
	build.json = body_of(visit_scratch(work->tree.visit), work, config);
	build.oversize = !build.json.at;
	status = visit_build(work->tree.visit, &build, err);
	if (status != OK) {
		return status;
	}
	follow(work, has_ended(work), print_of(work));
	return commit_and_leave(work, err);
}

/* False: it is not to be had as a whole, and what becomes of it is done. */
static bool is_whole(struct work *work, enum status *status, struct err *err)
{
	enum answer_kind failed = work->tree.failed;

	if (failed == ANSWER_OK) {
		return true;
	}
	*status = failed == ANSWER_UNUSABLE ? skip(work, err) : give_up(work, err);
	return false;
}

static enum status details_whole(struct tree *tree, struct err *err)
{
	return publish(work_of(tree), err);
}

/* Only of what has ended: so each job is asked for once. */
static enum status jobs_whole(struct tree *tree, struct err *err)
{
	struct work *work = work_of(tree);
	enum status status = OK;

	if (!is_whole(work, &status, err)) {
		return status;
	}
	tree->whole = details_whole;
	if (has_ended(work)) {
		status = jobs_ask(work, err);
	}
	return status != OK || tree->waiting > 0 ? status : publish(work, err);
}

static enum status on_pipeline(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
			       struct err *err)
{
	struct work *work = (struct work *)tag;
	enum status status = OK;

	if (tree_take(&work->tree, answer, err)) {
		status = answer_read_item(visit_arena(visit), answer->body, &work->pipeline, err);
	}
	return status == OK ? tree_answered(&work->tree, answer, err) : status;
}

static enum status ask_jobs(struct work *work, struct err *err)
{
	struct tree *tree = &work->tree;
	enum status status = OK;
	struct path path;

	tree->whole = jobs_whole;
	if (!work->pipeline.json) {
		path_pipeline(&path, work->id);
		status = tree_get(tree, path.text, on_pipeline, (intptr_t)work, err);
	}
	if (status == OK) {
		status = tree_ask_jobs(tree, err);
	}
	return status != OK || tree->waiting > 0 ? status : jobs_whole(tree, err);
}

/* What had ended and still looks the same needs no further question. */
static bool is_unchanged(const struct work *work)
{
	struct circleci_visit *state = visit_state(work->tree.visit);
	struct follow *known = cursor_follow(&state->cursor, work->id);

	if (!known || !known->ended || known->print != print_of(work)) {
		return false;
	}
	known->checked_at = work->tree.observed_at;
	return true;
}

static enum status workflows_whole(struct tree *tree, struct err *err)
{
	struct work *work = work_of(tree);
	enum status status;

	if (!is_whole(work, &status, err)) {
		return status;
	}
	return is_unchanged(work) ? commit_and_leave(work, err) : ask_jobs(work, err);
}

enum status work_start(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	enum status status = OK;

	for (struct work *work = state->works; status == OK && work; work = work->next) {
		status = tree_ask_workflows(&work->tree, work->id, err);
	}
	return status;
}
