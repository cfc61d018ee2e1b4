/* SPDX-License-Identifier: MIT */
#include "tests/sim/circleci.h"
#include "tests/sim/pool.h"
#include "tests/sim/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAVES = 32, SETUP_MS = 3000 };

/* When somebody pressed the button, up to now; equal times are one. */
struct presses {
	int64_t at[WAVES];
	int count;
};

static void add_press(struct presses *presses, int64_t at)
{
	int i = 0;

	while (i < presses->count && presses->at[i] < at) {
		i++;
	}
	if ((i < presses->count && presses->at[i] == at) || presses->count == WAVES) {
		return;
	}
	memmove(&presses->at[i + 1], &presses->at[i], (size_t)(presses->count - i) * sizeof presses->at[0]);
	presses->at[i] = at;
	presses->count++;
}

static struct presses presses_of(const struct build *build, int64_t now)
{
	struct presses presses = {.count = 0};

	for (int i = 0; i < build->job_count; i++) {
		if (build->jobs[i].retry == RETRY_MANUAL && job_shows(build, i, now)) {
			add_press(&presses, build->jobs[i].created);
		}
	}
	return presses;
}

/* A job belongs to the re-run in which it could run; what could not yet belongs to the newest. */
static int wave_of(const struct presses *presses, const struct job *job)
{
	int wave = 0;

	while (wave < presses->count && presses->at[wave] <= job->runnable) {
		wave++;
	}
	return wave;
}

static const char *workflow_name(const struct job *job)
{
	return job->stage == 0 && job->step->group ? job->step->group : "build";
}

bool cc_is_approval(const struct build *build, int j)
{
	return build->jobs[j].step->type == JOB_MANUAL;
}

int64_t cc_job_number(const struct build *build, int j)
{
	return build->number * 1000 + j + 1;
}

void cc_job_name(const struct build *build, int j, char *out, size_t size)
{
	const struct step *step = build->jobs[j].step;
	int root = j;

	if (build->change) {
		payload_job_name(&build->jobs[j], out, size);
		return;
	}
	while (build->jobs[root].previous >= 0) {
		root = build->jobs[root].previous;
	}
	snprintf(out, size, "%s %d", step->name ? step->name : step->key ? step->key : "job", root);
}

static const char *over_word(const struct build *build, int j, int64_t now)
{
	static const char *const words[] = {
		[OUTCOME_PASSED] = "success",     [OUTCOME_FAILED] = "failed",
		[OUTCOME_TIMED_OUT] = "timedout", [OUTCOME_EXPIRED] = "infrastructure_fail",
		[OUTCOME_CANCELED] = "canceled",  [OUTCOME_BROKEN] = "not_run",
	};
	const struct job *job = &build->jobs[j];

	if (job_superseded(build, j, now) && build->jobs[job->next].retry == RETRY_AUTOMATIC) {
		return "retried";
	}
	return job->ends == OUTCOME_FAILED && job->soft_failed ? "success" : words[job->ends];
}

const char *cc_job_status(const struct cc_pipeline *pipeline, int j)
{
	const struct job *job = &pipeline->build->jobs[j];

	if (job->done <= pipeline->now) {
		return over_word(pipeline->build, j, pipeline->now);
	}
	if (job->started <= pipeline->now) {
		return "running";
	}
	if (job->runnable > pipeline->now) {
		return "blocked";
	}
	return cc_is_approval(pipeline->build, j) ? "on_hold" : "queued";
}

bool cc_is_over(const char *status)
{
	static const char *const open[] = {"running", "failing", "on_hold",
					   "queued",  "blocked", "not_running"};

	for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
		if (strcmp(status, open[i]) == 0) {
			return false;
		}
	}
	return true;
}

