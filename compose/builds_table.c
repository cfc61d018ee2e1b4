/* SPDX-License-Identifier: MIT */
#include "compose/builds_table.h"
#include "compose/terminal.h"
#include "compose/width.h"

#include <stdlib.h>
#include <string.h>

#define GAP 2

static const struct {
	const char *title;
	size_t least; /* may be cut to so many columns */
	bool right;
} columns[BUILDS_COLUMNS] = {
	[BUILDS_PIPELINE] = {"PIPELINE", 12, false},
	[BUILDS_NUMBER] = {"NUMBER", 99, true},
	[BUILDS_RESULT] = {"RESULT", 99, false},
	[BUILDS_BRANCH] = {"BRANCH", 10, false},
	[BUILDS_COMMIT] = {"COMMIT", 99, false},
	[BUILDS_AUTHOR] = {"AUTHOR", 8, false},
	[BUILDS_QUEUED] = {"QUEUED", 99, true},
	[BUILDS_DURATION] = {"DURATION", 99, true},
	[BUILDS_CREATED] = {"CREATED (UTC)", 99, false},
	[BUILDS_MESSAGE] = {"MESSAGE", 16, false},
	[BUILDS_URL] = {"URL", 99, false},
};

/* What gives way when the line is too long, one after the other: a cut URL is of no use, so it goes whole. */
static const struct {
	enum builds_column column;
	bool drop;
} steps[] = {
	{BUILDS_URL, true},       {BUILDS_MESSAGE, false}, {BUILDS_AUTHOR, false}, {BUILDS_BRANCH, false},
	{BUILDS_PIPELINE, false}, {BUILDS_QUEUED, true},   {BUILDS_MESSAGE, true}, {BUILDS_AUTHOR, true},
	{BUILDS_COMMIT, true},    {BUILDS_CREATED, true},  {BUILDS_BRANCH, true},  {BUILDS_DURATION, true},
};

void builds_table_fini(struct builds_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		for (int c = 0; c < BUILDS_COLUMNS; c++) {
			free(table->rows[i].cells[c]);
		}
	}
	free(table->rows);
	*table = (struct builds_table){0};
}

struct builds_row *builds_table_add(struct builds_table *table)
{
	struct builds_row *rows = realloc(table->rows, (table->count + 1) * sizeof *rows);

	if (!rows) {
		return NULL;
	}
	table->rows = rows;
	rows[table->count] = (struct builds_row){0};
	return &rows[table->count++];
}

static const char *cell_of(const struct builds_row *row, int column)
{
	return row->cells[column] ? row->cells[column] : "";
}

static void measure(const struct builds_table *table, size_t widths[BUILDS_COLUMNS])
{
	for (int c = 0; c < BUILDS_COLUMNS; c++) {
		widths[c] = 0;
		for (size_t i = 0; i < table->count; i++) {
			size_t width = width_text(cell_of(&table->rows[i], c));
			widths[c] = width > widths[c] ? width : widths[c];
		}
		/* A column that is empty in all rows is not shown. */
		if (widths[c] > 0 && widths[c] < strlen(columns[c].title)) {
			widths[c] = strlen(columns[c].title);
		}
	}
}

static size_t line_width(const size_t widths[BUILDS_COLUMNS])
{
	size_t line = 0;

	for (int c = 0; c < BUILDS_COLUMNS; c++) {
		line += widths[c] ? widths[c] + (line ? GAP : 0) : 0;
	}
	return line;
}

static void fit(size_t widths[BUILDS_COLUMNS], size_t width)
{
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		size_t line = line_width(widths), *here = &widths[steps[i].column];
		size_t least = columns[steps[i].column].least, over;

		if (line <= width) {
			return;
		}
		over = line - width;
		if (steps[i].drop) {
			*here = 0;
		} else if (*here > least) {
			*here = *here - least > over ? *here - over : least;
		}
	}
}

static void print_cell(FILE *out, const char *text, int column, size_t width, bool last, bool coloured)
{
	int pad = (int)(width - width_text(text));
	const char *colour = coloured && column == BUILDS_RESULT ? terminal_colour(text) : "";

	if (columns[column].right) {
		fprintf(out, "%*s", pad, "");
	}
	fprintf(out, "%s%s%s", colour, text, *colour ? "\033[0m" : "");
	if (!columns[column].right && !last) {
		fprintf(out, "%*s", pad, "");
	}
	fputs(last ? "\n" : "  ", out);
}

static void print_row(FILE *out, const char *const cells[BUILDS_COLUMNS], const size_t widths[BUILDS_COLUMNS],
		      bool coloured)
{
	int last = 0;

	for (int c = 0; c < BUILDS_COLUMNS; c++) {
		last = widths[c] ? c : last;
	}
	for (int c = 0; c < BUILDS_COLUMNS; c++) {
		if (widths[c]) {
			print_cell(out, cells[c], c, widths[c], c == last, coloured);
		}
	}
}

void builds_table_print(struct builds_table *table, FILE *out, size_t width, bool coloured)
{
	const char *cells[BUILDS_COLUMNS];
	size_t widths[BUILDS_COLUMNS];

	measure(table, widths);
	if (width) {
		fit(widths, width);
	}
	for (int c = 0; c < BUILDS_COLUMNS; c++) {
		cells[c] = columns[c].title;
	}
	print_row(out, cells, widths, false);
	for (size_t i = 0; i < table->count; i++) {
		for (int c = 0; c < BUILDS_COLUMNS; c++) {
			if (widths[c] && table->rows[i].cells[c]) {
				width_cut(table->rows[i].cells[c], widths[c]);
			}
			cells[c] = cell_of(&table->rows[i], c);
		}
		print_row(out, cells, widths, coloured);
	}
}
