/* The arena: limits, alignment, reuse, growing in place, as yyjson's allocator. */
/* SPDX-License-Identifier: MIT */
#include "common/arena.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>

Test(arena, hands_out_zeroed_and_aligned_memory)
{
	struct arena arena;

	arena_init(&arena, 1 << 20);
	for (size_t round = 0; round < 3; round++) {
		for (size_t size = 0; size < 300; size++) {
			unsigned char *at = arena_alloc(&arena, size);
			cr_assert(at && (uintptr_t)at % _Alignof(max_align_t) == 0);
			for (size_t i = 0; i < size; i++) {
				cr_assert(at[i] == 0);
			}
			memset(at, 0xff, size);
		}
		arena_reset(&arena);
		cr_assert(arena.used_bytes == 0);
	}
	arena_fini(&arena);
}

Test(arena, never_goes_over_its_maximum)
{
	struct arena arena;
	size_t total = 0;

	arena_init(&arena, 100000);
	cr_expect(!arena_alloc(&arena, 100001));
	cr_expect(!arena_alloc(&arena, SIZE_MAX));
	cr_expect(!arena_alloc(&arena, SIZE_MAX - 8));
	cr_expect(!arena_text(&arena, "", SIZE_MAX - 1));
	while (arena_alloc(&arena, 1000)) {
		total += 1000;
	}
	cr_expect(total > 95000 && total <= 100000, "%zu", total);
	cr_expect(arena.used_bytes <= 100000);
	cr_expect(!arena_format(&arena, "%1000d", 1));
	cr_expect(!arena_join(&arena, TEXT("a"), (struct text){.at = "b", .size = 1000}, TEXT("c")).at);
	arena_reset(&arena);
	cr_expect(arena_alloc(&arena, 99000));
	arena_fini(&arena);
}

Test(arena, of_nothing_gives_nothing)
{
	struct arena arena = {0};

	cr_expect(!arena_alloc(&arena, 0));
	cr_expect(!arena_alloc(&arena, 1));
	cr_expect(!arena_text(&arena, "", 0));
	arena_reset(&arena);
	arena_fini(&arena);
	arena_fini(&arena);
}

Test(arena, copies_formats_and_joins)
{
	struct arena arena;
	struct text joined;
	char *copy;

	arena_init(&arena, 1 << 20);
	copy = arena_text(&arena, "a\0b", 3);
	cr_expect(memcmp(copy, "a\0b", 4) == 0);
	cr_expect_str_eq(arena_text(&arena, "", 0), "");
	cr_expect_str_eq(arena_format(&arena, "%s-%d", "x", 7), "x-7");
	cr_expect(strlen(arena_format(&arena, "%50000d", 1)) == 50000);
	joined = arena_join(&arena, TEXT("a"), (struct text){0}, TEXT("bc"));
	cr_expect(text_is(joined, "abc") && joined.at[3] == '\0');
	joined = arena_join(&arena, (struct text){0}, (struct text){0}, (struct text){0});
	cr_expect(joined.at && joined.size == 0);
	arena_fini(&arena);
}

Test(arena, keeps_a_chunk_for_the_next_page_unless_it_is_huge)
{
	struct arena arena;
	void *first;

	arena_init(&arena, 64 << 20);
	first = arena_alloc(&arena, 10000);
	arena_reset(&arena);
	cr_expect(arena.chunks != NULL);
	cr_expect(arena_alloc(&arena, 10000) == first);
	arena_reset(&arena);
	cr_assert(arena_alloc(&arena, 32 << 20));
	arena_reset(&arena);
	cr_expect(arena_alloc(&arena, 10000) == first, "the small chunk is gone");
	arena_fini(&arena);
}

Test(arena, grows_and_shrinks_the_last_allocation_in_place)
{
	struct arena arena;
	yyjson_alc allocator;
	char *a, *b;

	arena_init(&arena, 12000);
	allocator = arena_yyjson(&arena);
	a = allocator.malloc(allocator.ctx, 100);
	memset(a, 'a', 100);
	cr_expect(allocator.realloc(allocator.ctx, a, 100, 5000) == a);
	cr_expect(a[99] == 'a');
	cr_expect(allocator.realloc(allocator.ctx, a, 5000, 200) == a);
	cr_expect(arena.used_bytes == 208);
	b = allocator.malloc(allocator.ctx, 10);
	cr_expect(b == a + 208);
	a = allocator.realloc(allocator.ctx, a, 200, 300);
	cr_expect(a != b - 208 && a[99] == 'a', "not the last: must move");
	cr_expect(!allocator.realloc(allocator.ctx, a, 300, 12001));
	cr_expect(!allocator.realloc(allocator.ctx, a, 300, SIZE_MAX));
	cr_expect(arena.used_bytes <= 12000);
	allocator.free(allocator.ctx, a);
	arena_fini(&arena);
}

Test(arena, holds_a_document)
{
	enum { COUNT = 20000 };
	char *json = malloc(COUNT * 2 + 2);
	struct arena arena;
	yyjson_alc allocator;
	yyjson_doc *doc;

	json[0] = '[';
	for (size_t i = 0; i < COUNT; i++) {
		memcpy(json + 1 + 2 * i, "1,", 2);
	}
	json[COUNT * 2] = ']';
	arena_init(&arena, 800000); /* 667,360 are needed, 907,616 with copies */
	allocator = arena_yyjson(&arena);
	doc = yyjson_read_opts(json, COUNT * 2 + 1, 0, &allocator, NULL);
	cr_assert(doc, "grown by copies it would not fit");
	cr_expect(yyjson_arr_size(yyjson_doc_get_root(doc)) == COUNT);
	arena_reset(&arena);
	arena.max_bytes = 1000;
	cr_expect(!yyjson_read_opts(json, COUNT * 2 + 1, 0, &allocator, NULL));
	arena_fini(&arena);
	free(json);
}
