/* A build from its workflows: the newest of each name counts, re-runs are attempts. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/circleci.h"

#include "common/time.h"

/* Of what has ended, the worst first. */
static int rank(int result)
{
	static const int order[] = {RESULT_ERROR,        RESULT_FAILURE, RESULT_TIMEOUT,
				    RESULT_CANCELLATION, RESULT_SUCCESS, RESULT_SKIP};
	int at = 0;

	while (at < 6 && order[at] != result) {
		at++;
	}
	return at;
}

/* Whether a workflow is the newest of its name among the first `attempt` attempts. */
static bool counts(const struct circleci_workflows *all, size_t index, int64_t attempt)
{
	const struct circleci_workflow *workflow = &all->items[index];

	return workflow->attempt == attempt || (workflow->attempt < attempt && workflow->newest);
}

struct sum {
	int64_t started_at, finished_at, queued_at;
	const struct circleci_workflow *deciding;
	bool running, blocked;
};

static int64_t later(int64_t a, int64_t b)
{
	return a == INT_NULL || (b != INT_NULL && b > a) ? b : a;
}

/* When work of the attempt began: the start of its first job. */
static void add_start(const struct circleci_workflow *workflow, struct sum *sum)
{
	for (size_t i = 0; i < workflow->count; i++) {
		const struct job *job = &workflow->jobs[i];

		if (job->started_at != INT_NULL &&
		    (sum->started_at == INT_NULL || job->started_at < sum->started_at)) {
			sum->started_at = job->started_at;
			sum->queued_at = job->queued_at;
		}
	}
}

/* Running before blocked before what has ended. */
static bool decides(const struct circleci_workflow *workflow, const struct circleci_workflow *other)
{
	if (!other || workflow->state != other->state) {
		return !other || workflow->state < other->state;
	}
	return workflow->state == STATE_FINISHED && rank(workflow->result) < rank(other->result);
}

static void add_workflow(const struct circleci_workflow *workflow, int64_t attempt, struct sum *sum)
{
	if (workflow->attempt == attempt) {
		add_start(workflow, sum);
	}
	sum->finished_at = later(sum->finished_at, workflow->stopped_at);
	sum->running |= workflow->state == STATE_RUNNING;
	sum->blocked |= workflow->state == STATE_BLOCKED;
	if (decides(workflow, sum->deciding)) {
		sum->deciding = workflow;
	}
}

static struct sum sum_up(const struct circleci_workflows *all, int64_t attempt)
{
	struct sum sum = {.started_at = INT_NULL, .finished_at = INT_NULL, .queued_at = INT_NULL};

	for (size_t i = 0; i < all->count; i++) {
		if (counts(all, i, attempt)) {
			add_workflow(&all->items[i], attempt, &sum);
		}
	}
	return sum;
}

static int64_t newest_attempt(const struct circleci_workflows *all)
{
	int64_t newest = 1;

	for (size_t i = 0; i < all->count; i++) {
		newest = later(newest, all->items[i].attempt);
	}
	return newest;
}

/* A workflow's end is cut to the second: what ran for less may have begun after it. */
static int64_t end_of(const struct sum *sum)
{
	bool before = sum->finished_at != INT_NULL && sum->started_at != INT_NULL &&
		      sum->finished_at < sum->started_at && sum->started_at - sum->finished_at < SECOND_MS;

	return before ? sum->started_at : sum->finished_at;
}

static void put_attempt(struct attempt *out, int64_t number, const struct sum *sum)
{
	bool ended = !sum->running && !sum->blocked;

	*out = (struct attempt){
		.attempt = number,
		.state = sum->running   ? STATE_RUNNING
			 : sum->blocked ? STATE_BLOCKED
					: STATE_FINISHED,
		.result = ended ? sum->deciding->result : RESULT_NULL,
		.started_at = sum->started_at,
		.finished_at = ended ? end_of(sum) : INT_NULL,
	};
}

static void put_newest(const struct attempt *newest, const struct sum *sum, struct build *build)
{
	build->attempt = newest->attempt;
	build->state = newest->state;
	build->result = newest->result;
	build->provider_state = sum->deciding->status;
	build->queued_at = sum->queued_at;
	build->started_at = newest->started_at;
	build->finished_at = newest->finished_at;
	build->queue_ms = span_ms(build->queued_at, build->started_at);
	build->duration_ms = span_ms(build->started_at, build->finished_at);
}

static bool put_jobs(struct arena *arena, const struct circleci_workflows *all, struct build *build)
{
	struct job *jobs = arena_alloc(arena, (all->jobs + 1) * sizeof *jobs);
	size_t count = 0;

	for (size_t i = 0; jobs && i < all->count; i++) {
		for (size_t j = 0; j < all->items[i].count; j++) {
			jobs[count++] = all->items[i].jobs[j];
		}
	}
	build->jobs = (struct field_list){jobs, count};
	return jobs;
}

void circleci_attempts(const struct json *root, const struct circleci_workflows *workflows,
		       struct build *build)
{
	struct arena *arena = root->doc->arena;
	int64_t count = newest_attempt(workflows);
	struct attempt *attempts = arena_alloc(arena, (size_t)count * sizeof *attempts);
	struct sum sum;

	if (!attempts || !put_jobs(arena, workflows, build)) {
		json_full(root);
		return;
	}
	for (int64_t i = 0; i < count; i++) {
		sum = sum_up(workflows, i + 1);
		put_attempt(&attempts[i], i + 1, &sum);
	}
	build->attempts = (struct field_list){attempts, (size_t)count};
	put_newest(&attempts[count - 1], &sum, build);
}
