/* Records as CDEvents 0.5.1 (cdevents.dev): a record says how a build is, an event what happened to it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/record.h"
#include "common/tap/buildbus-tap.h"

#include <stdio.h>

#define CDEVENTS_TOLD 65536

/* Which events were printed lately, by the hash of their id; zeroed: none. What falls out of it may come
 * again under the same id, by which CDEvents tells repetitions. */
struct cdevents {
	uint64_t told[CDEVENTS_TOLD];
};

/* Prints what this record tells of that was not told before, a JSON object a line. ERR_SYS: out of memory. */
enum status cdevents_print(struct cdevents *cdevents, const struct build *build,
			   const struct buildbus_tap_event *event, FILE *out, struct err *err) MUST_CHECK;
