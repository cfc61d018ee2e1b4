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
	for (size_t i = 0; work->flows && i < work->workflows.count; i++) {
		struct flow *flow = &work->flows[i];

		for (size_t j = 0; flow->details && j < flow->jobs.count; j++) {
			item_fini(&flow->details[j].item);
		}
		free(flow->details);
		items_fini(&flow->jobs);
	}
	free(work->flows);
	items_fini(&work->workflows);
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

enum status work_add(struct visit *visit, const char *id, struct item *item, enum build_origin origin,
		     struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	struct work *work = calloc(1, sizeof *work), **end = &state->works;

	if (!work) {
		return err_set(err, ERR_SYS, "out of memory for a pipeline");
	}
	work->visit = visit;
	work->origin = origin;
	work->observed_at = INT_NULL;
	memcpy(work->id, id, strnlen(id, ID_BYTES - 1));
	if (item) {
		work->pipeline = *item;
		item->json = NULL;
		work->observed_at = state->date;
	}
	while (*end) {
		end = &(*end)->next;
	}
	*end = work;
	return OK;
}

static enum visit_priority priority_of(const struct work *work)
{
	return work->origin == ORIGIN_BACKFILL ? VISIT_BACKFILL : VISIT_LIVE;
}

static enum status leave(struct work *work, struct err *err)
{
	struct circleci_visit *state = visit_state(work->visit);
	struct visit *visit = work->visit;
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
	struct circleci_visit *state = visit_state(work->visit);
	const struct follow *known = cursor_follow(&state->cursor, work->id);
	struct follow follow = {
		.created_at = work->pipeline.json ? work->pipeline.created_at
			      : known             ? known->created_at
						  : work->observed_at,
		.checked_at = work->observed_at,
		.print = print,
		.ended = ended,
	};

	follow.created_at = follow.created_at == INT_NULL ? work->observed_at : follow.created_at;
	memcpy(follow.id, work->id, ID_BYTES);
	cursor_put(&state->cursor, &follow);
}

static enum status commit_and_leave(struct work *work, struct err *err)
{
	enum status status = visit_commit(work->visit, err);

	return status == OK ? leave(work, err) : status;
}

/* It is not there, or too large to be had. */
static enum status give_up(struct work *work, struct err *err)
{
	struct circleci_visit *state = visit_state(work->visit);
	const struct visit_build bare = {
		.key = work->id,
		.observed_at = work->observed_at,
		.origin = work->origin,
		.oversize = work->failed == ANSWER_TOO_LARGE,
	};
	enum status status = visit_build(work->visit, &bare, err);

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
	struct circleci_visit *state = visit_state(work->visit);

	if (++state->skipped > SKIPPED_MAX) {
		*err = work->why;
		return err->status;
	}
	log_warn("fetch.skipped", STR("target", visit_slug(work->visit)), STR("build", work->id),
		 STR("why", work->why.text));
	follow(work, false, 0);
	return commit_and_leave(work, err);
}

/* Behind a setup that did not pass nothing comes, nor long after one that did (normalizer/circleci.c). */
static bool may_go_on(const struct work *work)
{
	for (size_t i = 0; i < work->workflows.count; i++) {
		if (work->workflows.at[i].passed) {
			return work->observed_at - work->pipeline.created_at < SETUP_MS;
		}
	}
	return false;
}

static bool has_ended(const struct work *work)
{
	const struct item *pipeline = &work->pipeline;

	for (size_t i = 0; i < work->workflows.count; i++) {
		if (!work->workflows.at[i].ended) {
			return false;
		}
	}
	if (work->workflows.count > 0) {
		return !pipeline->coming || !may_go_on(work);
	}
	return pipeline->errored || (pipeline->created_at != INT_NULL &&
				     work->observed_at - pipeline->created_at > NO_WORKFLOW_MS);
}

