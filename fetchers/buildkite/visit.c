/* One visit of a pipeline: the live walks, the open builds that are due, then a part of the back-fill. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/buildkite.h"

#include "common/log.h"
#include "common/process.h"

#define BACK_PAGES_MIN                                                                                       \
	20 /* of one visit, however slow they come: each visit costs two requests of its own                 \
	    */
#define BACK_PAGES_MAX 200
#define SMALL_PAGE     12
#define SKIPPED_MAX    3    /* open builds of one visit that the API may fail to give */
#define BACK_MS        2000 /* then other targets get their turn */

static enum status advance(struct visit *visit, struct err *err);
static enum status on_page(struct visit *visit, intptr_t slot, const struct visit_answer *answer,
			   struct err *err);

/* Page numbers count pages of one size: while a leg is read by number its pages don't grow, and when they
 * must shrink, or another visit began it, that millisecond is read again from its first page. */
static int page_size(struct buildkite_visit *state, int slot)
{
	struct walk_leg *leg = &state->walk.legs[slot];
	int size = walk_size(&state->walk, slot, state->bare[slot] ? 1 : state->per_page);
	int last = state->size[slot];

	if (leg->page > 0) {
		size = last > 0 && last < size ? last : size;
		leg->page = size == last ? leg->page : 1;
	}
	state->size[slot] = size;
	return size;
}

static enum status ask_page(struct visit *visit, int slot, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	struct path path;

	state->asked[slot] = page_size(state, slot);
	path_builds(&path, state, slot);
	return visit_get(visit, path.text, slot >= WALK_BACK ? VISIT_BACKFILL : VISIT_LIVE, on_page, slot,
			 err);
}

/* Every leg among first..last that is open and has no page under way. */
static enum status ask_legs(struct visit *visit, int first, int last, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);

	for (int slot = first; slot <= last; slot++) {
		if (state->walk.legs[slot].open && !state->asked[slot] && walk_ready(&state->walk, slot)) {
			enum status status = ask_page(visit, slot, err);

			if (status != OK) {
				return status;
			}
		}
	}
	return OK;
}

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

static int64_t observed_at(const struct visit_answer *answer)
{
	/* Only an API behind a proxy that drops Date leaves us without the provider's time. */
	return answer->date_ms != INT_NULL ? answer->date_ms : wall_ms();
}

static void mark_due(struct visit *visit, const char *key)
{
	struct buildkite_visit *state = visit_state(visit);

	for (size_t i = 0; i < visit_due_count(visit) && i < DUE_MAX; i++) {
		state->due_seen[i] |= strcmp(visit_due_key(visit, i), key) == 0;
	}
}

/* What was over before anybody watched is back-fill, though it comes with the first page. */
static enum build_origin origin_of(bool first, int slot, const struct element *element)
{
	return slot >= WALK_BACK || (first && element->finished) ? ORIGIN_BACKFILL : ORIGIN_LIVE;
}

/* A build that can't be written again travels as oversize: its key is found among the dead letters, the page
 * goes on. */
static enum status publish_one(struct visit *visit, const struct element *element, enum build_origin origin,
			       bool bare, const struct visit_answer *answer, struct err *err)
{
	const struct buildkite_config *config = visit_config(visit);
	struct text json =
		bare ? (struct text){0} : element_json(visit_scratch(visit), element, &config->redact);
	const struct visit_build build = {
		.key = element->key,
		.url = element->url,
		.observed_at = observed_at(answer),
		.origin = origin,
		.json = json,
		.oversize = !json.at,
	};

	return visit_build(visit, &build, err);
}

static enum status publish(struct visit *visit, int slot, const struct element *elements, size_t count,
			   const struct visit_answer *answer, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	bool first = state->walk.covered_to == WALK_NONE;
	enum status status = OK;

	for (size_t i = 0; status == OK && i < count; i++) {
		mark_due(visit, elements[i].key);
		status = publish_one(visit, &elements[i], origin_of(first, slot, &elements[i]),
				     state->bare[slot], answer, err);
	}
	return status;
}

static enum status cut(struct visit *visit, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	msgpack_sbuffer cursor;
	enum status status;

	msgpack_sbuffer_init(&cursor);
	walk_pack(&state->walk, &cursor);
	status = visit_page(visit, (struct text){cursor.data, cursor.size}, err);
	msgpack_sbuffer_destroy(&cursor);
	return status;
}

/* Half as many builds a page; a single one without its jobs, only to get past it. */
static enum status ask_for_less(struct visit *visit, int slot, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);

	if (state->bare[slot]) {
		return err_set(err, ERR_DATA, "one build is too large even without its jobs");
	}
	if (state->asked[slot] == 1) {
		state->bare[slot] = true;
	} else {
		state->per_page = state->asked[slot] / 2;
	}
	return ask_page(visit, slot, err);
}

static enum status describe(struct visit *visit, int slot, const struct element *elements, size_t count,
			    const struct visit_answer *answer, struct walk_page *out, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	int64_t *created = arena_alloc(visit_arena(visit), (count + 1) * sizeof *created);
	int64_t *number = arena_alloc(visit_arena(visit), (count + 1) * sizeof *number);

	if (!created || !number) {
		return err_set(err, ERR_DATA, "out of memory for a page");
	}
	for (size_t i = 0; i < count; i++) {
		created[i] = elements[i].created_at;
		number[i] = elements[i].number;
	}
	state->links |= answer->next_page;
	*out = (struct walk_page){
		.date = answer->date_ms != INT_NULL ? answer->date_ms : WALK_NONE,
		.count = count,
		.created = created,
		.number = number,
		.more = answer->next_page || (!state->links && count >= (size_t)state->asked[slot]),
		.size = state->asked[slot],
		.last_page = answer->last_page,
	};
	return OK;
}

