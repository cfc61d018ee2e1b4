/* The simulated world: organisations, pipelines, builds, on a clock. Deterministic: the same options and the
 * same calls give the same bytes. No I/O, no clock of its own. Not thread-safe: the server holds a lock
 * around it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/sim/build.h"
#include "tests/sim/pool.h"
#include "tests/sim/rng.h"

struct world_options {
	uint64_t seed;
	int organizations, pipelines, builds; /* totals; pipelines are dealt to the organisations in turn */
	int64_t start_ms;                     /* the clock at the start; history lies before it */
	int64_t history_ms;
	int64_t arrival_gap_ms; /* mean time between new builds after the start; 0: none by themselves */
	int coverage;           /* so many of 1000 random builds have the artifact */
	int tests;              /* so many of 1000 script jobs have test results, as CircleCI shows them */
	bool demo;              /* a company's believable weeks instead of what is drawn: demo.h */
	int speed;              /* builds that are created after the start run so many times faster */
};

struct person {
	const char *name, *email;
	char uuid[UUID_SIZE];
};

/* Sorted by (created, number), oldest first. */
struct build_list {
	struct build **items;
	size_t count, capacity;
};

struct organization {
	const char *slug, *name;
	const char *vcs; /* CircleCI's word of it: gh, bb or circleci */
	char uuid[UUID_SIZE];
	int64_t created;
	struct build_list builds;
};

struct pipeline {
	struct organization *organization;
	int index;
	const char *slug, *name, *description, *repository, *default_branch;
	char uuid[UUID_SIZE];
	char badge[51];
	int64_t created;
	int64_t archived; /* 0: it is not */
	bool deleted;
	int remade; /* so many times */
	const struct person *created_by;
	struct step *steps;
	int step_count, stage_count;
	struct demo_pipeline *demo; /* NULL: it has no part in the demo */
	struct build_list builds;
	struct build **by_number; /* [number - 1]; NULL: deleted */
	int64_t newest_number;
	size_t number_capacity;
};

struct event;
struct world {
	struct world_options options;
	int64_t now;
	struct pool pool;
	struct rng arrivals; /* draws when and where builds appear */
	struct person *people;
	int person_count;
	struct organization *organizations;
	int organization_count;
	struct pipeline *pipelines;
	int pipeline_count;
	struct build_list builds; /* of all organisations */
	int64_t history_dealt;    /* arrivals of the history so far */
	int64_t history_surplus;  /* triggered builds that took the place of a later arrival */
	struct event *events;     /* binary heap by (at, order) */
	size_t event_count, event_capacity;
	uint64_t event_order;
};

typedef void world_event(struct world *world, void *subject, int64_t at);

void world_init(struct world *world, const struct world_options *options);
void world_fini(struct world *world);
/* Moves the clock; going back is ignored. */
void world_advance(struct world *world, int64_t to_ms);

struct organization *world_organization(const struct world *world, const char *slug);
struct pipeline *world_pipeline(const struct world *world, const struct organization *organization,
				const char *slug);
/* Of its own for each pipeline, and for each that was made anew under its slug. */
uint64_t pipeline_salt(const struct pipeline *pipeline);
/* NULL when there is none (any more). */
struct build *pipeline_build(const struct pipeline *pipeline, int64_t number);

/* A new build with the next number of its pipeline and an empty plan, listed at once at its place by created.
 */
struct build *world_add_build(struct world *world, struct pipeline *pipeline, int64_t created);
/* Takes it out of all lists; it is 404 from now on. */
void world_delete_build(struct world *world, struct build *build);
/* Gives it its plan. */
void world_fill(struct world *world, struct build *build);
/* Happens when the clock comes there; of one time in the order of the calls. */
void world_plan(struct world *world, int64_t at, world_event *happen, void *subject);
/* To be called after build_lay_out: trigger steps get their event. */
void world_plan_triggers(struct world *world, struct build *build);

/* Index of the first build with created >= at. */
size_t build_list_from(const struct build_list *list, int64_t at);

void draw_uuid(struct rng *rng, char out[UUID_SIZE]);
