/* From the plan of a build to the absolute times of its jobs. Pure. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/build.h"
#include "tests/sim/pool.h"
#include "tests/sim/when.h"

#include <stdlib.h>
#include <string.h>

static int64_t later(int64_t at, int64_t by)
{
	return at == NEVER || by == NEVER ? NEVER : at + by;
}

static int64_t latest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

struct job *build_add_job(struct build *build)
{
	struct job *job;

	if (build->job_count == build->job_capacity) {
		build->job_capacity = build->job_capacity ? build->job_capacity * 2 : 8;
		build->jobs = must_realloc(build->jobs, (size_t)build->job_capacity * sizeof *build->jobs);
	}
	job = &build->jobs[build->job_count++];
	memset(job, 0, sizeof *job);
	job->previous = job->next = -1;
	job->attempt = 1;
	return job;
}

static bool is_ok(const struct job *job)
{
	return job->ends == OUTCOME_PASSED || job->ends == OUTCOME_BROKEN ||
	       (job->soft_failed && job->ends == OUTCOME_FAILED);
}

static void lay_out_script(struct job *job)
{
	job->started = job->start_at ? job->start_at : later(job->runnable, job->queue_ms);
	if (job->outcome == OUTCOME_EXPIRED) {
		job->done = job->finished = job->started;
		job->started = NEVER;
		return;
	}
	job->finished = job->end_at ? job->end_at : later(job->started, job->run_ms);
	job->done = job->finished;
}

static void lay_out_job(struct job *job)
{
	job->ends = job->outcome;
	job->started = job->finished = NEVER;
	if (job->outcome == OUTCOME_BROKEN || job->step->type == JOB_WAITER) {
		job->done = job->outcome == OUTCOME_BROKEN ? job->created : job->runnable;
	} else if (job->step->type == JOB_MANUAL) {
		job->done = job->end_at ? job->end_at : later(job->runnable, job->run_ms);
	} else {
		lay_out_script(job);
	}
}

/* Cancelling cuts what exists and is not done: what runs gets some time to stop, the rest stops at once. */
static void cut(const struct build *build, struct job *job)
{
	int64_t at = build->cancel_at;

	if (!at || job->created > at || job->done <= at) {
		return;
	}
	job->ends = OUTCOME_CANCELED;
	if (job->started <= at) {
		job->finished = at + build->cancel_grace_ms;
	} else {
		job->started = NEVER;
		job->finished = at;
	}
	job->done = job->finished;
}

/* Only a failure is repeated by itself; by hand, anything that is done. */
static int64_t attempt_created(const struct job *before, const struct job *job)
{
	if (before->done == NEVER) {
		return NEVER;
	}
	if (job->retry == RETRY_MANUAL) {
		return latest(job->retry_at, before->done);
	}
	return before->ends == OUTCOME_PASSED || before->ends == OUTCOME_CANCELED ? NEVER : before->done;
}

static void enter(const struct build *build, struct job *job, int64_t stage_start)
{
	if (job->previous < 0) {
		job->created = build->created + build->creating_ms;
		job->runnable = stage_start;
	} else {
		job->created = job->runnable = attempt_created(&build->jobs[job->previous], job);
	}
}

/* A stage is passed when each piece of its work has had one attempt that was all right: a retry after that
 * runs beside what follows and never moves the past. */
static int64_t stage_passes(const struct build *build, int stage, int64_t start)
{
	int64_t passes = start;

	for (int i = 0; i < build->job_count; i++) {
		const struct job *job = &build->jobs[i];

		if (job->stage != stage || job->previous >= 0) {
			continue;
		}
		while (!is_ok(job) && job->next >= 0) {
			job = &build->jobs[job->next];
		}
		passes = latest(passes, is_ok(job) ? job->done : NEVER);
	}
	return passes;
}

/* Attempts follow those that they repeat in build.jobs, so one pass in order suffices. */
void build_lay_out(struct build *build)
{
	int64_t start = build->created + build->creating_ms;

	for (int stage = 0; stage < build->stage_count; stage++) {
		for (int i = 0; i < build->job_count; i++) {
			struct job *job = &build->jobs[i];

			if (job->stage == stage) {
				enter(build, job, start);
				lay_out_job(job);
				cut(build, job);
			}
		}
		start = stage_passes(build, stage, start);
	}
	build->view.until = 0;
}

int64_t build_settles(const struct build *build)
{
	int64_t last = latest(build->created + build->creating_ms, build->skip_at);

	for (int i = 0; i < build->job_count; i++) {
		const struct job *job = &build->jobs[i];

		if (job->runnable == NEVER && job->done == NEVER) {
			continue; /* behind a stage that fails: it ends with the build */
		}
		if (job->created == NEVER) {
			continue;
		}
		last = latest(last, job->done);
	}
	return last;
}

void build_fini(struct build *build)
{
	free(build->jobs);
	free(build->json);
	build->jobs = NULL;
	build->json = NULL;
}
