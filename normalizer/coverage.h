/* What the artifact coverage-summary.json says. Pure: no I/O, no clock. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "common/text.h"

#include <stdbool.h>

/* details: JSON {"coverage_summary": "<the artifact's text>"}, the text being {"pct": 0.6}, further members
 * ignored. *coverage is 0..1, or REAL_NULL: nothing is told. False: what is told is no share of 1. */
bool coverage_read(struct arena *arena, struct text details, double *coverage);
