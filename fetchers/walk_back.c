/* Back-fill: down to `since`. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/walk_private.h"

bool walk_backfilling(const struct walk *walk)
{
	if (walk->stretch.open || walk->stretch.doubt_count > 0) {
		return true;
	}
	for (int slot = WALK_BACK; slot < WALK_LEGS; slot++) {
		if (walk->legs[slot].open) {
			return true;
		}
	}
	return false;
}

static bool by_number(const struct config_since *since)
{
	return since->builds > 0;
}

int64_t walk_floor(const struct config_since *since, int64_t now)
{
	if (since->date_ms > 0) {
		return since->date_ms;
	}
	return since->ago_ms > 0 && now != WALK_NONE ? now - since->ago_ms : WALK_NONE;
}

static bool wants_more(const struct walk *walk, const struct config_since *since, int64_t floor)
{
	if (walk->bottom || walk->covered_from == WALK_NONE) {
		return false;
	}
	if (by_number(since)) {
		return walk->count < since->builds;
	}
	if (floor == WALK_NONE) {
		return false;
	}
	/* After a finished back-fill a `since` that slides with the provider's clock must not ask again
	 * because that clock differs by a second between its hosts. */
	return floor < walk->covered_from - (walk->filled ? WALK_OVERLAP_MS : 0);
}

static void close_back(struct walk *walk)
{
	walk->filled = true;
	if (walk->back_from == WALK_NONE) {
		walk->bottom = true;
	} else if (walk->back_from < walk->covered_from) {
		walk->covered_from = walk->back_from;
		walk->seam = 0;
		walk->edge = WALK_NONE;
	}
	walk->stretch = (struct walk_stretch){0};
}

void back_close_when_done(struct walk *walk)
{
	stretch_join(walk);
	if (!walk_backfilling(walk)) {
		close_back(walk);
	}
}

/* A leg by number under way, but `since` is a time now, or a number that is reached. What it read is covered.
 */
static bool drop_by_number(struct walk *walk, const struct config_since *since)
{
	struct walk_leg *leg = &walk->legs[WALK_BACK];

	if (walk->back_from == WALK_NONE && (!by_number(since) || walk->count >= since->builds)) {
		leg->open = false;
		return true;
	}
	return false;
}

/* `since` has slid upwards, or was changed: nothing below it is wanted any more. */
static void raise_floor(struct walk *walk, int64_t floor)
{
	if (walk->back_from == WALK_NONE || floor == WALK_NONE || floor <= walk->back_from) {
		return;
	}
	walk->back_from = floor;
	for (int slot = WALK_BACK; slot < WALK_LEGS; slot++) {
		struct walk_leg *leg = &walk->legs[slot];

		leg->from = leg->from < floor ? floor : leg->from;
		leg->open = leg->open && leg->to > leg->from;
	}
	walk->stretch.open = walk->stretch.open && walk->stretch.to > floor;
	back_close_when_done(walk);
}

bool walk_back(struct walk *walk, const struct config_since *since, int64_t now)
{
	int64_t floor = walk_floor(since, now);

	if (walk_backfilling(walk) && !drop_by_number(walk, since)) {
		raise_floor(walk, floor);
	}
	if (!walk_backfilling(walk) && wants_more(walk, since, floor)) {
		walk->back_from = floor;
		if (floor == WALK_NONE) {
			leg_open(&walk->legs[WALK_BACK], floor, walk->covered_from);
			walk->legs[WALK_BACK].seam = walk->seam;
		} else {
			stretch_open(walk);
		}
	}
	return walk_backfilling(walk);
}

/* Builds that the page before this one had too. */
static size_t repeated(const struct walk_leg *leg, const struct walk_page *page)
{
	size_t at_seam = 0;

	if (leg->to == WALK_NONE || leg->page > 0 || leg->at > leg->base) {
		return 0;
	}
	for (size_t i = 0; i < page->count; i++) {
		at_seam += page->created[i] == leg->to - 1;
	}
	return at_seam < (size_t)leg->seam ? at_seam : (size_t)leg->seam;
}

size_t walk_take(const struct walk *walk, int slot, const struct walk_page *page,
		 const struct config_since *since)
{
	bool first = slot == WALK_CREATED && walk->covered_to == WALK_NONE;
	size_t take = page->count, skip = repeated(&walk->legs[slot], page);
	int64_t floor, left = since->builds - walk->count;

	if (!first && slot < WALK_BACK) {
		return take;
	}
	if (by_number(since) && (first || walk->back_from == WALK_NONE)) {
		left = left < 0 ? 0 : left;
		return take - skip <= (size_t)left ? take : (size_t)left + skip;
	}
	floor = walk_floor(since, page->date != WALK_NONE ? page->date : walk_span(page, take).newest);
	while (first && take > 0 && page->created[take - 1] != WALK_NONE && page->created[take - 1] < floor) {
		take--;
	}
	return take;
}

static void step_by_number(struct walk *walk, const struct walk_page *page, const struct config_since *since,
			   size_t took, bool more)
{
	struct walk_leg *leg = &walk->legs[WALK_BACK];
	struct span span = walk_span(page, took);

	leg->open = more && walk->count < since->builds;
	if (took < page->count && span.oldest != WALK_NONE) {
		walk->covered_from = span.oldest + 1;
		walk->seam = span.at_oldest;
		walk->edge = WALK_NONE;
	} else if (took == page->count) {
		walk->edge = WALK_NONE;
		walk->covered_from = leg->to;
		walk->seam = leg->seam;
		walk->bottom = !more;
	}
	walk->filled |= !leg->open;
}

void walk_step_back(struct walk *walk, int slot, const struct walk_page *page,
		    const struct config_since *since)
{
	struct walk_leg *leg = &walk->legs[slot];
	struct span span = walk_span(page, page->count);
	size_t took = walk_take(walk, slot, page, since);
	bool more;

	if (leg_by_position(leg) || walk->back_from == WALK_NONE) {
		walk->count += (int64_t)(took - (took < repeated(leg, page) ? took : repeated(leg, page)));
	}
	if (leg_by_position(leg)) {
		stretch_step(walk, leg, page);
		back_close_when_done(walk);
		return;
	}
	more = leg_descend(leg, page, &span);
	if (walk->back_from == WALK_NONE) {
		step_by_number(walk, page, since, took, more);
		return;
	}
	leg->open = more;
	back_close_when_done(walk);
}
