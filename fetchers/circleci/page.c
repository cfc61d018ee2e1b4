/* Pages of a project's list of pipelines, and which of them are to be read. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/circleci.h"

#include "common/schema.h"
#include "common/time.h"

#define PAGES_MAX 20000 /* of one visit: tokens may lead in a circle */
/* What was created so long before the newest finish that the destinations know may have ended since. */
#define LATER_MS (6 * HOUR_MS)

static enum status not_found(struct visit *visit, struct err *err)
{
	if (visit_cursor(visit).at) {
		return err_set(err, ERR_CONFIG,
			       "CircleCI has no project '%s' any more: it was deleted or renamed, or the "
			       "token lost access; it is looked for again by itself",
			       visit_slug(visit));
	}
	return err_set(err, ERR_CONFIG,
		       "CircleCI has no project '%s' for this token: check project_slug (gh/acme/api), and "
		       "that the token's user can see it",
		       visit_slug(visit));
}

static enum status on_page(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
			   struct err *err);

enum status page_ask(struct visit *visit, const char *token, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	bool back = state->phase == PHASE_BACK;
	struct path path;

	memmove(state->token, token, strlen(token) + 1);
	path_pipelines(&path, state->slug, state->token);
	return visit_get(visit, path.text, back ? VISIT_BACKFILL : VISIT_LIVE, on_page, 0, err);
}

/* The oldest creation that `since` wants; INT_NULL: all. */
static int64_t since_ms(const struct circleci_visit *state)
{
	return state->since.ago_ms > 0    ? state->date - state->since.ago_ms
	       : state->since.date_ms > 0 ? state->since.date_ms
					  : INT_NULL;
}

enum wanted { NOT_WANTED, WANTED_IF_LATER, WANTED };

static enum wanted wanted(const struct circleci_visit *state, const struct item *item)
{
	int64_t from = since_ms(state), known = state->finished_from;

	if (known != INT_NULL && item->created_at >= known) {
		return WANTED;
	}
	if ((from == INT_NULL || item->created_at == INT_NULL || item->created_at >= from) &&
	    (state->since.builds <= 0 || state->cursor.count + state->counted < state->since.builds)) {
		return WANTED;
	}
	return known != INT_NULL && item->created_at >= known - LATER_MS ? WANTED_IF_LATER : NOT_WANTED;
}

/* Of a live walk that goes down to what is known: new, or not known to this cursor. */
static bool is_new(struct circleci_visit *state, const struct item *item)
{
	return item->created_at == INT_NULL ||
	       (item->created_at > state->cursor.covered_to - CURSOR_OVERLAP_MS &&
		!cursor_follow(&state->cursor, item->id));
}

bool page_is_first(const struct circleci_visit *state)
{
	return state->cursor.covered_to == INT_NULL;
}

/* The first page of all counts for back-fill, and so does what lies below. */
static enum status add_items(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	bool back = state->phase == PHASE_BACK, first = !back && page_is_first(state);
	enum build_origin origin = back ? ORIGIN_BACKFILL : ORIGIN_LIVE;
	enum status status = OK;

	for (size_t i = 0; status == OK && i < state->page.count; i++) {
		struct item *item = &state->page.at[i];
		bool below = back &&
			     (item->created_at == INT_NULL || item->created_at <= state->cursor.covered_from);
		enum wanted how = back || first ? wanted(state, item) : WANTED;

		if (how == NOT_WANTED) {
			state->bottom = true;
			break;
		}
		state->counted += how == WANTED && (below || first);
		if (below || first || (!back && is_new(state, item))) {
			status = work_add_item(visit, item, origin, how == WANTED_IF_LATER, err);
		}
	}
	return status;
}

int64_t page_oldest(const struct items *page)
{
	int64_t oldest = INT_NULL;

	for (size_t i = 0; i < page->count; i++) {
		if (page->at[i].created_at != INT_NULL &&
		    (oldest == INT_NULL || page->at[i].created_at < oldest)) {
			oldest = page->at[i].created_at;
		}
	}
	return oldest;
}

static void note_top(struct circleci_visit *state)
{
	for (size_t i = 0; i < state->page.count; i++) {
		if (state->page.at[i].created_at > state->top) {
			state->top = state->page.at[i].created_at;
		}
	}
}

/* The token of a page far down may be forgotten by the provider: then the list is gone down anew. */
static enum status page_failed(struct visit *visit, const struct visit_answer *answer, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);

	if (state->phase == PHASE_BACK && state->token[0] && !state->again) {
		state->again = true;
		return page_ask(visit, "", err);
	}
	return answer->kind == ANSWER_UNUSABLE ? err->status : not_found(visit, err);
}

static enum status on_page(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
			   struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	struct items page = {0};
	enum status status;

	(void)tag;
	if (++state->pages > PAGES_MAX) {
		return err_set(err, ERR_CONFIG, "CircleCI's list of pipelines has no end after %d pages",
			       PAGES_MAX);
	}
	if (answer->kind != ANSWER_OK) {
		return page_failed(visit, answer, err);
	}
	memcpy(state->next, state->token, TOKEN_BYTES);
	status = answer_read_list(visit_arena(visit), answer->body, &page, state->next, err);
	if (status != OK) {
		items_fini(&page);
		return status;
	}
	(void)visit_date(visit, answer);
	items_fini(&state->page);
	state->page = page;
	if (state->phase == PHASE_LIVE) {
		note_top(state);
	}
	status = add_items(visit, err);
	if (status == OK) {
		status = state->works ? work_start(visit, err) : visit_advance(visit, err);
	}
	return status;
}
