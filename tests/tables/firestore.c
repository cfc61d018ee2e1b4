/* Builds and the documents that must come of them; stored documents and what gives way. */
/* SPDX-License-Identifier: MIT */
#include "sinks/firestore/compare.h"
#include "tests/tables/table.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define NONE INT_NULL

static struct arena arena;

static void open_arena(void)
{
	arena_init(&arena, 1 << 20);
}

static void close_arena(void)
{
	arena_fini(&arena);
}

TestSuite(firestore, .init = open_arena, .fini = close_arena);

static struct build a_build(void)
{
	struct build build;

	build_init(&build);
	build.id = TEXT("buildkite/acme/web/17");
	build.pipeline = TEXT("web");
	build.number = 17;
	build.url = TEXT("https://buildkite.com/acme/web/builds/17");
	build.api_url = TEXT("https://api/17");
	build.created_at = 1000;
	return build;
}

static const struct {
	const char *name;
	int state, result;
	int64_t started_at, finished_at, duration_ms;
	const char *want; /* status, startedAt, duration; NULL: not written */
} words[] = {
	{"success", STATE_FINISHED, RESULT_SUCCESS, 5000, 9000, 4000, "successful 5000 4000"},
	{"failure", STATE_FINISHED, RESULT_FAILURE, 5000, 9000, 4000, "failed 5000 4000"},
	{"error", STATE_FINISHED, RESULT_ERROR, 5000, 9000, 4000, "failed 5000 4000"},
	{"timeout", STATE_FINISHED, RESULT_TIMEOUT, 5000, 9000, 4000, "failed 5000 4000"},
	{"cancellation", STATE_FINISHED, RESULT_CANCELLATION, 5000, 9000, 4000, "unknown 5000 4000"},
	{"gone", STATE_FINISHED, RESULT_NULL, 5000, NONE, NONE, "unknown 5000 0"},
	{"gone before it started", STATE_FINISHED, RESULT_NULL, NONE, NONE, NONE, "unknown 1000 0"},
	{"cancelled before it started", STATE_FINISHED, RESULT_CANCELLATION, NONE, 9000, NONE,
	 "unknown 9000 0"},
	{"finished without a start", STATE_FINISHED, RESULT_SUCCESS, NONE, 9000, NONE, "successful 9000 0"},
	{"finished without an end", STATE_FINISHED, RESULT_SUCCESS, 5000, NONE, NONE, "successful 5000 0"},
	{"running", STATE_RUNNING, RESULT_NULL, 5000, NONE, NONE, "inProgress 5000 null"},
	{"running, a time not yet told", STATE_RUNNING, RESULT_NULL, NONE, NONE, NONE, NULL},
	{"re-run after an end", STATE_RUNNING, RESULT_NULL, 5000, 4000, NONE, "inProgress 5000 null"},
	{"queued", STATE_QUEUED, RESULT_NULL, NONE, NONE, NONE, NULL},
	{"blocked", STATE_BLOCKED, RESULT_NULL, 5000, NONE, NONE, NULL},
	{"blocked after an end", STATE_BLOCKED, RESULT_SUCCESS, 5000, 9000, 4000, NULL},
	{"skipped", STATE_FINISHED, RESULT_SKIP, NONE, 9000, NONE, NULL},
};

static const char *shown(const struct document *document)
{
	static const char *const status[] = {"?", "successful", "failed", "unknown", "inProgress"};
	static char text[100];
	char duration[32];

	snprintf(duration, sizeof duration, "%lld", (long long)document->duration_ms);
	snprintf(text, sizeof text, "%s %lld %s", status[document->status], (long long)document->started_at,
		 document->duration_ms == INT_NULL ? "null" : duration);
	return text;
}

Test(firestore, each_state_has_its_word_and_its_times)
{
	for (size_t i = 0; i < COUNT(words); i++) {
		struct build build = a_build();
		struct document document;
		enum document_made made;

		build.state = words[i].state;
		build.result = words[i].result;
		build.started_at = words[i].started_at;
		build.finished_at = words[i].finished_at;
		build.duration_ms = words[i].duration_ms;
		made = document_from(&build, "m", &arena, &document);
		cr_expect_eq(made, words[i].want ? DOCUMENT_MADE : DOCUMENT_NOT_YET, "%s", words[i].name);
		if (made == DOCUMENT_MADE && words[i].want) {
			cr_expect_str_eq(shown(&document), words[i].want, "%s: %s", words[i].name,
					 shown(&document));
		}
	}
}

