/* Documented: cctray.org, "Multiple Project Summary Reporting Standard". lastBuild… are of the newest build
 * that has ended; a build that was cancelled or skipped says nothing about the code and is passed over. */
/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/cctray.h"
#include "sinks/store/http/markup.h"
#include "sinks/store/http/verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void put_attribute(FILE *out, const char *name, yyjson_mut_val *value)
{
	fprintf(out, " %s=\"", name);
	markup_put(out, (struct text){yyjson_mut_get_str(value), yyjson_mut_get_len(value)});
	fputc('"', out);
}

/* "2026-11-21T11:03:12Z" */
static void put_time(FILE *out, const char *name, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm when;
	char text[32];

	if (gmtime_r(&seconds, &when) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &when) > 0) {
		fprintf(out, " %s=\"%s\"", name, text);
	}
}

static void put_last(FILE *out, yyjson_mut_val *bar)
{
	static const char *const words[] = {[VERDICT_SUCCESS] = "Success",
					    [VERDICT_FAILURE] = "Failure",
					    [VERDICT_TIMEOUT] = "Failure",
					    [VERDICT_ERROR] = "Exception",
					    [VERDICT_NONE] = "Unknown"};
	yyjson_mut_val *start = yyjson_mut_obj_get(bar, "started_at");
	int64_t duration = yyjson_mut_get_sint(yyjson_mut_obj_get(bar, "duration_ms"));

	fprintf(out, " lastBuildStatus=\"%s\"", words[verdict_of(bar)]);
	if (bar) {
		fprintf(out, " lastBuildLabel=\"%" PRId64 "\"",
			yyjson_mut_get_sint(yyjson_mut_obj_get(bar, "number")));
	}
	if (yyjson_mut_is_int(start)) {
		put_time(out, "lastBuildTime", yyjson_mut_get_sint(start) + duration);
	}
}

static void put_project(FILE *out, yyjson_mut_val *pipeline)
{
	yyjson_mut_val *bars = yyjson_mut_obj_get(pipeline, "bars");
	yyjson_mut_val *last = yyjson_mut_obj_get(pipeline, "last");

	fputs("<Project", out);
	put_attribute(out, "name", yyjson_mut_obj_get(pipeline, "id"));
	fprintf(out, " activity=\"%s\"", verdict_is_building(bars) ? "Building" : "Sleeping");
	put_last(out, verdict_newest(bars));
	put_attribute(out, "webUrl", yyjson_mut_obj_get(last, "url"));
	fputs("/>\n", out);
}

char *cctray_xml(yyjson_mut_val *pipelines, size_t *size)
{
	char *xml = NULL;
	FILE *out = open_memstream(&xml, size);
	yyjson_mut_arr_iter iter = yyjson_mut_arr_iter_with(pipelines);

	if (!out) {
		return NULL;
	}
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Projects>\n", out);
	for (yyjson_mut_val *pipeline; (pipeline = yyjson_mut_arr_iter_next(&iter));) {
		put_project(out, pipeline);
	}
	fputs("</Projects>\n", out);
	if (fclose(out) != 0) {
		free(xml);
		return NULL;
	}
	return xml;
}
