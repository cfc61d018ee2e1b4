/* SPDX-License-Identifier: MIT */
#include "normalizer/buildkite_attempts.h"

#include <stdlib.h>

struct rounds {
	int64_t starts[ATTEMPTS_MAX]; /* ms: when round i + 1 began; round 0 has no start */
	size_t count;                 /* of starts */
};

/* A stretch of time in which a job could run or ran. */
struct stretch {
	int64_t from, to;
};

static int by_from(const void *a, const void *b)
{
	const struct stretch *one = a, *other = b;

	return (one->from > other->from) - (one->from < other->from);
}

static bool is_retry(const struct buildkite_job *item)
{
	return item->previous != JOB_NONE || item->retry_of.at;
}

/* A retry is there to run at once; another job counts from when it could run, as one that waited in vain for
 * a failed job goes on in a later attempt. */
static int64_t job_from(const struct buildkite_job *item)
{
	if (is_retry(item) && item->created_at != INT_NULL) {
		return item->created_at;
	}
	if (item->runnable_at != INT_NULL &&
	    (item->job->started_at == INT_NULL || item->runnable_at < item->job->started_at)) {
		return item->runnable_at;
	}
	return item->job->started_at;
}

static int64_t job_to(const struct buildkite_job *item)
{
	if (item->job->finished_at != INT_NULL) {
		return item->job->finished_at;
	}
	return item->job->state == STATE_FINISHED || item->job->superseded ? item->from : INT64_MAX;
}

static bool may_begin_round(const struct buildkite_jobs *jobs, const struct buildkite_job *item)
{
	if (!is_retry(item) || item->created_at == INT_NULL || item->is_retry_by_rule) {
		return false;
	}
	return item->previous == JOB_NONE || !jobs->items[item->previous].retried_by_rule;
}

/* stretches and candidates are sorted: one walk over both. A round begins with a retry at whose creation
 * something had run and nothing ran any more. */
static void find_rounds(const struct stretch *stretches, size_t count, const struct stretch *candidates,
			size_t candidate_count, struct rounds *rounds)
{
	int64_t busy_until = INT_NULL;
	size_t next = 0;

	for (size_t i = 0; i < candidate_count && rounds->count + 1 < ATTEMPTS_MAX; i++) {
		int64_t at = candidates[i].from;

		for (; next < count && stretches[next].from < at; next++) {
			if (stretches[next].to > busy_until) {
				busy_until = stretches[next].to;
			}
		}
		if (busy_until != INT_NULL && busy_until <= at &&
		    (rounds->count == 0 || rounds->starts[rounds->count - 1] < at)) {
			rounds->starts[rounds->count++] = at;
		}
	}
}

static bool derive_rounds(struct arena *arena, struct buildkite_jobs *jobs, struct rounds *rounds)
{
	struct stretch *stretches = arena_alloc(arena, jobs->count * sizeof *stretches);
	struct stretch *candidates = arena_alloc(arena, jobs->count * sizeof *candidates);
	size_t count = 0, candidate_count = 0;

	if (!stretches || !candidates) {
		return false;
	}
	for (size_t i = 0; i < jobs->count; i++) {
		struct buildkite_job *item = &jobs->items[i];

		item->from = job_from(item);
		if (item->from != INT_NULL && item->job->kind != KIND_APPROVAL) {
			stretches[count++] = (struct stretch){item->from, job_to(item)};
		}
		if (may_begin_round(jobs, item)) {
			candidates[candidate_count++] = (struct stretch){.from = item->created_at};
		}
	}
	if (candidate_count == 0) {
		return true;
	}
	qsort(stretches, count, sizeof *stretches, by_from);
	qsort(candidates, candidate_count, sizeof *candidates, by_from);
	find_rounds(stretches, count, candidates, candidate_count, rounds);
	return true;
}

/* A job that ran belongs where it ran, any other where it was added. */
static void assign_rounds(struct buildkite_jobs *jobs, const struct rounds *rounds)
{
	for (size_t i = 0; i < jobs->count; i++) {
		struct buildkite_job *item = &jobs->items[i];
		int64_t at = item->from != INT_NULL ? item->from : item->created_at;

		for (item->round = 0;
		     item->round < rounds->count && at != INT_NULL && rounds->starts[item->round] <= at;) {
			item->round++;
		}
	}
}

