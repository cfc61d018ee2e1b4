/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/config.h"

#include "fetchers/config_rows.h"
#include "fetchers/redact_path.h"

/* Without these there is no record, no cursor, or one that never ends. */
static enum status check_redact(const char *path, struct err *err)
{
	static const char *const needed[] = {"id",         "number",      "url",      "state", "blocked",
					     "created_at", "finished_at", "pipeline", NULL};

	return redact_path_check(path, needed, err);
}

const struct config_row buildkite_config_rows[] = {
	{
		.key = "access_token",
		.type = CONFIG_SECRET,
		.offset = offsetof(struct buildkite_config, access_token),
		.required = true,
		.help = "API access token with the scopes read_builds and read_pipelines (read_artifacts for "
			"coverage)",
	},
	{
		.key = "organization_slug",
		.type = CONFIG_TEXT,
		.offset = offsetof(struct buildkite_config, organization_slug),
		.required = true,
		.slug = true,
		.help = "the slug of the organization, as in buildkite.com/SLUG",
	},
	{
		.key = "pipeline_slug",
		.type = CONFIG_LIST,
		.offset = offsetof(struct buildkite_config, pipeline_slug),
		.required = true,
		.slug = true,
		.help = "one pipeline, a list, or \"*\" for every pipeline of the organization",
	},
	SOURCE_SINCE_ROW(buildkite_config, "pipeline", "builds"),
	SOURCE_POLL_ROW(buildkite_config, "pipeline"),
	{
		.key = "coverage",
		.type = CONFIG_BOOL,
		.offset = offsetof(struct buildkite_config, coverage),
		.fallback = "false",
		.help = "read the artifact coverage-summary.json of finished builds: a request or three for "
			"each",
	},
	SOURCE_REDACT_ROW(buildkite_config, check_redact, "Buildkite's answers",
			  "env, webhook_url, provider.settings"),
	SOURCE_API_ROW(buildkite_config, "https://api.buildkite.com/v2", "the REST API"),
	CONFIG_END,
};
