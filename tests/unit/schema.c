/* Structs as msgpack and JSON by table. */
/* SPDX-License-Identifier: MIT */
#include "common/schema.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct item {
	int64_t n;
};

struct thing {
	struct text name, bytes;
	int64_t count;
	double share;
	bool yes;
	int colour;
	struct {
		struct text a;
		int64_t b;
	} inner;
	struct field_list items;
};

static const char *const colours[] = {NULL, "red", "green", NULL};
static const struct field item_fields[] = {
	{"n", FIELD_INT, .offset = offsetof(struct item, n)},
	{.key = NULL},
};
static const struct field inner_fields[] = {
	{"a", FIELD_TEXT, .offset = 0},
	{"b", FIELD_INT, .offset = offsetof(struct thing, inner.b) - offsetof(struct thing, inner)},
	{.key = NULL},
};
static const struct field fields[] = {
	{"name", FIELD_TEXT, .offset = offsetof(struct thing, name)},
	{"bytes", FIELD_BYTES, .offset = offsetof(struct thing, bytes)},
	{"count", FIELD_INT, .offset = offsetof(struct thing, count)},
	{"share", FIELD_REAL, .offset = offsetof(struct thing, share)},
	{"yes", FIELD_BOOL, .offset = offsetof(struct thing, yes)},
	{"colour", FIELD_WORD, .offset = offsetof(struct thing, colour), .words = colours},
	{"inner", FIELD_GROUP, .offset = offsetof(struct thing, inner), .members = inner_fields},
	{"items", FIELD_LIST, .offset = offsetof(struct thing, items), .members = item_fields,
	 .member_size = sizeof(struct item)},
	{.key = NULL},
};

static struct arena arena;
static msgpack_sbuffer buffer;
static msgpack_packer packer;
static msgpack_unpacked unpacked;

static void set_up(void)
{
	arena_init(&arena, 1 << 20);
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
	msgpack_unpacked_init(&unpacked);
}

static void tear_down(void)
{
	msgpack_unpacked_destroy(&unpacked);
	msgpack_sbuffer_destroy(&buffer);
	arena_fini(&arena);
}

TestSuite(schema, .init = set_up, .fini = tear_down);

static enum status unpack(struct thing *thing, struct err *err)
{
	struct err why;
	enum status status = msgpack_check(buffer.data, buffer.size, 8, &why);

	cr_assert(status == OK, "%s", why.text);
	cr_assert(msgpack_unpack_next(&unpacked, buffer.data, buffer.size, NULL) == MSGPACK_UNPACK_SUCCESS);
	return schema_unpack(fields, &unpacked.data, &arena, thing, err);
}

static void put(const char *key)
{
	msgpack_pack_str_with_body(&packer, key, strlen(key));
}

Test(schema, nulls_are_left_out)
{
	struct thing thing, back;
	struct err err;

	memset(&thing, 0xff, sizeof thing);
	schema_init(fields, &thing);
	schema_pack(&buffer, fields, &thing);
	cr_expect(schema_count(fields, &thing) == 2, "a bool and a list are never null");
	cr_expect(buffer.size == 1 + 5 + 7);
	memset(&back, 0xff, sizeof back);
	cr_assert(unpack(&back, &err) == OK);
	cr_expect(!back.name.at && !back.bytes.at && back.count == INT_NULL && isnan(back.share) &&
		  !back.yes);
	cr_expect(back.colour == 0 && !back.inner.a.at && back.inner.b == INT_NULL && back.items.count == 0);
}

/* What a reader with msgpack-c's packer would write for the same values. */
static void expect_as_msgpack(const struct thing *thing)
{
	msgpack_sbuffer theirs;

	msgpack_sbuffer_init(&theirs);
	msgpack_packer_init(&packer, &theirs, msgpack_sbuffer_write);
	msgpack_pack_map(&packer, 5);
	msgpack_pack_str_with_body(&packer, "name", 4);
	msgpack_pack_str_with_body(&packer, thing->name.at, thing->name.size);
	msgpack_pack_str_with_body(&packer, "bytes", 5);
	msgpack_pack_bin_with_body(&packer, thing->bytes.at, thing->bytes.size);
	msgpack_pack_str_with_body(&packer, "count", 5);
	msgpack_pack_int64(&packer, thing->count);
	msgpack_pack_str_with_body(&packer, "yes", 3);
	msgpack_pack_false(&packer);
	msgpack_pack_str_with_body(&packer, "items", 5);
	msgpack_pack_array(&packer, thing->items.count);
	for (size_t i = 0; i < thing->items.count; i++) {
		msgpack_pack_map(&packer, 1);
		msgpack_pack_str_with_body(&packer, "n", 1);
		msgpack_pack_int64(&packer, 7);
	}
	buffer.size = 0;
	schema_pack(&buffer, fields, thing);
	cr_assert(buffer.size == theirs.size && memcmp(buffer.data, theirs.data, theirs.size) == 0,
		  "sizes %zu and %zu, count %lld", thing->name.size, thing->items.count,
		  (long long)thing->count);
	msgpack_sbuffer_destroy(&theirs);
}

