/* Every key of a map of options finds its row. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config_private.h"

#define CONFIG_ROWS_MAX 64

/* What the file says for one row. */
struct given {
	int key, value; /* nodes; key 0: nothing */
	bool from_file; /* `<key>_file` */
};

struct reader {
	const struct config_options *options;
	struct config_doc *doc;
	const struct config_row *rows;
	struct config_problems *problems;
	struct given given[CONFIG_ROWS_MAX]; /* as rows */
};

/* `sources[0].buildkite.since` */
struct where {
	char text[160];
};
struct where where_of(const struct reader *reader, const char *key);

/* Fills reader->given from the map; unknown and repeated keys are problems. */
void config_gather(struct reader *reader, int map);
