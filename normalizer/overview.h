/* How everything is, read once for those who tell it: status.c, problems.c, numbers.c. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "normalizer/hub.h"

struct source_state {
	const struct source *source;
	int64_t targets, due, failing, open;
	int64_t overdue_ms;    /* how long the one that waits longest has been due; 0: none is */
	int64_t visits;        /* leases */
	int64_t asked_ms_ago;  /* since a worker of its provider asked for work or ended some, or the hub's
				  start */
	char failing_name[96]; /* one of them */
	char failing_why[160];
};

struct sink_state {
	char *name;
	bool attached, lapsed, configured;
	int64_t position, lag_records;
	int64_t lag_ms; /* since when the oldest record waits that it has not confirmed */
	int64_t seen_ms_ago, lapsed_ms_ago;
	int64_t still_ms; /* attached and behind: so long it has confirmed nothing */
	int64_t missed, dead;
};

struct overview {
	struct source_state *sources;
	size_t source_count;
	struct sink_state *sinks;
	size_t sink_count;
	int64_t open, orphans; /* orphans: open builds of targets that nobody visits any more */
	int64_t dead, owed;
	int64_t free_bytes, db_bytes, wal_bytes, spare_bytes; /* spare: of db_bytes, free for new rows */
};

#define OVERVIEW_SINKS_MAX 1000

/* overview_fini in any case. */
enum status overview_read(struct hub *hub, struct overview *overview, struct err *err) MUST_CHECK;
void overview_fini(struct overview *overview);
