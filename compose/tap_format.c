/* SPDX-License-Identifier: MIT */
#include "compose/tap_format.h"
#include "common/record.h"
#include "common/time.h"
#include "compose/show.h"
#include "compose/tap_cdevents.h"
#include "compose/terminal.h"

#include <stdlib.h>
#include <unistd.h>

#define ARENA_MAX (64 << 20)

/* The keys of `buildbus builds --json`, then the place in the log. */
static char *json_of(const struct buildbus_tap_event *event, const struct build *build)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = doc ? schema_json(doc, build_fields, build) : NULL;
	char *json;

	yyjson_mut_obj_add_sint(doc, root, "seq", event->seq);
	yyjson_mut_obj_add_sint(doc, root, "epoch", event->epoch);
	yyjson_mut_doc_set_root(doc, root);
	json = doc ? yyjson_mut_write(doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL) : NULL;
	yyjson_mut_doc_free(doc);
	return json;
}

static enum status print_json(const struct buildbus_tap_event *event, const struct build *build, FILE *out,
			      struct err *err)
{
	char *json = json_of(event, build);

	if (!json) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	fprintf(out, "%s\n", json);
	free(json);
	return OK;
}

/* When what the record tells of happened; INT_NULL: it doesn't say. */
static int64_t time_of(const struct build *build)
{
	if (build->state == STATE_FINISHED && build->finished_at != INT_NULL) {
		return build->finished_at;
	}
	return build->started_at != INT_NULL ? build->started_at : build->created_at;
}

#define TIME_COLUMNS 21

static enum status print_pretty(const struct buildbus_tap_event *event, const struct build *build, FILE *out,
				struct err *err)
{
	const char *word = build->result ? result_words[build->result] : state_words[build->state];
	const char *colour = terminal_coloured() && word ? terminal_colour(word) : "";
	size_t width = terminal_width();
	char time[32] = "", *line = show_line(build, width > 2 * TIME_COLUMNS ? width - TIME_COLUMNS : width);

	(void)event;
	if (!line) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	if (time_of(build) != INT_NULL && time_format(time_of(build), time) > 19) {
		time[10] = ' ';
		time[19] = '\0';
	}
	fprintf(out, "%s%-19s  %s%s\n", colour, time, line, *colour ? "\033[0m" : "");
	free(line);
	return OK;
}

static enum status print_cdevents(const struct buildbus_tap_event *event, const struct build *build,
				  FILE *out, struct err *err)
{
	static struct cdevents told; /* half a MiB that only this format touches */

	return cdevents_print(&told, build, event, out, err);
}

static const struct tap_format formats[] = {
	{"json", print_json},
	{"pretty", print_pretty},
	{"cdevents", print_cdevents},
};

const struct tap_format *tap_format_named(const char *name)
{
	if (!name) {
		name = isatty(STDOUT_FILENO) ? "pretty" : "json";
	}
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (strcmp(formats[i].name, name) == 0) {
			return &formats[i];
		}
	}
	return NULL;
}

enum status tap_format_print(const struct tap_format *format, const struct buildbus_tap_event *event,
			     FILE *out, struct err *err)
{
	struct arena arena;
	struct build build;
	enum status status;

	arena_init(&arena, ARENA_MAX);
	status = build_unpack(event->record, event->record_size, &arena, &build, err);
	if (status == OK) {
		status = format->print(event, &build, out, err);
	}
	arena_fini(&arena);
	return status;
}
