/* The configuration as the hub sees it: which sources there are and which targets each names. The hub reads
 * no credentials. Pure but for reading the config. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

/* The last part of the slug of an organization's live walk. */
#define LIVE_PART "@live"

struct plan_source {
	char *name;           /* `name:` */
	const char *provider; /* kind of the section, "buildkite" */
	int64_t poll_ms;
	bool details; /* finished builds are asked for more: a target for all of them, PLAN_DETAILS */
	char *live;   /* name of the target that is the live walk over all its targets; NULL: none */
};

struct plan_target {
	char *name; /* "<source>:<slug>", e.g. "buildkite:acme/web", "buildkite:acme/" "*" for a discovery */
	size_t source; /* index into sources */
};

struct plan {
	struct plan_source *sources;
	size_t source_count;
	struct plan_target *targets;
	size_t target_count;
};

/* The target of a source at which the details of finished builds are owed: "buildkite:+details". No slug of a
 * pipeline has a + in it: they are encoded. */
#define PLAN_DETAILS "+details"

/* ERR_CONFIG with file, line and key. plan_fini in any case. */
enum status plan_read(struct plan *plan, const struct config *config, struct err *err) MUST_CHECK;
void plan_fini(struct plan *plan);
