/* What the company builds: organisations, pipelines, steps. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/demo.h"
#include "tests/sim/generate.h"
#include "tests/sim/when.h"

#include <stdlib.h>
#include <string.h>

#define QUICK    .queue = "linux", .queue_ms = 5 * SECOND_MS
#define LARGE    .queue = "linux-large", .queue_ms = 14 * SECOND_MS
#define MACOS    .queue = "macos", .queue_ms = 45 * SECOND_MS
#define RUNS(s)  .run_ms = (s)*SECOND_MS
#define STEPS(a) a, sizeof(a) / sizeof *(a)

static const struct step frontend[] = {
	{.name = "Lint", .key = "lint", .command = "npm run lint", QUICK, RUNS(48)},
	{.name = "Types", .key = "types", .command = "npx tsc --noEmit", QUICK, RUNS(75)},
	{.name = "Unit tests %n",
	 .key = "unit",
	 .group = "tests",
	 .command = "npx jest --ci",
	 .parallel = 3,
	 LARGE,
	 RUNS(170),
	 .flaky = 4},
	{.name = "Visual tests",
	 .key = "visual",
	 .group = "tests",
	 .command = "npx playwright test --project visual",
	 LARGE,
	 RUNS(205),
	 .flaky = 26},
	{.type = JOB_WAITER, .stage = 1},
	{.name = "Bundle", .key = "bundle", .command = "npm run build", .stage = 2, LARGE, RUNS(95)},
	{.type = JOB_WAITER, .stage = 3},
	{.type = JOB_TRIGGER,
	 .name = "Deploy",
	 .key = "deploy",
	 .stage = 4,
	 QUICK,
	 RUNS(150),
	 .default_branch_only = true,
	 .async = true},
};

static const struct step service[] = {
	{.name = "Lint", .key = "lint", .command = "make lint", QUICK, RUNS(35)},
	{.name = "Unit tests %n of %t",
	 .key = "unit",
	 .group = "tests",
	 .command = "make test",
	 .parallel = 4,
	 LARGE,
	 RUNS(150),
	 .flaky = 5},
	{.name = "Integration tests",
	 .key = "integration",
	 .group = "tests",
	 .command = "make integration",
	 LARGE,
	 RUNS(265),
	 .flaky = 22},
	{.type = JOB_WAITER, .stage = 1},
	{.name = "Image",
	 .key = "image",
	 .command = "docker buildx build --push .",
	 .stage = 2,
	 LARGE,
	 RUNS(110)},
	{.type = JOB_WAITER, .stage = 3},
	{.type = JOB_TRIGGER,
	 .name = "Deploy",
	 .key = "deploy",
	 .stage = 4,
	 QUICK,
	 RUNS(150),
	 .default_branch_only = true,
	 .async = true},
};

static const struct step library[] = {
	{.name = "Test {{matrix}}",
	 .key = "test",
	 .command = "make check",
	 .matrix = {"18", "20", "22"},
	 QUICK,
	 RUNS(85),
	 .flaky = 5},
	{.name = "Next release of the runtime",
	 .key = "next",
	 .command = "make check",
	 QUICK,
	 RUNS(80),
	 .soft_fail = true,
	 .flaky = 240},
	{.type = JOB_WAITER, .stage = 1},
	{.name = "Publish",
	 .key = "publish",
	 .command = "make publish",
	 .stage = 2,
	 QUICK,
	 RUNS(30),
	 .default_branch_only = true},
};

static const struct step infrastructure[] = {
	{.name = "Format", .key = "fmt", .command = "terraform fmt -check", QUICK, RUNS(12)},
	{.name = "Plan", .key = "plan", .command = "terraform plan", QUICK, RUNS(140), .flaky = 12},
	{.type = JOB_MANUAL,
	 .name = "Apply to production?",
	 .key = "apply-gate",
	 .stage = 1,
	 .default_branch_only = true},
	{.name = "Apply",
	 .key = "apply",
	 .command = "terraform apply -auto-approve",
	 .stage = 2,
	 QUICK,
	 RUNS(190),
	 .default_branch_only = true},
};

static const struct step documentation[] = {
	{.name = "Build", .key = "build", .command = "make html", QUICK, RUNS(55)},
	{.name = "Links",
	 .key = "links",
	 .command = "make linkcheck",
	 QUICK,
	 RUNS(40),
	 .soft_fail = true,
	 .flaky = 90},
};

static const struct step browsers[] = {
	{.name = "{{matrix}}",
	 .key = "e2e",
	 .command = "npx playwright test",
	 .matrix = {"Chromium", "Firefox", "WebKit", "iPhone"},
	 LARGE,
	 RUNS(540),
	 .flaky = 42},
	{.name = "Report",
	 .key = "report",
	 .command = "npx playwright merge-reports",
	 .stage = 1,
	 QUICK,
	 RUNS(25)},
};

static const struct step warehouse[] = {
	{.name = "Freshness of sources",
	 .key = "freshness",
	 .command = "dbt source freshness",
	 QUICK,
	 RUNS(45)},
	{.name = "dbt run", .key = "run", .command = "dbt run", .stage = 1, LARGE, RUNS(780), .flaky = 10},
	{.name = "dbt test", .key = "test", .command = "dbt test", .stage = 2, LARGE, RUNS(260)},
};

static const struct step delivery[] = {
	{.name = "Canary", .key = "canary", .command = "deploy --canary", QUICK, RUNS(70)},
	{.name = "Smoke tests",
	 .key = "smoke",
	 .command = "make smoke",
	 .stage = 1,
	 QUICK,
	 RUNS(45),
	 .flaky = 14},
	{.name = "All regions", .key = "all", .command = "deploy --all", .stage = 2, QUICK, RUNS(120)},
};

static const struct step mobile[] = {
	{.name = "lint", .key = "lint", .command = "./gradlew lint", QUICK, RUNS(110)},
	{.name = "unit tests", .key = "unit", .command = "./gradlew test", LARGE, RUNS(240), .flaky = 8},
	{.name = "instrumented tests",
	 .key = "device",
	 .group = "devices",
	 .command = "./gradlew connectedCheck",
	 MACOS,
	 RUNS(520),
	 .flaky = 48},
	{.name = "assemble",
	 .key = "assemble",
	 .command = "./gradlew assembleRelease",
	 .stage = 1,
	 LARGE,
	 RUNS(210)},
};

static const struct step model[] = {
	{.name = "checks", .key = "checks", .command = "ruff check && mypy .", QUICK, RUNS(50)},
	{.name = "tests", .key = "tests", .command = "pytest", LARGE, RUNS(190), .flaky = 8},
	{.name = "train on a sample",
	 .key = "train",
	 .command = "python -m train --sample",
	 .stage = 1,
	 LARGE,
	 RUNS(900),
	 .flaky = 10},
};

const struct demo_row demo_rows[] = {
	{0, "web", "Web", "The shop, in the browser", "main", STEPS(frontend), "deploy", 90, 0, 100, 35, 24,
	 790, 836, 18204},
	{0, "api", "API", "What the shop, the apps and partners talk to", "main", STEPS(service), "deploy",
	 80, 0, 85, 48, 0, 861, 884, 15120},
	{0, "checkout", "Checkout", "Carts, orders", "main", STEPS(service), "deploy", 48, 0, 62, 8, 0, 902,
	 917, 6411},
	{0, "payments", "Payments", "Cards and invoices", "main", STEPS(service), "deploy", 40, 0, 85, 22, 0,
	 934, 928, 7720},
	{0, "search", "Search & suggestions", NULL, "main", STEPS(service), "deploy", 28, 0, 95, 14, 0, 0, 0,
	 3306},
	{0, "identity", "Identity", "Logins and permissions", "main", STEPS(service), "deploy", 22, 0, 58, 4,
	 0, 955, 957, 2890},
	{0, "notifications", "Notifications", NULL, "master", STEPS(service), "deploy", 16, 0, 50, 0, 0, 0, 0,
	 1204},
	{0, "design-system", "Design system", "Buttons and all else that looks alike", "main",
	 STEPS(frontend), NULL, 24, 0, 45, 10, 0, 712, 768, 2107},
	{0, "docs", "Docs", NULL, "main", STEPS(documentation), NULL, 22, 0, 100, 0, 0, 0, 0, 1980},
	{0, "infra", "Infrastructure", "Everything that runs somewhere", "main", STEPS(infrastructure), NULL,
	 26, 0, 100, 18, 0, 0, 0, 4033},
	{0, "e2e", "End-to-end tests", "The whole shop in four browsers", "main", STEPS(browsers), NULL, 4, 3,
	 100, 30, 0, 0, 0, 9640},
	{0, "data-warehouse", "Data warehouse", "Figures of yesterday", "main", STEPS(warehouse), NULL, 10,
	 12, 100, 40, 0, 0, 0, 1377},
	{0, "deploy", "Deploy \xf0\x9f\x9a\x80", "To production, by whoever is green", "main",
	 STEPS(delivery), NULL, 0, 0, 100, 12, 0, 0, 0, 11058},
	{1, "android", "android", NULL, "main", STEPS(mobile), NULL, 40, 0, 100, 26, 15, 668, 705, 5120},
	{1, "cli", "cli", NULL, "main", STEPS(library), NULL, 14, 0, 100, 6, 0, 823, 841, 930},
	{1, "sdk-python", "sdk-python", NULL, "main", STEPS(library), NULL, 16, 24, 80, 3, 0, 948, 951, 1411},
	{1, "models", "models", NULL, "main", STEPS(model), NULL, 12, 0, 100, 20, 0, 0, 0, 612},
};

int demo_row_count(void)
{
	return sizeof demo_rows / sizeof *demo_rows;
}

static void found_organizations(struct world *world)
{
	static const char *const slugs[] = {"acme", "acme-labs"}, *const names[] = {"Acme", "Acme Labs"};
	struct rng rng = rng_stream(world->options.seed, 3, 0);

	world->organization_count = 2;
	world->organizations = pool_take(&world->pool, 2 * sizeof *world->organizations);
	for (int i = 0; i < 2; i++) {
		world->organizations[i].slug = slugs[i];
		world->organizations[i].name = names[i];
		world->organizations[i].created = world->now - 900 * DAY_MS;
		draw_uuid(&rng, world->organizations[i].uuid);
	}
}

/* As if it had had builds before: they are not there any more. */
static void begin_numbers(struct pipeline *pipeline, int64_t from)
{
	pipeline->newest_number = from;
	pipeline->number_capacity = (size_t)from * 2;
	pipeline->by_number =
		must_realloc(pipeline->by_number, pipeline->number_capacity * sizeof(struct build *));
	memset(pipeline->by_number, 0, pipeline->number_capacity * sizeof(struct build *));
}

