/* A cursor as bytes. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/walk_world.h"

#include <criterion/criterion.h>
#include <string.h>

static enum status read_back(const void *bytes, size_t size, struct walk *walk)
{
	struct err err;

	return walk_unpack(walk, (struct text){bytes, size}, &err);
}

Test(walk_cursor, comes_back_as_it_was)
{
	struct walk walk, back;
	msgpack_sbuffer packed, again;

	walk_init(&walk);
	walk.covered_to = START;
	walk.finished_to = START - 1;
	walk.covered_from = START - DAY_MS;
	walk.back_from = -5;
	walk.count = 77;
	walk.seam = 3;
	walk.filled = true;
	walk.edge = 12;
	walk.deep = 700;
	walk.legs[WALK_FINISHED] = (struct walk_leg){true, START - 9, START, 2, START + 7, true, 4, 0,
						     0,    0,         120,   5, 124,       130,  3, true};
	walk.legs[WALK_BACK + 3] = (struct walk_leg){true, WALK_NONE, START, 0, WALK_NONE, false, 0, 350,
						     400,  100,       0,     0, 0,         0,     0, false};
	walk.stretch = (struct walk_stretch){.open = true,
					     .to = START - 2,
					     .base = 100,
					     .next = 500,
					     .seen = 350,
					     .end = 900,
					     .islands = {{0, 350, {9, 10}, {7, WALK_NONE}, false},
							 {400, 500, {6, 5}, {WALK_NONE, WALK_NONE}, true}},
					     .island_count = 2,
					     .doubts = {{3, 4}},
					     .doubt_count = 1};
	msgpack_sbuffer_init(&packed);
	walk_pack(&walk, &packed);
	cr_assert(read_back(packed.data, packed.size, &back) == OK);
	cr_expect(back.covered_from == walk.covered_from && back.edge == 12 && back.deep == 700 &&
		  back.filled && back.count == 77);
	cr_expect(back.legs[WALK_FINISHED].page == 2 && back.legs[WALK_FINISHED].guessed &&
		  back.legs[WALK_BACK + 3].base == 100);
	cr_expect(back.stretch.open && back.stretch.end == 900 &&
		  back.stretch.islands[0].bottom.created == 7 && back.stretch.islands[1].end &&
		  back.stretch.doubts[0].to == 4);
	/* Padding aside, all of it: what is packed again is the same. */
	msgpack_sbuffer_init(&again);
	walk_pack(&back, &again);
	cr_expect(again.size == packed.size && memcmp(again.data, packed.data, packed.size) == 0);
	msgpack_sbuffer_destroy(&packed);
	msgpack_sbuffer_destroy(&again);
}

Test(walk_cursor, ignores_keys_of_later_versions)
{
	static const char bytes[] = "\x84\xa1v\x01\xaa"
				    "covered_to\x05\xab"
				    "finished_to\x06\xa5other\x91\xc0";
	struct walk walk;

	cr_assert(read_back(bytes, sizeof bytes - 1, &walk) == OK);
	cr_expect(walk.covered_to == 5 && walk.finished_to == 6);
}

Test(walk_cursor, refuses_what_is_none_and_starts_anew)
{
	static const struct {
		const char *bytes;
		size_t size;
	} bad[] = {
		{"", 0},
		{"\xc1", 1},
		{"\x80", 1},
		{"\x81\xa1v\x03", 4},
		{"\xdf\xff\xff\xff\xff", 5},
		{"\x82\xa1v\x01\xaa"
		 "covered_to\x05",
		 16},
		{"\x83\xa1v\x01\xaa"
		 "covered_to\xcf\x7f\xff\xff\xff\xff\xff\xff\xff\xab"
		 "finished_to\x05",
		 37},
		{"\x82\xa1v\x01\xa4walk\x91\x97\x0a\xc0\xc0\x00\xc0\xc2\x00", 18},
		{"\x82\xa1v\x01\xa4walk\x91\x97\x02\xc0\xc0\x00\xc0\xc2\x00", 18},
	};
	struct walk walk, fresh;

	walk_init(&fresh);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		cr_expect(read_back(bad[i].bytes, bad[i].size, &walk) == ERR_DATA, "%zu", i);
		cr_expect(memcmp(&walk, &fresh, sizeof walk) == 0, "%zu", i);
	}
}
