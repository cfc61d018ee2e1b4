/* SPDX-License-Identifier: MIT */
#include "fetchers/remark.h"

#include "common/log.h"
#include "common/utf8.h"

#include <stdbool.h>
#include <stdlib.h>
#include <yyjson.h>

#define BODY_MAX 65536 /* what is longer is a page, not a remark */

static bool is_control(const char *at, size_t size)
{
	unsigned char first = (unsigned char)at[0];

	return (size == 1 && (first < ' ' || first == 0x7f)) ||
	       (size == 2 && first == 0xc2 && (unsigned char)at[1] < 0xa0);
}

/* Blanks and control characters become one blank, bytes that are no characters go. */
static void write_line(const char *text, char out[static REMARK_SIZE])
{
	size_t left = strlen(text), used = 0, size;
	bool blank = false;

	for (; left > 0; text += size, left -= size) {
		bool readable = (size = utf8_size(text, left)) > 0;

		size = readable ? size : 1;
		if (!readable || *text == ' ' || is_control(text, size)) {
			blank |= readable && used > 0;
			continue;
		}
		if (used + blank + size >= REMARK_SIZE) {
			break;
		}
		if (blank) {
			out[used++] = ' ';
			blank = false;
		}
		memcpy(out + used, text, size);
		used += size;
	}
	while (used > 0 && (out[used - 1] == '.' || out[used - 1] == ' ')) {
		used--; /* it goes into the middle of a sentence */
	}
	out[used] = '\0';
}

void remark_read(struct text body, char out[static REMARK_SIZE])
{
	yyjson_doc *doc = body.size <= BODY_MAX ? yyjson_read(body.at, body.size, 0) : NULL;
	const char *message = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "message"));
	char *masked = message ? log_masked(message) : NULL; /* before it is cut: half a secret hides */

	out[0] = '\0';
	if (masked) {
		write_line(masked, out);
	}
	free(masked);
	yyjson_doc_free(doc);
}
