/* Reads members of a JSON body, strictly: an unknown member or a wrong type is one clear sentence. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

enum body_type {
	BODY_TEXT, /* const char *: lives as long as the document */
	BODY_INT,  /* int64_t */
	BODY_MS,   /* int64_t: ms, or null for NEVER */
	BODY_TIME, /* int64_t: RFC 3339, or ms since the epoch */
	BODY_BOOL, /* bool */
	BODY_RAW,  /* yyjson_val * */
};

struct body_row {
	const char *key;
	enum body_type type;
	size_t offset;
};

/* Members that are absent leave target as it is. An empty body is {}. The caller frees *doc (NULL is
 * possible). */
enum status body_read(const char *body, size_t size, const struct body_row *rows, size_t row_count,
		      void *target, yyjson_doc **doc, struct err *err) MUST_CHECK;
