/* What a run of `buildbus sync` comes to, gathered from the events of its processes. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

#include <stdbool.h>
#include <yyjson.h>

struct sync_sink {
	const char *name; /* of the destination; owned by the config */
	int64_t created, updated, unchanged, rejected;
	int64_t behind;    /* records that it has yet to confirm */
	bool told;         /* what its destination has */
	bool dropped;      /* it did not, in time */
	char trouble[320]; /* what it waited for last; "": nothing */
};

/* A target that can't be visited before an operator has acted. */
struct sync_refusal {
	struct sync_refusal *next;
	char *why; /* the sentence */
	char target[];
};

struct sync_tally {
	struct sync_sink *sinks;
	size_t sink_count;
	int64_t requests, fetched;
	int64_t distinct; /* of the fetched ones, where the hub began with none; else 0 */
	int64_t known;    /* of the fetched ones: the hub had them as they are, and no sink was asked */
	int64_t skipped;  /* builds that the provider failed to give */
	struct sync_refusal *refusals;
};

enum status tally_init(struct sync_tally *tally, const struct config *config, struct err *err) MUST_CHECK;
void tally_fini(struct sync_tally *tally);
/* One event of a process. */
void tally_event(struct sync_tally *tally, const char *event, yyjson_val *fields);
/* Whether this target was refused; or another one with the same sentence, which is said once only. */
bool tally_refused(const struct sync_tally *tally, const char *target, const char *why);
/* A target that is not read to its end, with a sentence; once each. */
void tally_refuse(struct sync_tally *tally, const char *target, const char *why);
/* The hub's status: how far each sink is behind. */
void tally_status(struct sync_tally *tally, yyjson_mut_val *status);
/* The destination of the process `sink-NAME`; NULL: there is none. */
struct sync_sink *tally_sink(struct sync_tally *tally, const char *process);
/* How many builds were fetched. */
int64_t tally_fetched(const struct sync_tally *tally);
/* Of all destinations. */
struct sync_sink tally_sum(const struct sync_tally *tally);
