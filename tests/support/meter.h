/* A TCP forwarder that counts the HTTP requests that go through it: between a process and a server that
 * keeps no count itself. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/fail.h"

struct meter;

/* Listens on a port of its own and forwards to host, "127.0.0.1:PORT". */
struct meter *meter_new(const char *host);
void meter_free(struct meter **meter);
int meter_port(const struct meter *meter);
/* Requests since it started whose path has part; "" all. */
int meter_count(struct meter *meter, const char *part);
/* The next connections are closed as soon as they are made. */
void meter_refuse(struct meter *meter, int connections);
/* Waits until there were so many in all. */
#define meter_served(meter, count) meter_served_at(HERE, meter, count)
void meter_served_at(struct spot spot, struct meter *meter, int count);
