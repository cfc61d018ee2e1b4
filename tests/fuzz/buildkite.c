/* Any bytes as a Buildkite build: a record that keeps its promises, or the reason and the place. */
/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/promise.h"

#define ARENA_MAX (4 << 20)

static void require_attempts(const struct build *build)
{
	const struct attempt *attempts = build->attempts.items;

	REQUIRE(build->attempts.count == (size_t)build->attempt);
	for (size_t i = 0; i + 1 < build->attempts.count; i++) {
		REQUIRE(attempts[i].state == STATE_FINISHED);
	}
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
		promise_build(builds);
		require_attempts(builds);
		promise_round_trip(builds, &arena);
	} else {
		REQUIRE(err.status == ERR_DATA && strncmp(err.text, "$", 1) == 0);
	}
	arena_fini(&arena);
	return 0;
}
