/* Where a fetcher is in a target's history: the cursor of docs/decisions/0004-walks-by-time.md, and what to
 * read next. Pure: no I/O, no clock. All times are the provider's, ms since the epoch UTC.
 *
 * Two live walks a visit go from the newest build down: what was created since `covered_to`, and what
 * finished since `finished_to`. A watermark moves only when its walk has reached the bottom, to the Date of
 * the walk's first answer minus an overlap: so builds that appear, finish or are retried while pages are read
 * belong to the next visit. A walk goes down by created_to = oldest seen + 1 ms; page numbers shift while
 * they are read.
 *
 * Back-fill goes down below `covered_from` in a stretch, whose pages are read by position, several at once
 * (walk_stretch.c). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"
#include "common/text.h"

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

/* Builds become visible a little after their created_at: replicas lag, transactions commit late, Date is cut
 * to seconds. Two minutes is far more than a healthy API needs, and re-reading that much costs no request. */
#define WALK_OVERLAP_MS 120000
/* The provider's clock stepped back below a watermark: how far the next walk looks back. */
#define WALK_CLOCK_STEP_MS 86400000
#define WALK_BACK_LEGS     8
#define WALK_LEGS          (2 + WALK_BACK_LEGS)
#define WALK_PAGE          100 /* builds of a page of the stretch; smaller ones divide it */
#define WALK_ISLANDS       (WALK_BACK_LEGS + 2)
#define WALK_DOUBTS        16
#define WALK_NONE          INT64_MIN /* "no such time": unbounded, unknown */

enum walk_slot { WALK_CREATED, WALK_FINISHED, WALK_BACK }; /* WALK_BACK and after: back-fill */

struct walk_leg {
	bool open;
	int64_t from; /* created (CREATED, BACK) or finished (FINISHED) at or after; WALK_NONE: unbounded */
	int64_t to;   /* created before; WALK_NONE: now */
	int64_t page; /* > 0: one millisecond, [to - 1, to), fills whole pages: it alone is read by number */
	int64_t date; /* Date of the first answer of this walk; WALK_NONE: none yet */
	bool guessed; /* it had none: date is its newest build */
	int64_t seam; /* builds already seen at to - 1 */
	/* until > 0: the builds at [at, until) of the stretch; base is the position of the first build of the
	 * list below `to`. */
	int64_t at, until, base;
	/* page > 0: builds seen at to - 1, their lowest and highest number. sweep > 0: its pages go no
	 * further down, and the build of that number is asked for next: downwards, then up; missed: so many
	 * in a row were none of that millisecond. */
	int64_t seen, low, high, sweep, missed;
	bool up;
};

/* An end of what was read without a gap. */
struct walk_edge {
	int64_t created; /* WALK_NONE: nothing was there */
	int64_t number;  /* WALK_NONE: unknown, or the numbers near it have gaps */
};

struct walk_island {
	int64_t first, last; /* positions [first, last) */
	struct walk_edge top, bottom;
	bool end; /* the provider had nothing further then */
};

/* Created in [from, to): read, but perhaps not all. */
struct walk_doubt {
	int64_t from, to;
};

/* What is read by position: the list of builds created in [back_from, to), newest first. */
struct walk_stretch {
	bool open;    /* its end was not seen yet */
	int64_t to;   /* of the list that is asked for now: it begins lower and lower */
	int64_t base; /* position of its first build */
	int64_t next; /* position from which on no leg has been given out */
	int64_t seen; /* position below which there is certainly a build */
	int64_t end;  /* position where the list is likely to end */
	struct walk_island islands[WALK_ISLANDS]; /* what was read, from the top */
	size_t island_count;
	struct walk_doubt doubts[WALK_DOUBTS];
	size_t doubt_count;
};