Test(schema, every_length_has_the_form_that_msgpack_c_gives_it)
{
	static const int64_t numbers[] = {0,         127, 255,  65535,  UINT32_MAX,
					  INT64_MAX, -32, -128, -32768, INT32_MIN};
	static const size_t sizes[] = {0, 15, 31, 255, 65535};
	static char bytes[65537];
	static struct item items[65537];
	struct thing thing;

	for (size_t i = 0; i < COUNT(items); i++) {
		items[i].n = 7;
	}
	schema_init(fields, &thing);
	for (size_t i = 0; i < COUNT(numbers); i++) {
		for (int over = -1; over < 2; over++) {
			size_t size = sizes[i % COUNT(sizes)] + (size_t)(over > 0);
			thing.name = thing.bytes = (struct text){bytes, size};
			thing.items = (struct field_list){items, size};
			thing.count = numbers[i] == INT64_MAX && over > 0 ? -INT64_MAX : numbers[i] + over;
			expect_as_msgpack(&thing);
		}
	}
}

Test(schema, everything_comes_back)
{
	struct item items[] = {{1}, {INT64_MAX}, {-INT64_MAX}, {INT_NULL}};
	struct thing thing = {.name = TEXT("a\0b"),
			      .bytes = TEXT("\xff\0"),
			      .count = INT64_MIN + 1,
			      .share = -0.5,
			      .yes = true,
			      .colour = 2,
			      .inner = {.a = TEXT("")},
			      .items = {items, COUNT(items)}};
	struct thing back;
	struct err err;

	thing.inner.b = INT_NULL;
	schema_pack(&buffer, fields, &thing);
	cr_assert(unpack(&back, &err) == OK, "%s", err.text);
	cr_expect(text_same(back.name, thing.name) && text_same(back.bytes, thing.bytes));
	cr_expect(back.count == thing.count && back.share == -0.5 && back.yes && back.colour == 2);
	cr_expect(back.inner.a.at && back.inner.a.size == 0, "an empty text isn't null");
	cr_expect(back.inner.b == INT_NULL);
	cr_assert(back.items.count == COUNT(items));
	for (size_t i = 0; i < COUNT(items); i++) {
		cr_expect(((struct item *)back.items.items)[i].n == items[i].n);
	}
}

Test(schema, texts_of_every_length_come_back)
{
	static const size_t sizes[] = {0, 1, 30, 31, 32, 33, 255, 256, 65535, 65536, 100000};
	char *long_text = calloc(1, 100001);

	memset(long_text, 'x', 100000);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct thing thing, back;
		struct err err;

		schema_init(fields, &thing);
		thing.name = (struct text){long_text, sizes[i]};
		thing.bytes = thing.name;
		msgpack_sbuffer_clear(&buffer);
		schema_pack(&buffer, fields, &thing);
		cr_assert(unpack(&back, &err) == OK);
		cr_expect(text_same(back.name, thing.name) && text_same(back.bytes, thing.bytes), "%zu",
			  sizes[i]);
	}
	free(long_text);
}

Test(schema, unknown_keys_and_any_order_are_fine)
{
	struct thing thing;
	struct err err;

	msgpack_pack_map(&packer, 5);
	put("share"), msgpack_pack_int64(&packer, 2);
	put("later"), msgpack_pack_map(&packer, 1), put("x"), msgpack_pack_array(&packer, 1), put("y");
	put("count"), msgpack_pack_uint64(&packer, 7);
	put("name"), msgpack_pack_nil(&packer);
	put("colour"), put("ultraviolet");
	cr_assert(unpack(&thing, &err) == OK, "%s", err.text);
	cr_expect(thing.share == 2 && thing.count == 7 && !thing.name.at && thing.colour == 0);
}

Test(schema, the_last_of_a_repeated_key_wins)
{
	struct thing thing;
	struct err err;

	msgpack_pack_map(&packer, 2);
	put("count"), msgpack_pack_int64(&packer, 1);
	put("count"), msgpack_pack_int64(&packer, 2);
	cr_assert(unpack(&thing, &err) == OK);
	cr_expect(thing.count == 2);
}

Test(schema, numbers_that_say_nothing_are_null)
{
	static const double rows[] = {INFINITY, -INFINITY, NAN};
	struct thing thing;
	struct err err;

	for (size_t i = 0; i < COUNT(rows); i++) {
		msgpack_sbuffer_clear(&buffer);
		msgpack_pack_map(&packer, 1);
		put("share"), msgpack_pack_double(&packer, rows[i]);
		cr_assert(unpack(&thing, &err) == OK);
		cr_expect(schema_count(fields, &thing) == 2, "%f", rows[i]);
	}
}

struct wrong {
	const char *name;
	void (*pack)(void);
	const char *error;
};

