/* One pipeline from its list of workflows to the record that is handed over. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/circleci.h"

#include "common/log.h"
#include "common/schema.h"
#include "common/time.h"

#include <stdio.h>

/* One that has had no workflow for so long has nothing to run. */
#define NO_WORKFLOW_MS (1 * HOUR_MS)
/* A setup workflow may be continued for so long. */
#define SETUP_MS (6 * HOUR_MS)

#define AT_ONCE 8 /* pipelines: what was begun and not finished is lost when a turn of back-fill ends */

/* The tree is its first member. */
static struct work *work_of(struct tree *tree)
{
	return (struct work *)tree;
}

/* It is not there, or too large to be had. */
static enum status give_up(struct work *work, struct err *err)
{
	struct circleci_visit *state = visit_state(work->tree.visit);
	const struct visit_build bare = {
		.key = work->id[0] ? work->id : work->number,
		.observed_at = work->tree.observed_at,
		.origin = work->origin,
		.oversize = work->tree.failed == ANSWER_TOO_LARGE,
	};
	enum status status = visit_build(work->tree.visit, &bare, err);

	if (status != OK) {
		return status;
	}
	cursor_forget(&state->cursor, work->id);
	return work_done(work, err);
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
	log_warn("fetch.skipped", STR("target", visit_slug(work->tree.visit)),
		 STR("build", work->id[0] ? work->id : work->number), STR("why", work->tree.why.text));
	if (work->id[0]) {
		work_follow(work, false, 0, work_detailed(work));
	}
	return work_done(work, err);
}

/* Behind a setup that did not pass nothing comes, nor long after one that did (normalizer/circleci.c). */
static bool may_go_on(const struct work *work)
{
	for (size_t i = 0; i < work->tree.workflows.count; i++) {
		if (work->tree.workflows.at[i].passed && work->pipeline.created_at != INT_NULL) {
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
	work_follow(work, has_ended(work), jobs_lack(work) ? 0 : print_of(work),
		    jobs_detailed(work, work_detailed(work)));
	return work_done(work, err);
}

/* Once may be a mishap on the way. */
static bool is_first_time(const struct work *work)
{
	struct circleci_visit *state = visit_state(work->tree.visit);
	const struct follow *known = cursor_follow(&state->cursor, work->id);

	return work->id[0] && (!known || known->print != 0);
}

/* False: it is not to be had as a whole, and what becomes of it is done. */
static bool is_whole(struct work *work, enum status *status, struct err *err)
{
	enum answer_kind failed = work->tree.failed;

	if (failed == ANSWER_OK) {
		return true;
	}
	if (failed == ANSWER_TOO_LARGE && is_first_time(work)) {
		err_set(&work->tree.why, ERR_REMOTE, "an answer is too large");
		failed = ANSWER_UNUSABLE;
	}
	*status = failed == ANSWER_UNUSABLE ? skip(work, err) : give_up(work, err);
	return false;
}

/* A build without some details is better than none, but not at the first attempt. */
static enum status details_whole(struct tree *tree, struct err *err)
{
	struct work *work = work_of(tree);

	if (jobs_lack(work) && is_first_time(work)) {
		err_set(&tree->why, ERR_REMOTE, "the details of a job could not be had");
		return skip(work, err);
	}
	return publish(work, err);
}

/* Details only of what has ended: so each job is asked for once. */
static enum status jobs_whole(struct tree *tree, struct err *err)
{
	struct work *work = work_of(tree);
	enum status status = OK;

	if (!is_whole(work, &status, err)) {
		return status;
	}
	tree->whole = details_whole;
	if (has_ended(work)) {
		status = jobs_ask(work, work_detailed(work), err);
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

	if (!known || !known->ended || known->print != print_of(work) || work->due) {
		return false;
	}
	known->checked_at = work->tree.observed_at;
	known->fresh = true;
	return true;
}

static bool is_too_early(const struct work *work)
{
	const struct circleci_visit *state = visit_state(work->tree.visit);
	const struct items *workflows = &work->tree.workflows;

	if (!work->if_later || !has_ended(work)) {
		return false;
	}
	for (size_t i = 0; i < workflows->count; i++) {
		if (workflows->at[i].stopped_at > state->finished_from) {
			return false;
		}
	}
	return true;
}

static enum status workflows_whole(struct tree *tree, struct err *err)
{
	struct work *work = work_of(tree);
	enum status status;

	if (!is_whole(work, &status, err)) {
		return status;
	}
	return is_unchanged(work) || is_too_early(work) ? work_done(work, err) : ask_jobs(work, err);
}

/* Another one, which lists have, may stand for it. */
static bool is_read(const struct work *work, const char *id)
{
	struct circleci_visit *state = visit_state(work->tree.visit);

	return work_has(work->tree.visit, id) || cursor_follow(&state->cursor, id);
}

static enum status on_numbered(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
			       struct err *err)
{
	struct work *work = (struct work *)tag;
	enum status status = OK;

	if (tree_take(&work->tree, answer, err)) {
		status = answer_read_item(visit_arena(visit), answer->body, &work->pipeline, err);
		if (status == OK && !work->pipeline.id[0]) {
			item_fini(&work->pipeline);
			status = err_set(err, ERR_DATA, "$.id: missing");
		}
		if (status == OK && is_read(work, work->pipeline.id)) {
			return work_done(work, err);
		}
		if (status == OK) {
			memcpy(work->id, work->pipeline.id, ID_BYTES);
			status = tree_ask_workflows(&work->tree, work->id, err);
		}
	}
	return status == OK ? tree_answered(&work->tree, answer, err) : status;
}

static enum status start(struct work *work, struct err *err)
{
	const struct circleci_visit *state = visit_state(work->tree.visit);
	struct path path;

	work->tree.whole = workflows_whole;
	if (work->id[0]) {
		return tree_ask_workflows(&work->tree, work->id, err);
	}
	path_numbered(&path, state->slug, work->number);
	return tree_get(&work->tree, path.text, on_numbered, (intptr_t)work, err);
}

enum status work_start(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	enum status status = OK;
	int under_way = 0;

	for (struct work *work = state->works; status == OK && work && under_way < AT_ONCE;
	     work = work->next) {
		under_way++;
		if (!work->started) {
			work->started = true;
			status = start(work, err);
		}
	}
	return status;
}
