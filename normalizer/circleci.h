/* Shared by the files that read CircleCI's pipelines (api.md section 2; docs/record.md has the tables).
 *
 * The raw body: {"pipeline": {…}, "workflows": [{…, "jobs": [{…, "details": {…}}]}], "build_per":
 * "workflow"}: each object as the API sent it, details only of jobs that ran. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "normalizer/json.h"
#include "normalizer/provider.h"
#include "normalizer/words.h"

/* circleci_words.c */
extern const struct state_word circleci_pipeline_states[], circleci_workflow_states[], circleci_job_states[];
extern const struct word circleci_job_types[]; /* to enum job_kind */
extern const struct word circleci_triggers[];  /* to enum build_trigger */

struct circleci_workflow {
	struct text id, name, status;
	int state, result;
	int64_t created_at, stopped_at;
	int64_t attempt;  /* among those of its name, from 1 */
	bool newest;      /* of its name */
	struct job *jobs; /* in arena */
	size_t count;
};

struct circleci_workflows {
	struct circleci_workflow *items; /* oldest first */
	size_t count, jobs;              /* jobs: of all */
};

/* circleci_jobs.c */
/* Reads `workflows` of the root with their jobs, attempts and all; errors stay in the document. */
void circleci_workflows_read(struct json *root, struct circleci_workflows *out, struct normal_notes *notes);

/* circleci_numbers.c */
/* Attempts of workflows and jobs, which are superseded, and no job twice. False: the arena is full. */
bool circleci_number(struct arena *arena, struct circleci_workflows *workflows);

/* circleci_attempts.c */
/* State, result, times, attempts and jobs of build from these workflows, which are not none. */
void circleci_attempts(const struct json *root, const struct circleci_workflows *workflows,
		       struct build *build);
