/* What the seed draws: people, pipelines with their steps, and the plan of a build. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/sim/world.h"

void generate_people(struct world *world);
void generate_organizations(struct world *world);
void generate_pipelines(struct world *world);

/* Fills an empty build: commit, branch, message, people, then jobs with their fates, and lays it out. speed
 * divides every duration. */
void generate_build(struct world *world, struct build *build, int speed);
/* The same without fates: only what names the build (commit, branch main, message, creator). */
void generate_face(struct world *world, struct build *build);
/* The id and the agent or person of a job that has its step. */
void draw_agent(struct world *world, struct job *job, struct rng *rng);
void draw_commit(struct rng *rng, char out[41]);
/* One attempt more; returns its index. */
int add_attempt(struct build *build, int previous, enum retry_kind kind, struct rng *rng);
/* The steps of one pipeline; target is where its trigger steps go. */
void generate_steps(struct world *world, struct pipeline *pipeline, const struct pipeline *target);
