/* Answers of the API to builds and slugs. Reads only what the cursor and the envelope need: what a build
 * means is the normalizer's work. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/buildkite.h"

#include "fetchers/answer.h"
#include "fetchers/redact.h"

#include <stdlib.h>

#define WRITE_FLAGS YYJSON_WRITE_ALLOW_INVALID_UNICODE
#define NUMBER_MAX  INT32_MAX /* a greater number is read, but no place in a row of numbers */

/* The number; for what has none, something that a person can find it by among the dead letters. */
static const char *key_of(struct arena *arena, yyjson_val *build)
{
	yyjson_val *number = yyjson_obj_get(build, "number"), *id = yyjson_obj_get(build, "id");

	if (yyjson_is_uint(number)) {
		return arena_format(arena, "%llu", (unsigned long long)yyjson_get_uint(number));
	}
	if (yyjson_is_str(id) && yyjson_get_len(id) > 0 && yyjson_get_len(id) <= 100) {
		return yyjson_get_str(id);
	}
	return "unreadable";
}

static int64_t number_of(yyjson_val *build)
{
	yyjson_val *number = yyjson_obj_get(build, "number");

	return yyjson_is_uint(number) && yyjson_get_uint(number) <= NUMBER_MAX
		       ? (int64_t)yyjson_get_uint(number)
		       : WALK_NONE;
}

static enum status read_element(struct arena *arena, yyjson_val *build, struct element *out, struct err *err)
{
	out->foreign = false;
	out->value = build;
	out->created_at = answer_time(build, "created_at");
	out->number = number_of(build);
	out->finished = answer_time(build, "finished_at") != INT_NULL;
	out->url = yyjson_get_str(yyjson_obj_get(build, "url"));
	out->key = key_of(arena, build);
	return out->key ? OK : err_set(err, ERR_DATA, "out of memory for a page");
}

enum status page_read(struct arena *arena, struct text body, struct element **elements, size_t *count,
		      struct err *err)
{
	yyjson_val *root, *build;
	size_t i, max;
	enum status status = answer_json(arena, body, &root, err);

	*count = 0;
	if (status != OK) {
		return status;
	}
	if (!yyjson_is_arr(root)) {
		return err_set(err, ERR_DATA, "the answer is no list of builds");
	}
	*elements = arena_alloc(arena, (yyjson_arr_size(root) + 1) * sizeof **elements);
	if (!*elements) {
		return err_set(err, ERR_DATA, "out of memory for a page");
	}
	yyjson_arr_foreach(root, i, max, build)
	{
		status = read_element(arena, build, &(*elements)[i], err);
		if (status != OK) {
			return status;
		}
	}
	*count = max;
	return OK;
}

enum status page_read_one(struct arena *arena, struct text body, struct element *element, struct err *err)
{
	yyjson_val *root;
	enum status status = answer_json(arena, body, &root, err);

	if (status != OK) {
		return status;
	}
	if (!yyjson_is_obj(root) || !yyjson_is_uint(yyjson_obj_get(root, "number"))) {
		return err_set(err, ERR_DATA, "the answer is no build");
	}
	return read_element(arena, root, element, err);
}

const char *element_pipeline(const struct element *element)
{
	return yyjson_get_str(yyjson_obj_get(yyjson_obj_get(element->value, "pipeline"), "slug"));
}

struct text element_json(struct arena *scratch, const struct element *element,
			 const struct config_list *redact)
{
	yyjson_alc alc;
	yyjson_mut_doc *doc;
	yyjson_mut_val *copy;
	struct text json = {0};

	arena_reset(scratch);
	alc = arena_yyjson(scratch);
	doc = yyjson_mut_doc_new(&alc);
	copy = doc ? redact_copy(doc, element->value, redact) : NULL;
	if (copy) {
		json.at = yyjson_mut_val_write_opts(copy, WRITE_FLAGS, &alc, &json.size, NULL);
	}
	return json;
}

static enum status add_slug(struct arena *found, struct discovery *discovery, const char *slug)
{
	struct text *slugs = realloc(discovery->slugs, (discovery->count + 1) * sizeof *slugs);
	char *copy = arena_text(found, slug, strlen(slug));

	if (slugs) {
		discovery->slugs = slugs;
	}
	if (!slugs || !copy) {
		return ERR_SYS;
	}
	slugs[discovery->count++] = text_of(copy);
	return OK;
}

enum status page_read_pipelines(struct arena *arena, struct text body, struct arena *found,
				struct discovery *discovery, size_t *count, struct err *err)
{
	yyjson_val *root, *pipeline;
	size_t i, max;
	enum status status = answer_json(arena, body, &root, err);

	if (status != OK) {
		return status;
	}
	if (!yyjson_is_arr(root)) {
		return err_set(err, ERR_DATA, "the answer is no list of pipelines");
	}
	*count = yyjson_arr_size(root);
	yyjson_arr_foreach(root, i, max, pipeline)
	{
		const char *slug = yyjson_get_str(yyjson_obj_get(pipeline, "slug"));

		if (!slug) { /* without it this pipeline would be taken for deleted */
			return err_set(err, ERR_DATA, "a pipeline without a slug");
		}
		if (!yyjson_is_str(yyjson_obj_get(pipeline, "archived_at")) &&
		    add_slug(found, discovery, slug) != OK) {
			return err_set(err, ERR_SYS, "out of memory for %zu pipelines", discovery->count);
		}
	}
	return OK;
}
