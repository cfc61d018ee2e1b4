/* Between the files of one run of `buildbus sync`: what its processes say (sync_events.c), what follows from
 * it (sync_steps.c), and how it begins and ends (sync_run.c). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "compose/foreground.h"
#include "compose/status_watch.h"
#include "compose/sync_known.h"
#include "compose/sync_report.h"
#include "compose/sync_run.h"

struct sync {
	const struct sync_run_options *options;
	const struct bus_config *bus;
	struct foreground run;
	struct status_watch *watch;
	struct relay_watch events;
	struct sync_tally tally;
	struct sync_progress progress;
	int64_t started_ms, unreadable;
	struct sync_known known;
	bool fetching; /* the fetchers may start: what the destinations have is told */
	bool released; /* the sinks may have what was fetched */
	bool cut;      /* the time to fetch was over: what is whole was released, nothing more is taken */
	bool complete, late;
	int told;          /* refusals of records */
	char trouble[512]; /* told last */
};

/* sync_events.c: one event of a process; context is the struct sync. */
void sync_on_event(void *context, const char *event, yyjson_val *fields);

/* sync_steps.c */
/* Sets the times at which it goes on without those that are down. */
void sync_steps_open(struct sync *sync);
/* The fetchers may start once every sink has said what its destination has. */
void sync_fetch_when_known(struct sync *sync);
/* True: everything is done, or has been asked to end. */
/* What an earlier run in this folder left. */
void sync_unmark(const struct sync *sync);
bool sync_on_status(void *context, yyjson_mut_val *status);
