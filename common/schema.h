/* Structs as msgpack maps with string keys, both ways, and as JSON: driven by one table a struct, so that a
 * record, its packed form, its JSON and its columns can't drift apart. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "common/err.h"
#include "common/text.h"

#include <math.h>
#include <msgpack.h>
#include <stdint.h>
#include <yyjson.h>

#define INT_NULL  INT64_MIN
#define REAL_NULL ((double)NAN)

enum field_type {
	FIELD_TEXT,  /* struct text, msgpack str */
	FIELD_BYTES, /* struct text, msgpack bin */
	FIELD_INT,   /* int64_t, INT_NULL is null */
	FIELD_REAL,  /* double, NaN and infinity are null */
	FIELD_BOOL,  /* bool, false is packed too */
	FIELD_WORD,  /* int: index into words, 0 is null; msgpack str */
	FIELD_GROUP, /* a struct inside, packed as a map; all members null: null */
	FIELD_LIST,  /* struct field_list of structs, packed as an array of maps */
};

struct field_list {
	void *items;
	size_t count;
};

#define SCHEMA_WORD_MAX 31 /* bytes of a key or word: a msgpack fixstr */

struct field {
	const char *key; /* NULL ends a table */
	enum field_type type;
	size_t offset;
	const struct field *members; /* GROUP, LIST */
	size_t member_size;          /* LIST */
	const char *const *words;    /* WORD: [0] is NULL, the list ends with NULL */
};

/* Sets every field of target to null (zero for BOOL). */
void schema_init(const struct field *fields, void *target);
/* How many fields of source are not null. */
uint32_t schema_count(const struct field *fields, const void *source);
/* Packs key and value of each field that isn't null, without a map header. */
void schema_pack_members(msgpack_sbuffer *out, const struct field *fields, const void *source);
/* Packs the whole map. */
void schema_pack(msgpack_sbuffer *out, const struct field *fields, const void *source);
/* Reads a map into target; texts point into the bytes that map was unpacked from, lists into arena. Unknown
 * keys are ignored, absent ones null. ERR_DATA says which key has which wrong type. */
enum status schema_unpack(const struct field *fields, const msgpack_object *map, struct arena *arena,
			  void *target, struct err *err) MUST_CHECK;
/* The same of exactly one value in size bytes, nested at most depth_max deep. */
enum status schema_read(const struct field *fields, const void *bytes, size_t size, int depth_max,
			struct arena *arena, void *target, struct err *err) MUST_CHECK;
/* The same struct as a JSON object, every key present, null where null. */
yyjson_mut_val *schema_json(yyjson_mut_doc *doc, const struct field *fields, const void *source);

/* A message of more values than this is refused: msgpack-c reserves 24 bytes for each, so that one byte on
 * the wire could take 24 here. A build of 20,000 jobs has less. */
#define MSGPACK_VALUES_MAX (1 << 20)

/* Checks size bytes as exactly one msgpack value before anything is reserved for it: every count must fit in
 * the bytes that are there, nesting at most depth_max (a 6-byte header could otherwise reserve 2 GB). */
enum status msgpack_check(const void *bytes, size_t size, int depth_max, struct err *err) MUST_CHECK;
