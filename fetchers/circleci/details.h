/* Shared by the files that read test results and coverage of finished builds. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "fetchers/circleci/circleci.h"
#include "fetchers/circleci/results.h"

#define PAGES_MAX 1000 /* of one job's list */

/* A job that ran. */
struct ran {
	struct owed *owed;
	const struct item *job; /* of the tree */
	size_t flow;            /* its workflow's place */
	char token[TOKEN_BYTES];
	int pages;
};

/* A due key of a lease on details. */
struct owed {
	struct tree tree; /* first */
	size_t index;
	struct ran *jobs; /* the one that stopped last first */
	size_t count;
	struct results results;
	bool unsummed; /* a list of tests can't be had as a whole: no sum is better than a wrong one */
	struct coverage_file file;
	size_t looked;  /* jobs through whose artifacts was looked */
	char *coverage; /* what the file says; NULL: nothing */
};

/* ran.c */
/* Leaves the newest run of each workflow. */
void ran_keep_newest(struct items *workflows);
/* Those of their jobs that ran, each once: one that was run again within its workflow has a newer one's
 * number under its name. */
enum status ran_collect(struct owed *owed, struct err *err) MUST_CHECK;

/* tests.c */
/* Asks for the tests of all jobs. */
enum status tests_ask(struct owed *owed, struct err *err) MUST_CHECK;

/* coverage.c */
/* Looks through the artifacts of one job after the other, until one has the file. */
enum status coverage_ask(struct owed *owed, struct err *err) MUST_CHECK;
