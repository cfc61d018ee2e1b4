/* The plan of one build of the demo. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/artifacts.h"
#include "tests/sim/demo.h"
#include "tests/sim/generate.h"
#include "tests/sim/when.h"

#include <stdio.h>
#include <string.h>

enum {
	FIRST_PUSHES_FAIL = 330, /* so many of 1000 */
	LAST_PUSHES_FAIL = 45,
	CANCELED = 55,
	SKIPPED = 12,
	RETRIED_BY_ITSELF = 620,
	FLAKY_TWICE = 140,
};

/* What one build's drawing needs at hand. */
struct draft {
	struct world *world;
	struct build *build;
	struct rng rng;
	int speed;
	int run_percent, queue_percent;
	bool on_default; /* branch */
};

static void take_face(struct draft *draft)
{
	struct build *build = draft->build;
	const struct change *change = build->change;

	generate_face(draft->world, build);
	build->message = change->title;
	build->creator = change->author;
	if (build->triggered_from) {
		memcpy(build->commit, build->triggered_from->commit, sizeof build->commit);
		build->message = build->triggered_from->message;
	} else if (!change->merged) {
		build->branch = change->branch;
		build->pull_request = change->number;
	} else if (change->number) {
		build->message =
			pool_text(&draft->world->pool, "%s (#%d)", change->title, (int)change->number);
	} else {
		build->source = "schedule";
	}
	if (change->again) {
		memcpy(build->commit, change->again->commit, sizeof build->commit);
		build->rebuilt_from = change->again;
		build->source = "api";
	}
}

static int64_t scaled(struct draft *draft, int64_t typical, int percent, int low, int high)
{
	return typical * percent / 100 * rng_between(&draft->rng, low, high) / 100 / draft->speed +
	       rng_below(&draft->rng, 700);
}

/* Most say yes within hours, some forget it. */
static int64_t draw_yes(struct draft *draft)
{
	int kind = (int)rng_below(&draft->rng, 100);

	return kind < 75   ? rng_between(&draft->rng, 2 * MINUTE_MS, 3 * HOUR_MS) / draft->speed
	       : kind < 94 ? rng_between(&draft->rng, 12 * HOUR_MS, 2 * DAY_MS) / draft->speed
			   : NEVER;
}

static void take_times(struct draft *draft, struct job *job)
{
	int hurry = draft->build->change->hurried ? 25 : 100;

	if (job->step->type == JOB_MANUAL) {
		job->run_ms = draw_yes(draft);
	} else if (job->step->type != JOB_WAITER) {
		job->queue_ms =
			scaled(draft, job->step->queue_ms, draft->queue_percent * hurry / 100, 40, 190);
		job->run_ms = scaled(draft, job->step->run_ms, draft->run_percent * hurry / 100, 84, 126);
	}
}

static void fail(struct draft *draft, struct job *job)
{
	static const int statuses[] = {1, 1, 1, 2, 137};
	bool late = rng_chance(&draft->rng, 35);

	job->outcome = late ? OUTCOME_TIMED_OUT : OUTCOME_FAILED;
	job->exit_status = late ? -1 : statuses[rng_below(&draft->rng, 5)];
	job->soft_failed = job->step->soft_fail && !late;
	job->run_ms = late ? job->run_ms * 3 : job->run_ms * rng_between(&draft->rng, 35, 100) / 100;
}

/* Fails for no reason: most are repeated at once, and most of these pass. */
static void flake(struct draft *draft, int index)
{
	fail(draft, &draft->build->jobs[index]);
	if (!draft->build->jobs[index].soft_failed && rng_chance(&draft->rng, RETRIED_BY_ITSELF)) {
		index = add_attempt(draft->build, index, RETRY_AUTOMATIC, &draft->rng);
		take_times(draft, &draft->build->jobs[index]);
		if (rng_chance(&draft->rng, FLAKY_TWICE)) {
			fail(draft, &draft->build->jobs[index]);
		}
	}
}

static void add_jobs_of(struct draft *draft, const struct step *step)
{
	int wide = step->matrix[0] ? 0 : step->parallel ? step->parallel : 1;

	while (wide < 5 && step->matrix[0] && step->matrix[wide]) {
		wide++;
	}
	for (int i = 0; i < wide; i++) {
		struct job *job = build_add_job(draft->build);
		int index = draft->build->job_count - 1;

		job->step = step;
		job->stage = step->stage;
		job->matrix = step->matrix[0] ? step->matrix[i] : NULL;
		job->parallel_index = i;
		job->outcome =
			step->default_branch_only && !draft->on_default ? OUTCOME_BROKEN : OUTCOME_PASSED;
		draw_agent(draft->world, job, &draft->rng);
		take_times(draft, job);
		if (job->outcome == OUTCOME_PASSED && rng_chance(&draft->rng, step->flaky)) {
			flake(draft, index);
		}
	}
}

/* The code is at fault: one script job fails whoever repeats it. In one break of the default branch it is
 * always the same one. */
static void fail_one(struct draft *draft)
{
	struct build *build = draft->build;
	const struct demo_pipeline *pipeline = build->pipeline->demo;
	struct rng rng =
		draft->on_default && pipeline->broken_since
			? rng_stream(draft->world->options.seed, 700000, (uint64_t)pipeline->broken_since)
			: draft->rng;
	int first[64], count = 0;

	for (int i = 0; i < build->job_count && count < 64; i++) {
		const struct job *job = &build->jobs[i];

		if (job->step->type == JOB_SCRIPT && job->stage == 0 && job->attempt == 1 &&
		    !job->step->soft_fail && job->outcome == OUTCOME_PASSED) {
			first[count++] = i;
		}
	}
	if (count > 0) {
		fail(draft, &build->jobs[first[rng_below(&rng, count)]]);
	}
}

