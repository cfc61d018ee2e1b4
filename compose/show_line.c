/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "compose/show.h"
#include "compose/width.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Writes one cell, cleaned and padded to so many columns, with a gap after it. */
static void put_cell(FILE *out, struct text text, size_t columns)
{
	char *clean = width_clean(text.at ? text.at : "", text.size);
	size_t width = clean ? width_text(clean) : 0;

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

static void put_build(FILE *out, const struct build *build)
{
	char name[256], took[32] = "";

	if (build->duration_ms != INT_NULL && build->state == STATE_FINISHED) {
		duration_format(build->duration_ms, took);
	}
	snprintf(name, sizeof name, "%.*s/%.*s #%" PRId64, TEXT_FMT(build->organization),
		 TEXT_FMT(build->pipeline), build->number);
	put_cell(out, text_of(name), 24);
	put_cell(out, text_of(word_of(build)), 12);
	put_cell(out, text_of(took), 7);
	put_cell(out, build->branch, 16);
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
