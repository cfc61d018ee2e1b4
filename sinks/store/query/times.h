/* Durations of many builds: sorted, packed, and which of them is the percentile. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed is empty. */
struct times {
	int64_t *ms;
	size_t count, room;
};

/* False: no memory. */
bool times_reserve(struct times *times, size_t more);
bool times_add(struct times *times, int64_t ms);
void times_clear(struct times *times);
void times_fini(struct times *times);

/* The smallest of them that is not below `percent` % of all (nearest rank): a duration that some build really
 * had. Changes their order. INT_NULL: there are none. */
int64_t times_percentile(struct times *times, int percent);
/* The same where they are sorted. */
int64_t times_sorted_percentile(const struct times *times, int percent);

/* Sorts them and appends them to out, which has times_packed_max(count) bytes: differences, 7 bits a byte,
 * the lowest first. Returns the bytes. */
size_t times_pack(struct times *times, unsigned char *out);
size_t times_packed_max(size_t count);
/* Appends. False: no memory, or these are not such bytes. */
bool times_unpack(struct times *times, const unsigned char *bytes, size_t size);
