/* What was said of each of the targets of a source: nobody wants to read the same sentence at every visit. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct said_of {
	char *slug, *text;
};

struct once {
	struct said_of *items;
	size_t count;
};

/* True: this is news, of no target of the source it was said before. */
bool once_say(struct once *once, const char *slug, const char *text);
/* It is true of the target no more. True: something was said of it. */
bool once_end(struct once *once, const char *slug);
void once_fini(struct once *once);
