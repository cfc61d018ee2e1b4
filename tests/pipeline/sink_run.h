/* A sink, the real executable, between a hand-written hub and whatever the test puts behind it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/pipeline/fake_hub.h"
#include "tests/support/child.h"

extern struct run {
	const char *program;
	const char *const *secrets; /* that the sink must never say; NULL ends them */
	zloop_t *loop;
	struct fake_hub *hub;
	struct place *place;
	struct child *sink; /* NULL: none was started */
	const char *env[8];
} run;

/* Everything but the sink runs, without the customary variables of Google and of proxies. */
void sink_run_init(const char *program, const char *const *secrets);
/* Kills the sink, too. */
void sink_run_fini(void);
/* Writes the configuration: destination is what follows `destinations: - `. */
void run_destination(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Does not wait until it is ready. */
void run_start(void);
/* Waits for its end; returns the exit code. */
int run_end(void);
/* By SIGTERM: it must end with 0. */
void run_stop(void);
/* kill -9, and a new one. */
void run_restart(void);

/* Runs the hub until everything is acknowledged. */
#define all_acked() all_acked_at(HERE)
void all_acked_at(struct spot spot);
/* Until the sink said text. */
#define said(text) said_at(HERE, text)
void said_at(struct spot spot, const char *text);
/* Until it ended with 100, having said one sentence with each of these. */
#define refuses(...) refuses_at(HERE, ARGS(__VA_ARGS__))
void refuses_at(struct spot spot, const char *const *words);
void no_secret_told(struct spot spot);
