/* A daemon of the tests (process_daemon.c) as a child process. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdio.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	FILE *output; /* its stdout and stderr */
	int ready;    /* reading end; the child's is fd 3 */
	char line[8200];
};

/* Of a forked child: becomes the daemon, with output as stdout and stderr, and ready as descriptor 3. */
void run_child(int output, int ready, char **argv);
struct child start(char **argv);
#define START(...) start((char *[]){"buildbus-test", __VA_ARGS__, NULL})
/* Reads on until a line contains text; fails at the end of output. */
const char *expect(struct child *child, const char *text);
/* Waits for its end; minus the signal that ended it. */
int exit_code(struct child *child);

/* The port in the proc.metrics line that was read last. */
int metrics_port(const struct child *child);
/* The whole answer, until the next one. */
const char *get(int port, const char *path);
