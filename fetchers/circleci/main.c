/* Reads the pipelines of CircleCI projects with their workflows, jobs and the details of jobs. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/circleci.h"

#include <stdio.h>

/* "github/acme/api" and "gh/acme/api" are one project. */
static const char *short_name(const char *slug, const char **rest)
{
	static const char *const names[][2] = {{"github/", "gh/"}, {"bitbucket/", "bb/"}};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t size = strlen(names[i][0]);

		if (strncmp(slug, names[i][0], size) == 0) {
			*rest = slug + size;
			return names[i][1];
		}
	}
	*rest = slug;
	return "";
}

static bool is_same(const char *a, const char *b)
{
	char first[SLUG_BYTES], second[SLUG_BYTES];
	const char *rest;

	a = short_name(a, &rest);
	snprintf(first, sizeof first, "%s%s", a, rest);
	b = short_name(b, &rest);
	snprintf(second, sizeof second, "%s%s", b, rest);
	return strcmp(first, second) == 0;
}

/* Two targets would hand over each build in turn. */
static enum status check_projects(const struct config_list *slugs, struct err *err)
{
	for (size_t i = 0; i < slugs->count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (is_same(slugs->items[i], slugs->items[j])) {
				return err_set(
					err, ERR_CONFIG,
					"circleci: project_slug names one project twice, as %s and %s: "
					"leave one out",
					slugs->items[j], slugs->items[i]);
			}
		}
	}
	return OK;
}

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
	return check_projects(&config->project_slug, err);
}

static enum status start(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	const char *slug = visit_slug(visit);

	if (visit_is_for_details(visit)) {
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
