/* What a `redact:` path names is in no file and no log, the raw archive included. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/scene.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

TestSuite(redact, .timeout = 120);

#define HUSH "hush-c0ffee-hush"
#define TAGS "\"meta_data\":[\"queue=" /* of every agent of the simulator */

#define FRAME_MAX (16 << 20)

static char *unpacked(const void *packed, size_t packed_size)
{
	ZSTD_inBuffer in = {.src = packed, .size = packed_size};
	ZSTD_outBuffer out = {.dst = calloc(1, FRAME_MAX + 1), .size = FRAME_MAX};
	ZSTD_DStream *stream = ZSTD_createDStream();
	char *text = out.dst;

	cr_assert(text && ZSTD_decompressStream(stream, &out, &in) == 0, "not a whole frame");
	ZSTD_freeDStream(stream);
	for (size_t i = 0; i < out.pos; i++) {
		text[i] = text[i] ? text[i] : ' ';
	}
	return text;
}

/* How many of the frames that the hub keeps have it. */
static int answers_with(const struct place *place, const char *word)
{
	sqlite3_stmt *row;
	sqlite3 *db;
	int found = 0;

	cr_assert_eq(sqlite3_open_v2(place_path(place, "state/hub.db"), &db, SQLITE_OPEN_READONLY, NULL), 0);
	cr_assert_eq(sqlite3_prepare_v2(db, "SELECT frame FROM raw", -1, &row, NULL), 0);
	while (sqlite3_step(row) == SQLITE_ROW) {
		char *text = unpacked(sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0));

		found += strstr(text, word) != NULL;
		free(text);
	}
	sqlite3_finalize(row);
	sqlite3_close(db);
	return found;
}

static struct scene *play(const char *redact)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "1");

	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'message': '" HUSH "'}");
	simulator_do(scene->sim, "advance", "{'ms': 120000}");
	scene_source(scene, .redact = redact);
	scene_start(scene);
	db_becomes(scene->place, "store.db", 1, "SELECT count(*) FROM jobs");
	return scene;
}

Test(redact, a_path_takes_its_values_out_of_every_file_and_log)
{
	struct scene *scene;

	children_keep_secret(HUSH);
	scene = play("[\"$.message\", \"jobs[].agent.meta_d*\"]");
	cr_assert_geq(answers_with(scene->place, "\"number\""), 1, "the archive is empty");
	cr_assert_eq(answers_with(scene->place, HUSH), 0);
	cr_assert_eq(answers_with(scene->place, TAGS), 0);
	state_holds_no(scene->place, HUSH);
	cr_assert_eq(db_int(scene->place, "store.db", "SELECT count(*) FROM builds WHERE message IS NULL"),
		     1);
	scene_free(&scene);
}

Test(redact, without_paths_they_are_there)
{
	struct scene *scene = play(NULL);

	cr_assert_geq(answers_with(scene->place, HUSH), 1);
	cr_assert_geq(answers_with(scene->place, TAGS), 1);
	cr_assert_eq(answers_with(scene->place, "webhook_url"), 0);
	scene_free(&scene);
}
