/* What was known of a build and is not told again. Pure: no I/O, no clock. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "common/record.h"

/* The details of a job that has ended are asked for once (CircleCI: where it ran, times to the millisecond):
 * a later observation without them takes them over from old. Memory comes from arena, texts stay those of
 * old. False: the arena is full. */
bool keep_jobs(struct arena *arena, const struct build *old, struct build *build);
