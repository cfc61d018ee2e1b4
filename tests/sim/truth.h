/* The oracle: every build as a correct store must hold it in the end, read off the world without the
 * project's normalizer. The format is specified in README.md of this folder. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/sim/payload.h"

/* Its jobs, for truth.c. */
void truth_put_jobs(struct put in, const struct build *build, int64_t now);
/* Appends one line of JSON per build, oldest first. Either may be NULL: all. */
void truth_add(struct text *out, struct world *world, const struct organization *organization,
	       const struct pipeline *pipeline);
