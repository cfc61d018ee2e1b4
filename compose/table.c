/* SPDX-License-Identifier: MIT */
#include "compose/table.h"
#include "compose/width.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void table_init(struct table *table, const char *const *titles)
{
	*table = (struct table){0};
	for (; titles[table->columns]; table->columns++) {
		table_cell(table, "%s", titles[table->columns]);
	}
}

void table_fini(struct table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		free(table->cells[i]);
	}
	free(table->cells);
	*table = (struct table){0};
}

void table_cell(struct table *table, const char *format, ...)
{
	char text[TABLE_CELL_MAX];
	va_list values;

	if (table->count == table->capacity) {
		size_t capacity = table->capacity ? table->capacity * 2 : 64;
		char **cells = realloc(table->cells, capacity * sizeof *cells);

		if (!cells) {
			return;
		}
		table->cells = cells;
		table->capacity = capacity;
	}
	va_start(values, format);
	vsnprintf(text, sizeof text, format, values);
	va_end(values);
	table->cells[table->count++] = width_clean(text, strlen(text));
}

void table_print(const struct table *table, FILE *out)
{
	size_t widths[TABLE_COLUMNS_MAX] = {0};

	for (size_t i = 0; i < table->count; i++) {
		size_t here = width_text(table->cells[i] ? table->cells[i] : "");
		size_t *widest = &widths[i % table->columns];

		*widest = here > *widest ? here : *widest;
	}
	for (size_t i = 0; i < table->count; i++) {
		const char *cell = table->cells[i] ? table->cells[i] : "";
		size_t column = i % table->columns;

		if (column + 1 == table->columns) {
			fprintf(out, "%s\n", cell);
		} else {
			fprintf(out, "%s%*s", cell, (int)(widths[column] - width_text(cell)) + 2, "");
		}
	}
}
