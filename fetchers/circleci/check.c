/* May the token do what the visits will do? Whose it is, then each project, or the organizations of "*". */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/circleci.h"

#include "fetchers/answer.h"

static const char *project_of(struct source_check *check, intptr_t index)
{
	const struct circleci_config *config = check_config(check);

	return config->project_slug.items[index];
}

static void on_project(struct source_check *check, intptr_t index, const struct visit_answer *answer,
		       const struct err *why)
{
	const char *project = project_of(check, index);

	if (answer->kind == ANSWER_OK) {
		check_tell(check, CHECK_OK, "project_slug: pipelines of %s can be read", project);
	} else if (answer->kind == ANSWER_NOT_FOUND) {
		check_tell(check, CHECK_BAD,
			   "project_slug: there is no project %s for this token: correct the slug (as in "
			   "app.circleci.com/pipelines/github/acme/api: gh/acme/api, or circleci/… of the "
			   "project's settings), or give the token's user access to it",
			   project);
	} else {
		check_tell(check, CHECK_BAD, "project_slug: %s: %s", project, why->text);
	}
}

static void on_organizations(struct source_check *check, intptr_t tag, const struct visit_answer *answer,
			     const struct err *why)
{
	struct text *slugs;
	size_t count = 0;
	struct err err;

	(void)tag;
	if (answer->kind != ANSWER_OK) {
		check_tell(check, CHECK_BAD, "project_slug: *: %s",
			   *why->text ? why->text : "the token's organizations can't be listed");
	} else if (answer_read_organizations(check_arena(check), answer->body, &slugs, &count, &err) != OK) {
		check_tell(check, CHECK_BAD, "project_slug: *: %s", err.text);
	} else if (count == 0) {
		check_tell(check, CHECK_BAD,
			   "project_slug: *: the token's user is in no organization: let one invite them, or "
			   "name the projects");
	} else {
		check_tell(check, CHECK_OK, "project_slug: *: projects of %zu organization%s can be found",
			   count, count == 1 ? "" : "s");
	}
}

static void ask_projects(struct source_check *check)
{
	const struct circleci_config *config = check_config(check);
	struct path path, slug;

	for (size_t i = 0; i < config->project_slug.count; i++) {
		const char *project = project_of(check, (intptr_t)i);

		path_slug(&slug, project);
		if (strcmp(project, "*") == 0) {
			path_organizations(&path);
			check_get(check, path.text, on_organizations, 0);
		} else {
			path_pipelines(&path, slug.text, "");
			check_get(check, path.text, on_project, (intptr_t)i);
		}
	}
}

/* It goes to a terminal. */
static const char *login_of(yyjson_val *user)
{
	const char *login = yyjson_get_str(yyjson_obj_get(user, "login"));

	return login && !login[strspn(login,
				      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.")]
		       ? login
		       : "a user";
}

static void on_token(struct source_check *check, intptr_t tag, const struct visit_answer *answer,
		     const struct err *why)
{
	yyjson_val *root = NULL;
	struct err err;

	(void)tag;
	if (answer->kind == ANSWER_OK && answer_json(check_arena(check), answer->body, &root, &err) == OK &&
	    yyjson_is_obj(root)) {
		check_tell(check, CHECK_OK, "token: valid, of %.100s", login_of(root));
		ask_projects(check);
		return;
	}
	check_tell(check, CHECK_BAD, "token: %s",
		   *why->text ? why->text : "no API of CircleCI answers there: check api_url");
	check_tell(check, CHECK_SKIP, "project_slug: depends on token");
}

enum status circleci_check(struct source_check *check, struct err *err)
{
	(void)err;
	check_get(check, "/me", on_token, 0);
	return OK;
}
