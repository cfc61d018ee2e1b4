/* What a test does to a build: it makes exactly the scenario that it needs. All of it happens at world->now.
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "tests/sim/world.h"

struct act {
	const char *action; /* start, finish, block, unblock, cancel, retry, delete */
	const char *job;    /* id of the one job that is meant; NULL: all that the action fits */
	const char *result; /* finish, retry: passed (default), failed, soft_failed, timed_out, expired */
	int64_t queue_ms, duration_ms; /* of new attempts and of what follows a block; NEVER: until told */
	int64_t grace_ms;              /* cancel: how long running jobs take to stop */
	int exit_status;
	const char *reason; /* cancel */
};

/* ERR_DATA: unknown action or result, or there is nothing in the build that it fits; then nothing has
 * changed. */
enum status act_on_build(struct world *world, struct build *build, const struct act *act,
			 struct err *err) MUST_CHECK;

/* A build of which every fate is given. */
struct scenario {
	int64_t created; /* 0: now */
	int jobs;        /* parallel ones, at least 1 */
	int workflows;   /* of so many jobs each, as CircleCI shows groups; 0: none */
	bool block;      /* then a block step, then one job more */
	bool setup;      /* before all others one in the group `setup`, as long as one of them */
	bool random;     /* the pipeline's own steps, with drawn fates; jobs, times and result are ignored */
	int64_t queue_ms, duration_ms;
	const char *result; /* as in act, and canceled (at its end), skipped, not_run */
	const char *branch, *message, *commit, *tag, *source; /* NULL: drawn */
	int64_t pull_request;
	enum build_state blocked_state;
	struct build *rebuilt_from;
};

/* ERR_DATA: unknown result. */
enum status act_new_build(struct world *world, struct pipeline *pipeline, const struct scenario *scenario,
			  struct build **out, struct err *err) MUST_CHECK;
