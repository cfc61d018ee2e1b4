/* Runs of `buildbus sync` into Firestore, as the last step of a team's pipeline: the configuration of the
 * set-up guide, real emulators of Google, everything real but the provider. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/pipeline/sync_run.h"
#include "tests/support/documents.h"
#include "tests/support/meter.h"

#define METRICS "metrics" /* the id in `projects` */

extern struct sync_place where;
extern struct simulator *sim;
extern struct meter *meter; /* before Firestore */
extern char firebase[64];   /* the Firebase project, one a test */
extern const char *env[];   /* of each run */

/* For Test(.init, .fini): a world of 20 builds that ended a month ago, or one without builds that begins
 * three hours ago; an empty Firestore with the project's document. */
void begin(void);
void begin_empty(void);
void end(void);
/* The same, so long ago. */
void begin_at(int64_t ago_ms, const char *builds);

/* What runs in the simulator's past may run on. */
#define PATIENT "--in-progress-timeout", "9999999"
void sync_well(void);
/* Rules for documents of `build` from now on. */
void set_rules(const char *build_rule);

#define expect_truth() expect_truth_at(HERE)
void expect_truth_at(struct spot spot);
/* The value of a field of a build's document as JSON, e.g. {"nullValue":null}; heap. NULL: no document. */
char *field(int number, const char *key);
#define expect_build(number, status, duration) expect_build_at(HERE, number, status, duration)
void expect_build_at(struct spot spot, int number, const char *status, const char *duration);
