/* One run of `buildbus sync`: the processes from their start to their end, watched by the hub's status. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

struct sync_run_options {
	int64_t deadline_ms; /* now_ms: then it gives up */
	bool json, verbose;
	bool dry_run; /* ends when everything is fetched */
	/* Nothing is kept here: where the sinks' knowledge is put for the hub; NULL: --state has it. */
	const char *known_path;
	int64_t newest; /* builds of a known pipeline to be read anew; 0: as its source's `since` says */
};

/* Returns the exit code; prints what the run came to, and why it failed. */
int sync_run(const struct config *config, const struct sync_run_options *options);
