/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "compose/clean.h"
#include "compose/show.h"

#include <inttypes.h>
#include <stdio.h>

/* The first line of a message is enough. */
static struct text first_line(struct text text)
{
	const char *end = text.size ? memchr(text.at, '\n', text.size) : NULL;

	return (struct text){.at = text.at ? text.at : "", .size = end ? (size_t)(end - text.at) : text.size};
}

static const char *word(const struct build *build)
{
	const char *result = result_words[build->result], *state = state_words[build->state];

	if (build->state == STATE_FINISHED) {
		return result ? result : "finished";
	}
	return state ? state : "-";
}

void show_line(const struct build *build, char out[static SHOW_LINE_MAX])
{
	char name[96], took[32] = "";
	struct text message = first_line(build->message);

	if (build->duration_ms != INT_NULL && build->state == STATE_FINISHED) {
		duration_format(build->duration_ms, took);
	}
	snprintf(name, sizeof name, "%.*s/%.*s #%" PRId64, TEXT_FMT(first_line(build->organization)),
		 TEXT_FMT(first_line(build->pipeline)), build->number);
	snprintf(out, SHOW_LINE_MAX, "%-24s  %-12s  %8s  %.*s  %.*s", name, word(build), took,
		 TEXT_FMT(first_line(build->branch)), TEXT_FMT(message));
	clean_line(out, SHOW_LINE_MAX);
}