Test(firestore, a_build_without_any_time_can_never_be_written)
{
	struct build build = a_build();
	struct document document;

	build.state = STATE_FINISHED;
	build.created_at = INT_NULL;
	cr_expect_eq(document_from(&build, "m", &arena, &document), DOCUMENT_NEVER);
}

static const char *fields_of(const struct build *build)
{
	yyjson_alc alc = arena_yyjson(&arena);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	struct document document;

	cr_assert_eq(document_from(build, "metrics", &arena, &document), DOCUMENT_MADE);
	cr_assert_str_eq(document.id, "metrics_17");
	yyjson_mut_doc_set_root(doc, document_fields(doc, &document));
	return yyjson_mut_write_opts(doc, 0, &alc, NULL, NULL);
}

Test(firestore, the_document_has_nine_keys_of_their_types)
{
	struct build build = a_build();
	const char *want =
		"{'projectId':{'stringValue':'metrics'},'buildNumber':{'integerValue':'17'},"
		"'startedAt':{'timestampValue':'2026-01-01T00:00:05.123Z'},"
		"'buildStatus':{'stringValue':'BuildStatus.successful'},'duration':{'integerValue':'4000'},"
		"'workflowName':{'stringValue':'web'},"
		"'url':{'stringValue':'https://buildkite.com/acme/web/builds/17'},"
		"'apiUrl':{'stringValue':'https://api/17'},'coverage':{'doubleValue':1.0}}";
	char *json = table_json(want);

	build.state = STATE_FINISHED;
	build.result = RESULT_SUCCESS;
	build.started_at = INT64_C(1767225605123);
	build.duration_ms = 4000;
	build.coverage = 1;
	cr_expect_str_eq(fields_of(&build), json);
	free(json);
}

Test(firestore, what_is_unknown_is_null_and_the_url_is_empty)
{
	struct build build = a_build();
	const char *want =
		"{'projectId':{'stringValue':'metrics'},'buildNumber':{'integerValue':'17'},"
		"'startedAt':{'timestampValue':'1970-01-01T00:00:05.000Z'},"
		"'buildStatus':{'stringValue':'BuildStatus.inProgress'},'duration':{'nullValue':null},"
		"'workflowName':{'stringValue':'nightly'},'url':{'stringValue':''},"
		"'apiUrl':{'nullValue':null},'coverage':{'nullValue':null}}";
	char *json = table_json(want);

	build.state = STATE_RUNNING;
	build.started_at = 5000;
	build.workflow = TEXT("nightly");
	build.url = build.api_url = (struct text){0};
	cr_expect_str_eq(fields_of(&build), json);
	free(json);
}

/* Documents as "status startedAt duration coverage more"; more is an odd key when present. */
static struct document a_document(const char *status, int64_t started_at, int64_t duration_ms,
				  double coverage)
{
	struct document document = {
		.project = TEXT("m"),
		.number = 17,
		.started_at = started_at,
		.duration_ms = duration_ms,
		.workflow = TEXT("web"),
		.url = TEXT("u"),
		.coverage = coverage,
	};

	document.status = status[0] == 's'   ? BUILD_SUCCESSFUL
			  : status[0] == 'f' ? BUILD_FAILED
			  : status[0] == 'u' ? BUILD_UNKNOWN
			  : status[0] == 'g' ? BUILD_UNKNOWN
					     : BUILD_IN_PROGRESS;
	document.timed_out = status[0] == 'g';
	return document;
}