static struct cc_workflow *workflow_of(struct cc_pipeline *pipeline, int wave, const char *name,
				       int64_t created)
{
	struct cc_workflow *workflow;

	for (int i = 0; i < pipeline->count; i++) {
		workflow = &pipeline->workflows[i];
		if (workflow->wave == wave && strcmp(workflow->name, name) == 0) {
			return workflow;
		}
	}
	if (pipeline->count == CC_WORKFLOWS) {
		return &pipeline->workflows[CC_WORKFLOWS - 1];
	}
	workflow = &pipeline->workflows[pipeline->count++];
	*workflow = (struct cc_workflow){.name = name, .wave = wave, .created = created};
	snprintf(workflow->id, sizeof workflow->id, "%.32s%02x%02x", pipeline->build->uuid, wave,
		 pipeline->count);
	return workflow;
}

struct counts {
	int active, waiting, held, failed, canceled, ran;
	int64_t last;
};

static void count_job(const struct cc_pipeline *pipeline, int j, struct counts *counts)
{
	const char *status = cc_job_status(pipeline, j);

	counts->active += strcmp(status, "running") == 0 || strcmp(status, "queued") == 0;
	counts->held += strcmp(status, "on_hold") == 0;
	counts->waiting += strcmp(status, "blocked") == 0;
	counts->canceled += strcmp(status, "canceled") == 0;
	counts->failed += strcmp(status, "failed") == 0 || strcmp(status, "timedout") == 0 ||
			  strcmp(status, "infrastructure_fail") == 0;
	counts->ran += pipeline->build->jobs[j].started <= pipeline->now;
	if (cc_is_over(status) && pipeline->build->jobs[j].done > counts->last) {
		counts->last = pipeline->build->jobs[j].done;
	}
}

/* Behind what failed or was cancelled nothing goes on. */
static bool in_vain(const struct build *build)
{
	return !build->view.blocked &&
	       (build->view.state == BUILD_FAILED || build->view.state == BUILD_CANCELED);
}

static const char *judge(const struct cc_pipeline *pipeline, const struct counts *counts)
{
	if (counts->active > 0) {
		return counts->failed ? "failing" : "running";
	}
	if (counts->held + counts->waiting > 0 && !in_vain(pipeline->build)) {
		return counts->failed ? "failing" : counts->held ? "on_hold" : "running";
	}
	if (counts->canceled > 0) {
		return "canceled";
	}
	return counts->failed || counts->held + counts->waiting > 0 ? "failed" : "success";
}

static void finish_workflow(const struct cc_pipeline *pipeline, struct cc_workflow *workflow)
{
	struct counts counts = {.last = workflow->created};

	for (int i = 0; i < workflow->count; i++) {
		count_job(pipeline, workflow->jobs[i], &counts);
	}
	workflow->status = judge(pipeline, &counts);
	workflow->stopped = cc_is_over(workflow->status) ? counts.last : 0;
}

static bool is_setup(const struct job *job)
{
	return strcmp(workflow_name(job), "setup") == 0;
}

/* What shows: of one that is not set up only its setup, once it runs. */
static bool is_listed(const struct cc_pipeline *pipeline, int i, bool set_up)
{
	const struct job *job = &pipeline->build->jobs[i];

	return job_shows(pipeline->build, i, pipeline->now) && job->step->type != JOB_WAITER &&
	       (set_up || (is_setup(job) && (job->started <= pipeline->now || job->done <= pipeline->now)));
}

static void add_jobs(struct cc_pipeline *pipeline, const struct presses *presses, bool set_up)
{
	const struct build *build = pipeline->build;

	for (int i = 0; i < build->job_count; i++) {
		const struct job *job = &build->jobs[i];
		struct cc_workflow *workflow;
		int wave;

		if (!is_listed(pipeline, i, set_up)) {
			continue;
		}
		wave = wave_of(presses, job);
		workflow = workflow_of(pipeline, wave, workflow_name(job),
				       wave ? presses->at[wave - 1] : build->created + build->creating_ms);
		if (workflow->count < CC_JOBS) {
			workflow->jobs[workflow->count++] = i;
		}
	}
}

