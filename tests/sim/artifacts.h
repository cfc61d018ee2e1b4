/* Artifacts of builds: their list, their download by way of another host, and the coverage that they tell. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/sim/sim.h"

/* Adds one of the job; values: its path, mime_type, state, body, redirect, size_bytes, which are copied. */
void artifact_add(struct world *world, struct build *build, int job, const struct artifact *values);
/* What its download gives. */
void artifact_serve(const struct artifact *artifact, struct sim_reply *reply);
/* Those of a random build, by world->options.coverage. */
void artifacts_draw(struct world *world, struct build *build);
/* By docs/record.md, written here a second time on purpose; negative: none. */
double artifact_coverage(const struct build *build, int64_t now);
