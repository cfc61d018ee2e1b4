/* A build's address in Buildkite's API names what the build's JSON doesn't: its organization. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "common/schema.h"

struct buildkite_address {
	struct text organization, pipeline; /* percent-decoded */
	int64_t number;
};

/* Reads …/organizations/O/pipelines/P/builds/N (api.md section 1) and fills what is there and null in *out;
 * what comes before, a query and what follows don't matter. */
void buildkite_address(struct arena *arena, struct text url, struct buildkite_address *out);
