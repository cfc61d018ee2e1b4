/* One process that `buildbus up` looks after: its start, its two pipes, its end. What follows from its end is
 * decided in up.c. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "compose/relay.h"

#include <czmq.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* In the order of starting; drained from the last to the first. */
enum child_role { ROLE_HUB, ROLE_SINK, ROLE_FETCHER, ROLE_COUNT };

struct supervisor;

enum child_state {
	CHILD_WAITING,  /* does not run: the hub is not ready yet, or the back-off runs */
	CHILD_STARTING, /* runs, has not said that it is ready */
	CHILD_READY,    /* runs */
	CHILD_GONE,     /* ended for good */
};

enum { CHILD_ARGS_MAX = 10 };

struct child {
	char *name;                 /* for people: "fetch-buildkite-2"; owned, as the arguments */
	char *args[CHILD_ARGS_MAX]; /* [0] is the executable's path; --ready-fd is added at the start */
	enum child_role role;
	enum child_state state;
	pid_t pid;            /* 0: does not run */
	int ready_fd, log_fd; /* our ends of the pipes; -1: closed */
	int64_t started_ms;
	int64_t backoff_ms; /* before the next restart; 0: it did well */
	struct relay relay;
	struct supervisor *all; /* whose it is, for the callbacks of the loop */
};

/* Takes nothing: texts are copied. args: NULL-terminated, args[0] the path. ERR_SYS: out of memory. */
enum status child_init(struct child *child, enum child_role role, const char *name, const char *const *args,
		       struct err *err) MUST_CHECK;
/* Accepts zeroed. The process must have ended. */
void child_fini(struct child *child);

/* Forks and executes; both pipes are open and non-blocking afterwards. A path that can't be executed is told
 * by exit code 127, as in a shell. */
enum status child_start(struct child *child, struct err *err) MUST_CHECK;
/* Nothing happens when it does not run. */
void child_signal(const struct child *child, int number);
/* Passes on some of what stands in the log pipe; false: the other end is closed. */
bool child_relay(struct child *child);
/* After waitpid: the rest of its log, then both pipes are closed. */
void child_ended(struct child *child);
