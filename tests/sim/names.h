/* Words that the world is made of. Each list ends with NULL. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stddef.h>

struct name_pair {
	const char *slug, *name;
};

extern const struct name_pair organization_names[], pipeline_names[];
extern const struct name_pair person_names[]; /* slug: the login */
extern const char *const branch_names[], *const commit_messages[];
size_t names_count(const struct name_pair *names);
size_t texts_count(const char *const *texts);
