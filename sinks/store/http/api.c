/* SPDX-License-Identifier: MIT */
#include "common/process.h"
#include "sinks/store/http/parameters.h"
#include "sinks/store/http/question.h"
#include "sinks/store/query/builds.h"
#include "sinks/store/query/json.h"
#include "sinks/store/query/pipeline.h"

#include <stdio.h>

/* Answers with what `figures` makes of the parameters: until something is stored, or the day ends, nothing in
 * it changes but `now`. */
static enum MHD_Result answer_figures(struct request *request, struct overview_ask *ask,
				      yyjson_mut_val *(*figures)(struct reader *, const struct overview_ask *,
								 yyjson_mut_doc *, enum status *,
								 struct err *))
{
	struct question question;
	char cursor[CURSOR_SIZE], tag[CURSOR_SIZE + 32];
	enum MHD_Result result;
	yyjson_mut_val *value;

	ask->rows = &request->dashboard->rows;
	ask->n = events_cursor(&request->dashboard->events, cursor);
	snprintf(tag, sizeof tag, "\"%s-%lld\"", cursor, (long long)day_of(ask->now_ms));
	if (!question_open(&question, request->dashboard)) {
		question_close(&question, request->dashboard);
		return answer_failure(request, &question.err);
	}
	value = figures(question.reader, ask, question.doc, &question.status, &question.err);
	if (question.status != OK) {
		result = answer_failure(request, &question.err);
	} else if (!value) {
		result = answer_error(request, MHD_HTTP_NOT_FOUND, "no pipeline has the id %.300s",
				      request->rest);
	} else {
		json_text(question.doc, value, "cursor", text_of(cursor));
		result = answer_json(request, tag, value);
	}
	question_close(&question, request->dashboard);
	return result;
}

enum MHD_Result api_overview(struct request *request)
{
	struct overview_ask ask = {.now_ms = wall_ms()};
	struct err err;

	return parameters_overview(request, &ask, &err) == OK ? answer_figures(request, &ask, overview)
							      : answer_failure(request, &err);
}

enum MHD_Result api_pipeline(struct request *request)
{
	struct overview_ask ask = {.now_ms = wall_ms()};
	struct err err;

	if (parameters_overview(request, &ask, &err) != OK) {
		return answer_failure(request, &err);
	}
	ask.pipeline = text_of(request->rest);
	return answer_figures(request, &ask, pipeline_details);
}

enum MHD_Result api_builds(struct request *request)
{
	struct builds_ask ask;
	struct question question;
	enum MHD_Result result;
	yyjson_mut_val *value;
	struct err err;

	if (!question_open(&question, request->dashboard)) {
		question_close(&question, request->dashboard);
		return answer_failure(request, &question.err);
	}
	if (parameters_builds(request, question.reader, &ask, &err) != OK) {
		question_close(&question, request->dashboard);
		return answer_failure(request, &err);
	}
	value = builds_page(question.reader, &ask, question.doc, &question.status, &question.err);
	result = question.status == OK ? answer_json(request, NULL, value)
				       : answer_failure(request, &question.err);
	question_close(&question, request->dashboard);
	return result;
}

enum MHD_Result api_build(struct request *request)
{
	struct question question;
	enum MHD_Result result;
	yyjson_mut_val *value;

	if (!question_open(&question, request->dashboard)) {
		question_close(&question, request->dashboard);
		return answer_failure(request, &question.err);
	}
	value = builds_one(question.reader, text_of(request->rest), question.doc, &question.status,
			   &question.err);
	if (question.status != OK) {
		result = answer_failure(request, &question.err);
	} else if (!value) {
		result = answer_error(request, MHD_HTTP_NOT_FOUND, "no build has the id %.300s",
				      request->rest);
	} else {
		result = answer_json(request, NULL, value);
	}
	question_close(&question, request->dashboard);
	return result;
}
