/* The sinks of bench-hub: a process each, that unpacks and acknowledges all that it gets. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/bench/bench.h"

#define READERS 3

/* What the readers and the writer of one round share. */
struct board {
	double sent[1 << 16], got[1 << 16]; /* by build number, latency rounds */
	volatile int attached;
};
extern struct board *board;

/* Before the first readers. */
void open_board(void);
/* Returns when all are attached. timed: the first tells the board when it had which build. */
void start_readers(const struct hub_process *hub, int builds, int timed, int pids[READERS]);
/* Waits until each has confirmed `builds` of them. */
void end_readers(const int pids[READERS]);
