/* May the token do what the visits will do? Its scopes, then the organization, then each pipeline. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/buildkite.h"

#include <stdio.h>
#include <yyjson.h>

static bool wants_all(const struct buildkite_config *config)
{
	return config->pipeline_slug.count == 1 && strcmp(config->pipeline_slug.items[0], "*") == 0;
}

static const char *pipeline_of(struct source_check *check, intptr_t index)
{
	const struct buildkite_config *config = check_config(check);

	return config->pipeline_slug.items[index];
}

static void on_pipeline(struct source_check *check, intptr_t index, const struct visit_answer *answer,
			const struct err *why)
{
	const struct buildkite_config *config = check_config(check);
	const char *pipeline = pipeline_of(check, index);

	if (answer->kind == ANSWER_OK) {
		check_tell(check, CHECK_OK, "pipeline_slug: builds of %s can be read", pipeline);
	} else if (answer->kind == ANSWER_NOT_FOUND) {
		check_tell(check, CHECK_BAD,
			   "pipeline_slug: the organization %s has no pipeline %s for this token: correct "
			   "the slug (as in buildkite.com/%s/SLUG), or give the token's user access to it",
			   config->organization_slug, pipeline, config->organization_slug);
	} else {
		check_tell(check, CHECK_BAD, "pipeline_slug: %s: %s", pipeline, why->text);
	}
}

/* The organization can't be read: at which key. */
static void tell_refused(struct source_check *check, const char *key, const struct visit_answer *answer,
			 const struct err *why)
{
	const struct buildkite_config *config = check_config(check);

	if (answer->kind == ANSWER_NOT_FOUND) {
		check_tell(check, CHECK_BAD,
			   "organization_slug: there is no organization %s for this token: correct the slug "
			   "(as in buildkite.com/SLUG), or give the token access to it",
			   config->organization_slug);
	} else {
		check_tell(check, CHECK_BAD, "%s: %s", key, why->text);
	}
}

static void on_all_pipelines(struct source_check *check, intptr_t tag, const struct visit_answer *answer,
			     const struct err *why)
{
	const struct buildkite_config *config = check_config(check);

	(void)tag;
	if (answer->kind == ANSWER_OK) {
		check_tell(check, CHECK_OK, "pipeline_slug: the pipelines of %s can be listed",
			   config->organization_slug);
	} else {
		tell_refused(check, "pipeline_slug: *", answer, why);
	}
}

static void ask_pipelines(struct source_check *check)
{
	const struct buildkite_config *config = check_config(check);
	const struct buildkite_check *state = check_state(check);
	char path[sizeof state->organization + SLUG_MAX * 3 + 80], encoded[SLUG_MAX * 3 + 1];

	if (wants_all(config)) {
		snprintf(path, sizeof path, "/organizations/%s/pipelines?per_page=1", state->organization);
		state->reads_pipelines
			? check_get(check, path, on_all_pipelines, 0)
			: check_tell(check, CHECK_SKIP, "pipeline_slug: *: needs the scope read_pipelines");
		return;
	}
	for (size_t i = 0; i < config->pipeline_slug.count; i++) {
		const char *pipeline = pipeline_of(check, (intptr_t)i);

		if (!path_encode(pipeline, strlen(pipeline), encoded)) {
			check_tell(check, CHECK_BAD, "pipeline_slug: \"%.80s\" can't be a slug", pipeline);
			continue;
		}
		snprintf(path, sizeof path,
			 "/organizations/%s/pipelines/%s/builds?per_page=1&exclude_jobs=true",
			 state->organization, encoded);
		state->reads_builds ? check_get(check, path, on_pipeline, (intptr_t)i)
				    : check_tell(check, CHECK_SKIP,
						 "pipeline_slug: %s: needs the scope read_builds", pipeline);
	}
}

