/* Is the destination well? One record that fails is its own problem; when nothing succeeds, everything waits.
 * Pure: the time comes from the caller. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define RETRY_BASE_MS 200
#define RETRY_CAP_MS  30000
#define RETRY_FOR_MS  3600000 /* then a record that fails while others succeed is a dead letter */

struct health {
	unsigned failures;  /* batches in a row of which nothing succeeded; 0: well */
	int64_t until_ms;   /* in an outage: the next try */
	int64_t since_ms;   /* when the last outage ended; 0: there was none */
	int64_t success_ms; /* the last one */
};

static inline bool health_outage(const struct health *health)
{
	return health->failures > 0;
}

/* Something succeeded. True: it ended an outage. */
bool health_success(struct health *health, int64_t at_ms);
/* A whole batch failed. Returns how long everything waits: asked_ms or more. */
int64_t health_failure(struct health *health, int64_t at_ms, int64_t asked_ms);
/* A record that fails since failed_ms, while others succeed, has been tried for long enough. */
bool health_hopeless(const struct health *health, int64_t failed_ms, int64_t at_ms, int64_t retry_for_ms);
