/* The hub's status map for people and as JSON. Keys that are missing are shown as `-`, keys that are not
 * known are left to --json: hub and command may be of different versions. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <msgpack.h>
#include <yyjson.h>

/* The map as a JSON document. NULL: out of memory; the caller frees with yyjson_mut_doc_free. */
yyjson_mut_doc *status_document(const msgpack_object_map *map);
/* The value at a path like "lease.worker"; NULL: absent. */
yyjson_mut_val *status_at(yyjson_mut_val *status, const char *path);
/* On one line. */
void status_print_json(yyjson_mut_val *value);
/* What is stuck first, then everything. */
void status_print(yyjson_mut_val *status);
/* The table of `sinks` alone. */
void status_print_sinks(yyjson_mut_val *sinks);
