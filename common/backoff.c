/* SPDX-License-Identifier: MIT */
#include "common/backoff.h"

#include <stdlib.h>

int64_t backoff_limit_ms(unsigned tries, int64_t base_ms, int64_t cap_ms)
{
	int64_t limit = base_ms;

	while (tries-- > 0 && limit < cap_ms) {
		limit *= 2;
	}
	return limit < cap_ms ? limit : cap_ms;
}

int64_t backoff_ms(unsigned tries, int64_t base_ms, int64_t cap_ms)
{
	int64_t limit = backoff_limit_ms(tries, base_ms, cap_ms);

	return 1 + (int64_t)arc4random_uniform((uint32_t)limit);
}
