/* Which pipelines are held up while a window is looked through. Pure. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUEUES_MAX 64

struct queues {
	uint64_t pipelines[QUEUES_MAX]; /* struct entry's */
	size_t count;
};

static inline bool queues_has(const struct queues *queues, uint64_t pipeline)
{
	for (size_t i = 0; i < queues->count; i++) {
		if (queues->pipelines[i] == pipeline) {
			return true;
		}
	}
	return false;
}

/* No room for another one: whoever looks must look no further. */
static inline bool queues_full(const struct queues *queues)
{
	return queues->count == QUEUES_MAX;
}

static inline void queues_add(struct queues *queues, uint64_t pipeline)
{
	queues->pipelines[queues->count++] = pipeline;
}
