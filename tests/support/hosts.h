/* Several hosts on this machine: a network namespace each, joined by the test's own, which becomes the router
 * between them: whatever is to happen to the network happens in its FORWARD chain. All of it ends with the
 * test's process.
 *
 * Host N has the address 10.77.N.1; the router is 10.77.0.254 for everybody. Names are those of hosts_name
 * alone. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/place.h"

#define HOSTS_ROUTER "10.77.0.254"

/* Skips the test with the reason where it may not be; else the process is in a network of its own from here
 * on: before it starts anything. */
void hosts_open(const struct place *place);
/* A host more, the first is 1: its namespace, for struct launch. */
int hosts_add(void);
/* From now on name is this address, on all hosts; what nobody looks up again stays what it was. */
void hosts_name(const char *name, const char *address);

/* Nothing goes between host and the others, the router excepted, either way. */
void hosts_cut(int host);
/* Ends that. */
void hosts_join(int host);
/* One packet in so many between hosts is lost, at random. */
void hosts_lossy(int one_in);
