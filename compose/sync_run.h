/* One run of `buildbus sync`: the processes from their start to their end, watched by the hub's status. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

struct sync_run_options {
	int64_t deadline_ms; /* now_ms: then it gives up */
	bool json, verbose;
};

/* Returns the exit code; prints what the run came to, and why it failed. */
int sync_run(const struct config *config, const struct sync_run_options *options);
