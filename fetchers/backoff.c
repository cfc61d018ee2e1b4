/* SPDX-License-Identifier: MIT */
#include "fetchers/backoff.h"

#include <sys/random.h>

int64_t backoff_ms(int tries, int64_t base_ms, int64_t max_ms, uint32_t random)
{
	int64_t most = base_ms;

	for (int i = 0; i < tries && most < max_ms; i++) {
		most *= 2;
	}
	most = most > max_ms ? max_ms : most;
	return (int64_t)((double)most * random / UINT32_MAX);
}

uint32_t backoff_random(void)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random) {
		random = UINT32_MAX / 2;
	}
	return random;
}
