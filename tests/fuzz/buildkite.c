/* Any bytes as a Buildkite build: a record that keeps its promises, or the reason and the place. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/provider.h"

#include <stdlib.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())
#define ARENA_MAX          (4 << 20)

static void require_span(int64_t ms)
{
	REQUIRE(ms == INT_NULL || ms >= 0);
}

static void require_job(const struct job *job)
{
	require_span(job->queue_ms);
	require_span(job->duration_ms);
	REQUIRE(job->attempt >= 1);
	REQUIRE(job->result == RESULT_NULL || job->state == STATE_FINISHED);
}

static void require_build(const struct build *build)
{
	const struct attempt *attempts = build->attempts.items;

	require_span(build->queue_ms);
	require_span(build->duration_ms);
	REQUIRE(build->id.at && build->organization.at && build->pipeline.at && build->number >= 0);
	REQUIRE(build->state != STATE_NULL);
	REQUIRE(build->result == RESULT_NULL || build->state == STATE_FINISHED);
	REQUIRE(build->attempts.count == (size_t)build->attempt);
	for (size_t i = 0; i < build->attempts.count; i++) {
		REQUIRE(attempts[i].attempt == (int64_t)i + 1);
		REQUIRE(i + 1 == build->attempts.count || attempts[i].state == STATE_FINISHED);
	}
	for (size_t i = 0; i < build->jobs.count; i++) {
		require_job((const struct job *)build->jobs.items + i);
	}
}

/* What was packed is what is read; JSON is valid, so every text is UTF-8. */
static void require_round_trip(const struct build *build, struct arena *arena)
{
	msgpack_sbuffer packed, again;
	uint64_t hash, other;
	struct build back;
	size_t size;
	char *json = build_json(build, &size);
	yyjson_doc *doc = json ? yyjson_read(json, size, 0) : NULL;

	REQUIRE(doc);
	yyjson_doc_free(doc);
	free(json);
	msgpack_sbuffer_init(&packed);
	msgpack_sbuffer_init(&again);
	build_pack(build, &packed, &hash);
	arena->max_bytes = SIZE_MAX / 2;
	REQUIRE(build_unpack(packed.data, packed.size, arena, &back, NULL) == OK);
	build_pack(&back, &again, &other);
	REQUIRE(hash == other && packed.size == again.size);
	msgpack_sbuffer_destroy(&packed);
	msgpack_sbuffer_destroy(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct raw raw = {.provider = TEXT("buildkite"),
			  .kind = RAW_BUILD,
			  .url = TEXT("https://api.buildkite.com/v2/organizations/a/pipelines/b/builds/1"),
			  .body = {(const char *)data, size}};
	struct normal_notes notes = {0};
	struct build *builds = NULL;
	struct err err = {0};
	struct arena arena;
	size_t count = 0;

	arena_init(&arena, ARENA_MAX);
	if (buildkite_provider.normalize(&raw, &arena, &builds, &count, &notes, &err) == OK) {
		REQUIRE(count == 1);
		require_build(builds);
		require_round_trip(builds, &arena);
	} else {
		REQUIRE(err.status == ERR_DATA && strncmp(err.text, "$", 1) == 0);
	}
	arena_fini(&arena);
	return 0;
}
