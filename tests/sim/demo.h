/* The demo: two months of a company that one could believe in, and its life from now on. People work in the
 * daytime of weekdays, open pull requests, push until they are green, merge; main breaks now and then and is
 * mended; tests are flaky; one afternoon everything fails, one day the queues are long.
 *
 * It draws from the seed alone, in the order of the world's events, so a seed and a start name a world. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/sim/world.h"

/* A pipeline as the company's table has it. */
struct demo_row {
	int organization;
	const char *slug, *name, *description, *default_branch;
	const struct step *steps;
	int step_count;
	const char *triggers;           /* slug of the pipeline that its trigger steps start */
	int changes;                    /* pull requests in ten working days */
	int every_hours;                /* builds by schedule; 0: none */
	int percent;                    /* its jobs take so many percent of what the steps say */
	int growth_percent;             /* by which they grow in the course of the history */
	int quicker_days;               /* so many days ago somebody made it a third quicker; 0: nobody did */
	int coverage_from, coverage_to; /* in 1000; 0: it has none */
	int64_t numbers_from;
};

extern const struct demo_row demo_rows[];
int demo_row_count(void);

struct demo_pipeline {
	const struct demo_row *row;
	int64_t pull_requests; /* number of the newest */
	int64_t broken_since;  /* its default branch fails; 0: it does not */
};

/* What somebody wants to bring to the default branch, or a schedule. */
struct change {
	struct pipeline *pipeline;
	const struct person *author; /* NULL: a schedule */
	const char *title, *branch;
	int64_t number; /* of the pull request; 0: none */
	int pushes_left;
	int64_t gap_ms;      /* between two of them, about */
	bool merged;         /* the builds from now on are of the default branch */
	int64_t breaks_ms;   /* once merged, that branch fails for so long; 0: it does not */
	bool mends;          /* ends such a time */
	bool hurried;        /* its builds are short: the first minutes of a demo */
	struct build *again; /* the build that is to be repeated on its commit */
};

/* Everything of the world, and its history. */
void demo_begin(struct world *world);
/* The plan of a build that has a change. speed divides every duration. */
void demo_build(struct world *world, struct build *build, int speed);
/* A build has failed for no reason: it is built again at this time. */
void demo_repeat(struct world *world, struct build *build, int64_t at);

/* demo_company.c */
void demo_company(struct world *world);

/* demo_words.c */
void demo_people(struct world *world);
const struct person *demo_author(const struct world *world, struct rng *rng);
const struct person *demo_robot(const struct world *world);
/* title and branch of a new change */
void demo_name(struct world *world, struct change *change, struct rng *rng);

/* demo_time.c: all of it follows from the start of the clock alone. */
/* How busy that hour is, 0 to 1000. */
int demo_activity(int64_t at);
/* The same time, or the next one at which people work. */
int64_t demo_working(int64_t at);
/* The afternoon on which everything fails. */
bool demo_is_outage(const struct world *world, int64_t at);
/* How many times longer than usual jobs wait, in percent. */
int demo_queue_percent(const struct world *world, int64_t at);
/* How long its jobs take, in percent of what the steps say. */
int demo_run_percent(const struct world *world, const struct pipeline *pipeline, int64_t at);
/* 0 to 1000 of the history that has passed; 1000 after it. */
int demo_progress(const struct world *world, int64_t at);
