/* What process.c and the server know of metrics. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/metrics.h"

#include <czmq.h>
#include <stddef.h>

/* The daemon is ready: from now on /healthz says what metrics_health was told. */
void metrics_started(void);
/* The sentence for /healthz; true: well. */
bool metrics_is_healthy(const char **sentence);
void metrics_forget_collectors(void);
/* The text for /metrics (Prometheus text format 0.0.4). Heap; NULL: no memory. */
char *metrics_text(size_t *size);
/* process_… and buildbus_build_info; collect brings them up to date, and does nothing before open. */
void metrics_process_open(const char *process);
void metrics_process_collect(void);

struct metrics_server;

/* Listens on "ADDR:PORT" (":9100": everywhere, "[::1]:9100", port 0: any). ERR_CONFIG names the flag. */
enum status metrics_server_new(struct metrics_server **out, const char *address, struct err *err) MUST_CHECK;
/* Answers from loop, until the loop ends; may be given another loop then. */
enum status metrics_server_attach(struct metrics_server *server, zloop_t *loop, struct err *err) MUST_CHECK;
/* "127.0.0.1:9100", with the port that it got. */
const char *metrics_server_address(const struct metrics_server *server);
/* Before its loop ends. Accepts NULL; nulls the pointer. */
void metrics_server_free(struct metrics_server **server);
