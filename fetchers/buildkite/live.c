/* The live walk of an organization: what is new of all its pipelines in one list each for what was created,
 * what finished and what is open now. It has no history to read: that, and what it may miss, is the matter of
 * the pipelines' own visits (docs/decisions/0005-one-walk-for-all.md). */
/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/buildkite.h"

static bool follows(const struct buildkite_config *config, const char *slug)
{
	for (size_t i = 0; i < config->pipeline_slug.count; i++) {
		const char *item = config->pipeline_slug.items[i];

		if (strcmp(item, "*") == 0 || strcmp(item, slug) == 0) {
			return true;
		}
	}
	return false;
}

enum status live_assign(struct visit *visit, struct element *elements, size_t count, struct err *err)
{
	char encoded[SLUG_MAX * 3 + 1];

	for (size_t i = 0; i < count; i++) {
		const char *slug = element_pipeline(&elements[i]);

		elements[i].foreign = !slug || !follows(visit_config(visit), slug) ||
				      !path_encode(slug, strlen(slug), encoded);
		if (elements[i].foreign) {
			continue;
		}
		elements[i].key = arena_format(visit_arena(visit), "%s#%s", encoded, elements[i].key);
		if (!elements[i].key) {
			return err_set(err, ERR_DATA, "out of memory for a page");
		}
	}
	return OK;
}

enum status live_missing(struct visit *visit, struct err *err)
{
	const char *slug = visit_slug(visit);

	return err_set(err, ERR_CONFIG,
		       "Buildkite lists no builds of the whole organization '%.*s' for this token: each "
		       "pipeline is visited by itself",
		       (int)strcspn(slug, "/"), slug);
}

void look_open(struct buildkite_visit *state)
{
	walk_init(&state->open);
	state->open.covered_to = state->open.finished_to =
		0; /* no first visit, which has bounds of its own */
	state->open.legs[WALK_CREATED] =
		(struct walk_leg){.open = true, .from = WALK_NONE, .to = WALK_NONE, .date = WALK_NONE};
	state->looked = true;
}

enum status live_start(struct visit *visit, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);

	visit_spare(visit);
	state->live = true;
	look_open(state);
	return visit_begin(visit, err);
}
