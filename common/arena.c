/* SPDX-License-Identifier: MIT */
#include "common/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK_MIN 16384
#define KEEP_MAX  (1 << 20) /* one huge page must not stay with a process for ever */
#define ALIGN     16

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, capacity;
	_Alignas(ALIGN) char bytes[];
};

void arena_init(struct arena *arena, size_t max_bytes)
{
	*arena = (struct arena){.max_bytes = max_bytes};
}

void arena_reset(struct arena *arena)
{
	struct arena_chunk *keep = NULL;

	while (arena->chunks) {
		struct arena_chunk *chunk = arena->chunks;
		arena->chunks = chunk->next;
		if (chunk->capacity <= KEEP_MAX && (!keep || chunk->capacity > keep->capacity)) {
			free(keep);
			keep = chunk;
		} else {
			free(chunk);
		}
	}
	if (keep) {
		keep->next = NULL;
		keep->used = 0;
	}
	arena->chunks = keep;
	arena->used_bytes = 0;
}

void arena_fini(struct arena *arena)
{
	arena_reset(arena);
	free(arena->chunks); /* the one that was kept */
	arena->chunks = NULL;
}

static struct arena_chunk *chunk_for(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;
	size_t capacity;

	if (chunk && chunk->capacity - chunk->used >= size) {
		return chunk;
	}
	capacity = chunk ? chunk->capacity * 2 : CHUNK_MIN;
	if (capacity > arena->max_bytes - arena->used_bytes) {
		capacity = arena->max_bytes - arena->used_bytes;
	}
	if (capacity < size) {
		capacity = size;
	}
	chunk = malloc(sizeof *chunk + capacity);
	if (!chunk) {
		return NULL;
	}
	*chunk = (struct arena_chunk){.next = arena->chunks, .capacity = capacity};
	arena->chunks = chunk;
	return chunk;
}

static size_t padded(size_t size)
{
	return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static void *take(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk;
	void *at;

	if (size > arena->max_bytes) {
		return NULL;
	}
	size = padded(size);
	if (arena->max_bytes - arena->used_bytes < size || !(chunk = chunk_for(arena, size))) {
		return NULL;
	}
	at = chunk->bytes + chunk->used;
	chunk->used += size;
	arena->used_bytes += size;
	return at;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	void *at = take(arena, size ? size : 1);

	return at ? memset(at, 0, size) : NULL;
}

char *arena_text(struct arena *arena, const char *at, size_t size)
{
	char *copy = take(arena, size + 1);

	if (copy) {
		memcpy(copy, at, size);
		copy[size] = '\0';
	}
	return copy;
}

struct text arena_join(struct arena *arena, struct text a, struct text b, struct text c)
{
	const struct text parts[] = {a, b, c};
	char *out = take(arena, a.size + b.size + c.size + 1), *to = out;

	if (!out) {
		return (struct text){0};
	}
	for (size_t i = 0; i < 3; i++) {
		if (parts[i].size) {
			memcpy(to, parts[i].at, parts[i].size);
			to += parts[i].size;
		}
	}
	*to = '\0';
	return (struct text){out, (size_t)(to - out)};
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *out;
	int size;

	va_start(args, format);
	size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (size < 0 || !(out = take(arena, (size_t)size + 1))) {
		return NULL;
	}
	va_start(args, format);
	vsnprintf(out, (size_t)size + 1, format, args);
	va_end(args);
	return out;
}

static void *on_malloc(void *context, size_t size)
{
	return take(context, size);
}

/* The last thing taken can grow and shrink in place: yyjson's values do, and would be copied else. */
static bool resize_last(struct arena *arena, const char *old, size_t old_size, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;
	size_t before = padded(old_size), wanted;

	if (size > arena->max_bytes || chunk->bytes + chunk->used != old + before) {
		return false;
	}
	wanted = padded(size);
	if (chunk->used - before + wanted > chunk->capacity ||
	    arena->used_bytes - before + wanted > arena->max_bytes) {
		return false;
	}
	chunk->used = chunk->used - before + wanted;
	arena->used_bytes = arena->used_bytes - before + wanted;
	return true;
}

static void *on_realloc(void *context, void *old, size_t old_size, size_t size)
{
	void *fresh;

	if (resize_last(context, old, old_size, size)) {
		return old;
	}
	fresh = take(context, size);
	return fresh ? memcpy(fresh, old, old_size < size ? old_size : size) : NULL;
}

static void on_free(void *context, void *at)
{
	(void)context;
	(void)at;
}

yyjson_alc arena_yyjson(struct arena *arena)
{
	return (yyjson_alc){.malloc = on_malloc, .realloc = on_realloc, .free = on_free, .ctx = arena};
}
