/* One visit of a project: what is new, the open pipelines that are due, those that may have been run again,
 * then a part of the back-fill. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/circleci.h"

#include "common/log.h"
#include "common/process.h"
#include "common/schema.h"
#include "common/time.h"

#define PAGES_MAX 20000 /* of one visit: tokens may lead in a circle */

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

int64_t visit_date(struct visit *visit, const struct visit_answer *answer)
{
	struct circleci_visit *state = visit_state(visit);
	int64_t date = answer->date_ms != INT_NULL ? answer->date_ms : wall_ms();

	state->date = state->date == INT_NULL || date > state->date ? date : state->date;
	return date;
}

enum status visit_commit(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	msgpack_sbuffer packed;
	enum status status;

	msgpack_sbuffer_init(&packed);
	cursor_pack(&state->cursor, &packed);
	status = visit_page(visit, (struct text){packed.data, packed.size}, err);
	msgpack_sbuffer_destroy(&packed);
	return status;
}

static enum status on_page(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
			   struct err *err);

static enum status ask_page(struct visit *visit, const char *token, struct err *err)
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

static bool is_wanted(const struct circleci_visit *state, const struct item *item)
{
	int64_t from = since_ms(state);

	if (state->finished_from != INT_NULL && item->created_at >= state->finished_from) {
		return true;
	}
	return (from == INT_NULL || item->created_at == INT_NULL || item->created_at >= from) &&
	       (state->since.builds <= 0 || state->cursor.count + state->counted < state->since.builds);
}

/* Of a live walk that goes down to what is known: new, or not known to this cursor. */
static bool is_new(struct circleci_visit *state, const struct item *item)
{
	return item->created_at == INT_NULL ||
	       (item->created_at > state->cursor.covered_to - CURSOR_OVERLAP_MS &&
		!cursor_follow(&state->cursor, item->id));
}

static bool is_first(const struct circleci_visit *state)
{
	return state->cursor.covered_to == INT_NULL;
}

/* The first page of all counts for back-fill, and so does what lies below. */
static enum status add_items(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	bool back = state->phase == PHASE_BACK, first = !back && is_first(state);
	enum status status = OK;

	for (size_t i = 0; status == OK && i < state->page.count; i++) {
		struct item *item = &state->page.at[i];
		bool below = back &&
			     (item->created_at == INT_NULL || item->created_at <= state->cursor.covered_from);

		if (back || first) {
			if (!is_wanted(state, item)) {
				state->bottom = true;
				break;
			}
			state->counted += below || first;
		}
		if (below || first || (!back && is_new(state, item))) {
			status = work_add(visit, item->id, item, back ? ORIGIN_BACKFILL : ORIGIN_LIVE, err);
		}
	}
	return status;
}

static int64_t oldest_of(const struct items *page)
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
		return ask_page(visit, "", err);
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

static void end_count(struct circleci_visit *state)
{
	state->cursor.count += state->counted;
	state->counted = 0;
}

static void begin_back(struct circleci_visit *state)
{
	int64_t oldest = oldest_of(&state->page);

	end_count(state);
	state->cursor.covered_from = oldest != INT_NULL ? oldest : state->date;
	state->cursor.bottom |= state->bottom || !state->next[0];
	memcpy(state->cursor.token, state->next, TOKEN_BYTES);
}

/* True: the walk has reached what is known. */
static bool closes_live(struct circleci_visit *state)
{
	int64_t oldest = oldest_of(&state->page);

	if (is_first(state)) {
		begin_back(state);
	} else if (state->next[0] &&
		   (oldest == INT_NULL || oldest > state->cursor.covered_to - CURSOR_OVERLAP_MS)) {
		return false;
	}
	if (state->top > state->cursor.covered_to) {
		state->cursor.covered_to = state->top;
	} else if (is_first(state)) {
		state->cursor.covered_to = 0; /* an empty project: all that will be there is new */
	}
	return true;
}

static enum status add_due(struct visit *visit, struct err *err)
{
	const struct circleci_config *config = visit_config(visit);
	struct circleci_visit *state = visit_state(visit);
	enum status status = OK;

	for (size_t i = 0; status == OK && i < visit_due_count(visit); i++) {
		const char *key = visit_due_key(visit, i);

		if (strlen(key) < ID_BYTES && !work_has(visit, key)) {
			status = work_add(visit, key, NULL, ORIGIN_LIVE, err);
		}
	}
	for (size_t i = 0; status == OK && i < state->cursor.follow_count; i++) {
		const struct follow *follow = &state->cursor.follows[i];

		if (follow_due(follow, state->date, config->poll_interval_ms) &&
		    !work_has(visit, follow->id)) {
			status = work_add(visit, follow->id, NULL, ORIGIN_LIVE, err);
		}
	}
	return status;
}

static enum status end_live(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	enum status status = visit_commit(visit, err);

	if (status == OK) {
		state->phase = PHASE_DUE;
		status = add_due(visit, err);
	}
	if (status == OK) {
		status = state->works ? work_start(visit, err) : visit_advance(visit, err);
	}
	return status;
}

static enum status advance_back(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	bool more = !state->cursor.bottom;

	if (more && visit_backfill(visit)) {
		return ask_page(visit, state->cursor.token, err);
	}
	visit_done(visit, more ? visit_next_turn(visit) : VISIT_SETTLED);
	return OK;
}

/* A page of the back-fill was read: all of it is below. */
static enum status end_back(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	int64_t oldest = oldest_of(&state->page);

	end_count(state);
	if (oldest != INT_NULL && oldest < state->cursor.covered_from) {
		state->cursor.covered_from = oldest;
	}
	state->cursor.bottom |= state->bottom || !state->next[0];
	memcpy(state->cursor.token, state->next, TOKEN_BYTES);
	items_fini(&state->page);
	return visit_commit(visit, err);
}

enum status visit_advance(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	enum status status = OK;

	if (state->phase == PHASE_LIVE) {
		return closes_live(state) ? end_live(visit, err) : ask_page(visit, state->next, err);
	}
	if (state->phase == PHASE_DUE) {
		state->phase = PHASE_BACK;
		items_fini(&state->page);
	} else {
		status = end_back(visit, err);
	}
	return status == OK ? advance_back(visit, err) : status;
}

enum status visit_begin(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	const struct circleci_config *config = visit_config(visit);
	struct text cursor = visit_cursor(visit);
	struct err unreadable;

	cursor_init(&state->cursor);
	if (cursor.at && cursor_unpack(&state->cursor, cursor, &unreadable) != OK) {
		/* Nothing is lost by reading everything anew: what is known already changes nothing. */
		log_warn("fetch.cursor_unreadable", STR("target", visit_slug(visit)),
			 STR("why", unreadable.text));
	}
	state->date = state->top = INT_NULL;
	state->since = config->since;
	if (visit_newest(visit) >= 0) {
		state->since = (struct config_since){.builds = visit_newest(visit)};
	}
	state->finished_from = cursor.at ? INT_NULL : visit_finished_from(visit);
	return ask_page(visit, "", err);
}
