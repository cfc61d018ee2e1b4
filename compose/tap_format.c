/* SPDX-License-Identifier: MIT */
#include "compose/tap_format.h"
#include "common/record.h"
#include "compose/show.h"
#include "compose/terminal.h"

#include <stdlib.h>
#include <unistd.h>

#define ARENA_MAX (64 << 20)

static enum status read_build(const struct buildbus_tap_event *event, struct arena *arena,
			      struct build *build, struct err *err)
{
	arena_init(arena, ARENA_MAX);
	return build_unpack(event->record, event->record_size, arena, build, err);
}

/* The keys of `buildbus builds --json`, after the place in the log. */
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

static enum status print_json(const struct buildbus_tap_event *event, FILE *out, struct err *err)
{
	struct arena arena;
	struct build build;
	enum status status = read_build(event, &arena, &build, err);

	if (status == OK) {
		char *json = json_of(event, &build);

		fprintf(out, "%s\n", json ? json : "");
		free(json);
	}
	arena_fini(&arena);
	return status;
}

static enum status print_pretty(const struct buildbus_tap_event *event, FILE *out, struct err *err)
{
	struct arena arena;
	struct build build;
	enum status status = read_build(event, &arena, &build, err);

	if (status == OK) {
		char *line = show_line(&build, terminal_width());

		fprintf(out, "%s\n", line ? line : "");
		free(line);
	}
	arena_fini(&arena);
	return status;
}

static const struct tap_format formats[] = {
	{"json", print_json},
	{"pretty", print_pretty},
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
