/* The skeleton of every daemon: flags, log, config, one zloop, signals as events, readiness, exit codes
 * (docs/architecture.md). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"
#include "common/err.h"

#include <czmq.h>
#include <stdbool.h>

struct process;

/* What a running daemon has at hand. Owned by process_main, lives until close has returned. */
struct process_context {
	const struct process *process;
	const char *name; /* --name, default the process's name */
	zloop_t *loop;
	struct config config;
	enum status status; /* why the loop ended */
	struct err err;
	bool draining;    /* SIGTERM came */
	bool ready_later; /* set by open: not ready before process_ready */
	bool unwanted;    /* set by open, which fails: the configuration has no part for this process */
	bool checking;    /* `--check`: check was called instead of open */
};

struct process {
	const char *name;    /* "normalizer", "fetch-buildkite", "sink-store" */
	const char *summary; /* one line for --help */
	size_t state_size;   /* process_main allocates it, zeroed */
	/* Opens sockets and timers on context->loop. May block. Ready is announced when it returns OK, unless
	 * it set context->ready_later. */
	enum status (*open)(void *state, struct process_context *context, struct err *err);
	/* `--check`, instead of open: asks whoever the process depends on whether it may do its work, without
	 * a bus and without changing anything, says each answer (common/check.h), and calls process_stop: OK
	 * exits 0, anything else 1. NULL: there is nothing to ask. */
	enum status (*check)(void *state, struct process_context *context, struct err *err);
	/* SIGTERM or SIGINT: finish what is in flight, then call process_stop; cut off after 10 s. NULL: stop
	 * at once. */
	void (*drain)(void *state);
	/* SIGHUP: context->config was read anew and is valid (the old one is freed after this returns; an
	 * unusable file is logged and the old one stays). NULL: ignore. */
	void (*reload)(void *state, struct config *fresh);
	/* Accepts half-opened state. */
	void (*close)(void *state);
};

/* Whoever started this process, and the others with it, is gone: they all end. */
bool process_orphaned(void);

/* Runs the daemon; returns its exit code. Beside the flags, these of the environment count:
 * BUILDBUS_CONTAINER=1 (what would exit 100 stays, /healthz red, or green where it is only unwanted, until
 * SIGTERM; SIGHUP ends it with 111, to be started again), BUILDBUS_PARENT=1 or the
 * parent's pid (SIGTERM when the parent dies). */
int process_main(const struct process *process, int argc, char **argv);
/* What ready_later put off. Once is enough. */
void process_ready(struct process_context *context);
/* Ends the loop after this turn. ERR_CONFIG exits 100, OK 0, others 111. err may be NULL for OK. */
void process_stop(struct process_context *context, enum status status, const struct err *err);

/* timeout(1) and some wrappers deliver one signal twice, to the process and to its group: what comes again
 * within this many ms is the same one. */
enum { PROCESS_SAME_SIGNAL_MS = 300 };

/* Milliseconds on the monotonic clock, for everything timed; and of the wall clock (UTC), for records only.
 */
int64_t now_ms(void);
int64_t wall_ms(void);
/* Monotonic as now_ms, and goes on while the machine is suspended: how much time really went by. */
int64_t passed_ms(void);
