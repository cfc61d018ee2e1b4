/* Structs to msgpack: the hub packs every build that it reads, so bytes go straight into the buffer, with
 * room made once a field, where msgpack-c would call back for each piece. The forms are the shortest, as
 * msgpack-c's. */
/* SPDX-License-Identifier: MIT */
#include "common/schema_private.h"

#include <assert.h>
#include <stdlib.h>

#define HEAD_MAX  9 /* bytes of a number, the longest of all heads */
#define FIRST_MAX 4096

/* Room for size more bytes. NULL: out of memory. */
static char *reserve(msgpack_sbuffer *out, size_t size)
{
	size_t capacity = out->alloc ? out->alloc : FIRST_MAX;
	char *grown;

	if (out->alloc - out->size >= size) {
		return out->data + out->size;
	}
	while (capacity - out->size < size) {
		capacity *= 2;
	}
	grown = realloc(out->data, capacity);
	if (!grown) {
		return NULL;
	}
	out->data = grown;
	out->alloc = capacity;
	return grown + out->size;
}

/* A type byte and the low bytes of value, big-endian. */
static char *put_big(char *to, int type, uint64_t value, int bytes)
{
	*to++ = (char)type;
	while (bytes-- > 0) {
		*to++ = (char)(value >> (8 * bytes));
	}
	return to;
}

static char *put_int(char *to, int64_t value)
{
	if (value >= 0) {
		return value < 128           ? put_big(to, (int)value, 0, 0)
		       : value <= UINT8_MAX  ? put_big(to, 0xcc, (uint64_t)value, 1)
		       : value <= UINT16_MAX ? put_big(to, 0xcd, (uint64_t)value, 2)
		       : value <= UINT32_MAX ? put_big(to, 0xce, (uint64_t)value, 4)
					     : put_big(to, 0xcf, (uint64_t)value, 8);
	}
	return value >= -32         ? put_big(to, (int)value & 0xff, 0, 0)
	       : value >= INT8_MIN  ? put_big(to, 0xd0, (uint64_t)value, 1)
	       : value >= INT16_MIN ? put_big(to, 0xd1, (uint64_t)value, 2)
	       : value >= INT32_MIN ? put_big(to, 0xd2, (uint64_t)value, 4)
				    : put_big(to, 0xd3, (uint64_t)value, 8);
}

/* The head of a str (0xa0, 0xd9), or of a bin without its short form (short_type 0, 0xc4). */
static char *put_size(char *to, int short_type, int type, size_t size)
{
	if (short_type && size < 32) {
		return put_big(to, short_type | (int)size, 0, 0);
	}
	return size <= UINT8_MAX    ? put_big(to, type, size, 1)
	       : size <= UINT16_MAX ? put_big(to, type + 1, size, 2)
				    : put_big(to, type + 2, size, 4);
}

/* The head of an array (0x90, 0xdc) or map (0x80, 0xde). */
static char *put_count(char *to, int short_type, int type, size_t count)
{
	return count < 16            ? put_big(to, short_type | (int)count, 0, 0)
	       : count <= UINT16_MAX ? put_big(to, type, count, 2)
				     : put_big(to, type + 1, count, 4);
}

static char *put_bytes(char *to, const char *at, size_t size)
{
	memcpy(to, at, size);
	return to + size;
}

/* A key or a word: short, so that bytes are copied faster than memcpy is called. */
static char *put_word(char *to, const char *word)
{
	char *head = to++;

	while (*word) {
		*to++ = *word++;
	}
	assert(to - head - 1 <= SCHEMA_WORD_MAX);
	*head = (char)(0xa0 | (to - head - 1));
	return to;
}

static char *put_real(char *to, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof bits);
	return put_big(to, 0xcb, bits, 8);
}

/* All but groups and lists. */
static char *put_scalar(char *to, const struct field *field, const void *value)
{
	const struct text *text = value;

	switch (field->type) {
	case FIELD_TEXT:
		return put_bytes(put_size(to, 0xa0, 0xd9, text->size), text->at, text->size);
	case FIELD_BYTES:
		return put_bytes(put_size(to, 0, 0xc4, text->size), text->at, text->size);
	case FIELD_INT:
		return put_int(to, *(const int64_t *)value);
	case FIELD_REAL:
		return put_real(to, *(const double *)value);
	case FIELD_BOOL:
		return put_big(to, *(const bool *)value ? 0xc3 : 0xc2, 0, 0);
	case FIELD_WORD:
		return put_word(to, field->words[*(const int *)value]);
	case FIELD_GROUP:
	case FIELD_LIST:
		break;
	}
	return to;
}

static void pack_list(msgpack_sbuffer *out, const struct field *field, const struct field_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		schema_pack(out, field->members, (const char *)list->items + i * field->member_size);
	}
}

static void pack_field(msgpack_sbuffer *out, const struct field *field, const void *value)
{
	bool is_text = field->type == FIELD_TEXT || field->type == FIELD_BYTES;
	size_t size = is_text ? ((const struct text *)value)->size : SCHEMA_WORD_MAX;
	char *to = reserve(out, 1 + SCHEMA_WORD_MAX + HEAD_MAX + size);

	if (!to) {
		return;
	}
	to = put_scalar(put_word(to, field->key), field, value);
	if (field->type == FIELD_LIST) {
		to = put_count(to, 0x90, 0xdc, ((const struct field_list *)value)->count);
	}
	out->size = (size_t)(to - out->data);
	if (field->type == FIELD_LIST) {
		pack_list(out, field, value);
	} else if (field->type == FIELD_GROUP) {
		schema_pack(out, field->members, value);
	}
}

uint32_t schema_count(const struct field *fields, const void *source)
{
	uint32_t count = 0;

	for (const struct field *field = fields; field->key; field++) {
		count += !field_is_null(field, field_at(field, source));
	}
	return count;
}

void schema_pack_members(msgpack_sbuffer *out, const struct field *fields, const void *source)
{
	for (const struct field *field = fields; field->key; field++) {
		if (!field_is_null(field, field_at(field, source))) {
			pack_field(out, field, field_at(field, source));
		}
	}
}

void schema_pack(msgpack_sbuffer *out, const struct field *fields, const void *source)
{
	char *to = reserve(out, HEAD_MAX);

	if (to) {
		to = put_count(to, 0x80, 0xde, schema_count(fields, source));
		out->size = (size_t)(to - out->data);
		schema_pack_members(out, fields, source);
	}
}
