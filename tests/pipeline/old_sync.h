/* The algorithm of the tool that `buildbus sync` replaces, over the provider's real API, with its documents
 * in memory: its first release and its last one. It is here to lose builds: a scene in which it loses none
 * shows nothing. Written from the tool's own description of its stages. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/simulator.h"

enum old_release {
	OLD_FIRST, /* finished builds only */
	OLD_LAST,  /* builds in progress too: each is asked for again until it ended or took too long */
};

struct old_sync;

/* Of acme/web. */
struct old_sync *old_sync_new(enum old_release release, const struct simulator *sim);
void old_sync_free(struct old_sync **old);
/* One run at this time of the provider's clock. limit: --initial-sync-limit. writes_max: it is killed after
 * so many writes; 0: it isn't. */
void old_sync_run(struct old_sync *old, int64_t now_ms, int limit, int writes_max);
/* What it says of a build: "successful", "failed", "unknown", "inProgress"; NULL: nothing. */
const char *old_sync_status(const struct old_sync *old, int number);
/* Whether its duration is not the build's, and so on: started_at + duration_ms of what it has. */
int64_t old_sync_end_ms(const struct old_sync *old, int number);