static void found_pipeline(struct world *world, struct pipeline *pipeline, int i)
{
	const struct demo_row *row = &demo_rows[i];
	struct rng rng = rng_stream(world->options.seed, 4, (uint64_t)i);

	pipeline->index = i;
	pipeline->organization = &world->organizations[row->organization];
	pipeline->slug = row->slug;
	pipeline->name = row->name;
	pipeline->description = row->description;
	pipeline->default_branch = row->default_branch;
	pipeline->repository =
		pool_text(&world->pool, "git@github.com:%s/%s.git", pipeline->organization->slug, row->slug);
	pipeline->created = world->now - rng_between(&rng, 400, 800) * DAY_MS;
	pipeline->created_by = &world->people[i % (world->person_count - 1)];
	draw_uuid(&rng, pipeline->uuid);
	for (int c = 0; c < 50; c++) {
		pipeline->badge[c] = "0123456789abcdef"[rng_below(&rng, 16)];
	}
	pipeline->demo = pool_take(&world->pool, sizeof *pipeline->demo);
	pipeline->demo->row = row;
	pipeline->demo->pull_requests = row->numbers_from / 3;
	begin_numbers(pipeline, row->numbers_from);
}

static void take_steps(struct world *world, struct pipeline *pipeline)
{
	const struct demo_row *row = pipeline->demo->row;
	const struct pipeline *target =
		row->triggers ? world_pipeline(world, pipeline->organization, row->triggers) : NULL;

	pipeline->steps = pool_take(&world->pool, (size_t)row->step_count * sizeof *pipeline->steps);
	for (int i = 0; i < row->step_count; i++) {
		struct step *step = &pipeline->steps[pipeline->step_count];

		if (row->steps[i].type == JOB_TRIGGER && !target) {
			continue;
		}
		*step = row->steps[i];
		step->triggers = step->type == JOB_TRIGGER ? target : NULL;
		pipeline->step_count++;
		pipeline->stage_count = step->stage + 1;
	}
}

void demo_company(struct world *world)
{
	found_organizations(world);
	world->pipeline_count = demo_row_count();
	world->pipelines = pool_take(&world->pool, (size_t)world->pipeline_count * sizeof *world->pipelines);
	for (int i = 0; i < world->pipeline_count; i++) {
		found_pipeline(world, &world->pipelines[i], i);
	}
	for (int i = 0; i < world->pipeline_count; i++) {
		take_steps(world, &world->pipelines[i]);
	}
}
