/* SPDX-License-Identifier: MIT */
#include "common/google/error.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <yyjson.h>

#define STACK_BYTES 16384 /* errors are small; what is larger has no sentence */

static void copy_line(const char *from, char *out, size_t size)
{
	while (isspace((unsigned char)*from)) {
		from++;
	}
	snprintf(out, size, "%s", from);
	for (char *c = out; *c; c++) {
		*c = iscntrl((unsigned char)*c) ? ' ' : *c;
	}
}

static void copy_text(yyjson_val *value, char *out, size_t size)
{
	if (yyjson_is_str(value)) {
		copy_line(yyjson_get_str(value), out, size);
	}
}

void google_error_read(const char *body, size_t size, struct google_error *error)
{
	char memory[STACK_BYTES];
	yyjson_alc alc;
	yyjson_doc *doc;
	yyjson_val *root, *said;

	*error = (struct google_error){0};
	yyjson_alc_pool_init(&alc, memory, sizeof memory);
	doc = yyjson_read_opts((char *)(uintptr_t)body, size, 0, &alc, NULL);
	root = yyjson_doc_get_root(doc);
	root = yyjson_is_arr(root) ? yyjson_arr_get_first(root) : root; /* of streamed answers */
	said = yyjson_obj_get(root, "error");
	if (yyjson_is_obj(said)) {
		copy_text(yyjson_obj_get(said, "status"), error->status, sizeof error->status);
		copy_text(yyjson_obj_get(said, "message"), error->message, sizeof error->message);
	} else {
		copy_text(said, error->status, sizeof error->status);
		copy_text(yyjson_obj_get(root, "error_description"), error->message, sizeof error->message);
	}
	yyjson_doc_free(doc);
}

void google_error_text(const struct http_answer *answer, const struct google_error *error, char *out,
		       size_t size)
{
	if (answer->class == HTTP_FAILED) {
		snprintf(out, size, "%s", answer->err.text);
	} else if (*error->message || *error->status) {
		snprintf(out, size, "%s%s(%s, HTTP %ld)", error->message, *error->message ? " " : "",
			 *error->status ? error->status : "no status", answer->code);
	} else {
		snprintf(out, size, "HTTP %ld without a word of Google", answer->code);
	}
}