/* How the build stood after a round: each work by its newest job so far. */
static int round_result(const struct buildkite_jobs *jobs, size_t round)
{
	bool failed = false, canceled = false, passed = false;

	for (size_t i = 0; i < jobs->count; i++) {
		const struct buildkite_job *item = &jobs->items[i];
		int result = item->job->result;

		if (item->round > round ||
		    (item->next != JOB_NONE && jobs->items[item->next].round <= round)) {
			continue;
		}
		passed |= result == RESULT_SUCCESS || item->job->soft_failed;
		canceled |= result == RESULT_CANCELLATION;
		failed |= !item->job->soft_failed &&
			  (result == RESULT_FAILURE || result == RESULT_ERROR || result == RESULT_TIMEOUT);
	}
	return failed     ? RESULT_FAILURE
	       : canceled ? RESULT_CANCELLATION
	       : passed   ? RESULT_SUCCESS
			  : RESULT_SKIP;
}

static void keep_earlier(int64_t *at, int64_t candidate)
{
	if (candidate != INT_NULL && (*at == INT_NULL || candidate < *at)) {
		*at = candidate;
	}
}

static void keep_later(int64_t *at, int64_t candidate)
{
	if (candidate > *at) { /* null is less than any time */
		*at = candidate;
	}
}

static struct attempt round_attempt(const struct buildkite_jobs *jobs, size_t round)
{
	struct attempt out = {.attempt = (int64_t)round + 1,
			      .state = STATE_FINISHED,
			      .started_at = INT_NULL,
			      .finished_at = INT_NULL};

	for (size_t i = 0; i < jobs->count; i++) {
		if (jobs->items[i].round == round) {
			keep_earlier(&out.started_at, jobs->items[i].job->started_at);
			keep_later(&out.finished_at, jobs->items[i].job->finished_at);
		}
	}
	out.result = round_result(jobs, round);
	return out;
}

/* The build's own times are those of its first start and its last finish. */
static void use_build_times(const struct build *build, const struct rounds *rounds, struct attempt *attempts)
{
	struct attempt *newest = &attempts[rounds->count];
	bool mine = rounds->count == 0 || build->finished_at > rounds->starts[rounds->count - 1];

	if (rounds->count == 0 || (build->started_at != INT_NULL && build->started_at < rounds->starts[0])) {
		attempts[0].started_at = build->started_at;
	}
	if (build->state != STATE_FINISHED) {
		newest->finished_at = INT_NULL;
	} else if (mine) {
		newest->finished_at = build->finished_at;
	}
	newest->state = build->state;
	newest->result = build->result;
}

/* Queued since its first job could run; a retry is queued since somebody pressed the button. */
static int64_t queued_at(const struct buildkite_jobs *jobs, const struct rounds *rounds, int64_t scheduled_at,
			 const struct build *build)
{
	int64_t at = INT_NULL;

	for (size_t i = 0; i < jobs->count; i++) {
		const struct buildkite_job *item = &jobs->items[i];
		if (item->round == rounds->count && item->job->kind == KIND_SCRIPT) {
			keep_earlier(&at, item->runnable_at);
		}
	}
	if (at != INT_NULL && (build->started_at == INT_NULL || at <= build->started_at)) {
		return at;
	}
	if (rounds->count > 0) {
		return rounds->starts[rounds->count - 1];
	}
	if (scheduled_at != INT_NULL && scheduled_at >= build->created_at) {
		return scheduled_at;
	}
	return build->created_at;
}

bool buildkite_attempts(struct arena *arena, struct buildkite_jobs *jobs, int64_t scheduled_at,
			struct build *build)
{
	struct rounds rounds = {.count = 0};
	struct attempt *attempts;
	const struct attempt *newest;

	if (jobs->count > 0 && !derive_rounds(arena, jobs, &rounds)) {
		return false;
	}
	assign_rounds(jobs, &rounds);
	attempts = arena_alloc(arena, (rounds.count + 1) * sizeof *attempts);
	if (!attempts) {
		return false;
	}
	for (size_t i = 0; i <= rounds.count; i++) {
		attempts[i] = round_attempt(jobs, i);
	}
	use_build_times(build, &rounds, attempts);
	newest = &attempts[rounds.count];
	build->attempts = (struct field_list){attempts, rounds.count + 1};
	build->attempt = newest->attempt;
	build->started_at = newest->started_at;
	build->finished_at = newest->finished_at;
	build->queued_at = queued_at(jobs, &rounds, scheduled_at, build);
	build->queue_ms = span_ms(build->queued_at, build->started_at);
	build->duration_ms = span_ms(build->started_at, build->finished_at);
	return true;
}
