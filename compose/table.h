/* A table for people: cells are added one after the other, the widths come out right when it is printed. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stddef.h>
#include <stdio.h>

enum { TABLE_COLUMNS_MAX = 12, TABLE_CELL_MAX = 200 };

struct table {
	size_t columns;
	char **cells; /* the titles, then row by row; a NULL is a cell that memory was out for */
	size_t count, capacity;
};

/* titles: NULL-terminated, at most TABLE_COLUMNS_MAX. */
void table_init(struct table *table, const char *const *titles);
/* Accepts zeroed. */
void table_fini(struct table *table);
/* The next cell, left to right, cleaned as width.h says. */
void table_cell(struct table *table, const char *format, ...) PRINTF(2, 3);
/* Columns are as wide as their widest cell; the last one is not padded. */
void table_print(const struct table *table, FILE *out);
