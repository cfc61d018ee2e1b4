/* Memory for one page or batch: freed all at once, never above its maximum. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/text.h"

#include <stddef.h>
#include <yyjson.h>

struct arena {
	struct arena_chunk *chunks; /* newest first */
	size_t used_bytes, max_bytes;
};

/* No allocation happens before the first arena_alloc. */
void arena_init(struct arena *arena, size_t max_bytes);
/* Everything handed out dies; the biggest chunk up to 1 MiB is kept for the next page. */
void arena_reset(struct arena *arena);
/* Accepts zeroed. */
void arena_fini(struct arena *arena);
/* Zeroed, aligned for any type; NULL when the maximum is reached or memory is out: the caller reports
 * ERR_DATA. */
void *arena_alloc(struct arena *arena, size_t size);
/* A NUL-terminated copy; NULL as arena_alloc. */
char *arena_text(struct arena *arena, const char *at, size_t size);
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The three one after the other; null (and not empty) when the arena is full. */
struct text arena_join(struct arena *arena, struct text a, struct text b, struct text c);
/* The arena as yyjson's allocator; documents need not be freed. */
yyjson_alc arena_yyjson(struct arena *arena);
