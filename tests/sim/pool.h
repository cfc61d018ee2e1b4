/* Memory that lives as long as the world: allocated piece by piece, freed at once. Out of memory ends the
 * process (this is a test tool). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stddef.h>

struct pool_block;
struct pool {
	struct pool_block *blocks;
};

/* Zeroed. */
void *pool_take(struct pool *pool, size_t size);
char *pool_text(struct pool *pool, const char *format, ...) PRINTF(2, 3);
/* NULL stays NULL. */
char *pool_copy(struct pool *pool, const char *text);
void pool_fini(struct pool *pool);

/* malloc and realloc that do not fail. */
void *must_malloc(size_t size);
void *must_realloc(void *old, size_t size);
