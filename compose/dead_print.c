/* SPDX-License-Identifier: MIT */
#include "compose/dead_print.h"
#include "common/dead_letters.h"
#include "common/raw.h"
#include "common/record.h"
#include "common/time.h"
#include "compose/status_print.h"

#include <stdio.h>
#include <stdlib.h>

#define RECORD_ARENA_MAX (64 << 20)
#define WRITE_FLAGS      (YYJSON_WRITE_ALLOW_INVALID_UNICODE | YYJSON_WRITE_INF_AND_NAN_AS_NULL)

static struct text text_at(const msgpack_object_map *letter, const char *key)
{
	const msgpack_object *value = letter_at(letter, key);

	return value && (value->type == MSGPACK_OBJECT_STR || value->type == MSGPACK_OBJECT_BIN)
		       ? (struct text){value->via.str.ptr, value->via.str.size}
		       : TEXT("");
}

static int64_t int_at(const msgpack_object_map *letter, const char *key)
{
	const msgpack_object *value = letter_at(letter, key);

	return value && value->type == MSGPACK_OBJECT_POSITIVE_INTEGER ? (int64_t)value->via.u64 : INT_NULL;
}

void letter_table(struct table *table)
{
	static const char *const titles[] = {"ID",  "LAST (UTC)", "STAGE", "FROM",
					     "KEY", "TIMES",      "WHY",   NULL};

	table_init(table, titles);
}

void letter_row(struct table *table, const msgpack_object_map *letter)
{
	struct text target = text_at(letter, "target");
	char at[32];

	time_format(int_at(letter, "at"), at);
	table_cell(table, "%lld", (long long)int_at(letter, "number"));
	table_cell(table, "%s", at);
	table_cell(table, "%.*s", TEXT_FMT(text_at(letter, "stage")));
	table_cell(table, "%.*s", TEXT_FMT(target.size ? target : TEXT("-")));
	table_cell(table, "%.*s", TEXT_FMT(text_at(letter, "key")));
	table_cell(table, "%lld", (long long)int_at(letter, "times"));
	table_cell(table, "%s%.*s", int_at(letter, "resent") == INT_NULL ? "" : "(on its way again) ",
		   TEXT_FMT(text_at(letter, "reason")));
}

static void print_document(yyjson_mut_doc *doc, bool pretty)
{
	char *text = yyjson_mut_write(doc, WRITE_FLAGS | (pretty ? YYJSON_WRITE_PRETTY_TWO_SPACES : 0), NULL);

	puts(text ? text : "{}");
	free(text);
}

void letter_json(const msgpack_object_map *letter)
{
	yyjson_mut_doc *doc = status_document(letter);

	if (doc) {
		print_document(doc, false);
	}
	yyjson_mut_doc_free(doc);
}

/* Bytes that are neither an envelope nor a record. */
static yyjson_mut_val *hex(yyjson_mut_doc *doc, struct text bytes)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * bytes.size + 1);
	yyjson_mut_val *value;

	for (size_t i = 0; text && i < bytes.size; i++) {
		text[2 * i] = digits[(unsigned char)bytes.at[i] >> 4];
		text[2 * i + 1] = digits[(unsigned char)bytes.at[i] & 15];
	}
	value = text ? yyjson_mut_strncpy(doc, text, 2 * bytes.size) : yyjson_mut_null(doc);
	free(text);
	return value;
}

/* The provider's JSON as such where it is JSON. */
static yyjson_mut_val *body_json(yyjson_mut_doc *doc, struct text body)
{
	yyjson_doc *read = body.at ? yyjson_read(body.at, body.size, YYJSON_READ_NUMBER_AS_RAW) : NULL;
	yyjson_mut_val *value = read ? yyjson_val_mut_copy(doc, yyjson_doc_get_root(read)) : NULL;

	yyjson_doc_free(read);
	if (value) {
		return value;
	}
	return body.at ? yyjson_mut_strncpy(doc, body.at, body.size) : yyjson_mut_null(doc);
}

static yyjson_mut_val *envelope_json(yyjson_mut_doc *doc, const struct raw *raw)
{
	struct raw head = *raw;
	yyjson_mut_val *value;

	head.body = (struct text){0};
	value = schema_json(doc, raw_fields, &head);
	yyjson_mut_obj_remove_key(value, "body");
	yyjson_mut_obj_add_val(doc, value, "body", body_json(doc, raw->body));
	return value;
}

/* Under a name that says what it is. */
static void add_body(yyjson_mut_doc *doc, struct text body)
{
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);
	struct arena arena;
	struct build build;
	struct raw raw;
	struct err err;

	arena_init(&arena, RECORD_ARENA_MAX);
	if (!body.at) {
		yyjson_mut_obj_add_null(doc, root, "envelope");
	} else if (raw_unpack(body.at, body.size, &raw, &err) == OK) {
		yyjson_mut_obj_add_val(doc, root, "envelope", envelope_json(doc, &raw));
	} else if (build_unpack(body.at, body.size, &arena, &build, &err) == OK) {
		yyjson_mut_obj_add_val(doc, root, "record", schema_json(doc, build_fields, &build));
	} else {
		yyjson_mut_obj_add_val(doc, root, "hex", hex(doc, body));
	}
	arena_fini(&arena);
}

void letter_show(const msgpack_object_map *letter, struct text body, bool json)
{
	yyjson_mut_doc *doc = status_document(letter);

	if (doc) {
		add_body(doc, body);
		print_document(doc, !json);
	}
	yyjson_mut_doc_free(doc);
}
