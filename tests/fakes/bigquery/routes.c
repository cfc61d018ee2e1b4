/* Paths of the REST API: /bigquery/v2/projects/P/datasets/D/tables/T/insertAll and so on; uploads have
 * /upload or /resumable/upload before. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/bigquery/bigquery.h"

#include <string.h>

/* `*` is a name, taken in order. */
static const struct {
	const char *method, *path;
	enum bq_verb verb;
} routes[] = {
	{"GET", "datasets", BQ_DATASET_LIST},
	{"POST", "datasets", BQ_DATASET_INSERT},
	{"GET", "datasets/*", BQ_DATASET_GET},
	{"GET", "datasets/*/tables", BQ_TABLE_LIST},
	{"POST", "datasets/*/tables", BQ_TABLE_INSERT},
	{"GET", "datasets/*/tables/*", BQ_TABLE_GET},
	{"PATCH", "datasets/*/tables/*", BQ_TABLE_PATCH},
	{"DELETE", "datasets/*/tables/*", BQ_TABLE_DELETE},
	{"POST", "datasets/*/tables/*/insertAll", BQ_INSERT_ALL},
	{"GET", "datasets/*/tables/*/data", BQ_DATA_LIST},
	{"POST", "queries", BQ_QUERY},
	{"POST", "jobs", BQ_JOB_INSERT},
	{"GET", "jobs", BQ_JOB_LIST},
	{"GET", "jobs/*", BQ_JOB_GET},
};

/* Copies what `*` stands for into names; false: another path. */
static bool fits(const char *path, const char *pattern, char names[][160])
{
	size_t count = 0;

	while (*pattern) {
		if (*pattern == '*') {
			size_t size = strcspn(path, "/");
			if (size == 0 || size >= 160) {
				return false;
			}
			memcpy(names[count], path, size);
			names[count++][size] = '\0';
			path += size;
			pattern++;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return *path == '\0';
}

static const char *skip(const char *path, const char *prefix)
{
	return strncmp(path, prefix, strlen(prefix)) == 0 ? path + strlen(prefix) : path;
}

enum bq_verb bq_route(struct bq_request *request)
{
	const char *path = skip(request->path, "/resumable"), *rest = skip(path, "/upload");
	bool upload = rest != path;

	if (strcmp(skip(request->path, "/computeMetadata/v1/instance/service-accounts/default"), "/token") ==
	    0) {
		return BQ_TOKEN;
	}
	path = skip(rest, "/bigquery/v2/projects/");
	path = path == rest ? "" : path + strcspn(path, "/") + 1;
	if (upload && strcmp(path, "jobs") == 0) {
		return request->upload_id && !*request->upload_id ? BQ_UPLOAD_START : BQ_UPLOAD;
	}
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		if (strcmp(request->method, routes[i].method) == 0 &&
		    fits(path, routes[i].path, request->names)) {
			request->dataset = request->job = request->names[0];
			request->table = request->names[1];
			return routes[i].verb;
		}
	}
	return BQ_VERBS;
}
