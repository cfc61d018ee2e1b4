/* Paths of the API below api_url. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/circleci.h"

#include <inttypes.h>
#include <stdio.h>

static bool is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_' || c == '.' || c == '~';
}

/* Everything put together here is bounded. */
static void __attribute__((format(printf, 2, 3))) put(struct path *path, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(path->text + path->size, sizeof path->text - path->size, format, arguments);
	va_end(arguments);
	if (length > 0 && path->size + (size_t)length < sizeof path->text) {
		path->size += (size_t)length;
	}
}

static void put_token(struct path *path, char before, const char *token)
{
	if (!token[0]) {
		return;
	}
	put(path, "%cpage-token=", before);
	for (; *token; token++) {
		put(path, is_plain((unsigned char)*token) ? "%c" : "%%%02X", (unsigned char)*token);
	}
}

void path_pipelines(struct path *path, const char *slug, const char *token)
{
	path->size = 0;
	put(path, "/project/%s/pipeline", slug);
	put_token(path, '?', token);
}

void path_pipeline(struct path *path, const char *id)
{
	path->size = 0;
	put(path, "/pipeline/%s", id);
}

void path_numbered(struct path *path, const char *slug, const char *number)
{
	path->size = 0;
	put(path, "/project/%s/pipeline/%s", slug, number);
}

void path_workflows(struct path *path, const char *id, const char *token)
{
	path->size = 0;
	put(path, "/pipeline/%s/workflow", id);
	put_token(path, '?', token);
}

void path_jobs(struct path *path, const char *workflow, const char *token)
{
	path->size = 0;
	put(path, "/workflow/%s/job", workflow);
	put_token(path, '?', token);
}

void path_job(struct path *path, const char *slug, int64_t number)
{
	path->size = 0;
	put(path, "/project/%s/job/%" PRId64, slug, number);
}

void path_tests(struct path *path, const char *slug, int64_t job, const char *token)
{
	path->size = 0;
	put(path, "/project/%s/%" PRId64 "/tests", slug, job);
	put_token(path, '?', token);
}

void path_artifacts(struct path *path, const char *slug, int64_t job, const char *token)
{
	path->size = 0;
	put(path, "/project/%s/%" PRId64 "/artifacts", slug, job);
	put_token(path, '?', token);
}

void path_organizations(struct path *path)
{
	path->size = 0;
	put(path, "/me/collaborations");
}

void path_followed(struct path *path, const char *organization, const char *token)
{
	path->size = 0;
	put(path, "/pipeline?org-slug=");
	for (; *organization; organization++) {
		put(path, is_plain((unsigned char)*organization) ? "%c" : "%%%02X",
		    (unsigned char)*organization);
	}
	put_token(path, '&', token);
}
