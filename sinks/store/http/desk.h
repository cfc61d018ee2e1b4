/* Questions that only the loop's thread may answer, asked by the server's threads: metrics and health belong
 * to it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <czmq.h>
#include <pthread.h>
#include <stdbool.h>

/* Zeroed, then desk_open. */
struct desk {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	zloop_t *loop;
	int bell;        /* eventfd; -1: closed */
	int asked, told; /* how often */
	char *metrics;
	char health[512];
	bool well;
	bool silent; /* the loop did not answer in time, and has not since: nobody waits for it */
};

/* Answers from loop. */
enum status desk_open(struct desk *desk, zloop_t *loop, struct err *err) MUST_CHECK;
void desk_close(struct desk *desk);
/* From any thread; waits, a second at most. What is in desk is as of now while its lock is held: call
 * desk_leave. False: the loop is busy. */
bool desk_ask(struct desk *desk);
void desk_leave(struct desk *desk);
