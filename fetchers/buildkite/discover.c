/* Which pipelines an organization has: a list by page numbers, which Buildkite has no filter for. A pipeline
 * that a shifting page hides is back with the next discovery, and its cursor with it: nothing is lost. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/buildkite.h"

#include "common/log.h"
#include "common/time.h"

#define DISCOVER_EVERY_MS (10 * MINUTE_MS)
#define PAGES_MAX         5000
#define NAMES_BYTES_MAX   (64 << 20)

static enum status on_pipelines(struct visit *visit, intptr_t page, const struct visit_answer *answer,
				struct err *err);

static enum status ask(struct visit *visit, int page, struct err *err)
{
	struct path path;

	path_pipelines(&path, visit_state(visit), page);
	return visit_get(visit, path.text, VISIT_LIVE, on_pipelines, page, err);
}

static enum status report(struct visit *visit, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	struct discovery *found = &state->discovery;
	enum status status = visit_targets(visit, found->slugs, found->count, err);

	if (status != OK) {
		return status;
	}
	log_info("fetch.discovered", STR("target", visit_slug(visit)), NUM("pipelines", found->count));
	visit_done(visit, DISCOVER_EVERY_MS);
	return OK;
}

/* The slugs as the hub names targets: with their organization. */
static enum status with_organization(struct visit *visit, size_t from, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	const char *slug = visit_slug(visit);
	int length = (int)strcspn(slug, "/");

	for (size_t i = from; i < state->discovery.count; i++) {
		struct text *text = &state->discovery.slugs[i];
		char encoded[SLUG_MAX * 3 + 1], *full;

		if (!path_encode(text->at, text->size, encoded)) {
			return err_set(err, ERR_DATA, "a pipeline's slug of %zu bytes", text->size);
		}
		full = arena_format(&state->found, "%.*s/%s", length, slug, encoded);

		if (!full) {
			return err_set(err, ERR_SYS, "out of memory for %zu pipelines",
				       state->discovery.count);
		}
		*text = text_of(full);
	}
	return OK;
}

static enum status on_pipelines(struct visit *visit, intptr_t page, const struct visit_answer *answer,
				struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	size_t before = state->discovery.count, count;
	enum status status;

	if (answer->kind == ANSWER_UNUSABLE) {
		return err->status;
	}
	if (answer->kind != ANSWER_OK) {
		return err_set(err, ERR_CONFIG,
			       "Buildkite has no organization '%.*s' for this token: check "
			       "organization_slug, and that the "
			       "token has access to it",
			       (int)strcspn(visit_slug(visit), "/"), visit_slug(visit));
	}
	status = page_read_pipelines(visit_arena(visit), answer->body, &state->found, &state->discovery,
				     &count, err);
	if (status == OK) {
		status = with_organization(visit, before, err);
	}
	if (status != OK) {
		state->discovery.count = before;
		return status;
	}
	if ((answer->next_page || count >= PER_PAGE) && count > 0) {
		return page < PAGES_MAX ? ask(visit, (int)page + 1, err)
					: err_set(err, ERR_CONFIG,
						  "Buildkite's list of pipelines has no end after %d pages",
						  PAGES_MAX);
	}
	return report(visit, err);
}

enum status discover_start(struct visit *visit, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);

	arena_init(&state->found, NAMES_BYTES_MAX);
	return ask(visit, 1, err);
}
