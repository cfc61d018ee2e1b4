/* buildbus-sink-firestore, the real executable, between a hand-written hub and a Firestore of the test's
 * choice. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/fakes/google/google.h"
#include "tests/pipeline/fake_hub.h"
#include "tests/support/child.h"

#define STARTED INT64_C(1767225600000) /* of build 1; each next one a minute later */

extern struct run {
	zloop_t *loop;
	struct fake_hub *hub;
	struct place *place;
	struct child *sink;
	struct fake_google google;
	const char *env[8]; /* of the sink */
	char *destination;  /* as configured; heap */
} run;

/* For TestSuite(.init, .fini): everything but the sink runs, with a fake Firestore that has projects/web. */
void run_init(void);
void run_fini(void);

/* What follows `- firestore:`; NULL: the fake, an ordinary user, project demo, metrics_project_id web. */
void run_configure(const char *destination);
/* Does not wait until it is ready. */
void run_start(void);
/* Waits for its end; returns the exit code. */
int run_end(void);
void run_stop(void);
/* kill -9, and a new one. */
void run_restart(void);

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

/* Runs the hub until everything is acknowledged. */
#define all_acked() all_acked_at(HERE)
void all_acked_at(struct spot spot);
/* Until the sink said text. */
#define said(text) said_at(HERE, text)
void said_at(struct spot spot, const char *text);
/* Until it ended with 100, having said a sentence with each of these; and no secret. */
#define refuses(...) refuses_at(HERE, ARGS(__VA_ARGS__))
void refuses_at(struct spot spot, const char *const *words);
/* Fails when the sink said the password, the key or a token. */
void no_secret_told(struct spot spot);
