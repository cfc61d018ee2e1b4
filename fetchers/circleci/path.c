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

static void put_encoded(struct path *path, const char *text, const char *also)
{
	for (; *text; text++) {
		bool plain = is_plain((unsigned char)*text) || strchr(also, *text);

		path_put(path, plain ? "%c" : "%%%02X", (unsigned char)*text);
	}
}

static void put_token(struct path *path, char before, const char *token)
{
	if (token[0]) {
		path_put(path, "%cpage-token=", before);
		put_encoded(path, token, "");
	}
}

void path_slug(struct path *path, const char *project)
{
	path->size = 0;
	path_put(path, "%s", "");
	put_encoded(path, project, "/");
}

void path_pipelines(struct path *path, const char *slug, const char *token)
{
	path->size = 0;
	path_put(path, "/project/%s/pipeline", slug);
	put_token(path, '?', token);
}

void path_pipeline(struct path *path, const char *id)
{
	path->size = 0;
	path_put(path, "/pipeline/%s", id);
}

void path_numbered(struct path *path, const char *slug, const char *number)
{
	path->size = 0;
	path_put(path, "/project/%s/pipeline/%s", slug, number);
}

void path_workflows(struct path *path, const char *id, const char *token)
{
	path->size = 0;
	path_put(path, "/pipeline/%s/workflow", id);
	put_token(path, '?', token);
}

void path_jobs(struct path *path, const char *workflow, const char *token)
{
	path->size = 0;
	path_put(path, "/workflow/%s/job", workflow);
	put_token(path, '?', token);
}

void path_job(struct path *path, const char *slug, int64_t number)
{
	path->size = 0;
	path_put(path, "/project/%s/job/%" PRId64, slug, number);
}

static void put_results(struct path *path, const char *project, int64_t job, const char *what,
			const char *token)
{
	path->size = 0;
	path_put(path, "/project/");
	put_encoded(path, project, "/");
	path_put(path, "/%" PRId64 "/%s", job, what);
	put_token(path, '?', token);
}

void path_tests(struct path *path, const char *project, int64_t job, const char *token)
{
	put_results(path, project, job, "tests", token);
}

void path_artifacts(struct path *path, const char *project, int64_t job, const char *token)
{
	put_results(path, project, job, "artifacts", token);
}

void path_organizations(struct path *path)
{
	path->size = 0;
	path_put(path, "/me/collaborations");
}

void path_followed(struct path *path, const char *organization, const char *token)
{
	path->size = 0;
	path_put(path, "/pipeline?org-slug=");
	put_encoded(path, organization, "");
	put_token(path, '&', token);
}
