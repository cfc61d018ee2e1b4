/* SPDX-License-Identifier: MIT */
#include "fetchers/answer.h"

#include "common/schema.h"
#include "common/time.h"

/* Numbers beyond 64 bits and broken UTF-8 in one commit message must not cost the page. */
#define READ_FLAGS (YYJSON_READ_BIGNUM_AS_RAW | YYJSON_READ_ALLOW_INVALID_UNICODE)

enum status answer_json(struct arena *arena, struct text body, yyjson_val **root, struct err *err)
{
	yyjson_read_err problem;
	yyjson_alc alc;
	yyjson_doc *doc;

	arena_reset(arena);
	alc = arena_yyjson(arena);
	doc = yyjson_read_opts((char *)(uintptr_t)body.at, body.size, READ_FLAGS, &alc, &problem);
	*root = yyjson_doc_get_root(doc);
	return doc ? OK
		   : err_set(err, ERR_DATA, "the answer of %zu bytes is not JSON at byte %zu: %s", body.size,
			     problem.pos, problem.msg);
}

int64_t answer_time(yyjson_val *object, const char *key)
{
	yyjson_val *value = yyjson_obj_get(object, key);
	int64_t ms;

	return yyjson_is_str(value) && time_parse(yyjson_get_str(value), yyjson_get_len(value), &ms) == OK
		       ? ms
		       : INT_NULL;
}
