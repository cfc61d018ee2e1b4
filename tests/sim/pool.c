/* SPDX-License-Identifier: MIT */
#include "tests/sim/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 1 << 20 };

struct pool_block {
	struct pool_block *next;
	size_t used, size;
	max_align_t data[];
};

void *must_malloc(size_t size)
{
	return must_realloc(NULL, size);
}

void *must_realloc(void *old, size_t size)
{
	void *data = realloc(old, size ? size : 1);

	if (!data) {
		fprintf(stderr, "buildbus-sim: out of memory\n");
		abort();
	}
	return data;
}

static void add_block(struct pool *pool, size_t least)
{
	size_t size = least > BLOCK_SIZE ? least : BLOCK_SIZE;
	struct pool_block *block = must_malloc(sizeof *block + size);

	*block = (struct pool_block){.next = pool->blocks, .size = size};
	pool->blocks = block;
}

void *pool_take(struct pool *pool, size_t size)
{
	char *out;

	size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (!pool->blocks || pool->blocks->size - pool->blocks->used < size) {
		add_block(pool, size);
	}
	out = (char *)pool->blocks->data + pool->blocks->used;
	pool->blocks->used += size;
	return memset(out, 0, size);
}

char *pool_text(struct pool *pool, const char *format, ...)
{
	va_list args, again;
	char *out;
	int size;

	va_start(args, format);
	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	out = pool_take(pool, (size_t)size + 1);
	vsnprintf(out, (size_t)size + 1, format, again);
	va_end(again);
	return out;
}

char *pool_copy(struct pool *pool, const char *text)
{
	return text ? pool_text(pool, "%s", text) : NULL;
}

void pool_fini(struct pool *pool)
{
	while (pool->blocks) {
		struct pool_block *next = pool->blocks->next;

		free(pool->blocks);
		pool->blocks = next;
	}
}
