/* SPDX-License-Identifier: MIT */
#include "compose/table.h"

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

/* A commit message or a name from outside must not steer the terminal; nor may a cut leave half a character.
 */
static void clean(char *text)
{
	size_t size = strlen(text);

	for (char *at = text; *at; at++) {
		unsigned char byte = (unsigned char)*at;

		if (byte < 0x20 || byte == 0x7f) {
			*at = ' ';
		} else if (byte == 0xc2 && (unsigned char)at[1] >= 0x80 && (unsigned char)at[1] < 0xa0) {
			at[0] = at[1] = ' ';
		}
	}
	while (size > 0 && ((unsigned char)text[size - 1] & 0xc0) == 0x80) {
		size--;
	}
	if (strlen(text) == TABLE_CELL_MAX - 1 && size > 0 && (unsigned char)text[size - 1] >= 0xc0) {
		text[size - 1] = '\0';
	}
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
	clean(text);
	table->cells[table->count++] = strdup(text);
}

/* In characters: bytes that continue one don't count. */
static int width(const char *text)
{
	int count = 0;

	for (; text && *text; text++) {
		count += ((unsigned char)*text & 0xc0) != 0x80;
	}
	return count;
}

void table_print(const struct table *table, FILE *out)
{
	int widths[TABLE_COLUMNS_MAX] = {0};

	for (size_t i = 0; i < table->count; i++) {
		int here = width(table->cells[i]);
		int *widest = &widths[i % table->columns];

		*widest = here > *widest ? here : *widest;
	}
	for (size_t i = 0; i < table->count; i++) {
		const char *cell = table->cells[i] ? table->cells[i] : "";
		size_t column = i % table->columns;

		if (column + 1 == table->columns) {
			fprintf(out, "%s\n", cell);
		} else {
			fprintf(out, "%s%*s", cell, widths[column] - width(cell) + 2, "");
		}
	}
}
