/* Seeded random numbers (splitmix64): the same on every machine, so that a seed names a world. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
	uint64_t z = (rng->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* A stream of its own for (seed, a, b): what one build draws never shifts what another one gets. */
static inline struct rng rng_stream(uint64_t seed, uint64_t a, uint64_t b)
{
	struct rng rng = {seed};

	rng.state = rng_next(&rng) ^ (a * 0xd6e8feb86659fd93u);
	rng.state = rng_next(&rng) ^ (b * 0xa0761d6478bd642fu);
	return rng;
}

/* 0 <= result < n; n > 0. */
static inline int64_t rng_below(struct rng *rng, int64_t n)
{
	return (int64_t)(rng_next(rng) % (uint64_t)n);
}

/* low <= result <= high. */
static inline int64_t rng_between(struct rng *rng, int64_t low, int64_t high)
{
	return low + rng_below(rng, high - low + 1);
}

static inline bool rng_chance(struct rng *rng, int permille)
{
	return rng_below(rng, 1000) < permille;
}
