/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/config.h"

#include "fetchers/config_rows.h"
#include "fetchers/redact_path.h"

#include <string.h>

static const char *const build_pers[] = {[PER_PIPELINE] = "pipeline", [PER_WORKFLOW] = "workflow", NULL};

/* gh/acme/api: three parts, each of which can stand in a path. */
static enum status check_slug(const char *slug, struct err *err)
{
	int parts = 1;
	size_t size = 0;

	if (strcmp(slug, "*") == 0) {
		return OK;
	}
	for (const char *at = slug; *at && parts > 0; at++) {
		if (*at != '/') {
			size += *at != '.'; /* dots alone would climb out of the path */
		} else {
			parts = size > 0 ? parts + 1 : -1;
			size = 0;
		}
	}
	if (parts != 3 || size == 0 || strpbrk(slug, " \t\r\n?#%") || strlen(slug) > 300) {
		return err_set(err, ERR_CONFIG,
			       "\"%.60s\" is no project: write its slug, as gh/acme/api or "
			       "circleci/<organization>/<project>, or \"*\"",
			       slug);
	}
	return OK;
}

/* Without these there is no record, no cursor, or one that never ends. */
static enum status check_redact(const char *path, struct err *err)
{
	static const char *const needed[] = {
		"id",      "number", "state",     "status",   "name",      "created_at",   "stopped_at",
		"details", "jobs",   "workflows", "pipeline", "build_per", "project_slug", NULL};

	return redact_path_check(path, needed, err);
}

const struct config_row circleci_config_rows[] = {
	{
		.key = "token",
		.type = CONFIG_SECRET,
		.offset = offsetof(struct circleci_config, token),
		.required = true,
		.help = "personal API token of a user who can see the projects (project tokens are not "
			"accepted by the API)",
	},
	{
		.key = "project_slug",
		.type = CONFIG_LIST,
		.offset = offsetof(struct circleci_config, project_slug),
		.required = true,
		.check = check_slug,
		.help = "one project (`gh/acme/api`, `circleci/…/…`), a list, or \"*\" for every project "
			"that the token follows",
	},
	{
		.key = "build_per",
		.type = CONFIG_ENUM,
		.offset = offsetof(struct circleci_config, build_per),
		.choices = build_pers,
		.fallback = "pipeline",
		.help = "what a build is: a pipeline with all its workflows, or each workflow",
	},
	SOURCE_SINCE_ROW(circleci_config, "project", "pipelines"),
	SOURCE_POLL_ROW(circleci_config, "project"),
	{
		.key = "tests",
		.type = CONFIG_BOOL,
		.offset = offsetof(struct circleci_config, tests),
		.fallback = "false",
		.help = "count the test results of finished builds: a request for each job that ran, or more",
	},
	{
		.key = "coverage",
		.type = CONFIG_BOOL,
		.offset = offsetof(struct circleci_config, coverage),
		.fallback = "false",
		.help = "read the artifact coverage-summary.json of finished builds: a request for each job "
			"until one has it",
	},
	SOURCE_REDACT_ROW(circleci_config, check_redact, "the pipeline with its workflows, jobs and details",
			  "env, webhook_url"),
	SOURCE_API_ROW(circleci_config, "https://circleci.com/api/v2", "the API, version 2"),
	CONFIG_END,
};
