/* Any bytes as the headers of an answer, a line a line. */
/* SPDX-License-Identifier: MIT */
#include "common/http/headers.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_headers headers;
	struct http_answer answer = {0};
	const char *at = (const char *)data, *end = at + size;

	http_headers_init(&headers);
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t length = stop ? (size_t)(stop + 1 - at) : (size_t)(end - at);

		http_headers_line(&headers, at, length);
		at += length;
	}
	http_headers_answer(&headers, 1795168800000, &answer);
	if (answer.retry_after_ms < -1 || answer.budget_remaining < -1 || answer.budget_reset_ms < -1) {
		abort();
	}
	http_headers_fini(&headers);
	return 0;
}
