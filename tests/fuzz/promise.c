/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/promise.h"

static void promise_span(int64_t ms)
{
	REQUIRE(ms == INT_NULL || ms >= 0);
}

static void promise_job(const struct job *job)
{
	promise_span(job->queue_ms);
	promise_span(job->duration_ms);
	REQUIRE(job->attempt >= 1);
	REQUIRE(job->result == RESULT_NULL || job->state == STATE_FINISHED);
}

void promise_build(const struct build *build)
{
	promise_span(build->queue_ms);
	promise_span(build->duration_ms);
	REQUIRE(build->id.at && build->organization.at && build->pipeline.at && build->number >= 0);
	REQUIRE(build->state != STATE_NULL);
	REQUIRE(build->result == RESULT_NULL || build->state == STATE_FINISHED);
	for (size_t i = 0; i < build->attempts.count; i++) {
		REQUIRE(((const struct attempt *)build->attempts.items)[i].attempt == (int64_t)i + 1);
	}
	for (size_t i = 0; i < build->jobs.count; i++) {
		promise_job((const struct job *)build->jobs.items + i);
	}
}

void promise_round_trip(const struct build *build, struct arena *arena)
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
