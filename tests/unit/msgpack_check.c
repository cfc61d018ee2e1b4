/* The check of a msgpack value before anything is reserved for it. */
/* SPDX-License-Identifier: MIT */
#include "common/schema.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct bytes {
	const char *name;
	struct text bytes;
	bool ok;
};

Test(msgpack_check, knows_every_form)
{
	static const struct bytes rows[] = {
		{"nothing", TEXT(""), false},
		{"int", TEXT("\x7f"), true},
		{"negative", TEXT("\xe0"), true},
		{"nil", TEXT("\xc0"), true},
		{"never used", TEXT("\xc1"), false},
		{"bool", TEXT("\xc3"), true},
		{"two values", TEXT("\xc0\xc0"), false},
		{"fixstr", TEXT("\xa2zz"), true},
		{"fixstr, short", TEXT("\xa2z"), false},
		{"bin 8", TEXT("\xc4\x01z"), true},
		{"bin 8, short", TEXT("\xc4\x02z"), false},
		{"bin 16", TEXT("\xc5\0\1z"), true},
		{"bin 32", TEXT("\xc6\0\0\0\1z"), true},
		{"bin 32, 4 GB", TEXT("\xc6\xff\xff\xff\xffz"), false},
		{"ext 8", TEXT("\xc7\x01\x05z"), true},
		{"ext 8, short", TEXT("\xc7\x01\x05"), false},
		{"ext 16", TEXT("\xc8\0\1\5z"), true},
		{"ext 32", TEXT("\xc9\0\0\0\1\5z"), true},
		{"float 32", TEXT("\xca\0\0\0\0"), true},
		{"float 64", TEXT("\xcb\0\0\0\0\0\0\0\0"), true},
		{"float 64, short", TEXT("\xcb\0\0\0\0\0\0\0"), false},
		{"uint 8", TEXT("\xcc\0"), true},
		{"uint 16", TEXT("\xcd\0\0"), true},
		{"uint 32", TEXT("\xce\0\0\0\0"), true},
		{"uint 64", TEXT("\xcf\0\0\0\0\0\0\0\0"), true},
		{"int 8", TEXT("\xd0\0"), true},
		{"int 16", TEXT("\xd1\0\0"), true},
		{"int 32", TEXT("\xd2\0\0\0\0"), true},
		{"int 64", TEXT("\xd3\0\0\0\0\0\0\0\0"), true},
		{"fixext 1", TEXT("\xd4\5z"), true},
		{"fixext 2", TEXT("\xd5\5zz"), true},
		{"fixext 4", TEXT("\xd6\5zzzz"), true},
		{"fixext 8", TEXT("\xd7\5zzzzzzzz"), true},
		{"fixext 16", TEXT("\xd8\5zzzzzzzzzzzzzzzz"), true},
		{"fixext 16, short", TEXT("\xd8\5zzzzzzzzzzzzzzz"), false},
		{"str 8", TEXT("\xd9\1z"), true},
		{"str 16", TEXT("\xda\0\1z"), true},
		{"str 32", TEXT("\xdb\0\0\0\1z"), true},
		{"fixarray", TEXT("\x92\1\2"), true},
		{"fixarray, short", TEXT("\x92\1"), false},
		{"array 16", TEXT("\xdc\0\2\1\2"), true},
		{"array 32", TEXT("\xdd\0\0\0\1\1"), true},
		{"array 32, 2 GB out of 6 bytes", TEXT("\xdd\x7f\xff\xff\xff\1"), false},
		{"array 32 of nothing", TEXT("\xdd\0\0\0\0"), true},
		{"fixmap", TEXT("\x81\1\2"), true},
		{"fixmap, without a value", TEXT("\x81\1"), false},
		{"map 16", TEXT("\xde\0\1\1\2"), true},
		{"map 32", TEXT("\xdf\0\0\0\1\1\2"), true},
		{"map 32, 4 GB", TEXT("\xdf\xff\xff\xff\xff\1\2"), false},
		{"map 32, length cut", TEXT("\xdf\xff\xff"), false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err;
		cr_expect((msgpack_check(rows[i].bytes.at, rows[i].bytes.size, 4, &err) == OK) == rows[i].ok,
			  "%s", rows[i].name);
	}
}

Test(msgpack_check, agrees_with_msgpack_c)
{
	msgpack_unpacked unpacked;

	msgpack_unpacked_init(&unpacked);
	/* Each first byte with every cut of a tail of zeroes and of small counts. */
	for (int first = 0; first < 256; first++) {
		for (int tail = 0; tail < 2; tail++) {
			for (size_t size = 1; size < 24; size++) {
				char bytes[24];
				size_t used = 0;
				bool whole;

				memset(bytes, tail, sizeof bytes);
				bytes[0] = (char)first;
				whole = msgpack_unpack_next(&unpacked, bytes, size, &used) ==
						MSGPACK_UNPACK_SUCCESS &&
					used == size;
				cr_expect((msgpack_check(bytes, size, 30, NULL) == OK) == whole,
					  "%02x, %d, %zu", first, tail, size);
			}
		}
	}
	msgpack_unpacked_destroy(&unpacked);
}

Test(msgpack_check, bounds_depth)
{
	char bytes[1000];
	struct err err;

	memset(bytes, 0x91, sizeof bytes);
	bytes[4] = 1;
	cr_expect(msgpack_check(bytes, 5, 4, &err) == OK);
	cr_expect(msgpack_check(bytes, 5, 3, &err) == ERR_DATA);
	bytes[4] = (char)0x91;
	bytes[999] = 1;
	cr_expect(msgpack_check(bytes, 1000, 16, &err) == ERR_DATA);
}

Test(msgpack_check, bounds_how_many_values)
{
	size_t size = MSGPACK_VALUES_MAX + 6;
	unsigned char *bytes = calloc(1, size);
	struct err err;

	bytes[0] = 0xdd;
	bytes[2] = MSGPACK_VALUES_MAX >> 16;
	cr_expect(msgpack_check(bytes, MSGPACK_VALUES_MAX + 5, 4, &err) == OK, "%s", err.text);
	bytes[4] = 1;
	cr_expect(msgpack_check(bytes, size, 4, &err) == ERR_DATA);
	free(bytes);
}
