/* One visit of a pipeline: the live walks, the open builds that are due, then a part of the back-fill. Or of
 * an organization: its live walks alone (live.c). */
/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/buildkite.h"

#include "common/log.h"
#include "common/time.h"

#define BACK_PAGES_MAX 200 /* of one visit */

/* What is open is listed once a minute, to see builds that run again after they had finished; and where that
 * is less than asking for each of so many. */
#define LOOK_MS   MINUTE_MS
#define LOOK_KEYS 4

static enum status not_found(struct visit *visit, struct err *err)
{
	const char *slug = visit_slug(visit), *slash = strchr(slug, '/');

	if (visit_cursor(visit).at) {
		return err_set(err, ERR_CONFIG,
			       "Buildkite has no pipeline '%s' in organization '%.*s' any more: it was "
			       "deleted, or renamed (then change pipeline_slug: what is stored keeps its "
			       "ids), or the token lost access; it is looked for again by itself",
			       slash + 1, (int)(slash - slug), slug);
	}
	return err_set(err, ERR_CONFIG,
		       "Buildkite has no pipeline '%s' in organization '%.*s' for this token: check "
		       "pipeline_slug and "
		       "organization_slug, and that the token has access to the organization",
		       slash + 1, (int)(slash - slug), slug);
}

static bool any_asked(const struct buildkite_visit *state)
{
	for (int slot = 0; slot < SLOTS; slot++) {
		if (state->asked[slot] > 0) {
			return true;
		}
	}
	return false;
}

static enum status advance_back(struct visit *visit, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	bool more = walk_backfilling(&state->walk);

	if (more && !state->resumed && state->back_pages < BACK_PAGES_MAX && visit_backfill(visit)) {
		walk_deal(&state->walk);
		return pages_ask(visit, WALK_BACK, WALK_LEGS - 1, err);
	}
	if (!any_asked(state)) {
		/* A live walk that was begun long ago ended in the past: what is newer is due at once. */
		visit_done(visit, state->resumed ? 0 : more ? visit_next_turn(visit) : VISIT_SETTLED);
	}
	return OK;
}

static size_t unseen(const struct visit *visit, const struct buildkite_visit *state)
{
	size_t count = 0;

	for (size_t i = 0; i < visit_due_count(visit) && i < DUE_MAX; i++) {
		count += !state->due_seen[i];
	}
	return count;
}

/* A source of many pipelines has a live walk that looks at all of them at once. */
static bool wants_look(struct visit *visit)
{
	const struct buildkite_visit *state = visit_state(visit);
	const struct buildkite_config *config = visit_config(visit);
	int64_t looked_at = state->walk.looked_at;

	if (state->looked || config->pipeline_slug.count != 1 ||
	    strcmp(config->pipeline_slug.items[0], "*") == 0) {
		return false;
	}
	return looked_at == WALK_NONE || state->date == WALK_NONE || state->date < looked_at ||
	       state->date - looked_at >= LOOK_MS || unseen(visit, state) >= LOOK_KEYS;
}

static bool reads_live(struct visit *visit)
{
	struct buildkite_visit *state = visit_state(visit);

	if (state->missing) {
		return false;
	}
	if (walk_live(&state->walk) || walk_live(&state->open)) {
		return true;
	}
	if (wants_look(visit)) {
		look_open(state);
		return true;
	}
	return false;
}

static enum status ask_live(struct visit *visit, struct err *err)
{
	enum status status = pages_ask(visit, WALK_CREATED, WALK_FINISHED, err);

	return status == OK ? pages_ask(visit, SLOT_OPEN, SLOT_OPEN, err) : status;
}

static void advance_due(struct visit *visit)
{
	struct buildkite_visit *state = visit_state(visit);

	if (visit_waiting(visit) > 1) {
		return;
	}
	state->phase = PHASE_BACK;
	if (!state->live && !state->missing) {
		walk_back(&state->walk, &state->since, state->date);
	}
}

enum status visit_advance(struct visit *visit, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	enum status status = OK;

	if (state->phase == PHASE_LIVE) {
		if (reads_live(visit)) {
			return ask_live(visit, err);
		}
		state->phase = PHASE_DUE;
		status = state->missing && state->live ? OK : due_ask(visit, err);
	}
	if (status == OK && state->phase == PHASE_DUE) {
		advance_due(visit);
	}
	if (status != OK || state->phase == PHASE_DUE) {
		return status;
	}
	if (state->missing) { /* or deleted meanwhile */
		return state->live ? live_missing(visit, err) : not_found(visit, err);
	}
	return advance_back(visit, err);
}

enum status visit_begin(struct visit *visit, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	const struct buildkite_config *config = visit_config(visit);
	struct text cursor = visit_cursor(visit);
	struct err unreadable;

	state->per_page = state->most_per_page = PER_PAGE;
	state->date = WALK_NONE;
	walk_init(&state->walk);
	if (cursor.at && walk_unpack(&state->walk, cursor, &unreadable) != OK) {
		/* Nothing is lost by reading everything anew: what is known already changes nothing. */
		log_warn("fetch.cursor_unreadable", STR("target", visit_slug(visit)),
			 STR("why", unreadable.text));
	}
	if (visit_is_anew(visit)) {
		state->walk.legs[WALK_CREATED].open = state->walk.legs[WALK_FINISHED].open = false;
	}
	state->since = config->since;
	if (visit_newest(visit) >= 0) {
		state->since = (struct config_since){.builds = visit_newest(visit)};
	}
	state->resumed = walk_begin(&state->walk);
	if (!cursor.at && visit_finished_from(visit) != INT_NULL) {
		walk_finished_from(&state->walk, visit_finished_from(visit));
	}
	return ask_live(visit, err);
}
