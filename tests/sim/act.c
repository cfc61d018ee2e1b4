/* SPDX-License-Identifier: MIT */
#include "tests/sim/act_private.h"
#include "tests/sim/generate.h"
#include "tests/sim/when.h"

#include <string.h>

const struct fate *act_fate(const char *word)
{
	static const struct fate fates[] = {
		{"passed", OUTCOME_PASSED, false, 0},     {"failed", OUTCOME_FAILED, false, 1},
		{"soft_failed", OUTCOME_FAILED, true, 1}, {"timed_out", OUTCOME_TIMED_OUT, false, -1},
		{"expired", OUTCOME_EXPIRED, false, -1},
	};

	for (size_t i = 0; i < sizeof fates / sizeof *fates; i++) {
		if (strcmp(fates[i].word, word ? word : "passed") == 0) {
			return &fates[i];
		}
	}
	return NULL;
}

void act_set_fate(struct job *job, const struct fate *fate, int exit_status)
{
	job->outcome = fate->outcome;
	job->soft_failed = fate->soft_failed;
	job->exit_status = exit_status ? exit_status : fate->exit_status;
}

/* Attempts that were planned but have not come yet never will: from now on the test decides. */
static void forget_plans(struct build *build, int64_t now)
{
	for (int i = 0; i < build->job_count; i++) {
		struct job *job = &build->jobs[i];

		if (job->next >= 0 && build->jobs[job->next].created > now) {
			build->jobs[job->next].retry = RETRY_MANUAL;
			build->jobs[job->next].retry_at = NEVER;
			job->next = -1;
		}
	}
	build_lay_out(build);
}

static bool is_meant(const struct job *job, const struct act *act)
{
	return !act->job || strcmp(act->job, job->uuid) == 0;
}

static bool is_open(const struct job *job, int64_t now)
{
	return job->created <= now && job->runnable <= now && job->done > now;
}

static enum status start(struct build *build, const struct act *act, int64_t now, struct err *err)
{
	int started = 0;

	for (int i = 0; i < build->job_count; i++) {
		struct job *job = &build->jobs[i];
		bool runs = job->step->type == JOB_SCRIPT || job->step->type == JOB_TRIGGER;

		if (runs && is_meant(job, act) && is_open(job, now) && job->started > now) {
			job->start_at = now;
			started++;
		}
	}
	return started ? OK : err_set(err, ERR_DATA, "start: no job of this build waits for an agent");
}

static void end_job(struct job *job, int64_t now)
{
	if (job->step->type != JOB_MANUAL && job->started > now) {
		job->start_at = now;
	}
	job->end_at = now;
	job->outcome = job->outcome == OUTCOME_EXPIRED ? OUTCOME_PASSED : job->outcome;
}

/* What is being cancelled stops now: its end is the build's, not the jobs'. */
static int end_grace(struct build *build, int64_t now)
{
	int64_t since = build->cancel_at ? now - build->cancel_at : -1;

	if (since < 0 || since >= build->cancel_grace_ms) {
		return 0;
	}
	build->cancel_grace_ms = since;
	build_lay_out(build);
	return 1;
}

/* Ends what is open now in stages below `below`; the first script job takes the fate. Returns how many it
 * ended. */
static int end_open_jobs(struct build *build, const struct act *act, int below, const struct fate **fate,
			 int64_t now)
{
	int ended = 0;

	for (int i = 0; i < build->job_count; i++) {
		struct job *job = &build->jobs[i];

		if (!is_meant(job, act) || !is_open(job, now) || job->stage >= below) {
			continue;
		}
		end_job(job, now);
		if (job->step->type == JOB_SCRIPT) {
			static const struct fate passed = {"passed", OUTCOME_PASSED, false, 0};

			act_set_fate(job, *fate ? *fate : &passed, *fate ? act->exit_status : 0);
			*fate = NULL;
		}
		ended++;
	}
	return ended;
}

/* As each stage passes the next one opens, at the same moment. */
static enum status finish(struct build *build, const struct act *act, int below, int64_t now, struct err *err)
{
	const struct fate *fate = act_fate(act->result);
	int ended = 0, more;

	if (!fate) {
		return err_set(err, ERR_DATA, "%s: unknown result '%.40s'", act->action, act->result);
	}
	ended = end_grace(build, now);
	do {
		more = end_open_jobs(build, act, below, &fate, now);
		ended += more;
		build_lay_out(build);
	} while (more && !act->job);
	return ended ? OK : err_set(err, ERR_DATA, "%s: nothing of this build is open", act->action);
}

static enum status block(struct world *world, struct build *build, const struct act *act, struct err *err)
{
	int below = build->stage_count;
	struct act passing = *act;

