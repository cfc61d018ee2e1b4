/* Any bytes as a cursor, as a page of Buildkite builds, as a list of pipelines: read or refused, and a walk
 * that takes the page afterwards is still one that can be packed. The first byte says as which. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/buildkite.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())
#define ARENA_MAX          (4 << 20)
#define PAGE_MAX           200

static void require_packs(const struct walk *walk)
{
	struct walk back;
	struct err err;
	msgpack_sbuffer packed;

	msgpack_sbuffer_init(&packed);
	walk_pack(walk, &packed);
	REQUIRE(walk_unpack(&back, (struct text){packed.data, packed.size}, &err) == OK);
	msgpack_sbuffer_destroy(&packed);
}

static void step(struct walk *walk, const struct walk_page *page)
{
	const struct config_since since = {.ago_ms = 1000000000};
	struct err err;

	walk_begin(walk);
	for (int turn = 0; turn < 5; turn++) {
		for (int slot = 0; slot < WALK_LEGS; slot++) {
			if (walk->legs[slot].open) {
				int size = walk_size(walk, slot, 100);

				REQUIRE(size > 0 && size <= 100);
				walk_query(walk, slot, size);
				REQUIRE(walk_take(walk, slot, page, &since) <= page->count);
				(void)!walk_step(walk, slot, page, &since, &err);
			}
		}
		walk_back(walk, &since, page->date);
		walk_deal(walk);
	}
	require_packs(walk);
}

static void take_page(struct arena *arena, struct arena *scratch, struct text body)
{
	struct element *elements;
	int64_t created[PAGE_MAX], number[PAGE_MAX];
	struct walk walk;
	struct err err;
	size_t count;

	if (page_read(arena, body, &elements, &count, &err) != OK) {
		REQUIRE(err.text[0]);
		return;
	}
	for (size_t i = 0; i < count && i < PAGE_MAX; i++) {
		struct text json = element_json(scratch, &elements[i], NULL);

		REQUIRE(json.at && elements[i].key);
		created[i] = elements[i].created_at;
		number[i] = elements[i].number;
	}
	walk_init(&walk);
	step(&walk, &(struct walk_page){.date = 1600000000000,
					.count = count < PAGE_MAX ? count : PAGE_MAX,
					.created = created,
					.number = number,
					.more = count > 3,
					.size = 100,
					.last_page = (int64_t)(count % 7)});
}

static void take_cursor(struct text bytes)
{
	static const int64_t created[] = {1599999999000, 1599999998000, 1599999998000};
	struct walk walk;
	struct err err;

	if (walk_unpack(&walk, bytes, &err) == OK) {
		step(&walk, &(struct walk_page){.date = 1600000000000,
						.count = 3,
						.created = created,
						.more = true,
						.size = 25});
	}
}

static void take_pipelines(struct arena *arena, struct text body)
{
	struct arena found;
	struct discovery discovery = {0};
	struct err err;
	size_t count;

	arena_init(&found, ARENA_MAX);
	(void)!page_read_pipelines(arena, body, &found, &discovery, &count, &err);
	free(discovery.slugs);
	arena_fini(&found);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct text body = {(const char *)bytes + 1, size ? size - 1 : 0};
	struct arena arena, scratch;

	if (size == 0) {
		return 0;
	}
	arena_init(&arena, ARENA_MAX);
	arena_init(&scratch, ARENA_MAX);
	if (bytes[0] == 'c') {
		take_cursor(body);
	} else if (bytes[0] == 'p') {
		take_pipelines(&arena, body);
	} else {
		take_page(&arena, &scratch, body);
	}
	arena_fini(&arena);
	arena_fini(&scratch);
	return 0;
}
