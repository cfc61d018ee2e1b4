/* SPDX-License-Identifier: MIT */
#include "sinks/firestore/document.h"
#include "common/time.h"

#include <stdlib.h>

static const char *const status_words[] = {
	NULL, "BuildStatus.successful", "BuildStatus.failed", "BuildStatus.unknown", "BuildStatus.inProgress",
};

const char *document_word(enum build_status status)
{
	return status_words[status];
}

static int status_of(const struct build *build)
{
	if (build->state != STATE_FINISHED) {
		return BUILD_IN_PROGRESS;
	}
	switch (build->result) {
	case RESULT_SUCCESS:
		return BUILD_SUCCESSFUL;
	case RESULT_FAILURE:
	case RESULT_ERROR:
	case RESULT_TIMEOUT:
		return BUILD_FAILED;
	default:
		return BUILD_UNKNOWN;
	}
}

static bool is_shown(const struct build *build)
{
	return build->state == STATE_RUNNING ||
	       (build->state == STATE_FINISHED && build->result != RESULT_SKIP);
}

static int64_t first_time(int64_t a, int64_t b, int64_t c)
{
	return a != INT_NULL ? a : b != INT_NULL ? b : c;
}

enum document_made document_from(const struct build *build, const char *project, struct arena *arena,
				 struct document *document)
{
	bool runs = build->state == STATE_RUNNING;
	bool complete = build->started_at != INT_NULL && build->duration_ms != INT_NULL;

	if (!is_shown(build)) {
		return DOCUMENT_NOT_YET;
	}
	*document = (struct document){
		.id = arena_format(arena, "%s_%lld", project, (long long)build->number),
		.project = text_of(project),
		.number = build->number,
		.started_at = first_time(build->started_at, build->finished_at, build->created_at),
		.status = status_of(build),
		.duration_ms = runs       ? INT_NULL
			       : complete ? build->duration_ms
					  : 0,
		.workflow = build->workflow.at ? build->workflow : build->pipeline,
		.url = build->url.at ? build->url : TEXT(""),
		.api_url = build->api_url,
		.coverage = build->coverage,
	};
	if (runs && build->started_at == INT_NULL) {
		return DOCUMENT_NOT_YET;
	}
	return document->id && document->started_at != INT_NULL ? DOCUMENT_MADE : DOCUMENT_NEVER;
}

/* {"key": {"type": value}} */
static void put(yyjson_mut_doc *doc, yyjson_mut_val *fields, const char *key, const char *type,
		yyjson_mut_val *value)
{
	yyjson_mut_val *typed = yyjson_mut_obj_add_obj(doc, fields, key);

	yyjson_mut_obj_add_val(doc, typed, type, value ? value : yyjson_mut_null(doc));
}

static void put_text(yyjson_mut_doc *doc, yyjson_mut_val *fields, const char *key, struct text text)
{
	put(doc, fields, key, text.at ? "stringValue" : "nullValue",
	    text.at ? yyjson_mut_strncpy(doc, text.at, text.size) : NULL);
}

/* Decimal text: JSON numbers end at 2^53. */
static void put_int(yyjson_mut_doc *doc, yyjson_mut_val *fields, const char *key, int64_t number)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%lld", (long long)number);
	put(doc, fields, key, number == INT_NULL ? "nullValue" : "integerValue",
	    number == INT_NULL ? NULL : yyjson_mut_strcpy(doc, digits));
}

yyjson_mut_val *document_fields(yyjson_mut_doc *doc, const struct document *document)
{
	yyjson_mut_val *fields = yyjson_mut_obj(doc);
	bool covered = !isnan(document->coverage);
	char started[32];

	time_format(document->started_at, started);
	put_text(doc, fields, "projectId", document->project);
	put_int(doc, fields, "buildNumber", document->number);
	put(doc, fields, "startedAt", "timestampValue", yyjson_mut_strcpy(doc, started));
	put_text(doc, fields, "buildStatus", text_of(status_words[document->status]));
	put_int(doc, fields, "duration", document->duration_ms);
	put_text(doc, fields, "workflowName", document->workflow);
	put_text(doc, fields, "url", document->url);
	put_text(doc, fields, "apiUrl", document->api_url);
	put(doc, fields, "coverage", covered ? "doubleValue" : "nullValue",
	    covered ? yyjson_mut_real(doc, document->coverage) : NULL);
	return fields;
}

/* The value under key when it has this type. */
static yyjson_val *typed(yyjson_val *fields, const char *key, const char *type)
{
	return yyjson_obj_get(yyjson_obj_get(fields, key), type);
}

static struct text read_text(yyjson_val *fields, const char *key, bool *odd)
{
	yyjson_val *value = typed(fields, key, "stringValue");

	*odd |= !value && !typed(fields, key, "nullValue");
	return (struct text){yyjson_get_str(value), yyjson_get_len(value)};
}

static int64_t read_int(yyjson_val *fields, const char *key, bool *odd)
{
	yyjson_val *value = typed(fields, key, "integerValue");

	*odd |= !value && !typed(fields, key, "nullValue");
	if (yyjson_is_int(value)) {
		return yyjson_get_sint(value);
	}
	return yyjson_is_str(value) ? strtoll(yyjson_get_str(value), NULL, 10) : INT_NULL;
}

/* 1 and 1.0 are the same to the application. */
static double read_real(yyjson_val *fields, const char *key, bool *odd)
{
	yyjson_val *value = typed(fields, key, "doubleValue");
	bool none = false;
	int64_t whole;

	if (yyjson_is_num(value)) {
		return yyjson_get_num(value);
	}
	whole = read_int(fields, key, &none);
	*odd |= none;
	return whole == INT_NULL ? REAL_NULL : (double)whole;
}

static int64_t read_time(yyjson_val *fields, const char *key, bool *odd)
{
	yyjson_val *value = typed(fields, key, "timestampValue");
	int64_t ms;

	if (yyjson_is_str(value) && time_parse(yyjson_get_str(value), yyjson_get_len(value), &ms) == OK) {
		return ms;
	}
	*odd = true;
	return INT_NULL;
}

static int read_status(yyjson_val *fields, bool *odd)
{
	struct text word = read_text(fields, "buildStatus", odd);

	for (int i = 1; i <= BUILD_IN_PROGRESS; i++) {
		if (text_is(word, status_words[i])) {
			return i;
		}
	}
	*odd = true;
	return BUILD_STATUS_NULL;
}

void document_read(yyjson_val *fields, struct document *document)
{
	bool odd = yyjson_obj_size(fields) != 9;

	*document = (struct document){
		.project = read_text(fields, "projectId", &odd),
		.number = read_int(fields, "buildNumber", &odd),
		.started_at = read_time(fields, "startedAt", &odd),
		.status = read_status(fields, &odd),
		.duration_ms = read_int(fields, "duration", &odd),
		.workflow = read_text(fields, "workflowName", &odd),
		.url = read_text(fields, "url", &odd),
		.api_url = read_text(fields, "apiUrl", &odd),
		.coverage = read_real(fields, "coverage", &odd),
	};
	document->odd = odd;
}
