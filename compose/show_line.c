/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "compose/show.h"
#include "compose/width.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_COLUMNS = 30, WORD_COLUMNS = 12, TOOK_COLUMNS = 7, BRANCH_COLUMNS = 24 };

/* Writes one cell, cleaned, cut and padded to so many columns (0: as it is), with a gap after it. */
static void put_cell(FILE *out, struct text text, size_t columns)
{
	char *clean = width_clean(text.at ? text.at : "", text.size);
	size_t width;

	if (clean && columns > 0) {
		width_cut(clean, columns);
	}
	width = clean ? width_text(clean) : 0;

	fprintf(out, "%s%*s  ", clean ? clean : "", width < columns ? (int)(columns - width) : 0, "");
	free(clean);
}

static const char *word_of(const struct build *build)
{
	const char *result = result_words[build->result], *state = state_words[build->state];

	if (build->state == STATE_FINISHED) {
		return result ? result : "finished";
	}
	return state ? state : "-";
}

/* The number stays when the name is too long. */
static void put_name(FILE *out, const struct build *build)
{
	char name[256], number[32], *clean;
	size_t rest;

	snprintf(name, sizeof name, "%.*s/%.*s", TEXT_FMT(build->organization), TEXT_FMT(build->pipeline));
	rest = NAME_COLUMNS - (size_t)snprintf(number, sizeof number, " #%" PRId64, build->number);
	clean = width_clean(name, strlen(name));
	if (clean) {
		width_cut(clean, rest);
		fprintf(out, "%s%s%*s  ", clean, number, (int)(rest - width_text(clean)), "");
	}
	free(clean);
}

static void put_build(FILE *out, const struct build *build)
{
	char took[32] = "";

	if (build->duration_ms != INT_NULL && build->state == STATE_FINISHED) {
		duration_format(build->duration_ms, took);
	}
	put_name(out, build);
	put_cell(out, text_of(word_of(build)), WORD_COLUMNS);
	put_cell(out, text_of(took), TOOK_COLUMNS);
	put_cell(out, build->branch, BRANCH_COLUMNS);
	put_cell(out, build->message, 0);
}

char *show_line(const struct build *build, size_t width)
{
	char *line = NULL;
	size_t size;
	FILE *out = open_memstream(&line, &size);

	if (!out) {
		return NULL;
	}
	put_build(out, build);
	fputs("   ", out); /* the room that width_cut asks for */
	if (fclose(out) != 0) {
		free(line);
		return NULL;
	}
	size = strcspn(line, "\n");
	while (size > 0 && line[size - 1] == ' ') {
		line[--size] = '\0';
	}
	if (width > 0) {
		width_cut(line, width);
	}
	return line;
}
