/* SPDX-License-Identifier: MIT */
#include "tests/sim/generate.h"
#include "tests/sim/artifacts.h"
#include "tests/sim/demo.h"
#include "tests/sim/names.h"
#include "tests/sim/when.h"

#include <stdio.h>
#include <string.h>

void generate_people(struct world *world)
{
	struct rng rng = rng_stream(world->options.seed, 2, 0);

	world->person_count = (int)names_count(person_names);
	world->people = pool_take(&world->pool, (size_t)world->person_count * sizeof *world->people);
	for (int i = 0; i < world->person_count; i++) {
		world->people[i].name = person_names[i].name;
		world->people[i].email = pool_text(&world->pool, "%s@example.com", person_names[i].slug);
		draw_uuid(&rng, world->people[i].uuid);
	}
}

void generate_organizations(struct world *world)
{
	struct rng rng = rng_stream(world->options.seed, 3, 0);
	int named = (int)names_count(organization_names);

	world->organization_count = world->options.organizations;
	world->organizations =
		pool_take(&world->pool, (size_t)world->organization_count * sizeof *world->organizations);
	for (int i = 0; i < world->organization_count; i++) {
		struct organization *organization = &world->organizations[i];

		organization->slug =
			i < named ? organization_names[i].slug : pool_text(&world->pool, "org-%d", i + 1);
		organization->name = i < named ? organization_names[i].name : organization->slug;
		organization->created = world->now - 400 * DAY_MS;
		draw_uuid(&rng, organization->uuid);
	}
}

static void generate_pipeline(struct world *world, struct pipeline *pipeline, int i)
{
	struct rng rng = rng_stream(world->options.seed, 4, (uint64_t)i);
	int named = (int)names_count(pipeline_names);
	int nth = i / world->organization_count; /* within its organisation */

	pipeline->index = i;
	pipeline->organization = &world->organizations[i % world->organization_count];
	pipeline->slug =
		nth < named ? pipeline_names[nth].slug : pool_text(&world->pool, "service-%d", nth + 1);
	pipeline->name =
		nth < named ? pipeline_names[nth].name : pool_text(&world->pool, "Service %d", nth + 1);
	pipeline->description = nth % 3 ? NULL : "The one that everybody needs";
	pipeline->repository = pool_text(&world->pool, "git@github.com:%s/%s.git",
					 pipeline->organization->slug, pipeline->slug);
	pipeline->default_branch = nth % 7 == 5 ? "master" : "main";
	pipeline->created = world->now - rng_between(&rng, 10, 300) * DAY_MS - rng_below(&rng, DAY_MS);
	draw_uuid(&rng, pipeline->uuid);
	pipeline->created_by = &world->people[i % world->person_count];
	for (int c = 0; c < 50; c++) {
		pipeline->badge[c] = "0123456789abcdef"[rng_below(&rng, 16)];
	}
}

/* The last pipeline of the organisation: where trigger steps go. */
static const struct pipeline *target_of(const struct world *world, const struct pipeline *pipeline)
{
	const struct pipeline *target = pipeline;

	for (int i = pipeline->index; i < world->pipeline_count; i += world->organization_count) {
		target = &world->pipelines[i];
	}
	return target;
}

void generate_pipelines(struct world *world)
{
	world->pipeline_count = world->options.pipelines;
	world->pipelines = pool_take(&world->pool, (size_t)world->pipeline_count * sizeof *world->pipelines);
	for (int i = 0; i < world->pipeline_count; i++) {
		generate_pipeline(world, &world->pipelines[i], i);
	}
	for (int i = 0; i < world->pipeline_count; i++) {
		generate_steps(world, &world->pipelines[i], target_of(world, &world->pipelines[i]));
	}
}

static struct rng stream_of(const struct world *world, const struct build *build)
{
	return rng_stream(world->options.seed, 100000 + pipeline_salt(build->pipeline),
			  (uint64_t)build->number);
}

void draw_commit(struct rng *rng, char out[41])
{
	for (int i = 0; i < 40; i++) {
		out[i] = "0123456789abcdef"[rng_below(rng, 16)];
	}
	out[40] = '\0';
}

void generate_face(struct world *world, struct build *build)
{
	struct rng rng = stream_of(world, build);

	draw_commit(&rng, build->commit);
	build->branch = build->pipeline->default_branch;
	build->message = commit_messages[rng_below(&rng, (int64_t)texts_count(commit_messages))];
	build->creator = &world->people[rng_below(&rng, world->person_count)];
	build->source = build->triggered_from ? "trigger_job" : "webhook";
	build->creating_ms = 0;
}

/* A message as long as a squashed branch's: about 6 KB. */
static const char *long_message(struct world *world, struct rng *rng)
{
	char *text = pool_take(&world->pool, 8000);
	size_t used = (size_t)snprintf(text, 8000, "Squash 60 commits\n");

	while (used < 6000) {
		const char *line = commit_messages[rng_below(rng, (int64_t)texts_count(commit_messages))];

		used += (size_t)snprintf(text + used, 8000 - used, "\n* %s", line);
	}
	return text;
}

