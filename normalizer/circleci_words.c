/* SPDX-License-Identifier: MIT */
#include "normalizer/circleci.h"

/* `created` says that the workflows exist, not how they ended. */
const struct state_word circleci_pipeline_states[] = {
	{"created", STATE_QUEUED, RESULT_NULL, false},       {"pending", STATE_QUEUED, RESULT_NULL, false},
	{"setup-pending", STATE_QUEUED, RESULT_NULL, false}, {"setup", STATE_QUEUED, RESULT_NULL, false},
	{"errored", STATE_FINISHED, RESULT_ERROR, false},    {.theirs = NULL},
};

/* `failing` still runs; `error` is a configuration that can't run. */
const struct state_word circleci_workflow_states[] = {
	{"running", STATE_RUNNING, RESULT_NULL, false},
	{"failing", STATE_RUNNING, RESULT_NULL, false},
	{"on_hold", STATE_BLOCKED, RESULT_NULL, false},
	{"success", STATE_FINISHED, RESULT_SUCCESS, false},
	{"failed", STATE_FINISHED, RESULT_FAILURE, false},
	{"error", STATE_FINISHED, RESULT_ERROR, false},
	{"unauthorized", STATE_FINISHED, RESULT_ERROR, false},
	{"canceled", STATE_FINISHED, RESULT_CANCELLATION, false},
	{"not_run", STATE_FINISHED, RESULT_SKIP, false},
	{.theirs = NULL},
};

/* `blocked` waits for other jobs, `on_hold` for a person. `retried` ended and was run again by CircleCI. */
const struct state_word circleci_job_states[] = {
	{"not_running", STATE_QUEUED, RESULT_NULL, false},
	{"queued", STATE_QUEUED, RESULT_NULL, false},
	{"blocked", STATE_QUEUED, RESULT_NULL, false},
	{"running", STATE_RUNNING, RESULT_NULL, false},
	{"on_hold", STATE_BLOCKED, RESULT_NULL, false},
	{"success", STATE_FINISHED, RESULT_SUCCESS, false},
	{"failed", STATE_FINISHED, RESULT_FAILURE, false},
	{"retried", STATE_FINISHED, RESULT_ERROR, false},
	{"infrastructure_fail", STATE_FINISHED, RESULT_ERROR, false},
	{"terminated-unknown", STATE_FINISHED, RESULT_ERROR, false},
	{"unauthorized", STATE_FINISHED, RESULT_ERROR, false},
	{"timedout", STATE_FINISHED, RESULT_TIMEOUT, false},
	{"canceled", STATE_FINISHED, RESULT_CANCELLATION, false},
	{"not_run", STATE_FINISHED, RESULT_SKIP, false},
	{.theirs = NULL},
};

const struct word circleci_job_types[] = {
	{"build", KIND_SCRIPT},
	{"approval", KIND_APPROVAL},
	{.theirs = NULL},
};

/* `webhook` with a review is pull_request. The long one is a pipeline that came by a newer way of CircleCI's,
 * whatever began it. */
const struct word circleci_triggers[] = {
	{"webhook", TRIGGER_PUSH},
	{"api", TRIGGER_API},
	{"explicit", TRIGGER_MANUAL},
	{"scheduled_pipeline", TRIGGER_SCHEDULE},
	{"Decoupled Ingestion System", TRIGGER_OTHER},
	{.theirs = NULL},
};
