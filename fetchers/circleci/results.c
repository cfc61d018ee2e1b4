/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/results.h"

#include "fetchers/answer.h"
#include "fetchers/artifact.h"
#include "fetchers/circleci/circleci.h"

#include <string.h>

static struct result_count *place_of(struct results *results, const char *word)
{
	for (size_t i = 0; i < results->count; i++) {
		if (strcmp(results->words[i].word, word) == 0) {
			return &results->words[i];
		}
	}
	if (results->count == RESULT_WORDS) {
		return &results->words[RESULT_WORDS - 1];
	}
	memcpy(results->words[results->count].word, word, strlen(word) + 1);
	return &results->words[results->count++];
}

static void add(struct results *results, yyjson_val *test)
{
	const char *word = yyjson_get_str(yyjson_obj_get(test, "result"));

	place_of(results, word && strlen(word) < RESULT_WORD_BYTES ? word : "other")->count++;
}

enum status results_read(struct results *results, struct arena *arena, struct text body,
			 char next[static TOKEN_BYTES], struct err *err)
{
	yyjson_val *root, *list, *test;
	enum status status = answer_json(arena, body, &root, err);
	size_t i, max;

	if (status != OK || (status = answer_list(root, &list, err)) != OK ||
	    (status = answer_next(root, next, err)) != OK) {
		return status;
	}
	yyjson_arr_foreach(list, i, max, test)
	{
		add(results, test);
	}
	return OK;
}

static bool is_coverage(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, COVERAGE_FILE) == 0;
}

static void look_at(struct coverage_file *file, yyjson_val *artifact)
{
	const char *path = yyjson_get_str(yyjson_obj_get(artifact, "path"));
	const char *url = yyjson_get_str(yyjson_obj_get(artifact, "url"));
	size_t folders;

	if (!path || !url || !is_coverage(path) || strlen(url) >= FILE_BYTES) {
		return;
	}
	folders = artifact_folders(path);
	if (!file->url[0] || folders < file->folders) {
		memcpy(file->url, url, strlen(url) + 1);
		file->folders = folders;
	}
}

enum status artifacts_read(struct coverage_file *file, struct arena *arena, struct text body,
			   char next[static TOKEN_BYTES], struct err *err)
{
	yyjson_val *root, *list, *artifact;
	enum status status = answer_json(arena, body, &root, err);
	size_t i, max;

	if (status != OK || (status = answer_list(root, &list, err)) != OK ||
	    (status = answer_next(root, next, err)) != OK) {
		return status;
	}
	yyjson_arr_foreach(list, i, max, artifact)
	{
		look_at(file, artifact);
	}
	return OK;
}

static void put_words(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct results *results)
{
	yyjson_mut_val *words = yyjson_mut_obj_add_obj(doc, root, "test_results");

	for (size_t i = 0; i < results->count; i++) {
		yyjson_mut_obj_add_int(doc, words, results->words[i].word, results->words[i].count);
	}
}

struct text results_json(struct arena *arena, struct text coverage, const struct results *results)
{
	yyjson_alc alc = arena_yyjson(arena);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	struct text json = {0};

	if (coverage.at) {
		yyjson_mut_obj_add_strn(doc, root, "coverage_summary", coverage.at, coverage.size);
	}
	if (results->count > 0) {
		put_words(doc, root, results);
	}
	json.at = yyjson_mut_val_write_opts(root, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &alc, &json.size, NULL);
	return json;
}
