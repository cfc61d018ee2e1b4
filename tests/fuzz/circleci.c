/* Any bytes as a CircleCI pipeline: records that keep their promises, or the reason and the place. */
/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/promise.h"

#define ARENA_MAX   (4 << 20)
#define OBSERVED_AT INT64_C(1767226800000)

static void require_attempts(const struct build *build)
{
	REQUIRE(build->attempt >= 1);
	REQUIRE(build->attempts.count == (size_t)build->attempt || build->attempts.count == 0);
}

/* Each name of a workflow is another build, of the same pipeline. */
static void require_apart(const struct build *builds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		REQUIRE(builds[i].number == builds[0].number);
		for (size_t j = 0; j < i; j++) {
			REQUIRE(!text_same(builds[i].id, builds[j].id));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct raw raw = {.provider = TEXT("circleci"),
			  .kind = RAW_BUILD,
			  .observed_at = OBSERVED_AT,
			  .url = TEXT("https://circleci.com/api/v2/pipeline/p-1"),
			  .body = {(const char *)data, size}};
	struct normal_notes notes = {0};
	struct build *builds = NULL;
	struct err err = {0};
	struct arena arena;
	size_t count = 0;

	arena_init(&arena, ARENA_MAX);
	if (circleci_provider.normalize(&raw, &arena, &builds, &count, &notes, &err) == OK) {
		require_apart(builds, count);
		for (size_t i = 0; i < count; i++) {
			promise_build(&builds[i]);
			require_attempts(&builds[i]);
			promise_round_trip(&builds[i], &arena);
		}
	} else {
		REQUIRE(err.status == ERR_DATA && strncmp(err.text, "$", 1) == 0);
	}
	arena_fini(&arena);
	return 0;
}