/* The cursor. Zeroed is not valid: walk_init. */
struct walk {
	int64_t covered_to; /* WALK_NONE: never visited */
	int64_t finished_to;
	int64_t covered_from; /* everything created from here on was read; back-fill goes on below */
	int64_t back_from;    /* where the back-fill under way will end; WALK_NONE: at the first build */
	int64_t count;        /* builds published by the first page and back-fill */
	int64_t open_size;    /* builds a page that the list of what is open came in; 0: as many as may be */
	int64_t looked_at;    /* what was open was listed then; WALK_NONE: never */
	int64_t seam;         /* of them, created at covered_from - 1 */
	bool bottom;          /* there is nothing older */
	bool filled;          /* a back-fill was finished once */
	int64_t edge;         /* number of the build at covered_from - 1; WALK_NONE: unknown */
	int64_t deep;         /* a list is not asked for positions from here on */
	struct walk_stretch stretch;
	struct walk_leg legs[WALK_LEGS];
};

/* What to ask the provider for; WALK_NONE: without that filter. */
struct walk_query {
	int64_t created_from, created_to, finished_from;
	int64_t page; /* 0: without */
};

/* What an answer was, newest build first. */
struct walk_page {
	int64_t date; /* of the answer; WALK_NONE: unknown */
	size_t count;
	const int64_t *created; /* of each build; WALK_NONE where it has none */
	const int64_t *number;  /* likewise */
	bool more;              /* there are further pages */
	int64_t size;           /* how many were asked for */
	int64_t last_page;      /* of that size, as the provider says; 0: it doesn't */
};

void walk_init(struct walk *walk);
/* At the start of a visit. Opens both live walks, unless one was under way when the cursor was committed:
 * that one goes on. Returns true in that case. */
bool walk_begin(struct walk *walk);
/* Before the first page of a first visit: that also reads what finished since from. */
void walk_finished_from(struct walk *walk, int64_t from);
/* After the live walks: opens or goes on with back-fill down to since. now is a Date of this visit. Returns
 * whether there is anything to read. */
bool walk_back(struct walk *walk, const struct config_since *since, int64_t now);
/* Whether a leg is open; first: among slots first..last. */
bool walk_live(const struct walk *walk);
bool walk_backfilling(const struct walk *walk);

/* Before the first page of a live walk is taken over, with its Date: it reads only what is newest, as on a
 * first visit, because others read what lies before. */
void walk_anew(struct walk *walk, int slot, int64_t date);

/* Gives the next pages of the stretch to legs. Before asking for those of back-fill. */
void walk_deal(struct walk *walk);
/* Whether slot may be asked for now: its page may be too far down a list that was begun too high. */
bool walk_ready(const struct walk *walk, int slot);
/* The provider refuses to go down that far: true if there is another way to that page. */
bool walk_too_deep(struct walk *walk, int slot);
/* The same, but the rest of that millisecond is left out. */
bool walk_skip_deep(struct walk *walk, int slot);
/* > 0: not a list is to be asked for but the build of that number. A page without builds stands for one that
 * isn't there, or was created at another time than [to - 1, to). */
int64_t walk_sweeps(const struct walk *walk, int slot);
/* How many builds of slot's page to ask for, at most `most`. */
int walk_size(const struct walk *walk, int slot, int most);
/* size: builds a page. */
struct walk_query walk_query(const struct walk *walk, int slot, int size);
/* How many of the page's builds, from the newest, belong to what was asked for: all, but `since` bounds the
 * first visit and a back-fill by number. */
size_t walk_take(const struct walk *walk, int slot, const struct walk_page *page,
		 const struct config_since *since);
/* The page was taken over: the leg goes down or closes. ERR_DATA: the answer doesn't fit the question and
 * nothing moved. */
enum status walk_step(struct walk *walk, int slot, const struct walk_page *page,
		      const struct config_since *since, struct err *err) MUST_CHECK;

/* A msgpack map; readers ignore keys that they don't know. */
void walk_pack(const struct walk *walk, msgpack_sbuffer *out);
/* ERR_DATA: not a cursor of this kind; walk is as after walk_init. */
enum status walk_unpack(struct walk *walk, struct text cursor, struct err *err) MUST_CHECK;
