/* What is wrong with a configuration file: every sentence to whoever asked, the first one into a struct err.
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stddef.h>

struct config_problems {
	const char *file;                                          /* as the user named it */
	void (*report)(void *arg, int line, const char *sentence); /* NULL: nobody asked; line 0: none */
	void *arg;
	size_t count;
	size_t checked;     /* of count: a single value is wrong, the others can be looked at together */
	struct err *first;  /* NULL is allowed */
	enum status status; /* of the first; OK: none yet */
};

/* Adds `<file>:<line>: <where>: <sentence>`; line 0 and where NULL or "" are left out. Control characters of
 * the file don't reach the terminal. */
void problem_add(struct config_problems *problems, int line, const char *where, const char *format, ...)
	PRINTF(4, 5);
void problem_no_memory(struct config_problems *problems);

/* The nearest right word, for a wrong one: offer each right word, then ask. */
struct nearest {
	const char *word;
	const char *best; /* not terminated at best_len: views into what was offered */
	size_t best_len, distance;
	char all[256]; /* every right word, with commas */
};
void nearest_offer(struct nearest *nearest, const char *candidate, size_t len);
/* Adds `<what>, did you mean X?`, or `<what> (has: X, Y)` when nothing is near. */
void problem_unknown(struct config_problems *problems, int line, const char *where, const char *what,
		     const struct nearest *nearest);
