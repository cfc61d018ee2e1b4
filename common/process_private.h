/* Between the files of the skeleton (common/process.h). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/process.h"
#include "common/process_options.h"

struct runner {
	struct process_context context; /* first: process_stop gets only this */
	struct process_options options;
	void *state;
	int signal_fd;
	struct metrics_server *metrics; /* NULL without --metrics */
	int64_t started_ms;
	int stop_signal;        /* the one that began the drain */
	int64_t stop_signal_ms; /* and when */
	bool stopping;          /* process_stop was called: the loop ends with this turn */
	bool announced;         /* that it is ready */
	bool idling;            /* failed for good in a container: only waits for SIGTERM */
};

/* Before any thread exists: libzmq's threads inherit the mask, so every signal arrives at the loop. */
enum status process_signals_open(struct runner *runner, struct err *err) MUST_CHECK;
/* Of the loop, for runner->signal_fd. */
int process_on_signal(zloop_t *loop, zmq_pollitem_t *item, void *arg);
