/* The steps that pipelines have: a few shapes as tables, dealt in turn. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/generate.h"
#include "tests/sim/names.h"
#include "tests/sim/when.h"

struct shape_step {
	enum job_type type;
	const char *name, *key, *group, *command;
	int stage, parallel, run_s;
	bool soft_fail, default_branch_only, async;
	const char *matrix[5];
};

enum { SHAPE_STEPS = 8, SHAPES = 5 };

static const struct shape_step shapes[SHAPES][SHAPE_STEPS] = {
	{
		/* a service: lint and tests, an image, a deployment elsewhere */
		{JOB_SCRIPT, ":eslint: Lint", "lint", NULL, "npm run lint", .stage = 0, .run_s = 40},
		{JOB_SCRIPT, ":rspec: RSpec %n", "rspec", "tests", "bundle exec rspec", .stage = 0,
		 .parallel = 4, .run_s = 240},
		{JOB_SCRIPT, ":jest: Jest", "jest", "tests", "npx jest --ci", .stage = 0, .run_s = 120},
		{JOB_WAITER, .stage = 1},
		{JOB_SCRIPT, ":docker: Image", "image", NULL, "docker buildx build --push .", .stage = 2,
		 .run_s = 180},
		{JOB_WAITER, .stage = 3},
		{JOB_TRIGGER, "Deploy", "deploy", NULL, NULL, .stage = 4, .run_s = 90,
		 .default_branch_only = true},
	},
	{
		/* a release: somebody has to say yes */
		{JOB_SCRIPT, ":hammer: Build", "build", NULL, "make -j8 all", .stage = 0, .run_s = 200},
		{JOB_WAITER, .stage = 1},
		{JOB_SCRIPT, ":package: Package", "package", NULL, "make package", .stage = 2, .run_s = 60},
		{JOB_MANUAL, "Release to production?", "release-gate", NULL, NULL, .stage = 3,
		 .default_branch_only = true},
		{JOB_SCRIPT, ":ship: Release", "release", NULL, "make release", .stage = 4, .run_s = 100,
		 .default_branch_only = true},
	},
	{
		/* a matrix */
		{JOB_SCRIPT, ":python: Test {{matrix}}", "test", NULL, "tox -e {{matrix}}", .stage = 0,
		 .run_s = 150, .matrix = {"3.11", "3.12", "3.13"}},
		{JOB_SCRIPT, ":test_tube: Wheel", "wheel", "tests", "tox -e wheel", .stage = 0, .run_s = 90,
		 .matrix = {"linux/x86_64", "macos/arm64"}},
		{JOB_SCRIPT, ":crystal_ball: Nightly dependencies", "nightly", NULL, "tox -e nightly",
		 .stage = 0, .run_s = 150, .soft_fail = true},
		{JOB_WAITER, .stage = 1},
		{JOB_SCRIPT, ":outbox_tray: Upload", "upload", NULL, "twine upload dist/*", .stage = 2,
		 .run_s = 20, .default_branch_only = true},
	},
	{
		/* the smallest */
		{JOB_SCRIPT, ":pipeline: Everything", NULL, NULL, "./ci.sh\nexit $?", .stage = 0,
		 .run_s = 300},
	},
	{
		/* groups and a trigger that does not wait */
		{JOB_SCRIPT, "Lint", "lint", "checks", "bazel run //:lint", .stage = 0, .run_s = 50},
		{JOB_SCRIPT, "Types", "types", "checks", "bazel run //:types", .stage = 0, .run_s = 80},
		{JOB_SCRIPT, "Test %n of %t", "test", "tests", "bazel test //...", .stage = 0, .parallel = 6,
		 .run_s = 400},
		{JOB_TRIGGER, "Downstream", "downstream", NULL, NULL, .stage = 0, .run_s = 1, .async = true},
	},
};

static const char *const queues[] = {"default", "linux-large", "macos"};

static struct step step_of(const struct shape_step *row, const char *queue, const struct pipeline *triggers)
{
	struct step step = {.type = row->type,
			    .name = row->name,
			    .key = row->key,
			    .group = row->group,
			    .command = row->command,
			    .queue = queue,
			    .stage = row->stage,
			    .parallel = row->parallel,
			    .queue_ms = 8 * SECOND_MS,
			    .run_ms = row->run_s * SECOND_MS,
			    .soft_fail = row->soft_fail,
			    .default_branch_only = row->default_branch_only,
			    .async = row->async,
			    .triggers = triggers};

	for (int i = 0; i < 5; i++) {
		step.matrix[i] = row->matrix[i];
	}
	return step;
}

/* Trigger steps go to the organisation's newest pipeline, which has none itself, so no build triggers without
 * end. */
void generate_steps(struct world *world, struct pipeline *pipeline, const struct pipeline *target)
{
	const struct shape_step *row = shapes[pipeline->index % SHAPES];

	pipeline->steps = pool_take(&world->pool, SHAPE_STEPS * sizeof(struct step));
	for (int i = 0; i < SHAPE_STEPS; i++, row++) {
		bool end = row->type == JOB_SCRIPT && !row->name;
		bool itself = row->type == JOB_TRIGGER && pipeline == target;

		if (end || itself) {
			continue;
		}
		pipeline->steps[pipeline->step_count++] = step_of(row, queues[(pipeline->index + i / 3) % 3],
								  row->type == JOB_TRIGGER ? target : NULL);
		pipeline->stage_count = row->stage + 1;
	}
}
