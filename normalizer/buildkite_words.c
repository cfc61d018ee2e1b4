/* SPDX-License-Identifier: MIT */
#include "normalizer/buildkite_words.h"

/* Build states of REST, with `waiting` and `waiting_failed` of its model table. A blocked build keeps its
 * last word beside `blocked: true`; the word itself appears in filters and notifications. */
const struct state_word buildkite_build_states[] = {
	{"creating", STATE_QUEUED, RESULT_NULL, false},
	{"scheduled", STATE_QUEUED, RESULT_NULL, false},
	{"waiting", STATE_QUEUED, RESULT_NULL, false},
	{"running", STATE_RUNNING, RESULT_NULL, false},
	{"failing", STATE_RUNNING, RESULT_NULL, false},
	{"canceling", STATE_RUNNING, RESULT_NULL, false},
	{"blocked", STATE_BLOCKED, RESULT_NULL, false},
	{"passed", STATE_FINISHED, RESULT_SUCCESS, false},
	{"failed", STATE_FINISHED, RESULT_FAILURE, false},
	{"waiting_failed", STATE_FINISHED, RESULT_FAILURE, false},
	{"canceled", STATE_FINISHED, RESULT_CANCELLATION, true},
	{"cancelled", STATE_FINISHED, RESULT_CANCELLATION, true},
	{"skipped", STATE_FINISHED, RESULT_SKIP, true},
	{"not_run", STATE_FINISHED, RESULT_SKIP, true},
	{.theirs = NULL},
};

/* `accepted` still waits for its agent. `*_failed` never ran because the build had failed. `broken` has a
 * condition that excludes it; `expired` found no agent in time. `finished` is GraphQL's word for passed and
 * failed: the exit status decides. */
const struct state_word buildkite_job_states[] = {
	{"pending", STATE_QUEUED, RESULT_NULL, false},
	{"waiting", STATE_QUEUED, RESULT_NULL, false},
	{"limiting", STATE_QUEUED, RESULT_NULL, false},
	{"limited", STATE_QUEUED, RESULT_NULL, false},
	{"platform_limiting", STATE_QUEUED, RESULT_NULL, false},
	{"platform_limited", STATE_QUEUED, RESULT_NULL, false},
	{"scheduled", STATE_QUEUED, RESULT_NULL, false},
	{"reserved", STATE_QUEUED, RESULT_NULL, false},
	{"assigned", STATE_QUEUED, RESULT_NULL, false},
	{"accepted", STATE_QUEUED, RESULT_NULL, false},
	{"running", STATE_RUNNING, RESULT_NULL, false},
	{"canceling", STATE_RUNNING, RESULT_NULL, false},
	{"timing_out", STATE_RUNNING, RESULT_NULL, false},
	{"blocked", STATE_BLOCKED, RESULT_NULL, false},
	{"passed", STATE_FINISHED, RESULT_SUCCESS, false},
	{"unblocked", STATE_FINISHED, RESULT_SUCCESS, false},
	{"unblocked_failed", STATE_FINISHED, RESULT_SUCCESS, false},
	{"failed", STATE_FINISHED, RESULT_FAILURE, false},
	{"finished", STATE_FINISHED, RESULT_NULL, false},
	{"timed_out", STATE_FINISHED, RESULT_TIMEOUT, false},
	{"expired", STATE_FINISHED, RESULT_ERROR, false},
	{"canceled", STATE_FINISHED, RESULT_CANCELLATION, false},
	{"cancelled", STATE_FINISHED, RESULT_CANCELLATION, false},
	{"skipped", STATE_FINISHED, RESULT_SKIP, false},
	{"broken", STATE_FINISHED, RESULT_SKIP, false},
	{"waiting_failed", STATE_FINISHED, RESULT_SKIP, false},
	{"blocked_failed", STATE_FINISHED, RESULT_SKIP, false},
	{.theirs = NULL},
};

const struct word buildkite_job_types[] = {
	{"script", KIND_SCRIPT},   {"waiter", KIND_WAIT}, {"manual", KIND_APPROVAL},
	{"trigger", KIND_TRIGGER}, {.theirs = NULL},
};

/* `webhook` with a pull request is pull_request. */
const struct word buildkite_sources[] = {
	{"webhook", TRIGGER_PUSH},         {"api", TRIGGER_API},           {"ui", TRIGGER_MANUAL},
	{"trigger_job", TRIGGER_UPSTREAM}, {"schedule", TRIGGER_SCHEDULE}, {.theirs = NULL},
};

/* Who ended it was the agent, not the command. */
const struct word buildkite_signals[] = {
	{"agent_stop", RESULT_ERROR},         {"cancel", RESULT_CANCELLATION},
	{"process_run_error", RESULT_ERROR},  {"agent_refused", RESULT_ERROR},
	{"signature_rejected", RESULT_ERROR}, {"stack_error", RESULT_ERROR},
	{"agent_incompatible", RESULT_ERROR}, {.theirs = NULL},
};
