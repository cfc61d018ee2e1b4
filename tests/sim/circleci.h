/* The world as CircleCI v2 shows it: a build is a pipeline, its jobs lie in workflows. Pure.
 *
 * Jobs of the first stage that have a group are a workflow of that name, all others the workflow `build`.
 * Each retry by hand is a re-run: workflows anew for what could run only after it, which list what passed
 * before once more. A first stage in the group `setup` is a setup workflow: the others come a moment after
 * it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/sim/payload.h"

enum { CC_WORKFLOWS = 64, CC_JOBS = 600, CC_SLUG = 96 };

struct cc_workflow {
	char id[UUID_SIZE];
	const char *name, *status;
	int64_t created, stopped; /* stopped 0: not yet */
	int wave;                 /* 0, then one more for each re-run */
	int jobs[CC_JOBS];        /* indexes into build.jobs */
	int count;
	int carried; /* so many of the first ones passed in an earlier run of it and are listed once more */
};

struct cc_pipeline {
	const struct build *build;
	int64_t now;
	const char *state, *error;     /* error NULL: none */
	bool coming;                   /* further workflows will come */
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
void cc_put_name(struct put in, const struct build *build, int j);
void cc_put_job(struct put in, const struct cc_pipeline *pipeline, int j);
void cc_put_details(struct put in, const struct cc_pipeline *pipeline, int j);

/* circleci_slug.c */
/* Gives each organization its word of the list, in turn; NULL: all are gh. */
void cc_deal_vcs(struct world *world, const char *list);
bool cc_is_opaque(const struct organization *organization);
/* "gh/acme" */
void cc_organization_slug(const struct organization *organization, char out[static CC_SLUG]);
/* "gh/acme/web" */
void cc_project_slug(const struct pipeline *pipeline, char out[static 2 * CC_SLUG]);
/* "web"; returns out. */
const char *cc_project_name(const struct pipeline *pipeline, char out[static CC_SLUG]);
/* NULL: there is none. */
struct organization *cc_organization(const struct world *world, const char *slug);
struct pipeline *cc_project(const struct world *world, const char *vcs, const char *organization,
			    const char *project);

/* circleci_results.c: test results of a job that is over. */
int cc_test_count(const struct world *world, const struct cc_pipeline *pipeline, int j);
const char *cc_test_result(const struct cc_pipeline *pipeline, int j, int index);

/* circleci_truth.c: as truth_add (truth.h); a line for each pipeline, or for each name of a workflow. */
void cc_truth_add(struct text *out, struct world *world, const struct organization *organization,
		  const struct pipeline *pipeline, bool per_workflow);
