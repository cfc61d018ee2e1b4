/* store.db beside what the simulator says of its world: each build and each job is there, once, in the state
 * that it has. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/simulator.h"

/* What differs first, as a sentence on the heap; NULL: nothing. truth: NDJSON of simulator_truth; builds of
 * other worlds count as too many. Of Buildkite times are compared where attempt is 1: of later attempts the
 * provider's fields mix attempts (docs/record.md). A re-run that is under way may still be missing. */
char *truth_differs(const char *store_path, const char *truth);

size_t count_lines(const char *text);

/* Waits until the store of place holds truth and nothing else; fails with what differs. It may take
 * patience_ms for each 500 builds. */
#define store_holds(place, truth) store_holds_at(HERE, place, truth)
void store_holds_at(struct spot spot, const struct place *place, const char *truth);

/* Waits until the first row of sql on state/<file> is value; fails with what it is. Reads only. */
#define db_becomes(place, file, value, sql) db_becomes_at(HERE, place, file, value, sql)
void db_becomes_at(struct spot spot, const struct place *place, const char *file, int64_t value,
		   const char *sql);
/* The integer of its first row now; INT64_MIN: no row, no table or no file. */
int64_t db_int(const struct place *place, const char *file, const char *sql);
/* Runs one statement on it. */
void db_change(const struct place *place, const char *file, const char *sql);
