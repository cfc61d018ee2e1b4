/* Which projects the token follows: the pipelines of each of its organizations tell. The API lists those of
 * projects that were built lately, so what was found once stays, in the cursor. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/circleci.h"

#include "common/log.h"
#include "common/schema.h"
#include "common/time.h"

#include <stdlib.h>

#define DISCOVER_EVERY_MS (10 * MINUTE_MS)
#define SLUGS_MAX         400 /* the cursor holds 64 KiB */
#define QUIET_PAGES       5   /* so many pages without a new project end the list of an organization */
#define ORGANIZATIONS_MAX 200

struct organization {
	char *slug;
	char token[TOKEN_BYTES];
	int quiet;
};

struct discovery {
	char *slugs[SLUGS_MAX];
	size_t count;
	struct organization organizations[ORGANIZATIONS_MAX];
	size_t organization_count;
	size_t waiting;
};

void discovery_free(struct discovery **discovery)
{
	for (size_t i = 0; *discovery && i < (*discovery)->count; i++) {
		free((*discovery)->slugs[i]);
	}
	for (size_t i = 0; *discovery && i < (*discovery)->organization_count; i++) {
		free((*discovery)->organizations[i].slug);
	}
	free(*discovery);
	*discovery = NULL;
}

/* gh/acme/api; anything else can't be asked for. */
static bool is_slug(const char *text, size_t size)
{
	size_t parts = 1;

	for (size_t i = 0; i < size; i++) {
		parts += text[i] == '/';
		if (text[i] <= ' ' || strchr("?#\"\\", text[i])) {
			return false;
		}
	}
	return parts == 3 && size < 160 && !strstr(text, "..");
}

/* True: it is new. */
static bool add_slug(struct discovery *found, const char *text, size_t size)
{
	for (size_t i = 0; i < found->count; i++) {
		if (strlen(found->slugs[i]) == size && memcmp(found->slugs[i], text, size) == 0) {
			return false;
		}
	}
	if (found->count == SLUGS_MAX || !is_slug(text, size)) {
		return false;
	}
	found->slugs[found->count] = strndup(text, size);
	found->count += found->slugs[found->count] != NULL;
	return true;
}

/* One a line. */
static void recall(struct discovery *found, struct text cursor)
{
	while (cursor.size > 0) {
		const char *end = memchr(cursor.at, '\n', cursor.size);
		size_t size = end ? (size_t)(end - cursor.at) : cursor.size;

		add_slug(found, cursor.at, size);
		size += end != NULL;
		cursor.at += size;
		cursor.size -= size;
	}
}

static enum status report(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	struct discovery *found = state->discovery;
	struct arena *arena = visit_arena(visit);
	struct text slugs[SLUGS_MAX], cursor = TEXT("");
	enum status status;

	arena_reset(arena);
	for (size_t i = 0; i < found->count; i++) {
		slugs[i] = text_of(found->slugs[i]);
		cursor = arena_join(arena, cursor, slugs[i], TEXT("\n"));
	}
	status = visit_targets(visit, slugs, found->count, err);
	if (status == OK) {
		status = visit_page(visit, cursor, err);
	}
	if (status == OK) {
		log_info("fetch.discovered", STR("target", visit_slug(visit)),
			 NUM("pipelines", found->count));
		visit_done(visit, DISCOVER_EVERY_MS);
	}
	return status;
}

static enum status on_pipelines(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
				struct err *err);

static enum status ask_pipelines(struct visit *visit, intptr_t tag, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	const struct organization *organization = &state->discovery->organizations[tag];
	struct path path;

	path_followed(&path, organization->slug, organization->token);
	return visit_get(visit, path.text, VISIT_LIVE, on_pipelines, tag, err);
}

static void add_projects(struct discovery *found, struct organization *organization,
			 const struct items *pipelines)
{
	organization->quiet++;
	for (size_t i = 0; i < pipelines->count; i++) {
		struct path slug;

		path_slug(&slug, pipelines->at[i].project);
		if (add_slug(found, slug.text, slug.size)) {
			organization->quiet = 0;
		}
	}
}

/* An organization that can't be listed hides its projects, not those of others. */
static enum status on_pipelines(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
				struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	struct organization *organization = &state->discovery->organizations[tag];
	struct items pipelines = {0};

	if (answer->kind == ANSWER_UNUSABLE) {
		return err->status;
	}
	if (answer->kind == ANSWER_OK) {
		enum status status = answer_read_list(visit_arena(visit), answer->body, &pipelines,
						      organization->token, err);

		if (status == OK) {
			add_projects(state->discovery, organization, &pipelines);
		}
		items_fini(&pipelines);
		if (status != OK) {
			return status;
		}
		if (organization->token[0] && organization->quiet < QUIET_PAGES) {
			return ask_pipelines(visit, tag, err);
		}
	}
	return --state->discovery->waiting > 0 ? OK : report(visit, err);
}

static enum status on_organizations(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
				    struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	struct discovery *found = state->discovery;
	enum status status = OK;
	struct text *slugs;
	size_t count;

	(void)tag;
	if (answer->kind != ANSWER_OK) {
		return answer->kind == ANSWER_UNUSABLE
			       ? err->status
			       : err_set(err, ERR_CONFIG, "CircleCI doesn't list this token's organizations");
	}
	status = answer_read_organizations(visit_arena(visit), answer->body, &slugs, &count, err);
	for (size_t i = 0; status == OK && i < count && i < ORGANIZATIONS_MAX; i++) {
		found->organizations[i].slug = strndup(slugs[i].at, slugs[i].size);
		found->organization_count += found->organizations[i].slug != NULL;
	}
	for (size_t i = 0; status == OK && i < found->organization_count; i++) {
		found->waiting++;
		status = ask_pipelines(visit, (intptr_t)i, err);
	}
	return status != OK || found->waiting > 0 ? status : report(visit, err);
}

enum status discover_start(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	struct path path;

	state->discovery = calloc(1, sizeof *state->discovery);
	if (!state->discovery) {
		return err_set(err, ERR_SYS, "out of memory for the projects");
	}
	recall(state->discovery, visit_cursor(visit));
	path_organizations(&path);
	return visit_get(visit, path.text, VISIT_LIVE, on_organizations, 0, err);
}
