/* Any bytes as what the bus carries: a record, an envelope, the head of a message. */
/* SPDX-License-Identifier: MIT */
#include "common/record.h"
#include "common/raw.h"
#include "common/wire.h"

#include <stdlib.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

/* Reading a record and packing it brings it to a form that packs to itself. */
static void read_record(const uint8_t *data, size_t size)
{
	struct build build, back;
	msgpack_sbuffer packed, again;
	uint64_t hash, other;
	struct arena arena;

	arena_init(&arena, 64 << 20);
	if (build_unpack(data, size, &arena, &build, NULL) == OK) {
		msgpack_sbuffer_init(&packed);
		msgpack_sbuffer_init(&again);
		build_pack(&build, &packed, &hash);
		REQUIRE(build_unpack(packed.data, packed.size, &arena, &back, NULL) == OK);
		build_pack(&back, &again, &other);
		REQUIRE(hash == other);
		free(build_json(&back, &size));
		msgpack_sbuffer_destroy(&packed);
		msgpack_sbuffer_destroy(&again);
	}
	arena_fini(&arena);
}

static void read_head(const uint8_t *data, size_t size)
{
	const msgpack_object_array *array;
	const msgpack_object_map *map;
	struct wire_message message = {0};
	struct wire_fields fields;
	struct position position;
	struct text text;
	int64_t n;

	REQUIRE(wire_body_copy(&message, data, size) == OK);
	if (wire_read(&message, &fields, &n, NULL) == OK) {
		REQUIRE(fields.command.at);
		for (uint32_t i = 0; i <= fields.count && i < 100; i++) {
			REQUIRE(wire_int(&fields, i, &n) + wire_text(&fields, i, &text) +
					wire_nil(&fields, i) + wire_array(&fields, i, &array) +
					wire_map(&fields, i, &map) <=
				1);
			(void)!wire_position(&fields, i, &position);
		}
	}
	wire_fields_fini(&fields);
	wire_fini(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct raw raw;

	read_record(data, size);
	read_head(data, size);
	(void)!raw_unpack(data, size, &raw, NULL);
	return 0;
}
