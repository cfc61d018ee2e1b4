/* What act.c and act_new_build.c share. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/sim/act.h"

struct fate {
	const char *word;
	enum outcome outcome;
	bool soft_failed;
	int exit_status;
};

/* word at NULL: passed. NULL: there is no such. */
const struct fate *act_fate(const char *word);
/* exit_status 0: the fate's own. */
void act_set_fate(struct job *job, const struct fate *fate, int exit_status);
/* At the end a block step, and one job that waits for it. */
void act_add_block(struct world *world, struct build *build, int64_t queue_ms, int64_t duration_ms);
