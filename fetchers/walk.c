/* The live walks, and going down one page. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/walk_private.h"

void walk_init(struct walk *walk)
{
	*walk = (struct walk){
		.covered_to = WALK_NONE,
		.finished_to = WALK_NONE,
		.covered_from = WALK_NONE,
		.back_from = WALK_NONE,
		.edge = WALK_NONE,
		.deep = WALK_DEEP,
		.looked_at = WALK_NONE,
	};
}

void leg_open(struct walk_leg *leg, int64_t from, int64_t to)
{
	*leg = (struct walk_leg){.open = true, .from = from, .to = to, .date = WALK_NONE};
}

bool walk_live(const struct walk *walk)
{
	return walk->legs[WALK_CREATED].open || walk->legs[WALK_FINISHED].open;
}

bool walk_begin(struct walk *walk)
{
	if (walk_live(walk)) {
		return true;
	}
	leg_open(&walk->legs[WALK_CREATED], walk->covered_to, WALK_NONE);
	if (walk->covered_to != WALK_NONE) {
		leg_open(&walk->legs[WALK_FINISHED], walk->finished_to, WALK_NONE);
	}
	return false;
}

void walk_finished_from(struct walk *walk, int64_t from)
{
	leg_open(&walk->legs[WALK_FINISHED], from - WALK_OVERLAP_MS, WALK_NONE);
}

void walk_anew(struct walk *walk, int slot, int64_t date)
{
	struct walk_leg *leg = &walk->legs[slot];

	if (leg->date == WALK_NONE && date != WALK_NONE && leg->from < date - WALK_OVERLAP_MS) {
		leg->from = date - WALK_OVERLAP_MS;
	}
}

struct walk_query walk_query(const struct walk *walk, int slot, int size)
{
	const struct walk_leg *leg = &walk->legs[slot];
	struct walk_query query = {
		.created_from = slot == WALK_FINISHED ? WALK_NONE : leg->from,
		.created_to = leg->to,
		.finished_from = slot == WALK_FINISHED ? leg->from : WALK_NONE,
	};

	if (leg_by_position(leg)) {
		query.page = (leg->at - leg->base) / size + 1;
	} else if (leg->page > 0) {
		/* The builds of one past millisecond are a fixed set, whatever becomes of them: only so are
		 * page numbers safe. A finished_from would let builds come and go. */
		query.created_from = leg->to - 1;
		query.finished_from = WALK_NONE;
		query.page = leg->page;
	}
	return query;
}

struct span walk_span(const struct walk_page *page, size_t count)
{
	struct span span = {WALK_NONE, WALK_NONE, 0};

	for (size_t i = 0; i < count; i++) {
		int64_t created = page->created[i];

		if (created == WALK_NONE) {
			continue;
		}
		if (span.oldest == WALK_NONE || created < span.oldest) {
			span.oldest = created;
			span.at_oldest = 0;
		}
		span.at_oldest += created == span.oldest;
		span.newest = created > span.newest ? created : span.newest;
	}
	return span;
}

static enum status check(const struct walk_leg *leg, const struct walk_page *page, struct err *err)
{
	struct span span = walk_span(page, page->count);

	if (!page->more) {
		return OK;
	}
	if (span.oldest == WALK_NONE) {
		return err_set(err, ERR_DATA, "a page of %zu builds without a readable created_at",
			       page->count);
	}
	if (leg->to != WALK_NONE && span.oldest >= leg->to) {
		return err_set(err, ERR_DATA, "the API ignores created_to: a page has only later builds");
	}
	return OK;
}

static bool descend_by_number(struct walk_leg *leg, bool more)
{
	if (more) {
		leg->page++;
		return true;
	}
	leg->to -= 1; /* that millisecond is read whole: go on below it */
	leg->page = 0;
	leg->seam = 0;
	return leg->from == WALK_NONE || leg->from < leg->to;
}

bool leg_descend(struct walk_leg *leg, const struct walk_page *page, const struct span *span)
{
	if (leg->sweep > 0) {
		return deep_descend(leg, page);
	}
	if (leg->page > 0) {
		deep_note(leg, page);
		return descend_by_number(leg, page->more);
	}
	if (!page->more) {
		return false;
	}
	leg->seam = span->at_oldest;
	if (leg->to != WALK_NONE && span->oldest == leg->to - 1) {
		/* One millisecond fills the page. The first page of all its builds is inside what was just
		 * read, also where finished_from left some of them out. */
		leg->page = 2;
		leg->seen = 0;
		deep_note(leg, page);
		return true;
	}
	leg->to = span->oldest + 1;
	return true;
}

static void close_first(struct walk *walk, const struct walk_page *page, const struct config_since *since)
{
	size_t took = walk_take(walk, WALK_CREATED, page, since);
	struct span all = walk_span(page, page->count), span = walk_span(page, took);
	int64_t date = page->date != WALK_NONE ? page->date : all.newest;

	walk->legs[WALK_CREATED].open = false;
	if (date == WALK_NONE) {
		return; /* nothing there, not even a time: the next visit is the first again */
	}
	walk->covered_to = walk->finished_to = date - WALK_OVERLAP_MS;
	walk->count = (int64_t)took;
	walk->seam = span.at_oldest;
	walk->edge = took == page->count ? page_bottom(page, took).number : WALK_NONE;
	walk->bottom = !page->more && took == page->count;
	walk->covered_from = span.oldest != WALK_NONE ? span.oldest + 1 : walk->covered_to;
	if (took < page->count && since->builds <= 0) {
		walk->covered_from = walk_floor(since, date); /* the page reaches below what was asked for */
		walk->filled = true;
	}
}

static void note_date(struct walk_leg *leg, const struct walk_page *page)
{
	if (leg->date != WALK_NONE) {
		return;
	}
	leg->date = page->date;
	if (leg->date == WALK_NONE) {
		leg->guessed = true;
		leg->date = walk_span(page, page->count).newest;
	}
}

/* The first answer's Date lies before the watermark: the provider's clock was ahead when that was set, and
 * what was created since may lie below it. */
static bool stepped_back(const struct walk_leg *leg, int64_t mark)
{
	return leg->date != WALK_NONE && !leg->guessed && leg->date < mark;
}

static void close_live(struct walk_leg *leg, int64_t *mark)
{
	int64_t reached = leg->date == WALK_NONE ? *mark : leg->date - WALK_OVERLAP_MS;

	leg->open = false;
	if (stepped_back(leg, *mark)) {
		*mark = leg->date - WALK_CLOCK_STEP_MS;
		leg_open(leg, *mark, WALK_NONE);
	} else if (!leg->guessed || reached > *mark) {
		*mark = reached;
	}
}

enum status walk_step(struct walk *walk, int slot, const struct walk_page *page,
		      const struct config_since *since, struct err *err)
{
	struct walk_leg *leg = &walk->legs[slot];
	struct span span = walk_span(page, page->count);
	bool by_number = leg->page > 0, further;
	enum status status = check(leg, page, err);

	if (status != OK) {
		return status;
	}
	if (slot >= WALK_BACK) {
		walk_step_back(walk, slot, page, since);
		return OK;
	}
	if (slot == WALK_CREATED && walk->covered_to == WALK_NONE) {
		close_first(walk, page, since);
		return OK;
	}
	note_date(leg, page);
	further = leg_descend(leg, page, &span);
	/* Builds that were created before finished_to may have finished since. */
	further |= slot == WALK_FINISHED && by_number && leg->page == 0;
	if (!further) {
		close_live(leg, slot == WALK_CREATED ? &walk->covered_to : &walk->finished_to);
	}
	return OK;
}
