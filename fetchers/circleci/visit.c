/* One visit of a project: what is new, the open pipelines that are due, those that may have been run again,
 * then a part of the back-fill. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/circleci.h"

#include "common/log.h"
#include "common/process.h"
#include "common/schema.h"
#include "common/time.h"

int64_t visit_date(struct visit *visit, const struct visit_answer *answer)
{
	struct circleci_visit *state = visit_state(visit);
	int64_t date = answer->date_ms != INT_NULL ? answer->date_ms : wall_ms();

	state->date = state->date == INT_NULL || date > state->date ? date : state->date;
	return date;
}

/* Amid a page of back-fill: what is newer than all that remains of it is read. Returns how many remain. */
static int64_t cover_part(struct circleci_visit *state)
{
	int64_t newest = INT_NULL, count = 0;

	for (const struct work *work = state->works; work; work = work->next, count++) {
		newest = work->pipeline.created_at > newest ? work->pipeline.created_at : newest;
	}
	if (newest != INT_NULL && newest < state->cursor.covered_from) {
		state->cursor.covered_from = newest;
	}
	return count;
}

enum status visit_commit(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	int64_t count = state->cursor.count;
	msgpack_sbuffer packed;
	enum status status;

	if (state->phase == PHASE_BACK && state->works) {
		state->cursor.count += state->counted - cover_part(state);
	}
	msgpack_sbuffer_init(&packed);
	cursor_pack(&state->cursor, &packed);
	state->cursor.count = count;
	status = visit_page(visit, (struct text){packed.data, packed.size}, err);
	msgpack_sbuffer_destroy(&packed);
	return status;
}

static void end_count(struct circleci_visit *state)
{
	state->cursor.count += state->counted;
	state->counted = 0;
}

static void begin_back(struct circleci_visit *state)
{
	int64_t oldest = page_oldest(&state->page);

	end_count(state);
	state->cursor.covered_from = oldest != INT_NULL ? oldest : state->date;
	state->cursor.bottom |= state->bottom || !state->next[0];
	memcpy(state->cursor.token, state->next, TOKEN_BYTES);
}

/* True: the walk has reached what is known. */
static bool closes_live(struct circleci_visit *state)
{
	int64_t oldest = page_oldest(&state->page);

	if (page_is_first(state)) {
		begin_back(state);
	} else if (state->next[0] &&
		   (oldest == INT_NULL || oldest > state->cursor.covered_to - CURSOR_OVERLAP_MS)) {
		return false;
	}
	if (state->top > state->cursor.covered_to) {
		state->cursor.covered_to = state->top;
	} else if (page_is_first(state)) {
		state->cursor.covered_to = 0; /* an empty project: all that will be there is new */
	}
	return true;
}

/* The list, or another key, has had it read in this visit. */
static bool is_fresh(struct visit *visit, const char *id)
{
	struct circleci_visit *state = visit_state(visit);
	const struct follow *known = cursor_follow(&state->cursor, id);

	return work_has(visit, id) || (known && known->fresh);
}

static enum status add_due(struct visit *visit, struct err *err)
{
	const struct circleci_config *config = visit_config(visit);
	struct circleci_visit *state = visit_state(visit);
	enum status status = OK;

	for (size_t i = 0; status == OK && i < visit_due_count(visit); i++) {
		const char *key = visit_due_key(visit, i);

		if (strlen(key) < ID_BYTES && !is_fresh(visit, key)) {
			status = work_add_key(visit, key, true, err);
		}
	}
	for (size_t i = 0; status == OK && i < state->cursor.follow_count; i++) {
		const struct follow *follow = &state->cursor.follows[i];

		if (follow_due(follow, state->date, config->poll_interval_ms) &&
		    !is_fresh(visit, follow->id)) {
			status = work_add_key(visit, follow->id, false, err);
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
		return page_ask(visit, state->cursor.token, err);
	}
	visit_done(visit, more ? visit_next_turn(visit) : VISIT_SETTLED);
	return OK;
}

/* A page of the back-fill was read: all of it is below. */
static enum status end_back(struct visit *visit, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	int64_t oldest = page_oldest(&state->page);

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
		return closes_live(state) ? end_live(visit, err) : page_ask(visit, state->next, err);
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
	return page_ask(visit, "", err);
}