static void not_a_map(void)
{
	msgpack_pack_array(&packer, 0);
}
static void key_is_int(void)
{
	msgpack_pack_map(&packer, 1), msgpack_pack_int(&packer, 1), msgpack_pack_int(&packer, 1);
}
static void text_is_int(void)
{
	msgpack_pack_map(&packer, 1), put("name"), msgpack_pack_int(&packer, 1);
}
static void int_is_text(void)
{
	msgpack_pack_map(&packer, 1), put("count"), put("1");
}
static void int_is_real(void)
{
	msgpack_pack_map(&packer, 1), put("count"), msgpack_pack_double(&packer, 1);
}
static void int_is_huge(void)
{
	msgpack_pack_map(&packer, 1), put("count"), msgpack_pack_uint64(&packer, UINT64_MAX);
}
static void real_is_text(void)
{
	msgpack_pack_map(&packer, 1), put("share"), put("1");
}
static void bool_is_int(void)
{
	msgpack_pack_map(&packer, 1), put("yes"), msgpack_pack_int(&packer, 1);
}
static void word_is_int(void)
{
	msgpack_pack_map(&packer, 1), put("colour"), msgpack_pack_int(&packer, 1);
}
static void group_is_text(void)
{
	msgpack_pack_map(&packer, 1), put("inner"), put("x");
}
static void member_is_wrong(void)
{
	msgpack_pack_map(&packer, 1), put("inner"), msgpack_pack_map(&packer, 1), put("b"), put("x");
}
static void list_is_map(void)
{
	msgpack_pack_map(&packer, 1), put("items"), msgpack_pack_map(&packer, 0);
}
static void item_is_int(void)
{
	msgpack_pack_map(&packer, 1), put("items"), msgpack_pack_array(&packer, 2),
		msgpack_pack_map(&packer, 0), msgpack_pack_int(&packer, 1);
}
static void item_is_wrong(void)
{
	msgpack_pack_map(&packer, 1), put("items"), msgpack_pack_array(&packer, 1),
		msgpack_pack_map(&packer, 1), put("n"), msgpack_pack_true(&packer);
}

Test(schema, a_wrong_type_is_named)
{
	static const struct wrong rows[] = {
		{"not a map", not_a_map, "not a map"},
		{"key", key_is_int, "a key is not a string"},
		{"text", text_is_int, "name: wrong type"},
		{"int as text", int_is_text, "count: wrong type"},
		{"int as real", int_is_real, "count: wrong type"},
		{"int too big", int_is_huge, "count: wrong type"},
		{"real", real_is_text, "share: wrong type"},
		{"bool", bool_is_int, "yes: wrong type"},
		{"word", word_is_int, "colour: wrong type"},
		{"group", group_is_text, "inner: not a map"},
		{"member", member_is_wrong, "inner: b: wrong type"},
		{"list", list_is_map, "items: wrong type"},
		{"item", item_is_int, "items[1]: not a map"},
		{"item's member", item_is_wrong, "items[0]: n: wrong type"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct thing thing;
		struct err err = {0};

		msgpack_sbuffer_clear(&buffer);
		rows[i].pack();
		cr_expect(unpack(&thing, &err) == ERR_DATA, "%s: accepted", rows[i].name);
		cr_expect_str_eq(err.text, rows[i].error);
		cr_expect(unpack(&thing, NULL) == ERR_DATA, "%s: without an err", rows[i].name);
	}
}

Test(schema, a_list_that_does_not_fit_is_refused)
{
	struct thing thing;
	struct err err;

	msgpack_pack_map(&packer, 1), put("items"), msgpack_pack_array(&packer, 1000);
	for (int i = 0; i < 1000; i++) {
		msgpack_pack_map(&packer, 0);
	}
	arena.max_bytes = 100;
	cr_expect(unpack(&thing, &err) == ERR_DATA);
	cr_expect_str_eq(err.text, "items: a list of 1000 is too long");
}

Test(schema, json_has_every_key_in_order)
{
	struct item items[] = {{1}, {INT_NULL}};
	struct thing thing;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	char *json;

	schema_init(fields, &thing);
	yyjson_mut_doc_set_root(doc, schema_json(doc, fields, &thing));
	json = yyjson_mut_write(doc, 0, NULL);
	cr_expect_str_eq(
		json,
		"{\"name\":null,\"bytes\":null,\"count\":null,\"share\":null,\"yes\":false,\"colour\":null,"
		"\"inner\":null,\"items\":[]}");
	free(json);
	thing.name = TEXT("a\0\"\n");
	thing.count = -1, thing.share = 0.25, thing.yes = true, thing.colour = 1, thing.inner.b = 3;
	thing.items = (struct field_list){items, 2};
	yyjson_mut_doc_set_root(doc, schema_json(doc, fields, &thing));
	json = yyjson_mut_write(doc, 0, NULL);
	cr_expect_str_eq(
		json,
		"{\"name\":\"a\\u0000\\\"\\n\",\"bytes\":null,\"count\":-1,\"share\":0.25,\"yes\":true,"
		"\"colour\":\"red\",\"inner\":{\"a\":null,\"b\":3},\"items\":[{\"n\":1},{\"n\":null}]}");
	free(json);
	yyjson_mut_doc_free(doc);
}
