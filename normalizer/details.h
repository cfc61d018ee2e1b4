/* What finished builds still owe: asked for after they are published. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/wire.h"

struct build;
struct hub;
struct lease;
struct intake;
struct observation;

/* A lease on what finished builds owe, not on a pipeline. */
bool details_lease(const struct lease *lease);
/* build has just been applied: owes its details unless they were asked for at this finish (owed_for). */
enum status details_owe(struct hub *hub, const struct build *build, int64_t owed_for,
			const struct observation *seen, struct err *err) MUST_CHECK;
/* Packs the keys of a lease on details, and whether they are of back-filled builds: those come last. */
enum status details_put_keys(struct hub *hub, struct wire_head *head, const struct lease *lease,
			     bool *backfill, struct err *err) MUST_CHECK;
/* When the next ones are due; *due stays when none are owed. */
enum status details_next_due(struct hub *hub, const struct lease *lease, int64_t *due,
			     struct err *err) MUST_CHECK;
struct raw;
/* Takes an envelope of kind details or later. *changed: the build has a new record. */
enum status details_take(struct hub *hub, const struct lease *lease, const struct raw *raw,
			 struct intake *counts, bool *changed, struct err *err) MUST_CHECK;
