/* SPDX-License-Identifier: MIT */
#include "tests/unit/store_world.h"
#include "common/time.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

enum { PUTS = 60 };

static const char *const keys[WORLD_PIPELINES] = {"buildkite/acme/web", "buildkite/acme/api",
						  "circleci/gh/acme/web/nightly"};

const char *world_key(int pipeline)
{
	return keys[pipeline];
}

int world_dice(struct world *world, int sides)
{
	return rand_r(&world->seed) % sides;
}

static void draw_end(struct world *world, struct build *build)
{
	build->state = 1 + world_dice(world, 12);
	build->state = build->state > STATE_FINISHED ? STATE_FINISHED : build->state;
	build->result = build->state == STATE_FINISHED ? world_dice(world, 7) : RESULT_NULL;
	build->started_at = world_dice(world, 8) ? build->created_at + world_dice(world, 100000) : INT_NULL;
	build->queue_ms = build->started_at == INT_NULL ? INT_NULL : build->started_at - build->created_at;
	build->duration_ms = build->state == STATE_FINISHED && build->started_at != INT_NULL
				     ? world_dice(world, 4) ? world_dice(world, 5000000) : 60000
				     : INT_NULL;
	build->coverage = world_dice(world, 3) ? REAL_NULL : world_dice(world, 1000) / 1000.0;
	build->trigger = world_dice(world, 8);
}

static void draw_branch(struct world *world, struct fact *fact)
{
	static const char *const branches[] = {"main", "main", "main", "develop", "feature", "x/y", ""};

	snprintf(fact->branch, sizeof fact->branch, "%s", branches[world_dice(world, 7)]);
	fact->build.branch = world_dice(world, 20) ? text_of(fact->branch) : (struct text){0};
	fact->build.default_branch = fact->pipeline == 1   ? TEXT("develop")
				     : fact->pipeline == 2 ? (struct text){0}
							   : TEXT("main");
}

static void draw(struct world *world, struct fact *fact, int i)
{
	struct build *build = &fact->build;
	int64_t day = world_dice(world, WORLD_DAYS);

	build_init(build);
	fact->pipeline = world_dice(world, WORLD_PIPELINES);
	build->number = i + 1;
	snprintf(fact->id, sizeof fact->id, "%s/%d%s", keys[fact->pipeline], i + 1,
		 world_dice(world, 15) ? "" : "~0badcafe");
	build->id = text_of(fact->id);
	build->version = 1;
	build->created_at = world->now_ms - day * DAY_MS - world_dice(world, (int)DAY_MS);
	build->author.login = world_dice(world, 2) ? TEXT("ada") : TEXT("grace");
	build->message = world_dice(world, 2) ? TEXT("Fix the Frobnicator\n\nat last") : TEXT("Revert");
	build->commit = TEXT("0badcafe0badcafe");
	draw_branch(world, fact);
	draw_end(world, build);
}

void world_commit(struct world *world)
{
	struct err err;

	cr_assert(store_db_commit(&world->store, &err) == OK, "%s", err.text);
	cr_assert(store_db_begin(&world->store, &err) == OK, "%s", err.text);
}

void world_put(struct world *world, struct fact *fact)
{
	enum store_put put;
	struct err err;

	cr_assert(store_db_put(&world->store, &fact->build, &put, &err) == OK, "%s", err.text);
	cr_assert(put != STORE_UNCHANGED);
	if (++world->puts % PUTS == 0) { /* of a transaction */
		world_commit(world);
	}
}

void world_change(struct world *world, struct fact *fact)
{
	fact->build.version++;
	fact->build.created_at -= world_dice(world, 5) ? 0 : world_dice(world, 3) * DAY_MS;
	world_dice(world, 4) ? (void)0 : draw_branch(world, fact);
	draw_end(world, &fact->build);
	fact->build.attempt++; /* something changed in any case */
	world_put(world, fact);
}

void world_init(struct world *world, unsigned seed)
{
	struct err err;

	*world = (struct world){.seed = seed,
				.now_ms = INT64_C(1795262400000) + 3600000 * (int64_t)(seed % 24)};
	snprintf(world->folder, sizeof world->folder, "/tmp/buildbus-world-XXXXXX");
	cr_assert(mkdtemp(world->folder));
	snprintf(world->path, sizeof world->path, "%s/" STORE_FILE, world->folder);
	cr_assert(store_db_open(&world->store, world->folder, &err) == OK, "%s", err.text);
	cr_assert(store_db_begin(&world->store, &err) == OK, "%s", err.text);
	for (; world->count < WORLD_BUILDS; world->count++) {
		struct fact *fact = &world->facts[world->count];

		draw(world, fact, world->count);
		fact->stored = world->count + 1;
		world_put(world, fact);
	}
	for (int i = 0; i < WORLD_BUILDS; i++) {
		for (int changes = world_dice(world, 4); changes > 0; changes--) {
			world_change(world, &world->facts[i]);
		}
	}
	world_commit(world);
	cr_assert(reader_open(&world->reader, world->path, &err) == OK, "%s", err.text);
}

void world_fini(struct world *world)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char path[128];

	reader_close(&world->reader);
	store_db_close(&world->store);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s%s", world->path, ends[i]);
		unlink(path);
	}
	rmdir(world->folder);
}

bool fact_in(const struct fact *fact, int pipeline, const char *branch)
{
	struct text own = fact->build.branch, of_default = fact->build.default_branch;

	if (pipeline >= 0 && fact->pipeline != pipeline) {
		return false;
	}
	if (strcmp(branch, "all") == 0) {
		return true;
	}
	if (strcmp(branch, "default") == 0) {
		return own.at && (of_default.at ? text_same(own, of_default) : text_is(own, "main"));
	}
	return text_is(own, branch);
}

int compare_facts(const void *left, const void *right)
{
	const struct fact *a = *(const struct fact *const *)left, *b = *(const struct fact *const *)right;

	return a->build.created_at != b->build.created_at
		       ? (a->build.created_at < b->build.created_at) -
				 (a->build.created_at > b->build.created_at)
		       : (a->stored < b->stored) - (a->stored > b->stored);
}
