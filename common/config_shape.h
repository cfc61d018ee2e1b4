/* Finding the sections of a file; shared by the accepted forms. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config_private.h"

struct shape {
	struct config *config;
	struct config_doc *doc;
	const struct config_kind *kinds;
	struct config_problems *problems;
};

/* One section before it is checked. */
struct draft {
	enum section_kind side;
	int kind, options; /* nodes */
	const char *list;  /* the key of the root */
	int index;         /* -1: the root's key holds one section */
};

/* Appends the section, unless its kind or its name can't be. */
void shape_add_section(const struct shape *shape, const struct draft *draft);
void shape_read_fixture(const struct shape *shape, struct draft draft, int list);

/* Is node a map without other keys than known (NULL at its end), each once? Adds what is wrong. */
bool shape_check_keys(const struct shape *shape, int node, const char *where, const char *const *known);
/* word is a node whose text is none of known. */
void shape_unknown_key(const struct shape *shape, int word, const char *where, const char *const *known);