static uint64_t print_of(const struct work *work)
{
	uint64_t print = 1;

	for (size_t i = 0; i < work->workflows.count; i++) {
		print = print * 1099511628211u + work->workflows.at[i].print;
	}
	return print ? print : 1;
}

static enum status publish(struct work *work, struct err *err)
{
	const struct circleci_config *config = visit_config(work->visit);
	struct visit_build build = {
		.key = work->id, .observed_at = work->observed_at, .origin = work->origin};
	char url[PATH_BYTES + 512];
	struct path path;
	enum status status;

	path_pipeline(&path, work->id);
	snprintf(url, sizeof url, "%s%s", config->api_url, path.text);
	build.url = url;
	build.json = body_of(visit_scratch(work->visit), work, config);
	build.oversize = !build.json.at;
	status = visit_build(work->visit, &build, err);
	if (status != OK) {
		return status;
	}
	follow(work, has_ended(work), print_of(work));
	return commit_and_leave(work, err);
}

static enum status answered(struct work *work, struct err *err);

/* False: the answer can't be used, and the work's end says so. */
static bool take_answer(struct work *work, const struct visit_answer *answer, const struct err *err)
{
	int64_t date = visit_date(work->visit, answer);

	if (work->observed_at == INT_NULL || date < work->observed_at) {
		work->observed_at = date;
	}
	if (answer->kind != ANSWER_OK) {
		work->failed = answer->kind;
		work->why = answer->kind == ANSWER_UNUSABLE ? *err : (struct err){.status = ERR_REMOTE};
	}
	return answer->kind == ANSWER_OK;
}

/* A build without some details is better than none. */
static enum status on_details(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
			      struct err *err)
{
	struct detail *detail = (struct detail *)tag;
	enum status status = OK;

	if (answer->kind == ANSWER_OK) {
		status = answer_read_item(visit_arena(visit), answer->body, &detail->item, err);
	}
	(void)visit_date(visit, answer);
	return status == OK ? answered(detail->work, err) : status;
}

/* A re-run lists what passed in an earlier run once more. */
static bool ran_before(const struct flow *flow, const struct item *job)
{
	const struct work *work = flow->work;

	for (size_t i = 0; i < work->workflows.count; i++) {
		const struct flow *other = &work->flows[i];

		if (other->item->created_at >= flow->item->created_at) {
			continue;
		}
		for (size_t j = 0; j < other->jobs.count; j++) {
			if (strcmp(other->jobs.at[j].id, job->id) == 0) {
				return true;
			}
		}
	}
	return false;
}

static enum status ask_details_of(struct flow *flow, struct err *err)
{
	const struct circleci_visit *state = visit_state(flow->work->visit);
	enum status status = OK;
	struct path path;

	flow->details = calloc(flow->jobs.count + 1, sizeof *flow->details);
	if (!flow->details) {
		return err_set(err, ERR_SYS, "out of memory for the details of jobs");
	}
	for (size_t i = 0; status == OK && i < flow->jobs.count; i++) {
		const struct item *job = &flow->jobs.at[i];

		flow->details[i].work = flow->work;
		if (job->approval || !job->started || job->number <= 0 || ran_before(flow, job)) {
			continue; /* they would add nothing */
		}
		path_job(&path, state->slug, job->number);
		flow->work->waiting++;
		status = visit_get(flow->work->visit, path.text, priority_of(flow->work), on_details,
				   (intptr_t)&flow->details[i], err);
	}
	return status;
}

/* Only of what has ended: so each job is asked for once. */
static enum status ask_details(struct work *work, struct err *err)
{
	enum status status = OK;

	work->stage = STAGE_DETAILS;
	for (size_t i = 0; status == OK && has_ended(work) && i < work->workflows.count; i++) {
		status = ask_details_of(&work->flows[i], err);
	}
	return status != OK || work->waiting > 0 ? status : publish(work, err);
}

static enum status on_jobs(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
			   struct err *err);

