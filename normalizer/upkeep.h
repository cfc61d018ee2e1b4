/* Free space, clocks, silent holders, retention; whether this hub.db is a copy that was restored. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/wire.h"
#include <czmq.h>

struct hub;

/* restore.c */

/* Before anything is read of it: a restored copy gets another epoch. */
enum status restore_check(struct hub *hub, struct err *err) MUST_CHECK;
/* Now and then, in a transaction: what a copy of hub.db does not have, once restore_witness was called after
 * its commit. */
enum status restore_beat(struct hub *hub, struct err *err) MUST_CHECK;
void restore_witness(const struct hub *hub);

/* upkeep.c */

#define UPKEEP_MS 1000
int on_upkeep(zloop_t *loop, int timer, void *arg);

/* retain.c */

#define SLICE_ROWS 100 /* rows that retention trims in a turn, at most */

/* One slice, if it is time. */
void retain(struct hub *hub);
int64_t wal_bytes(const struct hub *hub);
/* Cuts the WAL where it has grown beyond its bound and nobody reads it. */
void wal_bound(struct hub *hub);

/* Looks at the wall clock. Where it went back, now or while the hub was away, what is due goes back with it;
 * where it went forward by itself, nothing grows older by that. */
enum status upkeep_clock(struct hub *hub, struct err *err) MUST_CHECK;
/* The first look, when hub->clock_ms is the last of the hub before. */
enum status upkeep_opened(struct hub *hub, struct err *err) MUST_CHECK;
/* Looks at the disk now; sets hub->taking. */
void upkeep_disk(struct hub *hub);
