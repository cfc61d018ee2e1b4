/* What has come: which records are new, and whether some before them are missing. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "common/text.h"

#include <stdint.h>

struct seen_slot {
	char *pipeline; /* NULL: empty */
	size_t size;
	int64_t seq; /* of its record that came last */
};

/* Zeroed: nothing has come. */
struct seen {
	int64_t covered; /* up to here everything has come, or is known to be lost */
	int64_t newest;
	struct seen_slot *slots;
	size_t count, capacity; /* a power of 2, or 0 */
};

/* The seq of the pipeline's record that came last; where none came: covered. */
int64_t seen_last(const struct seen *seen, struct text pipeline);
enum status seen_put(struct seen *seen, struct text pipeline, int64_t seq, struct err *err) MUST_CHECK;
/* Everything up to seq has come; never less than before. */
void seen_cover(struct seen *seen, int64_t seq);
/* Another log begins: nothing of the old one counts. */
void seen_renew(struct seen *seen, int64_t covered);
/* Accepts zeroed. */
void seen_fini(struct seen *seen);
