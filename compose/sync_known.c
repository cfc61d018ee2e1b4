/* SPDX-License-Identifier: MIT */
#include "compose/sync_known.h"

#include <stdlib.h>
#include <string.h>

enum status sync_known_init(struct sync_known *known, struct err *err)
{
	*known = (struct sync_known){.doc = yyjson_mut_doc_new(NULL)};
	known->pipelines = yyjson_mut_arr(known->doc);
	return known->pipelines ? OK : err_set(err, ERR_SYS, "out of memory");
}

void sync_known_fini(struct sync_known *known)
{
	yyjson_mut_doc_free(known->doc);
	*known = (struct sync_known){0};
}

static bool same(yyjson_mut_val *entry, const char *key, const char *text)
{
	return yyjson_mut_equals_str(yyjson_mut_obj_get(entry, key), text);
}

/* The entry of a sink's pipeline, made where there is none yet. */
static yyjson_mut_val *entry_of(struct sync_known *known, const char *sink, const char *pipeline)
{
	yyjson_mut_val *entry;
	size_t index, max;

	yyjson_mut_arr_foreach(known->pipelines, index, max, entry)
	{
		if (same(entry, "sink", sink) && same(entry, "pipeline", pipeline)) {
			return entry;
		}
	}
	entry = yyjson_mut_arr_add_obj(known->doc, known->pipelines);
	yyjson_mut_obj_add_strcpy(known->doc, entry, "sink", sink);
	yyjson_mut_obj_add_strcpy(known->doc, entry, "pipeline", pipeline);
	yyjson_mut_obj_add_arr(known->doc, entry, "open");
	yyjson_mut_obj_add_arr(known->doc, entry, "whole");
	return entry;
}

/* [key, finished_at, coverage or null] */
static void add_whole(struct sync_known *known, yyjson_mut_val *entry, yyjson_val *fields)
{
	const char *key = yyjson_get_str(yyjson_obj_get(fields, "key"));
	const char *coverage = yyjson_get_str(yyjson_obj_get(fields, "coverage"));
	yyjson_mut_val *list = yyjson_mut_arr_add_arr(known->doc, yyjson_mut_obj_get(entry, "whole"));

	yyjson_mut_arr_add_strcpy(known->doc, list, key ? key : "");
	yyjson_mut_arr_add_int(known->doc, list, yyjson_get_sint(yyjson_obj_get(fields, "finished_at")));
	if (coverage && *coverage) {
		yyjson_mut_arr_add_real(known->doc, list, strtod(coverage, NULL));
	} else {
		yyjson_mut_arr_add_null(known->doc, list);
	}
}

static void add(struct sync_known *known, const char *sink, yyjson_val *fields)
{
	const char *pipeline = yyjson_get_str(yyjson_obj_get(fields, "pipeline"));
	const char *key = yyjson_get_str(yyjson_obj_get(fields, "key"));
	yyjson_val *finished_to = yyjson_obj_get(fields, "finished_to");
	yyjson_mut_val *entry = pipeline ? entry_of(known, sink, pipeline) : NULL;

	if (!entry) {
		return;
	}
	if (yyjson_obj_get(fields, "finished_at")) {
		add_whole(known, entry, fields);
	} else if (key) {
		yyjson_mut_arr_add_strcpy(known->doc, yyjson_mut_obj_get(entry, "open"), key);
	} else if (yyjson_is_int(finished_to)) {
		yyjson_mut_obj_add_int(known->doc, entry, "finished_to", yyjson_get_sint(finished_to));
	}
}

bool sync_known_event(struct sync_known *known, const char *event, yyjson_val *fields)
{
	const char *sink = yyjson_get_str(yyjson_obj_get(fields, "sink"));
	bool ended = strcmp(event, "sink.known_end") == 0;

	if (sink && !ended && strncmp(event, "sink.known", strlen("sink.known")) == 0) {
		add(known, sink, fields);
	}
	known->ended += ended;
	return ended;
}

enum status sync_known_write(struct sync_known *known, const char *path, int64_t newest, struct err *err)
{
	yyjson_mut_val *root = yyjson_mut_obj(known->doc);

	yyjson_mut_doc_set_root(known->doc, root);
	yyjson_mut_obj_add_uint(known->doc, root, "sinks", known->ended);
	yyjson_mut_obj_add_int(known->doc, root, "newest", newest);
	yyjson_mut_obj_add_val(known->doc, root, "pipelines", known->pipelines);
	return yyjson_mut_write_file(path, known->doc, 0, NULL, NULL) ? OK : err_sys(err, "write %s", path);
}
