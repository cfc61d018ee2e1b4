/* Whole records: what a payload must become, every key, in a notation for the eye. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/tables/table.h"

#include <yyjson.h>

/* Compares every key of the record with want (JSON): a key that want doesn't have must be null, false or an
 * empty list, a time (`…_at`) stands as RFC 3339, and `unknown_words` is how many were counted (0). Reports
 * each difference with its place. */
bool whole_matches(const char *name, const char *json, const struct normal_notes *notes, const char *want);
/* got is the milliseconds of want, RFC 3339 in UTC. */
bool whole_is_time(yyjson_val *got, const char *want);
/* Reads SOURCE_DIR/tests/tables/<path>; heap; the test fails without it. */
char *whole_file(const char *path, size_t *size);
/* Runs it with each <name>.in.json of tests/tables/buildkite/; returns how many. Each has its .out.json. */
int whole_each(void (*run)(const char *name, const char *body, size_t size));
