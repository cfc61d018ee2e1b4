/* SPDX-License-Identifier: MIT */
#include "tests/tables/circleci_records.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

char *circleci_records(struct text body, int64_t observed_at, struct normal_notes *notes, struct err *err)
{
	const struct raw raw = {.provider = TEXT("circleci"),
				.kind = RAW_BUILD,
				.observed_at = observed_at,
				.url = TEXT(URL),
				.body = body};
	struct build *builds;
	struct arena arena;
	size_t count, size = 0;
	char *json = NULL;
	FILE *out = open_memstream(&json, &size);

	arena_init(&arena, 64 << 20);
	cr_assert(out);
	fputc('[', out);
	if (circleci_provider.normalize(&raw, &arena, &builds, &count, notes, err) == OK) {
		for (size_t i = 0; i < count; i++) {
			char *one = build_json(&builds[i], &size);

			fprintf(out, "%s%s", i > 0 ? "," : "", one);
			free(one);
		}
		err->status = OK;
	}
	fputc(']', out);
	fclose(out);
	arena_fini(&arena);
	return json;
}

/* NULL: not on this machine. */
static yyjson_doc *sample(const char *name)
{
	const char *const folders[] = {getenv("BUILDBUS_SAMPLES"), SOURCE_DIR "/../shared/samples",
				       SOURCE_DIR "/../../shared/samples"};
	yyjson_doc *doc = NULL;
	char path[4096];

	for (size_t i = 0; i < COUNT(folders) && !doc; i++) {
		if (folders[i]) {
			snprintf(path, sizeof path, "%s/circleci/devlake/raw_circleci_api_%s.json",
				 folders[i], name);
			doc = yyjson_read_file(path, 0, NULL, NULL);
		}
	}
	return doc;
}

/* The recorded objects of which the address ends with id. */
static void add_those(yyjson_mut_doc *out, yyjson_mut_val *list, yyjson_val *recorded, const char *id)
{
	yyjson_val *item;
	size_t i, max;

	yyjson_arr_foreach(recorded, i, max, item)
	{
		if (strstr(yyjson_get_str(yyjson_obj_get(item, "url")), id)) {
			yyjson_mut_arr_append(list, yyjson_val_mut_copy(out, yyjson_obj_get(item, "data")));
		}
	}
}

static char *recorded_body(yyjson_val *pipeline, yyjson_val *workflows, yyjson_val *jobs)
{
	yyjson_mut_doc *out = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(out), *list, *workflow;
	size_t i, max;
	char *body;

	yyjson_mut_doc_set_root(out, root);
	yyjson_mut_obj_add_val(out, root, "pipeline", yyjson_val_mut_copy(out, pipeline));
	list = yyjson_mut_obj_add_arr(out, root, "workflows");
	add_those(out, list, workflows, yyjson_get_str(yyjson_obj_get(pipeline, "id")));
	yyjson_mut_arr_foreach(list, i, max, workflow)
	{
		add_those(out, yyjson_mut_obj_add_arr(out, workflow, "jobs"), jobs,
			  yyjson_mut_get_str(yyjson_mut_obj_get(workflow, "id")));
	}
	body = yyjson_mut_write(out, 0, NULL);
	yyjson_mut_doc_free(out);
	return body;
}

bool circleci_each_recorded(void (*run)(const char *body))
{
	yyjson_doc *pipelines = sample("pipelines"), *workflows = sample("workflows"), *jobs = sample("jobs");
	bool all = pipelines && workflows && jobs;
	yyjson_val *item;
	size_t i, max;

	yyjson_arr_foreach(all ? yyjson_doc_get_root(pipelines) : NULL, i, max, item)
	{
		char *body = recorded_body(yyjson_obj_get(item, "data"), yyjson_doc_get_root(workflows),
					   yyjson_doc_get_root(jobs));

		run(body);
		free(body);
	}
	yyjson_doc_free(pipelines);
	yyjson_doc_free(workflows);
	yyjson_doc_free(jobs);
	return all;
}