static bool is_at_fault(struct draft *draft)
{
	const struct build *build = draft->build;
	const struct change *change = build->change;
	const struct demo_pipeline *pipeline = build->pipeline->demo;

	if (demo_is_outage(draft->world, build->created)) {
		return rng_chance(&draft->rng, 930);
	}
	if (build->triggered_from || change->again) {
		return false;
	}
	if (change->merged) {
		return pipeline->broken_since && !change->mends;
	}
	return rng_chance(&draft->rng, change->pushes_left > 0 ? FIRST_PUSHES_FAIL : LAST_PUSHES_FAIL);
}

static bool has_failed(const struct build *build)
{
	for (int i = 0; i < build->job_count; i++) {
		const struct job *job = &build->jobs[i];

		if (job->next < 0 && !job->soft_failed &&
		    (job->ends == OUTCOME_FAILED || job->ends == OUTCOME_TIMED_OUT)) {
			return true;
		}
	}
	return false;
}

static void press_retry(struct draft *draft, int64_t at)
{
	struct build *build = draft->build;
	int count = build->job_count;

	for (int i = 0; i < count; i++) {
		if (build->jobs[i].next < 0 && build->jobs[i].outcome != OUTCOME_PASSED &&
		    build->jobs[i].outcome != OUTCOME_BROKEN && !build->jobs[i].soft_failed) {
			int index = add_attempt(build, i, RETRY_MANUAL, &draft->rng);

			build->jobs[index].retry_at = at;
			take_times(draft, &build->jobs[index]);
		}
	}
	build_lay_out(build);
}

/* Nobody believes a flaky failure: some press retry, some build the commit once more. */
static void doubt(struct draft *draft)
{
	int64_t settled = build_settles(draft->build);
	int64_t at;
	int kind = (int)rng_below(&draft->rng, 100);

	if (settled == NEVER || kind >= 85) {
		return;
	}
	at = settled + rng_between(&draft->rng, 2 * MINUTE_MS, 35 * MINUTE_MS);
	if (kind < 45) {
		press_retry(draft, at);
	} else if (!draft->build->change->again && !draft->build->triggered_from) {
		demo_repeat(draft->world, draft->build, at);
	}
}

static void cancel(struct draft *draft)
{
	struct build *build = draft->build;
	int64_t settled = build_settles(build);
	int64_t life = settled == NEVER ? HOUR_MS : settled - build->created;

	build->cancel_at = build->created + build->creating_ms + 1 + rng_below(&draft->rng, life + 1);
	build->cancel_grace_ms = rng_between(&draft->rng, 200, 8 * SECOND_MS);
	build->cancel_reason = "Canceled by a newer build on this branch";
	build_lay_out(build);
}

static void cover(struct draft *draft)
{
	const struct demo_row *row = draft->build->pipeline->demo->row;
	int progress = demo_progress(draft->world, draft->build->created);
	int permille = row->coverage_from + (row->coverage_to - row->coverage_from) * progress / 1000;
	char body[32];

	for (int i = 0; row->coverage_from && i < draft->build->job_count; i++) {
		const struct job *job = &draft->build->jobs[i];

		if (job->step->type == JOB_SCRIPT && job->step->parallel == 0 &&
		    job->ends == OUTCOME_PASSED && job->finished != NEVER && job->stage == 0 && i > 0) {
			snprintf(body, sizeof body, "{\"pct\":0.%03d}",
				 permille + (int)rng_between(&draft->rng, -4, 4));
			artifact_add(draft->world, draft->build, i,
				     &(struct artifact){.mime_type = "application/json",
							.state = "finished",
							.redirect = "outside",
							.path = "coverage-summary.json",
							.body = body});
			return;
		}
	}
}

static void draw_jobs(struct draft *draft)
{
	struct build *build = draft->build;
	bool at_fault;

	for (int i = 0; i < build->pipeline->step_count; i++) {
		add_jobs_of(draft, &build->pipeline->steps[i]);
	}
	at_fault = is_at_fault(draft);
	if (at_fault) {
		fail_one(draft);
	}
	build_lay_out(build);
	if (!draft->on_default && rng_chance(&draft->rng, CANCELED)) {
		cancel(draft);
	} else if (!at_fault && has_failed(build)) {
		doubt(draft);
	}
	cover(draft);
}

void demo_build(struct world *world, struct build *build, int speed)
{
	struct draft draft = {.world = world,
			      .build = build,
			      .rng = rng_stream(world->options.seed, 200000 + pipeline_salt(build->pipeline),
						(uint64_t)build->number),
			      .speed = speed,
			      .run_percent = demo_run_percent(world, build->pipeline, build->created),
			      .queue_percent = demo_queue_percent(world, build->created)};

	take_face(&draft);
	draft.on_default = strcmp(build->branch, build->pipeline->default_branch) == 0;
	build->creating_ms = rng_between(&draft.rng, 50, 1500);
	build->stage_count = build->pipeline->stage_count;
	if (!draft.on_default && rng_chance(&draft.rng, SKIPPED)) {
		build->skip_at = build->created + build->creating_ms + rng_between(&draft.rng, 1, 5000);
	} else {
		draw_jobs(&draft);
	}
}
