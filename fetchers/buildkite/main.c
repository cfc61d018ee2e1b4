/* Reads the builds of Buildkite pipelines: pages of a list, single builds that were open, and which pipelines
 * an organization has. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/buildkite.h"

#include <stdio.h>

static enum status source(const void *section, char *buffer, size_t size, struct source_info *out,
			  struct err *err)
{
	const struct buildkite_config *config = section;
	const char *token = config->access_token;
	int length = snprintf(buffer, size, "Bearer %s", token);

	if (!token[0] || strpbrk(token, " \t\r\n") || length < 0 || (size_t)length >= size) {
		return err_set(err, ERR_CONFIG,
			       "buildkite: access_token is empty, too long or has white space; paste the "
			       "token alone");
	}
	*out = (struct source_info){
		.api_url = config->api_url,
		.authorization = buffer,
		.poll_interval_ms = config->poll_interval_ms,
		.targets = config->pipeline_slug.count,
	};
	return OK;
}

/* "acme/web", "acme/@live", or "acme/" and "*". */
static enum status start(struct visit *visit, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	const char *slug = visit_slug(visit), *slash = strchr(slug, '/');

	if (visit_is_for_details(visit)) {
		return details_start(visit, err);
	}
	if (!slash || strchr(slash + 1, '/') ||
	    !path_encode(slug, (size_t)(slash - slug), state->organization)) {
		return err_set(err, ERR_CONFIG, "'%s' is not <organization_slug>/<pipeline_slug>", slug);
	}
	if (strcmp(slash + 1, "*") == 0) {
		return discover_start(visit, err);
	}
	if (strcmp(slash + 1, LIVE_PART) == 0) {
		return live_start(visit, err);
	}
	if (!path_encode(slash + 1, strlen(slash + 1), state->pipeline)) {
		return err_set(err, ERR_CONFIG, "'%s' is not <organization_slug>/<pipeline_slug>", slug);
	}
	return visit_begin(visit, err);
}

static void stop(struct visit *visit)
{
	struct buildkite_visit *state = visit_state(visit);

	arena_fini(&state->found);
	free(state->discovery.slugs);
	details_free(visit);
}

static const struct fetcher buildkite = {
	.name = "buildkite",
	.rows = buildkite_config_rows,
	.config_size = sizeof(struct buildkite_config),
	.visit_size = sizeof(struct buildkite_visit),
	.token_hint = "check access_token; it needs the scopes read_builds and read_pipelines, and access to "
		      "the organization",
	.details_hint =
		"coverage needs the scope read_artifacts: give it to the token of access_token, or set "
		"`coverage: false`",
	.source = source,
	.check = buildkite_check,
	.check_size = sizeof(struct buildkite_check),
	.start = start,
	.stop = stop,
};

int main(int argc, char **argv)
{
	return fetcher_main(&buildkite, argc, argv);
}
