/* What a provider's normalizer is: a pure function from one raw record to records. No I/O, no clock. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/raw.h"
#include "common/record.h"

/* Counts words that the tables don't know; the hub adds them to its metrics. */
struct normal_notes {
	int64_t unknown_words;
};

struct provider {
	const char *name; /* "buildkite" */
	/* raw->kind is RAW_BUILD. Fills *builds (in arena, texts may point into raw->body or arena) and
	 * *count; version and origin are left null. ERR_DATA: the reason and the place, e.g.
	 * "$.jobs[3].started_at: not a time". Must not keep anything. */
	enum status (*normalize)(const struct raw *raw, struct arena *arena, struct build **builds,
				 size_t *count, struct normal_notes *notes, struct err *err);
};

extern const struct provider buildkite_provider, circleci_provider;

/* NULL: this build has no normalizer for it. */
const struct provider *provider_find(struct text name);
