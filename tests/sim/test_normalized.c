/* SPDX-License-Identifier: MIT */
#include "tests/sim/normalized.h"

#include "normalizer/provider.h"

#include <stdio.h>

char *normalized_json(const char *body, size_t size, char *error, size_t error_room)
{
	struct raw raw = {.provider = TEXT("buildkite"), .kind = RAW_BUILD, .body = {body, size}};
	struct normal_notes notes = {0};
	struct build *builds;
	struct arena arena;
	struct err err;
	char *json = NULL;
	size_t count;

	arena_init(&arena, 64 << 20);
	if (buildkite_provider.normalize(&raw, &arena, &builds, &count, &notes, &err)) {
		snprintf(error, error_room, "%s", err.text);
	} else if (count != 1 || notes.unknown_words) {
		snprintf(error, error_room, "%zu builds, %lld unknown words", count,
			 (long long)notes.unknown_words);
	} else {
		json = build_json(builds, &size);
	}
	arena_fini(&arena);
	return json;
}
