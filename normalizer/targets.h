/* Which targets exist, and how workers divide a source's request budget. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/wire.h"

struct config;
struct hub;
struct intake;
struct lease;

/* A worker's part of a source's request budget. */
struct share {
	char *worker;
	int64_t per_min;  /* as it was told last; -1: not by this hub, it may take everything */
	int64_t alive_ms; /* when it last held a lease */
};

struct source {
	char *name, *provider;
	char *live; /* the target that is its live walk; NULL: it has one pipeline */
	int64_t poll_ms;
	bool details;           /* its finished builds are asked for more */
	int64_t budget_per_min; /* as last reported; -1 unknown */
	int64_t claimed_ms;     /* passed_ms(): a worker of its provider asked for work; 0: none has */
	struct share *shares;
	size_t share_count;
};

/* targets.c */

/* Makes the targets table what the configuration says. */
enum status targets_load(struct hub *hub, const struct config *config, struct err *err) MUST_CHECK;
void targets_fini(struct hub *hub);
#define FOUND_BODIES_MAX 64
/* What a discovery found: lists of slugs. */
struct found {
	const msgpack_object_array *lists[FOUND_BODIES_MAX + 1];
	msgpack_unpacked bodies[FOUND_BODIES_MAX];
	size_t list_count, body_count, slugs;
};
/* Replaces what the discovery target found. Counts: fresh = added, unchanged = known, stale = removed. */
enum status targets_found(struct hub *hub, const struct lease *lease, const struct found *found,
			  struct intake *counts, struct err *err) MUST_CHECK;

/* found.c */

/* The list in the head and those in the bodies; slugs: how many in all. False: malformed. found_fini in any
 * case, before the message goes. */
bool found_read(struct found *found, const msgpack_object_array *first, const struct wire_message *message);
void found_fini(struct found *found);
/* Of a discovery that knew so many targets: whether their end is to be believed, which takes an hour. */
enum status found_nothing(struct hub *hub, const struct lease *lease, int64_t known, bool *believe,
			  struct err *err) MUST_CHECK;
enum status found_something(struct hub *hub, const struct lease *lease, struct err *err) MUST_CHECK;
struct source *source_named(struct hub *hub, struct text name);

/* share.c */

/* What the lease's worker may ask of the provider in a minute; -1: nobody knows yet. */
int64_t share_of(struct hub *hub, const struct lease *lease);
/* A visit told what the provider's headers said; -1 unknown. per_min: what is allowed in a minute in all. */
void share_learn(struct hub *hub, const struct lease *lease, int64_t remaining, int64_t reset_ms,
		 int64_t per_min);
/* The shares of old become those of source. */
void share_move(struct source *source, struct source *old);
void share_fini(struct source *source);
