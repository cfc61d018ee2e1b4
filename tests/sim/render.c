/* JSON text of payloads, and the cache of builds' JSON: most builds are finished and never change again. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/payload.h"

#include <stdlib.h>
#include <string.h>

enum { CACHE_LIMIT_BYTES = 384 << 20 };

void text_add(struct text *text, const char *data, size_t size)
{
	if (text->size + size + 1 > text->capacity) {
		text->capacity = (text->size + size + 1) * 2;
		text->data = must_realloc(text->data, text->capacity);
	}
	memcpy(text->data + text->size, data, size);
	text->size += size;
	text->data[text->size] = '\0';
}

void text_fini(struct text *text)
{
	free(text->data);
	*text = (struct text){0};
}

void payload_add_doc(struct text *out, yyjson_mut_doc *doc)
{
	size_t size;
	char *json = yyjson_mut_write(doc, 0, &size);

	if (!json) {
		abort(); /* out of memory, or text that is not UTF-8: control.c lets none in */
	}
	text_add(out, json, size);
	free(json);
	yyjson_mut_doc_free(doc);
}

static char *render(const char *base, const struct build *build, unsigned form, int64_t now, size_t *size)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	struct put in = put_new(doc);
	struct text text = {0};

	yyjson_mut_doc_set_root(doc, in.object);
	payload_build(in, base, build, form, now);
	payload_add_doc(&text, doc);
	*size = text.size;
	return text.data;
}

void payload_forget(struct build *build, size_t *cached_bytes)
{
	*cached_bytes -= build->json ? build->json_size : 0;
	free(build->json);
	build->json = NULL;
	build->json_size = 0;
}

void payload_add_build(struct text *out, const char *base, struct build *build, unsigned form, int64_t now,
		       size_t *cached_bytes)
{
	char *json;
	size_t size;

	build_look(build, now);
	if (build->json && build->json_form == form && build->json_generation == build->view.generation) {
		text_add(out, build->json, build->json_size);
		return;
	}
	if (cached_bytes) {
		payload_forget(build, cached_bytes);
	}
	json = render(base, build, form, now, &size);
	text_add(out, json, size);
	if (!cached_bytes || *cached_bytes + size > CACHE_LIMIT_BYTES) {
		free(json);
		return;
	}
	build->json = must_realloc(json, size);
	build->json_size = size;
	build->json_form = form;
	build->json_generation = build->view.generation;
	*cached_bytes += size;
}
