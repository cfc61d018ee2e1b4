/* The builds of a scope, newest first, as far as a filter lets them through. Filters on columns of `runs`
 * look at narrow rows only. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/query/figures.h"

#define WALK_ALL (-1) /* of pipeline: every pipeline */

/* Where a walk is: everything newer was passed. */
struct walk_place {
	int64_t at_ms, build;
};
#define WALK_START ((struct walk_place){INT64_MAX, INT64_MAX})

struct filter {
	struct scope scope;
	unsigned states, results, triggers; /* a bit for each word, bit 0: null */
	int64_t branch, author;             /* ids in words; INT_NULL: any */
	int64_t from_ms, to_ms;             /* from <= at < to */
	struct text search; /* in message, commit, branch, author, number; at NULL: anything */
	bool nothing;       /* it names a word that no build has */
};

/* A run on its way. */
struct run {
	struct walk_place place;
	int64_t pipeline, side, branch, author;
	int state, result, trigger;
};

struct walk {
	struct reader *reader;
	const struct filter *filter;
	sqlite3_stmt *sides[SIDES], *search; /* of every pipeline: sides[0] alone */
	struct run heads[SIDES];
	bool there[SIDES];
	struct walk_place passed; /* the last one that was looked at */
	int64_t seen;
};

/* Words in *filter are looked up by name: branch and author. */
enum status filter_words(struct filter *filter, struct reader *reader, struct text author,
			 struct err *err) MUST_CHECK;
/* Nothing but the scope, states and results: `days` can count what passes. */
bool filter_is_plain(const struct filter *filter);

enum status walk_open(struct walk *walk, struct reader *reader, const struct filter *filter,
		      struct walk_place after, struct err *err) MUST_CHECK;
/* The next one that passes. False: there is none, the reader is late, or *status. */
bool walk_next(struct walk *walk, struct run *run, enum status *status, struct err *err);
void walk_close(struct walk *walk);
