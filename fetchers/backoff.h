/* How long to wait before the next try: exponential, with full jitter (a random part of the whole), so that
 * workers that failed together don't come back together. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdint.h>

/* 0 .. min(base_ms * 2^tries, max_ms), tries counted from 0. random: any number, from 0 to UINT32_MAX. */
int64_t backoff_ms(int tries, int64_t base_ms, int64_t max_ms, uint32_t random);
/* Good enough to spread workers; not for secrets. */
uint32_t backoff_random(void);
