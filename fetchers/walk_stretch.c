/* Back-fill by position. The builds created between two past times are a list that nothing is added to, so
 * its pages can be read by number, many at once, and none is read twice. What is deleted meanwhile moves the
 * rest up, though, and one build may slip from a page that is still to be read into one that was: so two
 * neighbouring pages count as joined only if the numbers at their ends follow each other. Where they don't,
 * what was created between those ends is read once more, by time. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/walk_private.h"

#include <string.h>

#define EDGE_BUILDS 3 /* that many builds at a page's end must be numbered without a gap */

bool leg_by_position(const struct walk_leg *leg)
{
	return leg->until > 0;
}

static const int sizes[] = {WALK_PAGE, 50, 25, 5, 1};

int walk_size(const struct walk *walk, int slot, int most)
{
	const struct walk_leg *leg = &walk->legs[slot];

	if (!leg_by_position(leg)) {
		return most;
	}
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		if (sizes[i] <= most && (leg->at - leg->base) % sizes[i] == 0 &&
		    leg->at + sizes[i] <= leg->until) {
			return sizes[i];
		}
	}
	return 1;
}

/* The numbers of builds [from, to) go down by one. */
static bool is_dense(const struct walk_page *page, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (!page->number || page->number[i] == WALK_NONE ||
		    (i > from && page->number[i] != page->number[i - 1] - 1)) {
			return false;
		}
	}
	return true;
}

struct walk_edge page_bottom(const struct walk_page *page, size_t count)
{
	struct walk_edge edge = {walk_span(page, count).oldest, WALK_NONE};

	if (count > 0 && edge.created == page->created[count - 1] &&
	    is_dense(page, count > EDGE_BUILDS ? count - EDGE_BUILDS : 0, count)) {
		edge.number = page->number[count - 1];
	}
	return edge;
}

static struct walk_edge page_top(const struct walk_page *page)
{
	struct walk_edge edge = {walk_span(page, page->count).newest, WALK_NONE};

	if (page->count > 0 && edge.created == page->created[0] &&
	    is_dense(page, 0, page->count > EDGE_BUILDS ? EDGE_BUILDS : page->count)) {
		edge.number = page->number[0];
	}
	return edge;
}

/* Nothing can lie between them: the numbers follow each other, or the lower one reaches into the upper. */
static bool is_joined(const struct walk_edge *above, const struct walk_edge *below)
{
	if (above->created == WALK_NONE || below->created == WALK_NONE || below->created > above->created) {
		return true;
	}
	return below->created < above->created && above->number != WALK_NONE && below->number != WALK_NONE &&
	       below->number == above->number - 1;
}

/* A leg has still to read something of positions [from, to). */
static bool is_pending(const struct walk *walk, int64_t from, int64_t to)
{
	for (int slot = WALK_BACK; slot < WALK_LEGS; slot++) {
		const struct walk_leg *leg = &walk->legs[slot];

		if (leg->open && leg_by_position(leg) && leg->at < to && leg->until > from) {
			return true;
		}
	}
	return false;
}

/* With too many of them one takes in what lies between two. */
static void add_doubt(struct walk_stretch *stretch, int64_t from, int64_t to)
{
	struct walk_doubt *last = &stretch->doubts[WALK_DOUBTS - 1];

	if (stretch->doubt_count < WALK_DOUBTS) {
		stretch->doubts[stretch->doubt_count++] = (struct walk_doubt){from, to};
		return;
	}
	last->from = from < last->from ? from : last->from;
	last->to = to > last->to ? to : last->to;
}

static void join_at(struct walk_stretch *stretch, size_t index, int64_t bottom)
{
	struct walk_island *above = &stretch->islands[index], *below = above + 1;

	if (below->top.created == WALK_NONE && above->bottom.created != WALK_NONE && !above->end) {
		add_doubt(stretch, bottom, above->bottom.created + 1);
	} else if (!is_joined(&above->bottom, &below->top)) {
		add_doubt(stretch, below->top.created, above->bottom.created + 1);
	}
	above->end |= below->end;
	above->last = below->last > above->last ? below->last : above->last;
	above->top = above->top.created == WALK_NONE ? below->top : above->top;
	above->bottom = below->bottom.created == WALK_NONE ? above->bottom : below->bottom;
	stretch->island_count--;
	memmove(below, below + 1, (stretch->island_count - index - 1) * sizeof *below);
}

void stretch_join(struct walk *walk)
{
	struct walk_stretch *stretch = &walk->stretch;

	for (size_t i = 0; i + 1 < stretch->island_count;) {
		if (is_pending(walk, stretch->islands[i].last, stretch->islands[i + 1].first)) {
			i++;
		} else {
			join_at(stretch, i, walk->back_from);
		}
	}
}

static void add_island(struct walk *walk, const struct walk_island *island)
{
	struct walk_stretch *stretch = &walk->stretch;
	size_t at;

	if (stretch->island_count == WALK_ISLANDS) { /* no walk has so many, but a cursor may say so */
		join_at(stretch, 0, walk->back_from);
	}
	at = stretch->island_count;
	while (at > 0 && stretch->islands[at - 1].first > island->first) {
		at--;
	}
	memmove(&stretch->islands[at + 1], &stretch->islands[at],
		(stretch->island_count - at) * sizeof *stretch->islands);
	stretch->islands[at] = *island;
	stretch->island_count++;
}

