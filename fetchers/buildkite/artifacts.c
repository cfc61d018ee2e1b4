/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/artifacts.h"

#include "common/schema.h"
#include "fetchers/answer.h"
#include "fetchers/artifact.h"
#include "fetchers/buildkite/buildkite.h"

#include <stdlib.h>
#include <string.h>

static const char *text_at(yyjson_val *object, const char *key)
{
	return yyjson_get_str(yyjson_obj_get(object, key));
}

static struct artifact *of_job(const struct artifacts *artifacts, const char *job)
{
	for (size_t i = 0; i < artifacts->count; i++) {
		if (strcmp(artifacts->items[i].job, job) == 0) {
			return &artifacts->items[i];
		}
	}
	return NULL;
}

static struct artifact *add(struct artifacts *artifacts, const char *job)
{
	struct artifact *items = artifacts->items;
	char *copy = strdup(job);

	if (copy && artifacts->count == artifacts->capacity) {
		artifacts->capacity = artifacts->capacity ? 2 * artifacts->capacity : 4;
		items = realloc(items, artifacts->capacity * sizeof *items);
	}
	if (!copy || !items) {
		free(copy);
		return NULL;
	}
	artifacts->items = items;
	items[artifacts->count] = (struct artifact){.job = copy, .folders = SIZE_MAX};
	return &items[artifacts->count++];
}

static bool is_coverage(yyjson_val *artifact)
{
	const char *state = text_at(artifact, "state"), *name = text_at(artifact, "filename");
	const char *path = text_at(artifact, "path"), *slash = path ? strrchr(path, '/') : NULL;

	name = name ? name : slash ? slash + 1 : path;
	return state && name && strcmp(state, "finished") == 0 && strcmp(name, COVERAGE_FILE) == 0;
}

static enum status take(struct artifacts *artifacts, const char *api_url, yyjson_val *value, struct err *err)
{
	const char *job = text_at(value, "job_id"), *path = text_at(value, "path");
	size_t folders = path ? artifact_folders(path) : 0;
	struct artifact *artifact = of_job(artifacts, job ? job : "");
	const char *url = text_at(value, "download_url");
	struct path below;
	char *copy;

	if ((artifact && folders >= artifact->folders) || !url || !path_below(&below, api_url, url)) {
		return OK;
	}
	copy = strdup(below.text);
	if (!copy || (!artifact && !(artifact = add(artifacts, job ? job : "")))) {
		free(copy);
		return err_set(err, ERR_SYS, "out of memory for artifacts");
	}
	free(artifact->path);
	artifact->path = copy;
	artifact->folders = folders;
	artifact->place = artifacts->seen;
	return OK;
}

enum status artifacts_read(struct artifacts *artifacts, const char *api_url, struct arena *arena,
			   struct text body, size_t *listed, struct err *err)
{
	yyjson_val *root, *artifact;
	size_t i, max;
	enum status status = answer_json(arena, body, &root, err);

	if (status != OK) {
		return status;
	}
	if (!yyjson_is_arr(root)) {
		return err_set(err, ERR_DATA, "the answer is no list of artifacts");
	}
	*listed = yyjson_arr_size(root);
	yyjson_arr_foreach(root, i, max, artifact)
	{
		artifacts->seen++;
		if (is_coverage(artifact) && (status = take(artifacts, api_url, artifact, err)) != OK) {
			return status;
		}
	}
	return OK;
}

static int64_t finish_of(yyjson_val *jobs, const char *id)
{
	yyjson_val *job;
	size_t i, max;

	yyjson_arr_foreach(jobs, i, max, job)
	{
		if (yyjson_equals_str(yyjson_obj_get(job, "id"), id)) {
			return answer_time(job, "finished_at");
		}
	}
	return INT_NULL;
}

static bool is_before(const struct artifact *a, const struct artifact *b)
{
	return a->folders != b->folders ? a->folders < b->folders : a->place < b->place;
}

enum status artifacts_choose(const struct artifacts *artifacts, struct arena *arena, struct text body,
			     const struct artifact **chosen, struct err *err)
{
	int64_t latest = INT_NULL;
	yyjson_val *root, *jobs;
	enum status status = answer_json(arena, body, &root, err);

	if (status != OK) {
		return status;
	}
	jobs = yyjson_obj_get(root, "jobs");
	if (!yyjson_is_arr(jobs)) {
		return err_set(err, ERR_DATA, "the answer is no build");
	}
	*chosen = NULL;
	for (size_t i = 0; i < artifacts->count; i++) {
		int64_t finished_at = finish_of(jobs, artifacts->items[i].job);

		if (!*chosen || finished_at > latest ||
		    (finished_at == latest && is_before(&artifacts->items[i], *chosen))) {
			*chosen = &artifacts->items[i];
			latest = finished_at;
		}
	}
	return OK;
}

void artifacts_fini(struct artifacts *artifacts)
{
	for (size_t i = 0; i < artifacts->count; i++) {
		free(artifacts->items[i].job);
		free(artifacts->items[i].path);
	}
	free(artifacts->items);
	*artifacts = (struct artifacts){0};
}
