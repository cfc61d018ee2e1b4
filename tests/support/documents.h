/* The documents of a Firestore beside what the simulator says of its world, read by REST and compared without
 * the product's code. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/google.h"

struct pipeline_project {
	const char *pipeline, *project;
};

/* What differs first, as a sentence on the heap; NULL: nothing. projects ends with a pipeline of NULL. Builds
 * that are queued, blocked or run again may be as they were before. */
char *documents_differ(const char *firebase_project, const struct pipeline_project *projects,
		       const char *truth);
/* Waits until they hold truth and nothing else; fails with what differs. */
#define documents_hold(firebase_project, projects, truth)                                                    \
	documents_hold_at(HERE, firebase_project, projects, truth)
void documents_hold_at(struct spot spot, const char *firebase_project,
		       const struct pipeline_project *projects, const char *truth);
/* "id updateTime" of each document in `build`, a line each, in the order of the ids; heap. */
char *documents_times(const char *firebase_project);
