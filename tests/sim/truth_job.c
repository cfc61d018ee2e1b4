/* SPDX-License-Identifier: MIT */
#include "tests/sim/truth.h"
#include "tests/sim/when.h"

#include <string.h>

/* Their word -> ours (docs/record.md), written here a second time on purpose. */
static const struct word {
	const char *theirs, *result;
} words[] = {
	{"passed", "success"},    {"unblocked", "success"},   {"failed", "failure"},
	{"timed_out", "timeout"}, {"expired", "error"},       {"canceled", "cancellation"},
	{"broken", "skip"},       {"waiting_failed", "skip"}, {"blocked_failed", "skip"},
};

/* NULL: it isn't finished. */
static const char *result_of(const char *theirs)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(words[i].theirs, theirs) == 0) {
			return words[i].result;
		}
	}
	return NULL;
}

static bool runs(const struct job *job)
{
	return job->step->type == JOB_SCRIPT || job->step->type == JOB_TRIGGER;
}

/* A job without a runnable_at takes its scheduled_at, which lies before created_at in later stages. */
static void put_times(struct put in, const struct job *job, int64_t now)
{
	bool runnable = runs(job) && job->runnable <= now;
	bool queued = runnable || (runs(job) && job->stage == 0);
	bool started = runs(job) && job->started <= now, finished = runs(job) && job->finished <= now;
	int64_t queued_at = runnable ? job->runnable : job->created;

	put_known(in, "queued_at", queued_at, queued);
	put_known(in, "started_at", job->started, started);
	put_known(in, "finished_at", job->finished, finished);
	put_known(in, "queue_ms", started && queued ? job->started - queued_at : 0, started && queued);
	put_known(in, "duration_ms", started && finished ? job->finished - job->started : 0,
		  started && finished);
}

static bool ran(const struct job *job, int64_t now)
{
	return job->step->type == JOB_SCRIPT && job->done <= now && job->started <= now;
}

/* Who ended a failed job was not its command: the agent stopped, or was lost. */
static bool ended_by_agent(const struct job *job)
{
	return job->signal_reason || job->exit_status == -1;
}

static void put_outcome(struct put in, const struct job *job, const char *theirs, int64_t now)
{
	bool failed = ran(job, now) && job->ends == OUTCOME_FAILED;
	bool stopped = job->ends == OUTCOME_CANCELED || job->ends == OUTCOME_TIMED_OUT;

	put_text(in, "result", failed && ended_by_agent(job) ? "error" : result_of(theirs));
	put_text(in, "provider_state", theirs);
	put_bool(in, "soft_failed", failed && job->soft_failed);
	if (ran(job, now)) {
		put_int(in, "exit_status", stopped ? -1 : failed ? job->exit_status : 0);
	} else {
		put_null(in, "exit_status");
	}
}

static void put_place(struct put in, const struct job *job, int64_t now)
{
	bool script = job->step->type == JOB_SCRIPT;
	struct put part;

	put_text(in, "group", script ? job->step->group : NULL);
	if (script) {
		part = put_object(in, "runner");
		put_text(part, "name", job->started <= now ? job->agent : NULL);
		put_text(part, "queue", job->step->queue);
		put_null(part, "class");
	} else {
		put_null(in, "runner");
	}
	if (script && job->step->parallel && !job->matrix) {
		part = put_object(in, "parallel");
		put_int(part, "index", job->parallel_index);
		put_int(part, "total", job->step->parallel);
	} else {
		put_null(in, "parallel");
	}
}

/* With the values of its matrix, where the name has no place for them. */
static void put_name(struct put in, const struct job *job)
{
	const char *slash = job->matrix ? strchr(job->matrix, '/') : NULL;
	char name[256];

	payload_job_name(job, name, sizeof name);
	if (!job->step->name) {
		put_null(in, "name");
	} else if (!job->matrix || strstr(name, job->matrix)) {
		put_format(in, "name", "%s", name);
	} else if (slash) {
		put_format(in, "name", "%s (%.*s, %s)", name, (int)(slash - job->matrix), job->matrix,
			   slash + 1);
	} else {
		put_format(in, "name", "%s (%s)", name, job->matrix);
	}
}

static struct put job_truth(yyjson_mut_doc *doc, const struct build *build, int j, int64_t now)
{
	static const char *const kinds[] = {"script", "wait", "approval", "trigger"};
	const struct job *job = &build->jobs[j];
	struct put in = put_new(doc);

	put_text(in, "id", job->uuid);
	put_name(in, job);
	put_text(in, "kind", kinds[job->step->type]);
	put_int(in, "attempt", job->attempt);
	put_bool(in, "superseded", job->step->type == JOB_SCRIPT && job_superseded(build, j, now));
	put_outcome(in, job, job_state_word(build, j, now), now);
	put_times(in, job, now);
	put_place(in, job, now);
	return in;
}

void truth_put_jobs(struct put in, const struct build *build, int64_t now)
{
	yyjson_mut_val *jobs = yyjson_mut_obj_add_arr(in.doc, in.object, "jobs");
	int count = 0;

	for (int i = 0; i < build->job_count; i++) {
		if (job_shows(build, i, now)) {
			yyjson_mut_arr_append(jobs, job_truth(in.doc, build, i, now).object);
			count++;
		}
	}
	put_int(in, "job_count", count);
}