/* A re-run lists what passed in earlier runs of the workflow once more, before its own. */
static void carry(struct cc_pipeline *pipeline, struct cc_workflow *workflow)
{
	int own[CC_JOBS], count = 0, total = workflow->count;

	memcpy(own, workflow->jobs, (size_t)total * sizeof own[0]);
	for (int i = 0; i < pipeline->count; i++) {
		const struct cc_workflow *before = &pipeline->workflows[i];

		for (int j = before->carried; before->wave < workflow->wave && j < before->count; j++) {
			if (strcmp(before->name, workflow->name) == 0 && count + total < CC_JOBS &&
			    strcmp(cc_job_status(pipeline, before->jobs[j]), "success") == 0 &&
			    !job_superseded(pipeline->build, before->jobs[j], pipeline->now)) {
				workflow->jobs[count++] = before->jobs[j];
			}
		}
	}
	memcpy(workflow->jobs + count, own, (size_t)total * sizeof own[0]);
	workflow->carried = count;
	workflow->count += count;
}

static int by_wave(const void *a, const void *b)
{
	const struct cc_workflow *x = a, *y = b;

	return x->wave != y->wave ? x->wave - y->wave : strcmp(x->id, y->id);
}

/* Skipped: cancelled before anything began. */
static void add_skipped(struct cc_pipeline *pipeline)
{
	struct cc_workflow *workflow = workflow_of(pipeline, 0, "build", pipeline->build->skip_at);

	workflow->status = "canceled";
	workflow->stopped = pipeline->build->skip_at;
}

/* While the setup workflow runs, and a moment longer, there is no other. */
static bool is_set_up(const struct cc_pipeline *pipeline)
{
	const struct build *build = pipeline->build;
	bool has_setup = false;

	for (int i = 0; i < build->job_count; i++) {
		const struct job *job = &build->jobs[i];

		has_setup |= is_setup(job);
		if (is_setup(job) && job->ends == OUTCOME_PASSED && job->done + SETUP_MS <= pipeline->now) {
			return true;
		}
	}
	return !has_setup;
}

static void look_at_workflows(struct cc_pipeline *pipeline)
{
	struct presses presses = presses_of(pipeline->build, pipeline->now);
	bool set_up = is_set_up(pipeline);

	add_jobs(pipeline, &presses, set_up);
	if (!set_up) {
		pipeline->state = pipeline->count > 0 ? "setup" : "setup-pending";
	}
	qsort(pipeline->workflows, (size_t)pipeline->count, sizeof *pipeline->workflows, by_wave);
	for (int i = 0; i < pipeline->count; i++) {
		finish_workflow(pipeline, &pipeline->workflows[i]);
		carry(pipeline, &pipeline->workflows[i]);
	}
	pipeline->coming =
		!set_up && (pipeline->count == 0 ||
			    strcmp(pipeline->workflows[pipeline->count - 1].status, "success") == 0);
}

static void look(struct cc_pipeline *pipeline)
{
	const struct build *build = pipeline->build;

	pipeline->state = "created";
	if (build->view.state == BUILD_SKIPPED) {
		add_skipped(pipeline);
	} else if (build->view.state == BUILD_CREATING || build->skip_at) {
		pipeline->state = "pending";
	} else if (build->not_run) {
		pipeline->state = "errored";
		pipeline->error = "Config does not conform to schema: {:workflows {:build (not (map? nil))}}";
	} else {
		look_at_workflows(pipeline);
	}
}

struct cc_pipeline *cc_look(struct build *build, int64_t now)
{
	struct cc_pipeline *pipeline = must_malloc(sizeof *pipeline);

	build_look(build, now);
	*pipeline = (struct cc_pipeline){.build = build, .now = now};
	pipeline->workflows = must_malloc(CC_WORKFLOWS * sizeof *pipeline->workflows);
	look(pipeline);
	return pipeline;
}

void cc_free(struct cc_pipeline **pipeline)
{
	free((*pipeline)->workflows);
	free(*pipeline);
	*pipeline = NULL;
}