/* Takes the page over: builds and cursor go together, or nothing does. */
static enum status take(struct visit *visit, int slot, const struct element *elements,
			const struct walk_page *page, const struct visit_answer *answer, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	const struct buildkite_config *config = visit_config(visit);
	struct walk next = state->walk;
	size_t count = walk_take(&state->walk, slot, page, &config->since);
	enum status status = walk_step(&next, slot, page, &config->since, err);

	if (status != OK) {
		return status;
	}
	status = publish(visit, slot, elements, count, answer, err);
	state->walk = next;
	if (page->date != WALK_NONE && page->date > state->date) {
		state->date = page->date;
	}
	/* A page without news moves the cursor only where a walk ends. */
	if (status == OK && (count > 0 || !next.legs[slot].open) &&
	    !(slot < WALK_BACK && count == 0 && walk_live(&next))) {
		status = cut(visit, err);
	}
	return status;
}

static enum status on_page(struct visit *visit, intptr_t slot, const struct visit_answer *answer,
			   struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	struct element *elements;
	struct walk_page page;
	size_t count;
	enum status status;

	if (answer->kind == ANSWER_UNUSABLE && err->status == ERR_DATA &&
	    walk_too_deep(&state->walk, (int)slot)) {
		state->asked[slot] = 0;
		return advance(visit, err);
	}
	/* A page that times out, or is too much for the provider, is that every time: a smaller one may come.
	 */
	if (answer->kind == ANSWER_UNUSABLE &&
	    (err->status != ERR_REMOTE || state->asked[slot] <= SMALL_PAGE)) {
		return err->status;
	}
	if (answer->kind == ANSWER_NOT_FOUND) {
		state->missing = true;
		return advance(visit, err);
	}
	if (answer->kind == ANSWER_UNUSABLE) {
		state->most_per_page =
			state->asked[slot] / 2; /* each try cost seconds: no further one today */
	}
	if (answer->kind != ANSWER_OK) {
		return ask_for_less(visit, (int)slot, err);
	}
	status = page_read(visit_arena(visit), answer->body, &elements, &count, err);
	if (status == OK) {
		status = describe(visit, (int)slot, elements, count, answer, &page, err);
	}
	if (status == OK) {
		status = take(visit, (int)slot, elements, &page, answer, err);
	}
	if (status != OK) {
		return status;
	}
	state->asked[slot] = 0;
	state->bare[slot] = false;
	state->per_page =
		state->per_page * 2 < state->most_per_page ? state->per_page * 2 : state->most_per_page;
	state->back_pages += slot >= WALK_BACK;
	return advance(visit, err);
}

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

static enum status on_build(struct visit *visit, intptr_t index, const struct visit_answer *answer,
			    struct err *err)
{
	enum status status = answer->kind == ANSWER_UNUSABLE
				     ? skip_due(visit, index, err)
				     : publish_due(visit, visit_due_key(visit, (size_t)index), answer, err);

	if (status == OK) {
		status = visit_page(visit, (struct text){0}, err);
	}
	/* This request still counts as waiting. */
	return status == OK && visit_waiting(visit) == 1 ? advance(visit, err) : status;
}

static enum status ask_due(struct visit *visit, struct err *err)
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

static bool back_enough(struct visit *visit)
{
	struct buildkite_visit *state = visit_state(visit);
	const struct buildkite_config *config = visit_config(visit);
	int64_t age_ms = visit_age_ms(visit);

	if (visit_sync(visit)) {
		return false;
	}
	/* What is new must not wait for longer than poll_interval. */
	return state->back_pages >= BACK_PAGES_MAX ||
	       (state->back_pages >= BACK_PAGES_MIN && age_ms >= BACK_MS) ||
	       (age_ms >= config->poll_interval_ms && age_ms >= BACK_MS);
}

static bool any_asked(const struct buildkite_visit *state)
{
	for (int slot = 0; slot < WALK_LEGS; slot++) {
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

	if (more && !state->resumed && !back_enough(visit)) {
		walk_deal(&state->walk);
		return ask_legs(visit, WALK_BACK, WALK_LEGS - 1, err);
	}
	if (!any_asked(state)) {
		/* A live walk that was begun long ago ended in the past: what is newer is due at once. */
		visit_done(visit, more || state->resumed ? 0 : VISIT_POLL);
	}
	return OK;
}

static enum status advance(struct visit *visit, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	const struct buildkite_config *config = visit_config(visit);
	enum status status = OK;

	if (state->phase == PHASE_LIVE) {
		if (walk_live(&state->walk) && !state->missing) {
			return ask_legs(visit, WALK_CREATED, WALK_FINISHED, err);
		}
		state->phase = PHASE_DUE;
		status = ask_due(visit, err);
	}
	if (status == OK && state->phase == PHASE_DUE) {
		if (visit_waiting(visit) > 1) {
			return OK;
		}
		if (state->missing) {
			return not_found(visit, err);
		}
		state->phase = PHASE_BACK;
		walk_back(&state->walk, &config->since, state->date);
	}
	if (status == OK && state->missing) { /* deleted meanwhile */
		return not_found(visit, err);
	}
	return status == OK ? advance_back(visit, err) : status;
}

enum status pipeline_start(struct visit *visit, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
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
	state->resumed = walk_begin(&state->walk);
	return ask_legs(visit, WALK_CREATED, WALK_FINISHED, err);
}