static void draw_source(struct world *world, struct build *build, struct rng *rng)
{
	static const char *const sources[] = {"webhook", "webhook", "webhook", "webhook",
					      "ui",      "api",     "schedule"};
	int kind = (int)rng_below(rng, 100);

	if (build->triggered_from) {
		build->branch = build->triggered_from->branch;
		return;
	}
	build->source = sources[rng_below(rng, 7)];
	if (kind < 45) {
		build->branch = branch_names[rng_below(rng, (int64_t)texts_count(branch_names))];
	}
	if (kind < 25) {
		build->pull_request = rng_between(rng, 1, 4000);
		build->source = "webhook";
	} else if (kind >= 96) {
		build->tag = pool_text(&world->pool, "v%d.%d.%d", (int)rng_below(rng, 9),
				       (int)rng_below(rng, 30), (int)rng_below(rng, 9));
		build->branch = build->tag;
	}
	if (rng_chance(rng, 20) && build->number > 1) {
		build->rebuilt_from = pipeline_build(build->pipeline, rng_between(rng, 1, build->number - 1));
		build->source = build->rebuilt_from ? "api" : build->source;
	}
	if (rng_chance(rng, 10)) {
		build->creator = NULL; /* a commit of somebody unknown */
	}
	if (rng_chance(rng, 20)) {
		build->message = long_message(world, rng);
	}
}

/* Around the typical value, seldom much more: hours in a queue, a day of running. */
static int64_t draw_ms(struct rng *rng, int64_t typical, int64_t extreme, int permille, int speed)
{
	int64_t ms = typical * rng_between(rng, 50, 170) / 100 + rng_below(rng, 1000);

	if (rng_chance(rng, permille)) {
		ms = extreme + rng_below(rng, extreme);
	}
	return ms / speed;
}

static void draw_times(struct job *job, struct rng *rng, int speed)
{
	if (job->step->type == JOB_WAITER) {
		return;
	}
	job->queue_ms = draw_ms(rng, job->step->queue_ms, 3 * HOUR_MS, 10, speed);
	job->run_ms = draw_ms(rng, job->step->run_ms, 20 * HOUR_MS, 2, speed);
	if (job->step->type == JOB_MANUAL) {
		int days = (int)rng_below(rng, 100);

		job->run_ms = days < 60   ? rng_between(rng, 10 * MINUTE_MS, 4 * HOUR_MS) / speed
			      : days < 88 ? rng_between(rng, DAY_MS, 3 * DAY_MS) / speed
					  : NEVER;
	}
}

static void draw_failure(struct job *job, struct rng *rng)
{
	static const char *const reasons[] = {"agent_stop", "process_run_error", "agent_refused"};
	static const int statuses[] = {1, 2, 137}; /* 128 + SIGKILL: out of memory */
	int kind = (int)rng_below(rng, 100);

	job->outcome = kind < 86 ? OUTCOME_FAILED : kind < 96 ? OUTCOME_TIMED_OUT : OUTCOME_EXPIRED;
	job->exit_status = job->outcome == OUTCOME_FAILED ? statuses[rng_below(rng, 3)] : -1;
	if (job->outcome == OUTCOME_FAILED && kind < 12) {
		job->exit_status = -1;
		job->signal_reason = reasons[rng_below(rng, 3)];
	}
	job->soft_failed = job->outcome == OUTCOME_FAILED && job->step->soft_fail;
}

static void draw_fate(struct job *job, struct rng *rng, int failing_permille)
{
	bool fails = rng_chance(rng, job->step->soft_fail ? 350 : failing_permille);

	if (job->step->type == JOB_SCRIPT && job->outcome != OUTCOME_BROKEN && fails) {
		draw_failure(job, rng);
	}
}

void draw_agent(struct world *world, struct job *job, struct rng *rng)
{
	draw_uuid(rng, job->uuid);
	if (job->step->type == JOB_SCRIPT) {
		job->agent = pool_text(&world->pool, "%s-%d", job->step->queue, (int)rng_between(rng, 1, 12));
	} else if (job->step->type == JOB_MANUAL) {
		job->unblocked_by = &world->people[rng_below(rng, world->person_count)];
	}
}

int add_attempt(struct build *build, int previous, enum retry_kind kind, struct rng *rng)
{
	struct job *job = build_add_job(build);
	struct job *before = &build->jobs[previous];
	int index = build->job_count - 1;
	struct job fresh = {.step = before->step,
			    .matrix = before->matrix,
			    .parallel_index = before->parallel_index,
			    .stage = before->stage,
			    .attempt = before->attempt + 1,
			    .previous = previous,
			    .next = -1,
			    .retry = kind,
			    .queue_ms = before->queue_ms,
			    .run_ms = before->run_ms,
			    .agent = before->agent};

	*job = fresh;
	before->next = index;
	draw_uuid(rng, job->uuid);
	return index;
}

