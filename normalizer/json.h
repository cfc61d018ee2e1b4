/* Reading a provider's JSON: typed members of objects, null where absent, and errors that say the place:
 * "$.jobs[3].started_at: not a time". The first error sticks in the document; after it every reader answers
 * null, so that a mapping reads straight through and asks once, at its end. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "common/err.h"
#include "common/schema.h"

struct json_doc {
	struct arena *arena; /* holds the parsed document: texts live as long as it */
	struct err *err;
	enum status status; /* of the first error */
};

/* An object or array and where it is. Members are found fastest when asked for in the order in which the
 * provider writes them; any order works. Lives on the stack, below the ones it was taken from. */
struct json {
	struct json_doc *doc;
	const struct json *up; /* NULL: the root */
	const char *key;       /* in up; NULL: item `index` of the array up */
	size_t index;
	yyjson_val *value; /* NULL: absent or null */
	union {
		yyjson_obj_iter members;
		yyjson_arr_iter items;
	};
};

/* Parses body, which must be one object; numbers of any size are safe. ERR_DATA: not JSON, or the arena is
 * full. */
enum status json_open(struct json_doc *doc, struct text body, struct json *root) MUST_CHECK;
/* Records "<place of at>.<key>: <what>" unless an error is there already. key NULL: at itself. */
void json_fail(const struct json *at, const char *key, const char *what);
/* Records that the arena is full. */
void json_full(const struct json *at);

/* Any member; NULL when absent or null. */
yyjson_val *json_member(struct json *object, const char *key);
struct json json_object(struct json *object, const char *key); /* an empty array counts as an empty object */
struct json json_array(struct json *object, const char *key);
/* The next object of an array, nulls left out; false at the end. */
bool json_next(struct json *array, struct json *item);

/* A text, number or bool as text; null for anything else. at: for errors. */
struct text json_scalar(const struct json *at, yyjson_val *value);

/* A number is taken as it is written. */
struct text json_text(struct json *object, const char *key); /* empty is null */
struct text json_text_as_is(struct json *object, const char *key);
int64_t json_int(struct json *object, const char *key);    /* also as text: "17"; else INT_NULL */
int64_t json_int_if(struct json *object, const char *key); /* the same, INT_NULL for any other value */
bool json_bool(struct json *object, const char *key);      /* absent: false */
int64_t json_time(struct json *object, const char *key);   /* ms; what time_parse reads; else INT_NULL */
