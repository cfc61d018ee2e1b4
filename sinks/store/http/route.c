/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/server.h"

#include <string.h>

/* A path that ends in '/' stands for all that begin so. */
static const struct {
	const char *path;
	enum MHD_Result (*answer)(struct request *request);
} routes[] = {
	{"/api/v1/overview", api_overview}, {"/api/v1/pipelines/", api_pipeline},
	{"/api/v1/builds", api_builds},     {"/api/v1/builds/", api_build},
	{"/api/v1/events", api_events},     {"/api/v1/export.ndjson", export_ndjson},
	{"/api/v1/export.csv", export_csv}, {"/badge/", badge_answer},
	{"/cctray.xml", cctray_answer},     {"/healthz", health_answer},
	{"/metrics", metrics_answer},       {"/api/v1/bus", api_bus},
	{"/api/v1/dead", api_dead},         {"/api/v1/session", api_session},
};

static bool fits(const char *path, struct request *request)
{
	size_t size = strlen(path);
	bool prefix = path[size - 1] == '/';

	request->rest = request->path + size;
	return prefix ? strncmp(request->path, path, size) == 0 && *request->rest
		      : strcmp(request->path, path) == 0;
}

/* Everything else only tells. */
static enum MHD_Result post(struct request *request)
{
	if (strcmp(request->path, "/login") == 0) {
		return login_answer(request);
	}
	return strcmp(request->path, "/logout") == 0
		       ? logout_answer(request)
		       : answer_error(request, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
}

enum MHD_Result route(struct request *request)
{
	if (request->post || strcmp(request->path, "/login") == 0) {
		return post(request);
	}
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		if (fits(routes[i].path, request)) {
			return routes[i].answer(request);
		}
	}
	if (strncmp(request->path, "/api/", 5) == 0) {
		return answer_error(request, MHD_HTTP_NOT_FOUND,
				    "there is no %.200s: docs/openapi.json lists what "
				    "there is",
				    request->path);
	}
	return asset_answer(request);
}
