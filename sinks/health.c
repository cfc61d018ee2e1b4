/* SPDX-License-Identifier: MIT */
#include "sinks/health.h"
#include "common/backoff.h"

bool health_success(struct health *health, int64_t at_ms)
{
	bool ended = health_outage(health);

	health->success_ms = at_ms;
	if (ended) {
		health->failures = 0;
		health->since_ms = at_ms;
	}
	return ended;
}

int64_t health_failure(struct health *health, int64_t at_ms, int64_t asked_ms)
{
	int64_t wait_ms = backoff_ms(health->failures, RETRY_BASE_MS, RETRY_CAP_MS);

	wait_ms = wait_ms > asked_ms ? wait_ms : asked_ms;
	health->failures++;
	health->until_ms = at_ms + wait_ms;
	return wait_ms;
}

bool health_hopeless(const struct health *health, int64_t failed_ms, int64_t at_ms, int64_t retry_for_ms)
{
	/* What failed in an outage is not the record's fault: its time starts when the outage ends. */
	int64_t start_ms = failed_ms > health->since_ms ? failed_ms : health->since_ms;

	return !health_outage(health) && health->success_ms > start_ms && at_ms - start_ms >= retry_for_ms;
}
