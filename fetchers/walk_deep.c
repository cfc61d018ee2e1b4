/* One millisecond with more builds than the provider lets a list go down. No filter divides it, but builds
 * are numbered: those that the pages did not show are asked for one by one, below the lowest number that was
 * seen there and above the highest, until many in a row belong elsewhere. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/walk_private.h"

#define MISSES_MAX                                                                                           \
	25 /* in a row: other pipelines' bulk does not come in between, their numbers are their own */

void deep_note(struct walk_leg *leg, const struct walk_page *page)
{
	for (size_t i = 0; i < page->count; i++) {
		int64_t number = page->number ? page->number[i] : WALK_NONE;

		if (page->created[i] != leg->to - 1 || number < 1) {
			continue;
		}
		leg->low = leg->seen == 0 || number < leg->low ? number : leg->low;
		leg->high = leg->seen == 0 || number > leg->high ? number : leg->high;
		leg->seen++;
	}
}

/* That millisecond is read. */
static bool go_below(struct walk_leg *leg)
{
	leg->to -= 1;
	leg->page = leg->seam = leg->seen = leg->sweep = 0;
	return leg->from == WALK_NONE || leg->from < leg->to;
}

static void turn_up(struct walk_leg *leg)
{
	leg->up = true;
	leg->missed = 0;
	leg->sweep = leg->high + 1;
}

bool deep_begin(struct walk_leg *leg, int slot)
{
	if (leg->page < 2 || leg->sweep > 0) {
		return false;
	}
	if (slot == WALK_FINISHED) { /* the other walks have read it, and what is open is asked for by key */
		go_below(leg);
		return true;
	}
	if (leg->seen == 0) {
		return false;
	}
	/* Holes among the numbers that were seen: the pages were in no order of numbers. */
	leg->up = false;
	leg->missed = 0;
	leg->sweep = leg->seen == leg->high - leg->low + 1 ? leg->low - 1 : leg->high;
	if (leg->sweep < 1) {
		turn_up(leg);
	}
	return true;
}

bool deep_descend(struct walk_leg *leg, const struct walk_page *page)
{
	bool hit = page->count == 1 && page->created[0] == leg->to - 1;

	leg->missed = hit ? 0 : leg->missed + 1;
	leg->sweep += leg->up ? 1 : -1;
	if (leg->missed < MISSES_MAX && leg->sweep > 0) {
		return true;
	}
	if (!leg->up) {
		turn_up(leg);
		return true;
	}
	return go_below(leg);
}

bool walk_skip_deep(struct walk *walk, int slot)
{
	struct walk_leg *leg = &walk->legs[slot];

	if (leg->page < 2) {
		return false;
	}
	go_below(leg);
	return true;
}

int64_t walk_sweeps(const struct walk *walk, int slot)
{
	return walk->legs[slot].open ? walk->legs[slot].sweep : 0;
}
