/* Tables of a provider's words, and what every provider derives from times. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/record.h"

struct state_word {
	const char *theirs; /* NULL ends a table */
	int state, result;
	bool for_good; /* of a build: nothing makes it wait again */
};

struct word {
	const char *theirs;
	int ours;
};

/* NULL: no such word. */
const struct state_word *state_word_find(const struct state_word *words, struct text theirs);
/* 0: no such word, or null. */
int word_find(const struct word *words, struct text theirs);

/* to - from, 0 when negative, INT_NULL when either is unknown. */
int64_t span_ms(int64_t from, int64_t to);
/* State from times, for a word that nobody knows. */
int state_of_times(int64_t started_at, int64_t finished_at);
