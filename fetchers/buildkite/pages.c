/* Pages of a list of builds: asking for them, and taking them over. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/buildkite.h"

#include "common/process.h"

#define SMALL_PAGE 12
#define EASY_BYTES (8 << 20) /* an answer may have 32 MiB */

static enum status on_page(struct visit *visit, intptr_t slot, const struct visit_answer *answer,
			   struct err *err);

struct walk *slot_walk(struct buildkite_visit *state, int slot)
{
	return slot == SLOT_OPEN ? &state->open : &state->walk;
}

struct walk_leg *slot_leg(struct buildkite_visit *state, int slot)
{
	return &slot_walk(state, slot)->legs[slot_of_walk(slot)];
}

int slot_of_walk(int slot)
{
	return slot == SLOT_OPEN ? WALK_CREATED : slot;
}

static bool is_back(int slot)
{
	return slot >= WALK_BACK && slot != SLOT_OPEN;
}

static int most_of_page(const struct buildkite_visit *state, int slot)
{
	int64_t open_size = state->walk.open_size;

	if (state->bare[slot]) {
		return 1;
	}
	return slot == SLOT_OPEN && open_size > 0 && open_size < state->per_page ? (int)open_size
										 : state->per_page;
}

/* What is open is listed at each poll: pages that were too large must not be tried at each of them. */
static void learn_open_size(struct buildkite_visit *state, size_t body_size)
{
	int64_t size = state->asked[SLOT_OPEN];

	if (slot_leg(state, SLOT_OPEN)->open && body_size < EASY_BYTES) {
		size *= 2; /* a full page of that size was none too large by far */
	}
	size = size < SMALL_PAGE ? SMALL_PAGE : size;
	size = size < PER_PAGE ? size : 0;
	state->resized |= size != state->walk.open_size;
	state->walk.open_size = size;
}

/* Page numbers count pages of one size: while a leg is read by number its pages don't grow, and when they
 * must shrink, or another visit began it, that millisecond is read again from its first page. */
static int page_size(struct buildkite_visit *state, int slot)
{
	struct walk_leg *leg = slot_leg(state, slot);
	int size = walk_size(slot_walk(state, slot), slot_of_walk(slot), most_of_page(state, slot));
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

	if (walk_sweeps(slot_walk(state, slot), slot_of_walk(slot)) > 0) {
		return deep_ask(visit, slot, err);
	}
	state->asked[slot] = page_size(state, slot);
	path_builds(&path, state, slot);
	return visit_get(visit, path.text, is_back(slot) ? VISIT_BACKFILL : VISIT_LIVE, on_page, slot, err);
}

enum status pages_ask(struct visit *visit, int first, int last, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);

	for (int slot = first; slot <= last; slot++) {
		if (slot_leg(state, slot)->open && !state->asked[slot] &&
		    walk_ready(slot_walk(state, slot), slot_of_walk(slot))) {
			enum status status = ask_page(visit, slot, err);

			if (status != OK) {
				return status;
			}
		}
	}
	return OK;
}

int64_t observed_at(const struct visit_answer *answer)
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
	return is_back(slot) || (first && slot != SLOT_OPEN && element->finished) ? ORIGIN_BACKFILL
										  : ORIGIN_LIVE;
}

/* A build that can't be written again travels as oversize: its key is found among the dead letters, the page
 * goes on. */
enum status publish_one(struct visit *visit, const struct element *element, enum build_origin origin,
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
		if (elements[i].foreign) {
			continue;
		}
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

/* A page without news moves the cursor only where a walk ends. */
static enum status cut_page(struct visit *visit, int slot, size_t count, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	bool open = slot_leg(state, slot)->open;

	if (slot == SLOT_OPEN && !open && (!state->live || state->resized)) {
		state->walk.looked_at = state->date;
		return cut(visit, err);
	}
	if (slot == SLOT_OPEN) {
		return visit_page(visit, (struct text){0}, err);
	}
	if ((count > 0 || !open) && !(slot < WALK_BACK && count == 0 && walk_live(&state->walk))) {
		return cut(visit, err);
	}
	return OK;
}

/* Takes the page over: builds and cursor go together, or nothing does. */
static enum status take(struct visit *visit, int slot, const struct element *elements,
			const struct walk_page *page, const struct visit_answer *answer, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	struct walk *walk = slot_walk(state, slot), next = *walk;
	size_t count = walk_take(walk, slot_of_walk(slot), page, &state->since);
	enum status status;

	if (visit_is_anew(visit) && slot < WALK_BACK) {
		walk_anew(&next, slot, page->date);
	}
	status = walk_step(&next, slot_of_walk(slot), page, &state->since, err);
	if (status != OK) {
		return status;
	}
	status = publish(visit, slot, elements, count, answer, err);
	if (walk->covered_to == WALK_NONE) {
		next.looked_at = page->date;
	}
	*walk = next;
	if (page->date != WALK_NONE && page->date > state->date) {
		state->date = page->date;
	}
	if (slot == SLOT_OPEN) {
		learn_open_size(state, answer->body.size);
	}
	return status == OK ? cut_page(visit, slot, count, err) : status;
}

enum status pages_take(struct visit *visit, int slot, const struct element *elements, size_t count,
		       const struct visit_answer *answer, struct err *err)
{
	struct walk_page page;
	enum status status = describe(visit, slot, elements, count, answer, &page, err);

	return status == OK ? take(visit, slot, elements, &page, answer, err) : status;
}

static enum status read_page(struct visit *visit, int slot, const struct visit_answer *answer,
			     struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	struct element *elements;
	size_t count;
	enum status status = page_read(visit_arena(visit), answer->body, &elements, &count, err);

	if (status == OK && state->live) {
		status = live_assign(visit, elements, count, err);
	}
	return status == OK ? pages_take(visit, slot, elements, count, answer, err) : status;
}

static enum status on_page(struct visit *visit, intptr_t slot, const struct visit_answer *answer,
			   struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	enum status status;

	if (answer->kind == ANSWER_UNUSABLE && err->status == ERR_DATA && deep_begins(visit, (int)slot)) {
		state->asked[slot] = 0;
		return visit_advance(visit, err);
	}
	/* A page that times out, or is too much for the provider, is that every time: a smaller one may come.
	 */
	if (answer->kind == ANSWER_UNUSABLE &&
	    (err->status != ERR_REMOTE || state->asked[slot] <= SMALL_PAGE)) {
		return err->status;
	}
	if (answer->kind == ANSWER_NOT_FOUND) {
		state->missing = true;
		return visit_advance(visit, err);
	}
	if (answer->kind == ANSWER_UNUSABLE) {
		state->most_per_page =
			state->asked[slot] / 2; /* each try cost seconds: no further one today */
	}
	if (answer->kind != ANSWER_OK) {
		return ask_for_less(visit, (int)slot, err);
	}
	status = read_page(visit, (int)slot, answer, err);
	if (status != OK) {
		return status;
	}
	state->asked[slot] = 0;
	state->bare[slot] = false;
	state->per_page =
		state->per_page * 2 < state->most_per_page ? state->per_page * 2 : state->most_per_page;
	state->back_pages += is_back((int)slot);
	return visit_advance(visit, err);
}
