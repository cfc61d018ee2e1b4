/* SPDX-License-Identifier: MIT */
#include "normalizer/known.h"

#include "common/schema.h"

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

static enum status no_memory(struct err *err)
{
	return err_set(err, ERR_SYS, "out of memory for what the destinations know");
}

static enum status read_open(struct known_pipeline *pipeline, yyjson_val *list, struct err *err)
{
	yyjson_val *key;
	size_t index, max;

	pipeline->open = calloc(yyjson_arr_size(list) + 1, sizeof *pipeline->open);
	if (!pipeline->open) {
		return no_memory(err);
	}
	yyjson_arr_foreach(list, index, max, key)
	{
		if (yyjson_is_str(key)) {
			pipeline->open[pipeline->open_count++] = strdup(yyjson_get_str(key));
		}
	}
	return OK;
}

static enum status read_whole(struct known_pipeline *pipeline, yyjson_val *list, struct err *err)
{
	yyjson_val *entry;
	size_t index, max;

	pipeline->whole = calloc(yyjson_arr_size(list) + 1, sizeof *pipeline->whole);
	if (!pipeline->whole) {
		return no_memory(err);
	}
	yyjson_arr_foreach(list, index, max, entry)
	{
		const char *key = yyjson_get_str(yyjson_arr_get(entry, 0));
		yyjson_val *coverage = yyjson_arr_get(entry, 2);

		if (key) {
			pipeline->whole[pipeline->whole_count++] = (struct known_whole){
				strdup(key), yyjson_get_sint(yyjson_arr_get(entry, 1)),
				yyjson_is_num(coverage) ? yyjson_get_num(coverage) : REAL_NULL};
		}
	}
	return OK;
}

static enum status read_pipeline(struct known_pipeline *pipeline, yyjson_val *value, struct err *err)
{
	const char *slug = yyjson_get_str(yyjson_obj_get(value, "pipeline"));
	bool named = slug && *slug;
	yyjson_val *finished_to = yyjson_obj_get(value, "finished_to");

	pipeline->slug = named ? strdup(slug) : NULL;
	pipeline->finished_to = yyjson_is_int(finished_to) ? yyjson_get_sint(finished_to) : INT_NULL;
	if (read_open(pipeline, yyjson_obj_get(value, "open"), err) != OK) {
		return err->status;
	}
	return read_whole(pipeline, yyjson_obj_get(value, "whole"), err);
}

static enum status read_root(struct known *known, yyjson_val *root, struct err *err)
{
	yyjson_val *pipelines = yyjson_obj_get(root, "pipelines"), *value;
	size_t index, max;
	enum status status = OK;

	known->newest = yyjson_get_sint(yyjson_obj_get(root, "newest"));
	known->sinks = (size_t)yyjson_get_uint(yyjson_obj_get(root, "sinks"));
	known->pipelines = calloc(yyjson_arr_size(pipelines) + 1, sizeof *known->pipelines);
	if (!known->pipelines) {
		return no_memory(err);
	}
	yyjson_arr_foreach(pipelines, index, max, value)
	{
		if (status == OK) {
			status = read_pipeline(&known->pipelines[known->count++], value, err);
		}
	}
	return status;
}

enum status known_read(struct known *known, const char *path, struct err *err)
{
	yyjson_read_err problem;
	yyjson_doc *doc = yyjson_read_file(path, 0, NULL, &problem);
	enum status status;

	known_fini(known);
	if (!doc) {
		return err_set(err, ERR_DATA, "%s: %s", path, problem.msg);
	}
	status = read_root(known, yyjson_doc_get_root(doc), err);
	yyjson_doc_free(doc);
	return status;
}

static void pipeline_fini(struct known_pipeline *pipeline)
{
	for (size_t i = 0; i < pipeline->open_count; i++) {
		free(pipeline->open[i]);
	}
	for (size_t i = 0; i < pipeline->whole_count; i++) {
		free(pipeline->whole[i].key);
	}
	free(pipeline->open);
	free(pipeline->whole);
	free(pipeline->slug);
}

void known_fini(struct known *known)
{
	for (size_t i = 0; i < known->count; i++) {
		pipeline_fini(&known->pipelines[i]);
	}
	free(known->pipelines);
	*known = (struct known){0};
}

static bool is_about(const struct known_pipeline *pipeline, struct text slug)
{
	return !pipeline->slug || text_is(slug, pipeline->slug);
}

struct known_window known_window(const struct known *known, struct text slug)
{
	struct known_window window = {.newest = -1, .finished_from = INT_NULL};
	size_t sinks = 0;

	for (size_t i = 0; i < known->count; i++) {
		int64_t finished_to = known->pipelines[i].finished_to;

		if (!is_about(&known->pipelines[i], slug) || finished_to == INT_NULL) {
			continue;
		}
		sinks++;
		if (window.finished_from == INT_NULL || finished_to < window.finished_from) {
			window.finished_from = finished_to;
		}
	}
	if (sinks == 0 || sinks < known->sinks) {
		return (struct known_window){.newest = -1, .finished_from = INT_NULL};
	}
	window.newest = known->newest > 0 ? known->newest : -1;
	return window;
}

static const struct known_whole *find_whole(const struct known_pipeline *pipeline, struct text key,
					    int64_t finished_at)
{
	for (size_t i = 0; i < pipeline->whole_count; i++) {
		const struct known_whole *whole = &pipeline->whole[i];

		if (whole->finished_at == finished_at && whole->key && text_is(key, whole->key)) {
			return whole;
		}
	}
	return NULL;
}

bool known_is_whole(const struct known *known, struct text slug, struct text key, int64_t finished_at,
		    double *coverage)
{
	size_t sinks = 0;

	*coverage = REAL_NULL;
	for (size_t i = 0; i < known->count; i++) {
		const struct known_whole *whole = is_about(&known->pipelines[i], slug)
							  ? find_whole(&known->pipelines[i], key, finished_at)
							  : NULL;

		sinks += whole != NULL;
		*coverage = whole && !isnan(whole->coverage) ? whole->coverage : *coverage;
	}
	return sinks > 0 && sinks == known->sinks;
}

static bool came_before(const struct known *known, struct text slug, size_t pipeline, const char *key)
{
	for (size_t i = 0; i < pipeline; i++) {
		for (size_t j = 0; is_about(&known->pipelines[i], slug) && j < known->pipelines[i].open_count;
		     j++) {
			if (strcmp(known->pipelines[i].open[j], key) == 0) {
				return true;
			}
		}
	}
	return false;
}

void known_open(const struct known *known, struct text slug, void (*put)(void *context, const char *key),
		void *context)
{
	for (size_t i = 0; i < known->count; i++) {
		const struct known_pipeline *pipeline = &known->pipelines[i];

		for (size_t j = 0; is_about(pipeline, slug) && j < pipeline->open_count; j++) {
			if (!came_before(known, slug, i, pipeline->open[j])) {
				put(context, pipeline->open[j]);
			}
		}
	}
}
