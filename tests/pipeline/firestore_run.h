/* buildbus-sink-firestore between a hand-written hub and a Firestore of the test's choice. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/fakes/google/google.h"
#include "tests/pipeline/sink_run.h"

#define STARTED INT64_C(1767225600000) /* of build 1; each next one a minute later */

extern struct fake_google google;
extern char *destination; /* as configured last */

/* For TestSuite(.init, .fini): everything but the sink runs, with a fake Firestore that has projects/web. */
void run_init(void);
/* Likewise, with the Firestore emulator beside the fake; skips where there is none. */
void run_init_emulator(void);
void run_fini(void);

/* What follows `- firestore:`; NULL: the fake, an ordinary user, project demo, metrics_project_id web. */
void run_configure(const char *chosen);

/* Builds of acme/web: number, and what else is not as in a passed build of a minute. */
struct told_build {
	int64_t number;
	int state;  /* 0: finished */
	int result; /* 0: success */
	int64_t started_at, finished_at;
	int64_t version;      /* 0: the next */
	const char *pipeline; /* NULL: web */
	const char *url;
	double coverage; /* 0: null */
};
#define build_comes(...) add_build(&(struct told_build){__VA_ARGS__})
void add_build(const struct told_build *told);
void builds_come(int from, int to);
