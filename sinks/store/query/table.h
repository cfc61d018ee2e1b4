/* Texts to pointers. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/text.h"

#include <stdint.h>

struct slot {
	struct text key; /* of whoever put it in; at NULL: free */
	uint64_t hash;
	void *value;
};

/* Zeroed is empty. */
struct table {
	struct slot *slots;
	size_t count, room;
};

/* Where the value of key is; NULL inside: it is new, and key is kept, not copied. NULL: no memory. Lives
 * until the next call. */
void **table_place(struct table *table, struct text key);
/* NULL: there is none. */
void *table_find(const struct table *table, struct text key);
void table_fini(struct table *table);