/* A failure is often repeated by itself, up to twice. */
static void draw_retries(struct build *build, int index, struct rng *rng)
{
	for (int i = 0; i < 2; i++) {
		const struct job *job = &build->jobs[index];

		if (job->soft_failed || job->outcome == OUTCOME_PASSED || job->outcome == OUTCOME_BROKEN ||
		    (job->exit_status != -1 && !rng_chance(rng, 300))) {
			return;
		}
		index = add_attempt(build, index, RETRY_AUTOMATIC, rng);
		draw_fate(&build->jobs[index], rng, 350);
	}
}

/* A few builds of wide pipelines have as many jobs as a large monorepo's: drawn apart, so that nothing else
 * of the world changes. */
static const struct step *widened(struct world *world, const struct build *build, const struct step *step)
{
	struct rng rng = rng_stream(world->options.seed, 500000 + (uint64_t)build->pipeline->index,
				    (uint64_t)build->number);
	struct step *wide;

	if (step->parallel < 5 || !rng_chance(&rng, 4)) {
		return step;
	}
	wide = pool_take(&world->pool, sizeof *wide);
	*wide = *step;
	wide->parallel = 500;
	return wide;
}

static void add_jobs_of_step(struct world *world, struct build *build, const struct step *step,
			     struct rng *rng, int speed)
{
	int wide = step->matrix[0] ? 0 : step->parallel ? step->parallel : 1;
	bool excluded =
		step->default_branch_only && strcmp(build->branch, build->pipeline->default_branch) != 0;

	while (wide < 5 && step->matrix[0] && step->matrix[wide]) {
		wide++;
	}
	for (int i = 0; i < wide; i++) {
		struct job *job = build_add_job(build);
		int index = build->job_count - 1;

		job->step = step;
		job->stage = step->stage;
		job->matrix = step->matrix[0] ? step->matrix[i] : NULL;
		job->parallel_index = i;
		job->outcome = excluded ? OUTCOME_BROKEN : OUTCOME_PASSED;
		draw_agent(world, job, rng);
		draw_times(job, rng, speed);
		draw_fate(job, rng, 30);
		draw_retries(build, index, rng);
	}
}

/* Somebody comes back to a failed build: minutes, hours, days after it finished. */
static void draw_comeback(struct build *build, struct rng *rng, int speed)
{
	int64_t settled = build_settles(build);
	int64_t delay = rng_chance(rng, 500) ? rng_between(rng, 2 * MINUTE_MS, 2 * HOUR_MS)
					     : rng_between(rng, 12 * HOUR_MS, 4 * DAY_MS);
	int count = build->job_count;

	if (settled == NEVER) {
		return;
	}
	for (int i = 0; i < count; i++) {
		struct job *job = &build->jobs[i];

		if (job->next < 0 && job->outcome != OUTCOME_PASSED && job->outcome != OUTCOME_BROKEN &&
		    !job->soft_failed && job->done != NEVER) {
			int index = add_attempt(build, i, RETRY_MANUAL, rng);

			build->jobs[index].retry_at = settled + delay / speed + rng_below(rng, 3000);
			draw_fate(&build->jobs[index], rng, 250);
		}
	}
	build_lay_out(build);
}

static void draw_ending(struct build *build, struct rng *rng, int speed)
{
	int64_t settled = build_settles(build);
	int64_t life = settled == NEVER ? DAY_MS / speed : settled - build->created;

	if (rng_chance(rng, 40)) {
		build->cancel_at = build->created + build->creating_ms + 1 + rng_below(rng, life + 1);
		build->cancel_grace_ms = rng_between(rng, 0, 10 * SECOND_MS) / speed;
		build->cancel_reason =
			rng_chance(rng, 500) ? "Canceled by a newer build on this branch" : NULL;
		build_lay_out(build);
	} else if (rng_chance(rng, 400)) {
		draw_comeback(build, rng, speed);
	}
}

static void generate_random(struct world *world, struct build *build, int speed)
{
	static const enum build_state blocked_states[] = {BUILD_PASSED, BUILD_PASSED, BUILD_FAILED,
							  BUILD_RUNNING};
	struct rng rng;

	generate_face(world, build);
	rng = rng_stream(world->options.seed, 200000 + pipeline_salt(build->pipeline),
			 (uint64_t)build->number);
	draw_source(world, build, &rng);
	build->creating_ms = rng_chance(&rng, 200) ? rng_between(&rng, 50, 2500) : 0;
	build->blocked_state = blocked_states[rng_below(&rng, 4)];
	build->stage_count = build->pipeline->stage_count;
	if (rng_chance(&rng, 25)) {
		build->skip_at = build->created + build->creating_ms + rng_between(&rng, 1, 20 * SECOND_MS);
	} else if (rng_chance(&rng, 12)) {
		build->not_run = true;
	} else {
		for (int i = 0; i < build->pipeline->step_count; i++) {
			add_jobs_of_step(world, build, widened(world, build, &build->pipeline->steps[i]),
					 &rng, speed);
		}
		build_lay_out(build);
		draw_ending(build, &rng, speed);
	}
	artifacts_draw(world, build);
}

void generate_build(struct world *world, struct build *build, int speed)
{
	if (build->change) {
		demo_build(world, build, speed);
	} else {
		generate_random(world, build, speed);
	}
}
