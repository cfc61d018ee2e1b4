/* What a peer said in msgpack, as JSON. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <msgpack.h>
#include <yyjson.h>

/* Nesting must be bounded, as wire_read does. */
yyjson_mut_val *msgpack_json(yyjson_mut_doc *doc, const msgpack_object *value);
yyjson_mut_val *msgpack_json_map(yyjson_mut_doc *doc, const msgpack_object_map *map);
