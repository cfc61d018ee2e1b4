/* The stderr of a child on its way to ours: whole lines only, in the form that ours has (log.h): JSON lines
 * stay as they are, a terminal gets them for people. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stddef.h>
#include <yyjson.h>

/* Is told of every event of a child, shown or not. */
struct relay_watch {
	void (*event)(void *context, const char *event, yyjson_val *fields);
	void *context;
};

enum { RELAY_LINE_MAX = 16384 };

struct relay {
	const char *proc;                /* the child's name, which must outlive this */
	const struct relay_watch *watch; /* NULL: nobody */
	size_t used;
	char line[RELAY_LINE_MAX]; /* what has come of the line that is not whole yet */
	char why[512];             /* the sentence of its last proc.failed; "": none */
	char visit_why[512]; /* of a fetcher: the last visit that failed, `TARGET: sentence`; "": none */
};

void relay_init(struct relay *relay, const char *proc);
/* A line longer than RELAY_LINE_MAX comes out as several. */
void relay_bytes(struct relay *relay, const char *bytes, size_t size);
/* The child has ended: what it began to say is a line too. */
void relay_end(struct relay *relay);
