/* Is anything stuck, and where: the rules. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "normalizer/overview.h"

struct problem {
	bool stuck;       /* nothing moves there; else: it moves, but somebody should look */
	const char *code; /* of docs/operations.md */
	char where[96];   /* a sink, a source, a target; "hub" */
	int64_t for_ms;   /* since when; -1: that is not known */
	char text[480];   /* what, and what to do */
};

#define PROBLEMS_MAX 50

struct problems {
	struct problem list[PROBLEMS_MAX];
	size_t count;
	bool cut; /* there are more */
};

/* What is stuck comes first. */
void problems_find(struct hub *hub, const struct overview *overview, struct problems *problems);
