/* What `buildbus sync` prints: how far it is while it works (stderr), and what it came to (stdout). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "compose/sync_tally.h"

#include <yyjson.h>

struct sync_progress {
	bool quiet;    /* --json or -v: nothing but the outcome */
	bool terminal; /* one line that is written over again; else a line a step */
	bool open;     /* there is such a line */
	int step;      /* the last one told */
};

struct sync_outcome {
	const struct sync_tally *tally;
	int64_t unreadable; /* builds that the hub couldn't read: its dead letters */
	int64_t ms;
	bool good, dry_run;
};

void progress_init(struct sync_progress *progress, bool quiet);
/* status: the hub's (docs/protocol.md section 3). */
void progress_show(struct sync_progress *progress, yyjson_mut_val *status);
/* Before anything else is printed. */
void progress_end(struct sync_progress *progress);

void report_text(const struct sync_outcome *outcome);
/* One object on one line. */
void report_json(const struct sync_outcome *outcome);
