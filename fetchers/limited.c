/* SPDX-License-Identifier: MIT */
#include "fetchers/limited.h"

#include <yyjson.h>

#define BODY_MAX  4096 /* a longer one says something else */
#define RESET_MAX 86400

static int64_t reset_of(const char *body, size_t size)
{
	yyjson_doc *doc = size <= BODY_MAX ? yyjson_read(body, size, 0) : NULL;
	yyjson_val *reset = yyjson_obj_get(yyjson_doc_get_root(doc), "reset");
	int64_t ms = -1;

	if (yyjson_is_uint(reset) && yyjson_get_uint(reset) <= RESET_MAX) {
		ms = (int64_t)yyjson_get_uint(reset) * 1000;
	}
	yyjson_doc_free(doc);
	return ms;
}

int64_t limited_wait_ms(const struct http_answer *answer)
{
	if (answer->retry_after_ms >= 0 || !answer->body) {
		return answer->retry_after_ms;
	}
	return reset_of(answer->body, answer->body_size);
}
