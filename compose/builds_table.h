/* The table of `buildbus builds`: fits the width that there is. Pure: rows in, text out. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum builds_column {
	BUILDS_PIPELINE,
	BUILDS_NUMBER,
	BUILDS_RESULT,
	BUILDS_BRANCH,
	BUILDS_COMMIT,
	BUILDS_AUTHOR,
	BUILDS_QUEUED,
	BUILDS_DURATION,
	BUILDS_CREATED,
	BUILDS_MESSAGE,
	BUILDS_URL,
	BUILDS_COLUMNS,
};

struct builds_row {
	char *cells[BUILDS_COLUMNS]; /* from width_clean (they are cut in place); NULL: empty */
};

struct builds_table {
	struct builds_row *rows;
	size_t count;
};

/* Accepts zeroed. */
void builds_table_fini(struct builds_table *table);
/* NULL: out of memory. The row is zeroed. */
struct builds_row *builds_table_add(struct builds_table *table);
/* width 0: no limit. Cells are cut in place. */
void builds_table_print(struct builds_table *table, FILE *out, size_t width, bool coloured);
