/* How many tests a build ran, from the words that its provider has for their results. Pure: no I/O, no clock.
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "common/record.h"

/* details: JSON {"test_results": {"success": 120, "failure": 1}}, how often each word occurs. Counts are all
 * null where nothing is told. False: what is told are no counts. */
bool test_counts_read(struct arena *arena, struct text details, struct test_counts *counts);
