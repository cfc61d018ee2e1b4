/* The targets of a source that an operator must repair, and what was said about each: nobody wants to read
 * the same sentence at every visit. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct refusal {
	char *slug, *why;
};

struct refusals {
	struct refusal *items;
	size_t count;
};

/* True: this is news, of no target of the source it was said before. */
bool refusals_add(struct refusals *refusals, const char *slug, const char *why);
/* The target works. True: it did not before. */
bool refusals_end(struct refusals *refusals, const char *slug);
void refusals_fini(struct refusals *refusals);
