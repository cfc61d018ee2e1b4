/* Badges and cctray.xml: the state of pipelines for the pages and programs of others. */
/* SPDX-License-Identifier: MIT */
#include "common/process.h"
#include "sinks/store/http/badge.h"
#include "sinks/store/http/cctray.h"
#include "sinks/store/http/parameters.h"
#include "sinks/store/http/question.h"
#include "sinks/store/http/verdict.h"
#include "sinks/store/query/standing.h"

#include <inttypes.h>
#include <stdio.h>
#include <xxhash.h>

#define SVG "image/svg+xml"

/* The tag is what the text hashes to: others ask often, and mostly nothing has changed. */
static enum MHD_Result answer_shared(struct request *request, const char *type, char *text, size_t size)
{
	char tag[24];

	request->shared = true;
	snprintf(tag, sizeof tag, "\"%016" PRIx64 "\"", text ? XXH3_64bits(text, size) : 0);
	return answer_tagged(request, tag, type, text, size);
}

/* A page that shows the badge of a pipeline that is not there should show that, not a broken picture. */
static enum MHD_Result answer_unknown(struct request *request, struct text label)
{
	size_t size;
	char *svg = badge_svg(label, TEXT("unknown"), BADGE_UNSURE, &size);

	request->shared = true;
	return answer_text(request, MHD_HTTP_NOT_FOUND, SVG, svg, size);
}

static enum MHD_Result answer_badge(struct request *request, struct text label, yyjson_mut_val *pipeline)
{
	static const struct {
		const char *word;
		enum badge_tone tone;
	} words[] = {
		[VERDICT_NONE] = {"no result", BADGE_UNSURE}, [VERDICT_SUCCESS] = {"passing", BADGE_GOOD},
		[VERDICT_FAILURE] = {"failing", BADGE_BAD},   [VERDICT_TIMEOUT] = {"timed out", BADGE_BAD},
		[VERDICT_ERROR] = {"error", BADGE_BAD},
	};
	enum verdict verdict = verdict_of(verdict_newest(yyjson_mut_obj_get(pipeline, "bars")));
	size_t size;
	char *svg = badge_svg(label, text_of(words[verdict].word), words[verdict].tone, &size);

	return answer_shared(request, SVG, svg, size);
}

/* "buildkite/acme/web" of "buildkite/acme/web.svg"; null where it ends otherwise. */
static struct text key_of(const char *rest)
{
	size_t size = strlen(rest);
	bool svg = size > 4 && strcmp(rest + size - 4, ".svg") == 0;

	return (struct text){svg ? rest : NULL, svg ? size - 4 : 0};
}

static enum MHD_Result ask(struct request *request, const struct overview_ask *what,
			   enum MHD_Result (*answer)(struct request *, yyjson_mut_val *pipelines))
{
	struct question question;
	enum MHD_Result result;
	yyjson_mut_val *all = NULL;

	if (question_open(&question, request->dashboard)) {
		all = standings(question.reader, what, question.doc, &question.status, &question.err);
	}
	result = all && question.status == OK ? answer(request, all) : answer_failure(request, &question.err);
	question_close(&question, request->dashboard);
	return result;
}

static enum MHD_Result badge_of_first(struct request *request, yyjson_mut_val *pipelines)
{
	const char *given = request_parameter(request, "label");
	struct text label = given ? text_of(given) : TEXT("build");
	yyjson_mut_val *pipeline = yyjson_mut_arr_get_first(pipelines);

	return pipeline ? answer_badge(request, label, pipeline) : answer_unknown(request, label);
}

enum MHD_Result badge_answer(struct request *request)
{
	struct overview_ask what = {.now_ms = wall_ms()};
	struct err err;

	if (parameters_overview(request, &what, &err) != OK) {
		return answer_failure(request, &err);
	}
	what.pipeline = key_of(request->rest);
	return what.pipeline.at ? ask(request, &what, badge_of_first)
				: answer_error(request, MHD_HTTP_NOT_FOUND,
					       "a badge's address ends in .svg: /badge/PROVIDER/SLUG.svg");
}

static enum MHD_Result tray_of(struct request *request, yyjson_mut_val *pipelines)
{
	size_t size;
	char *xml = cctray_xml(pipelines, &size);

	return answer_shared(request, "application/xml; charset=utf-8", xml, size);
}

enum MHD_Result cctray_answer(struct request *request)
{
	struct overview_ask what = {.now_ms = wall_ms()};
	struct err err;

	if (parameters_overview(request, &what, &err) != OK) {
		return answer_failure(request, &err);
	}
	return ask(request, &what, tray_of);
}
