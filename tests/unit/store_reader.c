/* What reads store.db: nothing that was found is lost, whatever the time, and nothing is looked for
 * elsewhere. */
/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/pipeline.h"
#include "sinks/store/query/standing.h"
#include "tests/unit/store_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct world world;

/* Reads everything under a limit that has passed, as behind a walk that came to the row in time. */
Test(store_reader, reads_a_row_that_a_walk_has_passed_whatever_the_time)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	enum status status = OK;
	struct err err = {0};

	world_init(&world, 41);
	cr_assert(reader_begin(&world.reader, &err) == OK);
	world.reader.deadline_ms = 1;
	for (int i = 0; i < 2 * WORLD_BUILDS; i++) {
		const struct fact *fact = &world.facts[i % WORLD_BUILDS];
		yyjson_mut_val *light = reader_light(&world.reader, fact->stored, doc, &status, &err);
		yyjson_mut_val *whole = builds_one(&world.reader, text_of(fact->id), doc, &status, &err);

		cr_expect(yyjson_mut_equals_str(yyjson_mut_obj_get(light, "id"), fact->id));
		cr_expect(yyjson_mut_equals_str(yyjson_mut_obj_get(whole, "id"), fact->id));
		cr_assert(status == OK && world.reader.deadline_ms == 1);
	}
	reader_end(&world.reader);
	yyjson_mut_doc_free(doc);
	world_fini(&world);
}

/* Under a limit that has passed, noticed by the steps that SQLite took: NULL or the whole answer. Heap. */
static char *ask_late(yyjson_mut_val *(*ask)(struct reader *, const struct overview_ask *, yyjson_mut_doc *,
					     enum status *, struct err *),
		      int64_t limit_ms)
{
	const struct overview_ask what = {.now_ms = world.now_ms,
					  .days = 30,
					  .branch = TEXT("feature"),
					  .pipeline = ask == pipeline_details ? text_of(world_key(0))
									      : (struct text){0},
					  .limit_ms = limit_ms};
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	enum status status = OK;
	struct err err = {0};
	yyjson_mut_val *out;
	char *text;

	cr_assert(reader_begin(&world.reader, &err) == OK);
	out = ask(&world.reader, &what, doc, &status, &err);
	cr_assert(status == OK || (status == ERR_AGAIN && limit_ms), "%s", err.text);
	text = status == OK ? yyjson_mut_val_write(out, 0, NULL) : NULL;
	reader_end(&world.reader);
	yyjson_mut_doc_free(doc);
	return text;
}

Test(store_reader, figures_that_take_too_long_are_none_and_never_a_part)
{
	static yyjson_mut_val *(*const asks[])(struct reader *, const struct overview_ask *, yyjson_mut_doc *,
					       enum status *,
					       struct err *) = {overview, pipeline_details, standings};
	world_init(&world, 43);
	for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
		char *whole = ask_late(asks[i], 0);
		int refused = 0;

		for (int times = 0; times < 100; times++) {
			char *text = ask_late(asks[i], -1);

			refused += !text;
			cr_expect(!text || strcmp(text, whole) == 0, "%zu: %s", i, text);
			free(text);
		}
		cr_expect(refused > 0, "%zu", i);
		free(whole);
	}
	world_fini(&world);
}

/* No build is of that side; each is looked at, and the walk goes on where the time was over. */
Test(store_reader, walks_over_builds_of_another_side_in_steps)
{
	const struct filter filter = {.scope = {.pipeline = WALK_ALL, .side_max = SIDE_DEFAULT - 1},
				      .states = ~0u,
				      .results = ~0u,
				      .triggers = ~0u,
				      .branch = INT_NULL,
				      .author = INT_NULL,
				      .to_ms = INT64_MAX};
	enum status status = OK;
	struct err err = {0};
	struct walk walk;
	struct run run;

	world_init(&world, 44);
	cr_assert(reader_begin(&world.reader, &err) == OK);
	cr_assert(walk_open(&walk, &world.reader, &filter, WALK_START, &err) == OK);
	world.reader.deadline_ms = 1;
	cr_expect(!walk_next(&walk, &run, &status, &err) && status == OK);
	cr_expect(world.reader.late && walk.passed.at_ms < INT64_MAX);
	walk_close(&walk);
	reader_end(&world.reader);
	world_fini(&world);
}

static const char sides_sql[] =
	"SELECT " RUN_SIDE ", " RUN_AT " FROM (SELECT ?1 AS branch, ?2 AS default_branch, ?3 AS created_at,"
	" ?4 AS queued_at, NULL AS started_at, NULL AS finished_at) b";

static void expect_same_place(sqlite3_stmt *row, const struct build *build)
{
	reader_bind(row, 1, build->branch);
	reader_bind(row, 2, build->default_branch);
	build->created_at == INT_NULL ? sqlite3_bind_null(row, 3)
				      : sqlite3_bind_int64(row, 3, build->created_at);
	sqlite3_bind_int64(row, 4, build->queued_at);
	cr_assert(sqlite3_step(row) == SQLITE_ROW);
	cr_expect(reader_int(row, 0) == run_side(build) && reader_int(row, 1) == run_at(build),
		  "branch %s, default %s: side %lld, at %lld", build->branch.at, build->default_branch.at,
		  (long long)reader_int(row, 0), (long long)reader_int(row, 1));
	sqlite3_reset(row);
}

/* A run is put in by one and found again by the other. */
Test(store_reader, finds_a_run_in_sql_where_it_was_put)
{
	static const char *const branches[] = {NULL, "", "main", "master", "develop", "Main"};
	static const int64_t times[] = {INT_NULL, -5, 0, 1795262400000, INT64_MAX};
	sqlite3_stmt *row;

	world_init(&world, 42);
	cr_assert(sqlite3_prepare_v2(world.reader.db, sides_sql, -1, &row, NULL) == SQLITE_OK);
	for (int i = 0; i < 6 * 6 * 5; i++) {
		struct build build;

		build_init(&build);
		build.branch = text_of(branches[i % 6]);
		build.default_branch = text_of(branches[i / 6 % 6]);
		build.created_at = times[i / 36];
		build.queued_at = 7;
		expect_same_place(row, &build);
	}
	sqlite3_finalize(row);
	world_fini(&world);
}
