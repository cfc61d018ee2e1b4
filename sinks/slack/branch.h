/* What is known of one branch of one pipeline, build by build: green, or red since. Pure.
 *
 * The order of builds is that of their creation. Results come in any order: that of an older build than the
 * newest one known changes nothing. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum color { COLOR_NONE, COLOR_GREEN, COLOR_RED };

/* What a build says of its branch. */
struct fact {
	uint64_t id, commit; /* hashes; commit 0: unknown */
	int64_t created_at, number, version;
	enum color color; /* NONE: it says nothing (runs, cancelled, skipped) */
};

struct branch {
	struct fact newest;    /* of those with a color */
	int64_t fails, passes; /* builds of this outage, and passes in a row since the last failure */
	uint64_t first_commit; /* of the outage */
	bool mixed;            /* several commits failed, or nobody knows which */
};

enum turn {
	TURN_NONE,
	TURN_GREEN,  /* it passes, as before */
	TURN_FAILED, /* a build more failed; branch->fails says how many in this outage */
	TURN_PASSED, /* it passes, too few in a row yet to be sure */
	TURN_FIXED,  /* the outage is over */
	TURN_FLAKE,  /* likewise: the commit that failed passes */
};

/* clear_after: so many passes in a row end an outage. */
enum turn branch_fold(struct branch *branch, const struct fact *fact, int64_t clear_after);
/* < 0: a was created before b. */
int fact_order(const struct fact *a, const struct fact *b);