static enum status ask_jobs_of(struct flow *flow, struct err *err)
{
	struct path path;

	path_jobs(&path, flow->item->id, flow->token);
	return visit_get(flow->work->visit, path.text, priority_of(flow->work), on_jobs, (intptr_t)flow, err);
}

static enum status on_jobs(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
			   struct err *err)
{
	struct flow *flow = (struct flow *)tag;
	enum status status;

	if (!take_answer(flow->work, answer, err)) {
		return answered(flow->work, err);
	}
	status = answer_read_list(visit_arena(visit), answer->body, &flow->jobs, flow->token, err);
	if (status != OK) {
		return status;
	}
	return flow->token[0] ? ask_jobs_of(flow, err) : answered(flow->work, err);
}

static enum status on_pipeline(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
			       struct err *err)
{
	struct work *work = (struct work *)tag;
	enum status status;

	if (!take_answer(work, answer, err)) {
		return answered(work, err);
	}
	status = answer_read_item(visit_arena(visit), answer->body, &work->pipeline, err);
	return status == OK ? answered(work, err) : status;
}

static enum status ask_jobs(struct work *work, struct err *err)
{
	enum status status = OK;
	struct path path;

	work->stage = STAGE_JOBS;
	work->flows = calloc(work->workflows.count + 1, sizeof *work->flows);
	if (!work->flows) {
		return err_set(err, ERR_SYS, "out of memory for workflows");
	}
	if (!work->pipeline.json) {
		work->waiting++;
		path_pipeline(&path, work->id);
		status = visit_get(work->visit, path.text, priority_of(work), on_pipeline, (intptr_t)work,
				   err);
	}
	for (size_t i = 0; status == OK && i < work->workflows.count; i++) {
		work->flows[i].work = work;
		work->flows[i].item = &work->workflows.at[i];
		work->waiting++;
		status = ask_jobs_of(&work->flows[i], err);
	}
	return status != OK || work->waiting > 0 ? status : ask_details(work, err);
}

/* What had ended and still looks the same needs no further question. */
static bool is_unchanged(const struct work *work)
{
	struct circleci_visit *state = visit_state(work->visit);
	struct follow *known = cursor_follow(&state->cursor, work->id);

	if (!known || !known->ended || known->print != print_of(work)) {
		return false;
	}
	known->checked_at = work->observed_at;
	return true;
}

static enum status answered(struct work *work, struct err *err)
{
	if (--work->waiting > 0) {
		return OK;
	}
	if (work->failed == ANSWER_UNUSABLE || work->failed == ANSWER_REFUSED) {
		return skip(work, err);
	}
	if (work->failed != ANSWER_OK) {
		return give_up(work, err);
	}
	switch (work->stage) {
	case STAGE_WORKFLOWS:
		return is_unchanged(work) ? commit_and_leave(work, err) : ask_jobs(work, err);
	case STAGE_JOBS:
		return ask_details(work, err);
	case STAGE_DETAILS:
		break;
	}
	return publish(work, err);
}

static enum status on_workflows(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
				struct err *err);

static enum status ask_workflows(struct work *work, struct err *err)
{
	struct path path;

	path_workflows(&path, work->id, work->token);
	return visit_get(work->visit, path.text, priority_of(work), on_workflows, (intptr_t)work, err);
}

static enum status on_workflows(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
				struct err *err)
{
	struct work *work = (struct work *)tag;
	enum status status;

	if (!take_answer(work, answer, err)) {
		return answered(work, err);
	}
	status = answer_read_list(visit_arena(visit), answer->body, &work->workflows, work->token, err);
	if (status != OK) {
		return status;
	}
	return work->token[0] ? ask_workflows(work, err) : answered(work, err);
}

enum status work_start(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	enum status status = OK;

	for (struct work *work = state->works; status == OK && work; work = work->next) {
		work->waiting = 1;
		status = ask_workflows(work, err);
	}
	return status;
}
