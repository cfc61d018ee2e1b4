/* SPDX-License-Identifier: MIT */
#include "tests/sim/act_private.h"
#include "tests/sim/generate.h"
#include "tests/sim/when.h"

#include <string.h>

static struct job *add_job(struct world *world, struct build *build, const struct step *step)
{
	struct rng rng = rng_stream(world->options.seed, 300000 + (uint64_t)build->pipeline->index,
				    (uint64_t)build->number * 1000 + (uint64_t)build->job_count);
	struct job *job = build_add_job(build);

	job->step = step;
	job->stage = step->stage;
	draw_uuid(&rng, job->uuid);
	if (step->type == JOB_SCRIPT) {
		job->agent = "default-1";
	} else if (step->type == JOB_MANUAL) {
		job->unblocked_by = &world->people[0];
	}
	build->stage_count = step->stage + 1;
	return job;
}

static struct step *new_step(struct world *world, struct step step)
{
	struct step *copy = pool_take(&world->pool, sizeof *copy);

	*copy = step;
	return copy;
}

static struct step *new_script(struct world *world, const char *name, const char *key, int stage)
{
	return new_step(world, (struct step){.type = JOB_SCRIPT,
					     .name = name,
					     .key = key,
					     .command = pool_text(&world->pool, "make %s", key),
					     .queue = "default",
					     .stage = stage});
}

static struct job *add_timed(struct world *world, struct build *build, const struct step *step,
			     int64_t queue_ms, int64_t run_ms)
{
	struct job *job = add_job(world, build, step);

	job->queue_ms = queue_ms;
	job->run_ms = run_ms;
	return job;
}

void act_add_block(struct world *world, struct build *build, int64_t queue_ms, int64_t duration_ms)
{
	struct step gate = {
		.type = JOB_MANUAL, .name = "Continue?", .key = "gate", .stage = build->stage_count};

	add_timed(world, build, new_step(world, gate), 0, NEVER);
	add_timed(world, build, new_script(world, "Deploy", "deploy", build->stage_count), queue_ms,
		  duration_ms);
}

static void plan_jobs(struct world *world, struct build *build, const struct scenario *s,
		      const struct fate *fate)
{
	struct step *step;
	int stage;

	if (s->setup) {
		step = new_script(world, "Setup", "setup", 0);
		step->group = "setup";
		add_timed(world, build, step, s->queue_ms, s->duration_ms);
	}
	stage = build->stage_count;
	for (int workflow = 0; workflow == 0 || workflow < s->workflows; workflow++) {
		step = new_script(world, s->jobs > 1 ? "Test %n of %t" : "Test", "test", stage);
		step->parallel = s->jobs > 1 ? s->jobs : 0;
		step->group = s->workflows ? pool_text(&world->pool, "flow-%d", workflow + 1) : NULL;
		for (int i = 0; i < s->jobs; i++) {
			add_timed(world, build, step, s->queue_ms, s->duration_ms)->parallel_index = i;
		}
	}
	act_set_fate(&build->jobs[build->job_count - 1], fate, 0);
	if (s->block) {
		act_add_block(world, build, s->queue_ms, s->duration_ms);
	}
	build_lay_out(build);
}

static void name_build(struct world *world, struct build *build, const struct scenario *s)
{
	struct pool *pool = &world->pool;

	generate_face(world, build);
	build->branch = s->branch ? pool_copy(pool, s->branch) : build->branch;
	build->message = s->message ? pool_copy(pool, s->message) : build->message;
	build->tag = pool_copy(pool, s->tag);
	build->source = s->source ? pool_copy(pool, s->source) : build->source;
	build->pull_request = s->pull_request;
	build->rebuilt_from = s->rebuilt_from;
	build->blocked_state = s->blocked_state;
	if (s->commit && strlen(s->commit) < sizeof build->commit) {
		memcpy(build->commit, s->commit, strlen(s->commit) + 1);
	}
}

enum status act_new_build(struct world *world, struct pipeline *pipeline, const struct scenario *s,
			  struct build **out, struct err *err)
{
	const char *result = s->result ? s->result : "passed";
	bool canceled = strcmp(result, "canceled") == 0, skipped = strcmp(result, "skipped") == 0;
	bool not_run = strcmp(result, "not_run") == 0;
	const struct fate *fate = act_fate(canceled || skipped || not_run ? "passed" : result);
	int64_t end = s->queue_ms == NEVER || s->duration_ms == NEVER ? 0 : s->queue_ms + s->duration_ms;
	struct build *build;

	if (!fate) {
		return err_set(err, ERR_DATA, "build: unknown result '%.40s'", result);
	}
	*out = build = world_add_build(world, pipeline, s->created ? s->created : world->now);
	if (s->random) {
		generate_build(world, build, world->options.speed);
		world_plan_triggers(world, build);
		return OK;
	}
	name_build(world, build, s);
	build->skip_at = skipped ? build->created + end + 1 : 0;
	build->not_run = not_run;
	build->cancel_at = canceled ? build->created + end : 0;
	if (!skipped && !not_run) {
		plan_jobs(world, build, s, fate);
	}
	return OK;
}
