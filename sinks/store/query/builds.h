/* Pages of builds, newest first. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/query/walk.h"

struct builds_ask {
	struct filter filter; /* words not looked up yet */
	struct text author;
	int64_t limit;
	int64_t offset;          /* so many matches are passed over; counted from `after` */
	double fraction;         /* instead of offset: this part of all matches; REAL_NULL: offset counts */
	struct walk_place after; /* WALK_START: from the newest */
};

/* {builds, offset, total, total_exact, next, partial}. */
yyjson_mut_val *builds_page(struct reader *reader, struct builds_ask *ask, yyjson_mut_doc *doc,
			    enum status *status, struct err *err);
/* The whole record; NULL: there is none of that id. */
yyjson_mut_val *builds_one(struct reader *reader, struct text id, yyjson_mut_doc *doc, enum status *status,
			   struct err *err);

/* "1763716800000-17", as the client gives it back. */
void walk_place_format(struct walk_place place, char out[static 48]);
bool walk_place_parse(const char *text, struct walk_place *place);

/* count.c: how many builds pass a plain filter, and from where on `offset` of them were passed: the walk
 * starts after *start and passes over *rest more. */
enum status count_plain(struct reader *reader, const struct filter *filter, int64_t *total,
			struct err *err) MUST_CHECK;
enum status count_seek(struct reader *reader, const struct filter *filter, int64_t offset,
		       struct walk_place *start, int64_t *rest, struct err *err) MUST_CHECK;
