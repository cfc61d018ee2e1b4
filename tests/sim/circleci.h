/* The world as CircleCI v2 shows it: a build is a pipeline, its jobs lie in workflows. Pure.
 *
 * Jobs of the first stage that have a group are a workflow of that name, all others the workflow `build`.
 * Each retry by hand is a re-run: workflows anew for what could run only after it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/sim/payload.h"

enum { CC_WORKFLOWS = 64, CC_JOBS = 600 };

struct cc_workflow {
	char id[UUID_SIZE];
	const char *name, *status;
	int64_t created, stopped; /* stopped 0: not yet */
	int wave;                 /* 0, then one more for each re-run */
	int jobs[CC_JOBS];        /* indexes into build.jobs */
	int count;
};

struct cc_pipeline {
	const struct build *build;
	int64_t now;
	const char *state, *error;     /* error NULL: none */
	struct cc_workflow *workflows; /* oldest first */
	int count;
};

/* build_look must have been called for now. */
struct cc_pipeline *cc_look(struct build *build, int64_t now);
void cc_free(struct cc_pipeline **pipeline);
bool cc_is_over(const char *status);
/* Of a job of the pipeline, unique in its project. */
int64_t cc_job_number(const struct build *build, int j);
const char *cc_job_status(const struct cc_pipeline *pipeline, int j);
bool cc_is_approval(const struct build *build, int j);
/* "Unit tests 3": the same for all attempts of one work. */
void cc_job_name(const struct build *build, int j, char *out, size_t size);

/* circleci_payload.c: objects of the API. */
void cc_put_pipeline(struct put in, const struct cc_pipeline *pipeline);
void cc_put_workflow(struct put in, const struct cc_pipeline *pipeline, const struct cc_workflow *workflow);
void cc_put_job(struct put in, const struct cc_pipeline *pipeline, int j);
void cc_put_details(struct put in, const struct cc_pipeline *pipeline, int j);

/* circleci_truth.c: as truth_add (truth.h), for `build_per: pipeline`. */
void cc_truth_add(struct text *out, struct world *world, const struct organization *organization,
		  const struct pipeline *pipeline);
