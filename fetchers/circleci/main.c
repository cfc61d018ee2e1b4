/* Reads the pipelines of CircleCI projects with their workflows, jobs and the details of jobs. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/circleci.h"

#include <stdio.h>

static enum status source(const void *section, char *buffer, size_t size, struct source_info *out,
			  struct err *err)
{
	const struct circleci_config *config = section;

	(void)buffer;
	if (!config->token[0] || strpbrk(config->token, " \t\r\n") || strlen(config->token) >= size) {
		return err_set(err, ERR_CONFIG,
			       "circleci: token is empty, too long or has white space; paste the token "
			       "alone");
	}
	*out = (struct source_info){
		.api_url = config->api_url,
		.authorization = config->token,
		.authorization_header = "Circle-Token",
		.files_domain = "circle-artifacts.com",
		.poll_interval_ms = config->poll_interval_ms,
		.targets = config->project_slug.count,
	};
	return OK;
}

static enum status start(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	const char *slug = visit_slug(visit);

	if (visit_details(visit)) {
		return details_start(visit, err);
	}
	if (strcmp(slug, "*") == 0) {
		return discover_start(visit, err);
	}
	if (strlen(slug) >= sizeof state->slug) {
		return err_set(err, ERR_CONFIG, "'%.60s…' is too long for a project", slug);
	}
	memcpy(state->slug, slug, strlen(slug) + 1);
	return visit_begin(visit, err);
}

static void stop(struct visit *visit)
{
	struct circleci_visit *state = visit_state(visit);

	work_free_all(&state->works);
	items_fini(&state->page);
	discovery_free(&state->discovery);
	details_free(visit);
}

static const struct fetcher circleci = {
	.name = "circleci",
	.rows = circleci_config_rows,
	.config_size = sizeof(struct circleci_config),
	.visit_size = sizeof(struct circleci_visit),
	.token_hint = "check token: a personal API token of a user who can see the projects",
	.details_hint =
		"`tests` and `coverage` need the token of a user who may see the project's jobs; or set both "
		"to false",
	.source = source,
	.check = circleci_check,
	.start = start,
	.stop = stop,
};

int main(int argc, char **argv)
{
	return fetcher_main(&circleci, argc, argv);
}
