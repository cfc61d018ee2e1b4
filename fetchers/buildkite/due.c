/* Open builds that are due: those that came with no page are asked for by key. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/buildkite.h"

#include "common/log.h"

#define SKIPPED_MAX 3 /* open builds of one visit that the API may fail to give */

static enum status publish_due(struct visit *visit, const char *key, const struct visit_answer *answer,
			       struct err *err)
{
	struct element element;
	const struct visit_build bare = {
		.key = key,
		.observed_at = observed_at(answer),
		.origin = ORIGIN_LIVE,
		.oversize = answer->kind == ANSWER_TOO_LARGE,
	};
	enum status status;

	if (answer->kind != ANSWER_OK) {
		return visit_build(visit, &bare, err);
	}
	status = page_read_one(visit_arena(visit), answer->body, &element, err);
	if (status == OK) {
		element.key = key;
		status = publish_one(visit, &element, ORIGIN_LIVE, false, answer, err);
	}
	return status;
}

/* One build that the API can't give must hold up neither the others nor the back-fill; it is due again. With
 * many of them it is the API that is broken. */
static enum status skip_due(struct visit *visit, intptr_t index, const struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);

	if (++state->skipped > SKIPPED_MAX) {
		return err->status;
	}
	log_warn("fetch.skipped", STR("target", visit_slug(visit)),
		 STR("build", visit_due_key(visit, (size_t)index)), STR("why", err->text));
	return OK;
}

/* Once may be a mishap on the way; a build that is given up must be too large each time. */
static bool is_first_time(struct visit *visit, intptr_t index)
{
	struct buildkite_visit *state = visit_state(visit);
	bool first = !state->due_large[index];

	state->due_large[index] = true;
	return first;
}

static enum status on_build(struct visit *visit, intptr_t index, const struct visit_answer *answer,
			    struct err *err)
{
	enum status status;

	if (answer->kind == ANSWER_TOO_LARGE && is_first_time(visit, index)) {
		return ERR_DATA;
	}
	status = answer->kind == ANSWER_UNUSABLE
			 ? skip_due(visit, index, err)
			 : publish_due(visit, visit_due_key(visit, (size_t)index), answer, err);
	if (status == OK) {
		status = visit_page(visit, (struct text){0}, err);
	}
	/* This request still counts as waiting. */
	return status == OK && visit_waiting(visit) == 1 ? visit_advance(visit, err) : status;
}

enum status due_ask(struct visit *visit, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	enum status status = OK;

	for (size_t i = 0; status == OK && i < visit_due_count(visit) && i < DUE_MAX; i++) {
		struct path path;

		if (!state->due_seen[i]) {
			path_build(&path, state, visit_due_key(visit, i));
			status = visit_get(visit, path.text, VISIT_LIVE, on_build, (intptr_t)i, err);
		}
	}
	return status;
}
