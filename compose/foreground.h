/* A supervisor in the foreground: this process's loop, and its signals. Ctrl-C and SIGTERM drain, a second
 * one kills, SIGHUP is passed on. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "compose/supervise.h"

struct foreground {
	struct supervisor all; /* its fleet is filled before foreground_open */
	int signal_fd;         /* -1: none */
	int64_t stopped_ms;    /* when the first signal to stop came; 0: none did */
};

enum status foreground_open(struct foreground *run, struct err *err) MUST_CHECK;
/* Returns when everything has ended. */
void foreground_run(struct foreground *run);
/* Accepts half-opened with signal_fd -1; frees the fleet too. */
void foreground_close(struct foreground *run);
