/* How long to wait before the next try: exponential with full jitter, so that many peers that failed together
 * do not come back together. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdint.h>

/* The longest wait before try number `tries` (from 0): base doubled each time, never above the cap. */
int64_t backoff_limit_ms(unsigned tries, int64_t base_ms, int64_t cap_ms);
/* Uniform in 1..backoff_limit_ms. */
int64_t backoff_ms(unsigned tries, int64_t base_ms, int64_t cap_ms);