void stretch_open(struct walk *walk)
{
	walk->stretch = (struct walk_stretch){.open = true, .to = walk->covered_from};
	if (walk->edge != WALK_NONE) {
		struct walk_edge edge = {walk->covered_from - 1, walk->edge};

		/* Nothing is asked for twice: the numbers will tell whether that millisecond has more. */
		walk->stretch.to = edge.created;
		add_island(walk, &(struct walk_island){0, 0, edge, edge, false});
	}
}

static int64_t whole_pages(int64_t builds)
{
	return builds / WALK_PAGE * WALK_PAGE;
}

/* Where the provider doesn't say how long the list is: builds below the page, by the time that is left and
 * the builds that the time so far has had; and a pipeline's builds are numbered from 1. */
static int64_t guess_below(const struct walk *walk, int64_t position, const struct walk_edge *bottom)
{
	double past_ms = (double)walk->covered_from - (double)bottom->created;
	double left_ms = (double)bottom->created - (double)walk->back_from;
	double guess = past_ms > 0 && left_ms > 0 ? (double)position * left_ms / past_ms * 3 / 4 : 0;

	if (bottom->number != WALK_NONE && guess > (double)bottom->number) {
		guess = (double)bottom->number + WALK_PAGE - 2;
	}
	return guess < WALK_PAGE ? WALK_PAGE : whole_pages(guess < WALK_DEEP ? (int64_t)guess : WALK_DEEP);
}

static void learn_end(struct walk *walk, const struct walk_leg *leg, const struct walk_page *page,
		      const struct walk_edge *bottom)
{
	struct walk_stretch *stretch = &walk->stretch;
	int64_t below = leg->at + page->size;

	if (!page->more) {
		stretch->open = false;
		return;
	}
	stretch->seen = below > stretch->seen ? below : stretch->seen;
	if (page->last_page > 0 && page->last_page < INT32_MAX) {
		stretch->end = whole_pages(leg->base + page->last_page * page->size + WALK_PAGE - 1);
	} else if (below == stretch->seen && stretch->end <= below) {
		stretch->end = below + guess_below(walk, below, bottom);
	}
}

void stretch_step(struct walk *walk, struct walk_leg *leg, const struct walk_page *page)
{
	struct walk_island island = {leg->at, leg->at + page->size, page_top(page),
				     page_bottom(page, page->count), !page->more};

	learn_end(walk, leg, page, &island.bottom);
	leg->at += page->size;
	leg->open = page->more && leg->at < leg->until;
	island.last = leg->open ? island.last : leg->until;
	add_island(walk, &island);
}

/* The list that has position `at` begins below the page that was read last above it. */
static void lower_list(const struct walk_stretch *stretch, int64_t at, int64_t *base, int64_t *to)
{
	for (size_t i = stretch->island_count; i-- > 0;) {
		const struct walk_island *island = &stretch->islands[i];

		if (island->last <= at && island->last > *base && island->bottom.created != WALK_NONE) {
			*base = island->last;
			*to = island->bottom.created + (island->bottom.number == WALK_NONE);
			/* One millisecond is more than a list: what this leaves out is in doubt, and read. */
			*to -= *to == stretch->to;
			return;
		}
	}
}

static void deal_page(struct walk *walk, struct walk_leg *leg)
{
	struct walk_stretch *stretch = &walk->stretch;

	if (stretch->next - stretch->base >= walk->deep) {
		lower_list(stretch, stretch->next, &stretch->base, &stretch->to);
	}
	leg_open(leg, walk->back_from, stretch->to);
	leg->at = stretch->next;
	leg->base = stretch->base;
	leg->seam = stretch->to == walk->covered_from ? walk->seam : 0;
	stretch->next += WALK_PAGE;
	leg->until = stretch->next;
}

bool walk_ready(const struct walk *walk, int slot)
{
	const struct walk_leg *leg = &walk->legs[slot];

	return leg->at == leg->base || leg->at - leg->base < walk->deep;
}

bool walk_too_deep(struct walk *walk, int slot)
{
	const struct walk_leg *leg = &walk->legs[slot];

	if (!leg_by_position(leg)) {
		return deep_begin(&walk->legs[slot], slot);
	}
	if (leg->at > leg->base && leg->at - leg->base < walk->deep) {
		walk->deep = leg->at - leg->base;
	}
	return leg->at > leg->base;
}

void walk_deal(struct walk *walk)
{
	struct walk_stretch *stretch = &walk->stretch;

	for (int slot = WALK_BACK; slot < WALK_LEGS; slot++) {
		struct walk_leg *leg = &walk->legs[slot];

		if (leg->open && !walk_ready(walk, slot)) {
			lower_list(stretch, leg->at, &leg->base, &leg->to);
		}
		if (leg->open) {
			continue;
		}
		if (stretch->doubt_count > 0) {
			const struct walk_doubt *doubt = &stretch->doubts[--stretch->doubt_count];

			leg_open(leg, doubt->from, doubt->to);
		} else if (stretch->open &&
			   (stretch->next < stretch->end || stretch->next <= stretch->seen)) {
			deal_page(walk, leg);
		}
	}
}
