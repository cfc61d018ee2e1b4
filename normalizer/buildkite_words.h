/* Buildkite's words to ours: the tables of docs/record.md (a test compares them). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "normalizer/words.h"

extern const struct state_word buildkite_build_states[], buildkite_job_states[];
extern const struct word buildkite_job_types[]; /* to enum job_kind */
extern const struct word buildkite_sources[];   /* to enum build_trigger */
extern const struct word buildkite_signals[];   /* signal_reason of a failed job, to enum build_result */