	build_look(build, world->now);
	if (build->view.state != BUILD_RUNNING && build->view.state != BUILD_SCHEDULED &&
	    build->view.state != BUILD_PASSED) {
		return err_set(err, ERR_DATA, "block: a build that is %s can't be blocked",
			       build_state_word(build->view.state));
	}
	passing.job = passing.result = NULL;
	forget_plans(build, world->now);
	act_add_block(world, build, act->queue_ms, act->duration_ms);
	build_lay_out(build);
	/* A build that has passed already has nothing open: that is all right. */
	if (finish(build, &passing, below, world->now, NULL)) {
		build_lay_out(build);
	}
	return OK;
}

static enum status unblock(struct build *build, const struct act *act, int64_t now, struct err *err)
{
	int unblocked = 0;

	for (int i = 0; i < build->job_count; i++) {
		struct job *job = &build->jobs[i];

		if (job->step->type == JOB_MANUAL && is_meant(job, act) && is_open(job, now)) {
			job->end_at = now;
			unblocked++;
		}
	}
	return unblocked ? OK : err_set(err, ERR_DATA, "unblock: no block step of this build waits");
}

static enum status cancel(struct build *build, const struct act *act, int64_t now, struct err *err)
{
	for (int i = 0; i < build->job_count; i++) {
		if (build->jobs[i].created <= now && build->jobs[i].done > now) {
			forget_plans(build, now);
			build->cancel_at = now;
			build->cancel_grace_ms = act->grace_ms;
			build->cancel_reason = act->reason;
			return OK;
		}
	}
	return err_set(err, ERR_DATA, "cancel: the build is finished");
}

static bool may_retry(const struct job *job, const struct act *act, int64_t now)
{
	bool better = job->ends != OUTCOME_PASSED && job->ends != OUTCOME_BROKEN && !job->soft_failed;

	return job->step->type == JOB_SCRIPT && job->next < 0 && job->done <= now && is_meant(job, act) &&
	       (better || act->job);
}

static void retry_job(struct world *world, struct build *build, int i, const struct act *act,
		      const struct fate *fate)
{
	struct rng rng = rng_stream(world->options.seed, 400000 + (uint64_t)build->pipeline->index,
				    (uint64_t)build->number * 1000 + (uint64_t)build->job_count);
	int added = add_attempt(build, i, RETRY_MANUAL, &rng); /* may move build->jobs */
	struct job *job = &build->jobs[added];

	job->retry_at = world->now;
	job->queue_ms = act->queue_ms;
	job->run_ms = act->duration_ms;
	act_set_fate(job, fate, act->exit_status);
}

/* What has failed or was cancelled; of a build where nothing has, its last script job. */
static enum status retry(struct world *world, struct build *build, const struct act *act, struct err *err)
{
	const struct fate *fate = act_fate(act->result);
	int count = build->job_count, retried = 0, last = -1;
	struct act any = {.job = ""};

	if (!fate) {
		return err_set(err, ERR_DATA, "retry: unknown result '%.40s'", act->result);
	}
	forget_plans(build, world->now);
	for (int i = 0; i < count; i++) {
		if (may_retry(&build->jobs[i], act, world->now)) {
			retry_job(world, build, i, act, fate);
			retried++;
		}
		any.job = build->jobs[i].uuid;
		last = may_retry(&build->jobs[i], &any, world->now) ? i : last;
	}
	if (!retried && !act->job && last >= 0) {
		retry_job(world, build, last, act, fate);
		retried++;
	}
	return retried ? OK : err_set(err, ERR_DATA, "retry: no such job of this build is finished");
}

enum status act_on_build(struct world *world, struct build *build, const struct act *act, struct err *err)
{
	enum status status;

	if (strcmp(act->action, "delete") == 0) {
		world_delete_build(world, build);
		return OK;
	} else if (strcmp(act->action, "start") == 0) {
		status = start(build, act, world->now, err);
	} else if (strcmp(act->action, "finish") == 0) {
		forget_plans(build, world->now);
		status = finish(build, act, build->stage_count, world->now, err);
	} else if (strcmp(act->action, "block") == 0) {
		status = block(world, build, act, err);
	} else if (strcmp(act->action, "unblock") == 0) {
		status = unblock(build, act, world->now, err);
	} else if (strcmp(act->action, "cancel") == 0) {
		status = cancel(build, act, world->now, err);
	} else if (strcmp(act->action, "retry") == 0) {
		status = retry(world, build, act, err);
	} else {
		return err_set(err, ERR_DATA,
			       "Unknown action '%.40s': start, finish, block, unblock, cancel, retry, "
			       "delete, appear",
			       act->action);
	}
	build_lay_out(build);
	world_plan_triggers(world, build);
	return status;
}
