/* Shared by the files of walk only. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "fetchers/walk.h"

#define WALK_DEEP 2000 /* builds that a provider may have to skip for a page; then the list begins lower */

struct span {
	int64_t oldest, newest; /* WALK_NONE: no build has a time */
	int64_t at_oldest;      /* builds with the oldest time */
};

/* Of the first count builds of the page. */
struct span walk_span(const struct walk_page *page, size_t count);
void leg_open(struct walk_leg *leg, int64_t from, int64_t to);
/* One page further down. False: that was the bottom. */
bool leg_descend(struct walk_leg *leg, const struct walk_page *page, const struct span *span);

/* walk_deep.c */
/* Which numbers the millisecond [to - 1, to) was seen to have. */
void deep_note(struct walk_leg *leg, const struct walk_page *page);
/* Its pages go no further down. False: they can't be replaced. */
bool deep_begin(struct walk_leg *leg, int slot);
/* As leg_descend; the page is the build `sweep`, or none. */
bool deep_descend(struct walk_leg *leg, const struct walk_page *page);

/* walk_back.c */
/* WALK_NONE: by number, or everything. */
int64_t walk_floor(const struct config_since *since, int64_t now);
void back_close_when_done(struct walk *walk);
void walk_step_back(struct walk *walk, int slot, const struct walk_page *page,
		    const struct config_since *since);

/* walk_stretch.c */
/* A leg of a stretch. */
bool leg_by_position(const struct walk_leg *leg);
/* The last count builds' end; number WALK_NONE unless those nearest to it are numbered without a gap. */
struct walk_edge page_bottom(const struct walk_page *page, size_t count);
/* Opens the stretch from covered_from down to back_from. */
void stretch_open(struct walk *walk);
void stretch_step(struct walk *walk, struct walk_leg *leg, const struct walk_page *page);
/* Joins what was read; where a build may have slipped through between two pages, a leg looks for it. */
void stretch_join(struct walk *walk);
