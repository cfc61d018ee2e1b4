/* SPDX-License-Identifier: MIT */
#include "common/msgpack_json.h"
#include "compose/status_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

yyjson_mut_doc *status_document(const msgpack_object_map *map)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	if (doc) {
		yyjson_mut_doc_set_root(doc, msgpack_json_map(doc, map));
	}
	return doc;
}

void status_print_json(yyjson_mut_val *value)
{
	char *text = yyjson_mut_val_write(
		value, YYJSON_WRITE_ALLOW_INVALID_UNICODE | YYJSON_WRITE_INF_AND_NAN_AS_NULL, NULL);

	puts(text ? text : "{}");
	free(text);
}
