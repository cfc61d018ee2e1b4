/* Buildkite's words to ours: the tables of docs/record.md (a test compares them). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/record.h"

struct state_word {
	const char *theirs; /* NULL ends a table */
	int state, result;
	bool for_good; /* of a build: no `blocked: true` makes it wait again */
};

struct word {
	const char *theirs;
	int ours;
};

extern const struct state_word buildkite_build_states[], buildkite_job_states[];
extern const struct word buildkite_job_types[]; /* to enum job_kind */
extern const struct word buildkite_sources[];   /* to enum build_trigger */
extern const struct word buildkite_signals[];   /* signal_reason of a failed job, to enum build_result */

/* NULL: no such word. */
const struct state_word *state_word_find(const struct state_word *words, struct text theirs);
/* 0: no such word, or null. */
int word_find(const struct word *words, struct text theirs);
