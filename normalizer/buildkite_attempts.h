/* Attempts of jobs and of the build, which Buildkite doesn't number: docs/record.md says the rule. Pure. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "normalizer/buildkite_jobs.h"

/* More attempts of one build than this are counted as the last one. */
#define ATTEMPTS_MAX 256

/* Sets job->attempt along each chain of retries. false: the arena is full. */
bool buildkite_number_jobs(struct arena *arena, struct buildkite_jobs *jobs);

/* Sets each item's round and build->attempt, attempts, queued_at, started_at, finished_at, queue_ms and
 * duration_ms: those of the newest attempt. build->state, result, created_at, started_at and finished_at are
 * what Buildkite says; scheduled_at likewise. After buildkite_number_jobs. false: the arena is full. */
bool buildkite_attempts(struct arena *arena, struct buildkite_jobs *jobs, int64_t scheduled_at,
			struct build *build);
