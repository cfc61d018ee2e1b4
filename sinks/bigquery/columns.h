/* The columns of `build_events`: the record's keys, with what an analyst reads beside them. One table makes
 * the schema and the rows, so that they can't drift apart. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/schema.h"

struct column {
	const char *name; /* of the record's key; NULL ends a table */
	const char *description;
	bool time;     /* ms since the epoch in the record, TIMESTAMP here */
	bool required; /* never null */
	const struct column *members;
	const struct field *field; /* set by columns() */
};

#define COLUMNS_TABLE     "build_events"
#define COLUMNS_PARTITION "created_at" /* by day */
#define COLUMNS_DESCRIPTION                                                                                  \
	"Every version of every CI build, a row each. Use the view `builds` for the newest."

/* All of them, in the record's order. */
const struct column *columns(void);
/* The names of at most four columns that tables are clustered by; NULL ends. */
extern const char *const columns_clustering[];
/* `schema.fields` of the REST API. */
yyjson_mut_val *columns_schema(yyjson_mut_doc *doc);
/* What an existing table's schema.fields (REST API) lacks is appended to merged, a copy of it. ERR_CONFIG:
 * a column is there with another type; err names it. *missing: how many were appended. */
enum status columns_merge(yyjson_mut_doc *doc, yyjson_mut_val *merged, size_t *missing,
			  struct err *err) MUST_CHECK;
