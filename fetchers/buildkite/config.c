/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/config.h"

#include "common/time.h"
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
	{
		.key = "since",
		.type = CONFIG_SINCE,
		.offset = offsetof(struct buildkite_config, since),
		.fallback = "30d",
		.help = "how far back to read when a pipeline is new: a duration, a date, or a number of "
			"builds",
	},
	{
		.key = "poll_interval",
		.type = CONFIG_DURATION,
		.offset = offsetof(struct buildkite_config, poll_interval_ms),
		.fallback = "30s",
		.min = SECOND_MS,
		.max = DAY_MS,
		.help = "the shortest time between two visits of a pipeline",
	},
	{
		.key = "coverage",
		.type = CONFIG_BOOL,
		.offset = offsetof(struct buildkite_config, coverage),
		.fallback = "false",
		.help = "read the artifact coverage-summary.json of finished builds: a request or three for "
			"each",
	},
	{
		.key = "redact",
		.type = CONFIG_LIST,
		.offset = offsetof(struct buildkite_config, redact),
		.check = check_redact,
		.help = "paths in Buildkite's answers that are left out, beside env, webhook_url, "
			"provider.settings and the queries of URLs, which always are",
	},
	{
		.key = "api_url",
		.type = CONFIG_URL,
		.offset = offsetof(struct buildkite_config, api_url),
		.fallback = "https://api.buildkite.com/v2",
		.help = "the REST API",
	},
	CONFIG_END,
};