static void on_organization(struct source_check *check, intptr_t tag, const struct visit_answer *answer,
			    const struct err *why)
{
	const struct buildkite_config *config = check_config(check);

	(void)tag;
	if (answer->kind == ANSWER_OK) {
		check_tell(check, CHECK_OK, "organization_slug: %s exists", config->organization_slug);
		ask_pipelines(check);
		return;
	}
	tell_refused(check, "organization_slug", answer, why);
	check_tell(check, CHECK_SKIP, "pipeline_slug: depends on organization_slug");
}

static void ask_organization(struct source_check *check)
{
	const struct buildkite_check *state = check_state(check);
	char path[sizeof state->organization + 20];

	if (!state->reads_organizations) {
		check_tell(check, CHECK_NOTE,
			   "access_token: without the scope read_organizations the organization is checked "
			   "by its pipelines only");
		ask_pipelines(check);
		return;
	}
	snprintf(path, sizeof path, "/organizations/%s", state->organization);
	check_get(check, path, on_organization, 0);
}

static bool has_scope(yyjson_val *scopes, const char *name)
{
	yyjson_val *scope;
	size_t index, count;

	yyjson_arr_foreach(scopes, index, count, scope)
	{
		if (yyjson_equals_str(scope, name)) {
			return true;
		}
	}
	return false;
}

/* Says it when a scope is missing that is needed. */
static bool demand(struct source_check *check, yyjson_val *scopes, const char *scope, const char *what,
		   const char *instead)
{
	bool has = has_scope(scopes, scope);

	if (!has) {
		check_tell(check, CHECK_BAD,
			   "access_token: lacks the scope %s, which %s: add it to the token in Buildkite's "
			   "API access tokens%s",
			   scope, what, instead);
	}
	return has;
}

static void judge_scopes(struct source_check *check, yyjson_val *scopes)
{
	const struct buildkite_config *config = check_config(check);
	struct buildkite_check *state = check_state(check);

	state->reads_builds = demand(check, scopes, "read_builds", "reads builds", "");
	state->reads_pipelines =
		!wants_all(config) || demand(check, scopes, "read_pipelines", "pipeline_slug \"*\" needs",
					     ", or name the pipelines");
	state->reads_organizations = has_scope(scopes, "read_organizations");
	if ((!config->coverage || demand(check, scopes, "read_artifacts", "`coverage: true` needs",
					 ", or set `coverage: false`")) &&
	    state->reads_builds && state->reads_pipelines) {
		check_tell(check, CHECK_OK, "access_token: valid, with the scopes that are needed");
	}
}

static void on_token(struct source_check *check, intptr_t tag, const struct visit_answer *answer,
		     const struct err *why)
{
	yyjson_alc alc = arena_yyjson(check_arena(check));
	yyjson_val *root = NULL, *scopes;

	(void)tag;
	if (answer->kind == ANSWER_OK) {
		root = yyjson_doc_get_root(yyjson_read_opts((char *)(uintptr_t)answer->body.at,
							    answer->body.size, 0, &alc, NULL));
	}
	scopes = yyjson_obj_get(root, "scopes");
	if (yyjson_is_arr(scopes)) {
		judge_scopes(check, scopes);
		ask_organization(check);
		return;
	}
	check_tell(check, CHECK_BAD, "access_token: %s",
		   *why->text ? why->text : "no API of Buildkite answers there: check api_url");
	check_tell(check, CHECK_SKIP, "organization_slug: depends on access_token");
	check_tell(check, CHECK_SKIP, "pipeline_slug: depends on access_token");
}

enum status buildkite_check(struct source_check *check, struct err *err)
{
	const struct buildkite_config *config = check_config(check);
	struct buildkite_check *state = check_state(check);
	const char *organization = config->organization_slug;

	if (!path_encode(organization, strlen(organization), state->organization)) {
		return err_set(err, ERR_CONFIG, "organization_slug: \"%.80s\" can't be a slug", organization);
	}
	check_get(check, "/access-token", on_token, 0);
	return OK;
}