static const struct {
	const char *name;
	const char *stored;
	int64_t stored_start, stored_duration;
	double stored_coverage;
	const char *fresh;
	int64_t start, duration;
	double coverage;
	enum document_order want;
} pairs[] = {
	{"the same", "success", 5, 4, .9, "success", 5, 4, .9, DOCUMENT_SAME},
	{"the same, running", "running", 5, NONE, NAN, "running", 5, NONE, NAN, DOCUMENT_SAME},
	{"it ended", "running", 5, NONE, NAN, "failed", 5, 4, NAN, DOCUMENT_NEWER},
	{"it had ended", "failed", 5, 4, NAN, "running", 5, NONE, NAN, DOCUMENT_OLDER},
	{"it runs again", "failed", 5, 4, NAN, "running", 20, NONE, NAN, DOCUMENT_NEWER},
	{"the end of the attempt before", "running", 20, NONE, NAN, "failed", 5, 4, NAN, DOCUMENT_OLDER},
	{"a later end of one attempt", "failed", 5, 4, NAN, "success", 5, 9, NAN, DOCUMENT_NEWER},
	{"an earlier end of one attempt", "success", 5, 9, NAN, "failed", 5, 4, NAN, DOCUMENT_OLDER},
	{"the coverage came", "success", 5, 4, NAN, "success", 5, 4, .9, DOCUMENT_NEWER},
	{"the coverage had come", "success", 5, 4, .9, "success", 5, 4, NAN, DOCUMENT_OLDER},
	{"another coverage", "success", 5, 4, .9, "success", 5, 4, .8, DOCUMENT_NEWER},
	{"another word at the same end", "unknown", 5, 4, NAN, "failed", 5, 4, NAN, DOCUMENT_NEWER},
	{"given up, and it still runs", "given up", 5, 60, NAN, "running", 5, NONE, NAN, DOCUMENT_OLDER},
	{"given up, and it had ended before", "given up", 5, 60, NAN, "failed", 5, 4, NAN, DOCUMENT_NEWER},
	{"given up, and it runs again", "given up", 5, 60, NAN, "running", 20, NONE, NAN, DOCUMENT_NEWER},
};

Test(firestore, a_later_state_never_gives_way)
{
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct document stored = a_document(pairs[i].stored, pairs[i].stored_start,
						    pairs[i].stored_duration, pairs[i].stored_coverage);
		struct document fresh =
			a_document(pairs[i].fresh, pairs[i].start, pairs[i].duration, pairs[i].coverage);

		cr_expect_eq(document_compare(&stored, &fresh), pairs[i].want, "%s", pairs[i].name);
	}
}

static const struct {
	const char *name, *fields;
	bool odd;
} stored[] = {
	{"ours",
	 "{'projectId':{'stringValue':'m'},'buildNumber':{'integerValue':'17'},"
	 "'startedAt':{'timestampValue':'1970-01-01T00:00:05.000999Z'},"
	 "'buildStatus':{'stringValue':'BuildStatus.failed'},'duration':{'integerValue':'4'},"
	 "'workflowName':{'stringValue':'web'},'url':{'stringValue':'u'},'apiUrl':{'nullValue':null},"
	 "'coverage':{'integerValue':'1'}}",
	 false},
	{"a key too many",
	 "{'projectId':{'stringValue':'m'},'buildNumber':{'integerValue':'17'},"
	 "'startedAt':{'timestampValue':'1970-01-01T00:00:05Z'},"
	 "'buildStatus':{'stringValue':'BuildStatus.failed'},'duration':{'integerValue':'4'},"
	 "'workflowName':{'stringValue':'web'},'url':{'stringValue':'u'},'apiUrl':{'nullValue':null},"
	 "'coverage':{'integerValue':'1'},'branch':{'stringValue':'main'}}",
	 true},
	{"another type",
	 "{'projectId':{'stringValue':'m'},'buildNumber':{'doubleValue':17},"
	 "'startedAt':{'timestampValue':'1970-01-01T00:00:05Z'},"
	 "'buildStatus':{'stringValue':'BuildStatus.failed'},'duration':{'integerValue':'4'},"
	 "'workflowName':{'stringValue':'web'},'url':{'stringValue':'u'},'apiUrl':{'nullValue':null},"
	 "'coverage':{'integerValue':'1'}}",
	 true},
	{"nothing", "{}", true},
	{"no object", "[]", true},
};

Test(firestore, what_others_stored_is_read_whatever_it_is)
{
	for (size_t i = 0; i < COUNT(stored); i++) {
		char *json = table_json(stored[i].fields);
		yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
		struct document document;

		document_read(yyjson_doc_get_root(doc), &document);
		cr_expect_eq(document.odd, stored[i].odd, "%s", stored[i].name);
		if (!stored[i].odd) {
			cr_expect_str_eq(shown(&document), "failed 5000 4");
			cr_expect(document.coverage == 1 && text_is(document.project, "m"));
		}
		yyjson_doc_free(doc);
		free(json);
	}
}
