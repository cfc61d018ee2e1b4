/* Structure of a msgpack value (github.com/msgpack/msgpack spec.md), without reserving anything. */
/* SPDX-License-Identifier: MIT */
#include "common/schema.h"

struct reader {
	const unsigned char *at, *end;
	uint64_t values; /* announced so far */
};

static bool take(struct reader *reader, int width, uint64_t *out)
{
	if (reader->end - reader->at < width) {
		return false;
	}
	*out = 0;
	for (int i = 0; i < width; i++) {
		*out = *out << 8 | *reader->at++;
	}
	return true;
}

static bool skip(struct reader *reader, uint64_t size)
{
	if ((uint64_t)(reader->end - reader->at) < size) {
		return false;
	}
	reader->at += size;
	return true;
}

/* Reads one header; *children is how many values follow inside it. */
static bool header(struct reader *reader, uint64_t *children)
{
	/* For 0xc4…0xdf: bytes of the length field, fixed bytes after it, values per counted unit. */
	static const struct {
		signed char length, fixed, unit;
	} form[] = {
		{1, 0, 0}, {2, 0, 0}, {4, 0, 0},                                   /* bin 8 16 32 */
		{1, 1, 0}, {2, 1, 0}, {4, 1, 0},                                   /* ext 8 16 32 */
		{0, 4, 0}, {0, 8, 0}, {0, 1, 0}, {0, 2, 0}, {0, 4, 0},  {0, 8, 0}, /* float, uint */
		{0, 1, 0}, {0, 2, 0}, {0, 4, 0}, {0, 8, 0},                        /* int */
		{0, 2, 0}, {0, 3, 0}, {0, 5, 0}, {0, 9, 0}, {0, 17, 0},            /* fixext */
		{1, 0, 0}, {2, 0, 0}, {4, 0, 0},                                   /* str 8 16 32 */
		{2, 0, 1}, {4, 0, 1},                                              /* array 16 32 */
		{2, 0, 2}, {4, 0, 2},                                              /* map 16 32 */
	};
	uint64_t byte, count;

	*children = 0;
	if (!take(reader, 1, &byte) || byte == 0xc1) {
		return false;
	}
	if (byte <= 0x7f || byte >= 0xe0 || byte == 0xc0 || byte == 0xc2 || byte == 0xc3) {
		return true;
	}
	if (byte <= 0x9f) {
		*children = (byte & 0x0f) * (byte <= 0x8f ? 2 : 1);
		return true;
	}
	if (byte <= 0xbf) {
		return skip(reader, byte & 0x1f);
	}
	if (!take(reader, form[byte - 0xc4].length, &count)) {
		return false;
	}
	*children = count * (uint64_t)form[byte - 0xc4].unit;
	return skip(reader, (uint64_t)form[byte - 0xc4].fixed + (*children                ? 0
								 : form[byte - 0xc4].unit ? 0
											  : count)) &&
	       *children <= (uint64_t)(reader->end - reader->at);
}

static bool value(struct reader *reader, int depth)
{
	uint64_t children;

	if (depth < 0 || !header(reader, &children)) {
		return false;
	}
	reader->values += children;
	if (reader->values > MSGPACK_VALUES_MAX) {
		return false;
	}
	while (children-- > 0) {
		if (!value(reader, depth - 1)) {
			return false;
		}
	}
	return true;
}

enum status msgpack_check(const void *bytes, size_t size, int depth_max, struct err *err)
{
	struct reader reader = {.at = bytes, .end = (const unsigned char *)bytes + size};

	if (!value(&reader, depth_max)) {
		return err_set(err, ERR_DATA,
			       "not msgpack, cut short, nested deeper than %d or over %d values (byte %zu of "
			       "%zu)",
			       depth_max, MSGPACK_VALUES_MAX,
			       (size_t)(reader.at - (const unsigned char *)bytes), size);
	}
	if (reader.at != reader.end) {
		return err_set(err, ERR_DATA, "%zu bytes after the msgpack value",
			       (size_t)(reader.end - reader.at));
	}
	return OK;
}
