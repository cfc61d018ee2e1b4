/* Shared by the files of walk only. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "fetchers/walk.h"

struct span {
	int64_t oldest, newest; /* WALK_NONE: no build has a time */
	int64_t at_oldest;      /* builds with the oldest time */
};

/* Of the first count builds of the page. */
struct span walk_span(const struct walk_page *page, size_t count);
void leg_open(struct walk_leg *leg, int64_t from, int64_t to);
/* One page further down. False: that was the bottom. */
bool leg_descend(struct walk_leg *leg, const struct walk_page *page, const struct span *span);

/* walk_back.c */
/* WALK_NONE: by number, or everything. */
int64_t walk_floor(const struct config_since *since, int64_t now);
void walk_step_back(struct walk *walk, int slot, const struct walk_page *page,
		    const struct config_since *since);
