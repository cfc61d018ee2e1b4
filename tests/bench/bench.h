/* Shared by the benchmarks. Figures are compared within one run only: machines and days differ. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/wire.h"

#include <stdint.h>

/* The envelope of a Buildkite build of about 9 KB. */
void payload_pack(int number, msgpack_sbuffer *out);

struct bench {
	const char *bin; /* folder of the executables */
	int builds;      /* of a throughput round */
	int rounds;
	int per_message;
	int window; /* messages in flight */
};

struct hub_process {
	int pid;
	char dir[256]; /* its state, below a temporary folder */
	char config[300];
};

/* A temporary folder for state and config; gone with everything in it. */
void place_make(struct hub_process *place);
void place_remove(const struct hub_process *place);
/* Starts a daemon and waits until it is ready. */
void daemon_start(const char *bin, const char *program, const char *config, int *pid, double *ready_ms);
void daemon_memory(int pid, long *peak_kib, long *private_kib);
void daemon_end(int pid, double *cpu_s);

/* Starts a hub with an empty state and waits until it is ready; *ready_ms: how long that took. archive: the
 * raw archive is on. */
void hub_start(const struct bench *bench, struct hub_process *hub, int archive, double *ready_ms);
/* Ends it and removes its state; *peak_kib is its peak resident memory, *cpu_s what it used. */
void hub_stop(struct hub_process *hub, long *peak_kib, double *cpu_s);

/* A DEALER on the hub's socket `name`. */
void *peer_connect(void *context, const struct hub_process *hub, const char *name);
void peer_send(void *socket, struct wire_message *message);
/* Waits for a message; its command is in fields (wire_fields_fini after use). */
void peer_receive(void *socket, struct wire_message *message, struct wire_fields *fields);
/* Claims until a lease comes; its fence. */
int64_t peer_lease(void *socket);
/* Appends the head of publish n to message, bodies follow. */
void peer_publish_head(struct wire_message *message, int64_t fence, int64_t n);

/* Publishes builds 1.. to a hub whose source is `buildkite` of acme/bench. */
void hub_fill(const struct hub_process *hub, int builds);
/* Until this sink has confirmed everything. */
void sink_wait(const struct hub_process *hub, const char *sink);

double seconds(void);
void fail(const char *what) __attribute__((noreturn));
int compare_doubles(const void *a, const void *b);
double median(double *values, int count);
double percentile(double *sorted, int count, double part);
