/* The client side of ingest (docs/protocol.md section 2): claims leases, publishes pages, keeps each page
 * until it is acknowledged, finds what was lost by the numbers, ends leases. Several leases share one socket.
 *
 * Whoever uses it hands over bodies and cursors and is told when there is room again; reconnects, restarts of
 * the hub, resending, splitting and heartbeats happen here. Nothing blocks. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"
#include "common/raw.h"

#include <czmq.h>
#include <stdbool.h>
#include <stdint.h>

#define INGEST_WINDOW     16        /* publishes of one lease that wait for their ack */
#define INGEST_PAGE_BYTES (1 << 20) /* a page is cut into publishes of about this size */
#define INGEST_BYTES_MAX  (8 << 20) /* over all leases; beyond it a lease may hold one publish only */

struct ingest_client;

/* One visit of one target. Owned by the client; dies after `ended`. */
struct ingest_lease {
	char *target; /* "<source>:<slug>" */
	void *owner;  /* the user's */
};

/* Lives during the call. */
struct ingest_grant {
	struct text cursor; /* at NULL: first visit */
	const struct text *due_keys;
	size_t due_count;
	bool sync;              /* everything at once */
	bool anew;              /* of a live walk: only what is newest */
	int64_t newest;         /* of a first visit: so many builds, not as the source's `since` says; -1 */
	int64_t finished_from;  /* of a first visit: and what finished since; INT_NULL: nothing more */
	bool backfill;          /* the due keys are of builds that nobody watched */
	int64_t budget_per_min; /* -1: unknown */
};

struct ingest_ack {
	int64_t n, fresh, unchanged, stale;
};

#define INGEST_SILENT  "silent"  /* for ten seconds; told once until it speaks again */
#define INGEST_REFUSED "refused" /* the hub does not let us in; it is tried again */

struct ingest_trouble {
	const char *code;   /* of the protocol's error, or INGEST_SILENT */
	const char *target; /* NULL: of no lease */
	const char *detail;
	int64_t retry_ms; /* -1: never */
};

struct ingest_events {
	/* Sets lease->owner. May call everything below for this lease, ingest_done too. */
	void (*granted)(void *context, struct ingest_lease *lease, const struct ingest_grant *grant);
	/* A publish or a list of targets is durable; there may be room again. Also after ingest_done. */
	void (*acked)(void *context, struct ingest_lease *lease, const struct ingest_ack *ack);
	/* So many requests a minute may this worker send for the lease's source from now on; often as before.
	 */
	void (*shared)(void *context, struct ingest_lease *lease, int64_t per_min);
	/* The lease is over: ended, or lost (the hub gave it to somebody else, its pages are dropped). lease
	 * dies. */
	void (*ended)(void *context, struct ingest_lease *lease, bool lost);
	/* The hub refused something, for the log. `version` and `command` can't get better by waiting. */
	void (*trouble)(void *context, const struct ingest_trouble *trouble);
	/* A claim was answered, and there is no lease. May be NULL. */
	void (*idle)(void *context);
};

/* Connecting goes on in the background. ERR_CONFIG: bus settings that can't be used. */
enum status ingest_new(struct ingest_client **out, zloop_t *loop, const struct bus_config *bus,
		       const char *provider, const char *worker, const struct ingest_events *events,
		       void *context, struct err *err) MUST_CHECK;
/* Drops everything without calling back. Accepts NULL; nulls the pointer. */
void ingest_free(struct ingest_client **client);

/* Holds up to that many leases at once, claiming whenever it has fewer. 0: claims no more. */
void ingest_want(struct ingest_client *client, int leases);
/* Leases held, those included whose `done` is still under way. */
int ingest_held(const struct ingest_client *client);
/* No lease, and no claim that could still bring one. */
bool ingest_is_idle(const struct ingest_client *client);

/* False: the lease's window is full. Read no more from the provider before the next `acked`. */
bool ingest_room(const struct ingest_lease *lease);
/* Appends an envelope to the lease's open page. One over the protocol's bound goes as kind `oversize`. */
enum status ingest_add(struct ingest_lease *lease, const struct raw *raw, struct err *err) MUST_CHECK;
/* Cuts the open page and sends it, in several publishes if it is big; cursor (at NULL: unchanged) goes with
 * the last. A page without builds and without cursor is nothing. */
enum status ingest_cut(struct ingest_lease *lease, struct text cursor, struct err *err) MUST_CHECK;
/* Sends what a discovery found. Copies. */
enum status ingest_targets(struct ingest_lease *lease, const struct text *slugs, size_t count,
			   struct err *err) MUST_CHECK;
/* Why the visit failed, for people who look at the hub's status: before ingest_done. Copies. Best effort. */
void ingest_why(struct ingest_lease *lease, const char *why);
/* The visit left nothing to read but what will be new: before ingest_done. */
void ingest_settled(struct ingest_lease *lease);
/* Before ingest_done: what the provider allows in a minute to all who share the source's token; -1 unknown.
 */
void ingest_allowance(struct ingest_lease *lease, int64_t per_min);
/* Ends the lease once its pages are durable; an open page is dropped. remaining, reset_ms: -1 unknown. */
void ingest_done(struct ingest_lease *lease, int64_t next_due_ms, int64_t remaining, int64_t reset_ms);
