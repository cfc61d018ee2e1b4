/* What reads store.db: nothing that was found is lost, whatever the time, and nothing is looked for
 * elsewhere. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/store_world.h"

#include <criterion/criterion.h>

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
