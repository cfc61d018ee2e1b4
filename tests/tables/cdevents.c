/* What a record tells as CDEvents 0.5.1, checked by their schemas (tests/tables/cdevents/README.md). */
/* SPDX-License-Identifier: MIT */
#include "compose/tap_cdevents.h"
#include "tests/tables/json_schema.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdlib.h>

#define T1 1767225600000 /* 2026-01-01T00:00:00Z */

static struct cdevents told;
static struct build build;
static struct job jobs[4];

static struct job some_job(const char *id, int64_t started_at, int64_t finished_at, int result)
{
	struct job job;

	job_init(&job);
	job.id = text_of(id);
	job.name = TEXT("rspec 1/2");
	job.kind = KIND_SCRIPT;
	job.state = result ? STATE_FINISHED : started_at != INT_NULL ? STATE_RUNNING : STATE_QUEUED;
	job.started_at = started_at;
	job.finished_at = finished_at;
	job.result = result;
	return job;
}

static void set_up(void)
{
	build_init(&build);
	build.id = TEXT("buildkite/acme/web/17");
	build.provider = TEXT("buildkite");
	build.organization = TEXT("acme");
	build.pipeline = TEXT("web");
	build.number = 17;
	build.version = T1 + 99000;
	build.origin = ORIGIN_LIVE;
	build.branch = TEXT("main");
	build.url = TEXT("https://buildkite.com/acme/web/builds/17");
	build.state = STATE_QUEUED;
	build.created_at = T1;
	build.queued_at = T1 + 1000;
	build.jobs = (struct field_list){jobs, 0};
}

TestSuite(cdevents, .init = set_up);

/* `dev.cdevents.pipelinerun.started.0.3.0` → pipelinerunstarted.json */
static yyjson_doc *schema_of(const char *type)
{
	char path[512], name[64];
	size_t used = 0;
	yyjson_doc *doc;

	for (const char *at = type + strlen("dev.cdevents."); !isdigit((unsigned char)*at); at++) {
		if (*at != '.') {
			name[used++] = *at;
		}
	}
	name[used] = '\0';
	snprintf(path, sizeof path, SOURCE_DIR "/tests/tables/cdevents/%s.json", name);
	doc = yyjson_read_file(path, 0, NULL, NULL);
	cr_assert_not_null(doc, "%s", path);
	return doc;
}

static char *fault_of(yyjson_val *event)
{
	const char *type = yyjson_get_str(yyjson_ptr_get(event, "/context/type"));
	yyjson_doc *schema = schema_of(type);
	char *fault = schema_fault(yyjson_doc_get_root(schema), event);

	yyjson_doc_free(schema);
	return fault;
}

static const char *text_at(yyjson_val *event, const char *pointer)
{
	const char *text = yyjson_get_str(yyjson_ptr_get(event, pointer));

	return text ? text : "-";
}

/* One line of what is told: id, time, outcome, errors. */
static void summarize(char *line, FILE *out)
{
	yyjson_doc *doc = yyjson_read(line, strlen(line), 0);
	yyjson_val *event = yyjson_doc_get_root(doc);
	char *fault;

	cr_assert_not_null(doc, "%s", line);
	fault = fault_of(event);
	cr_expect_null(fault, "%s in %s", fault, line);
	fprintf(out, "%s %s %s %s\n", text_at(event, "/context/id"), text_at(event, "/context/timestamp"),
		text_at(event, "/subject/content/outcome"), text_at(event, "/subject/content/errors"));
	free(fault);
	yyjson_doc_free(doc);
}

/* What the record as it is now tells, as printed. Heap. */
static char *printed(void)
{
	struct buildbus_tap_event event = {.seq = 5, .epoch = 7};
	struct err err;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert_eq(cdevents_print(&told, &build, &event, out, &err), OK);
	fclose(out);
	return text;
}

static void expect_told(const char *expected)
{
	char *text = printed(), *got = NULL, *rest = text, *line;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	while ((line = strsep(&rest, "\n")) && *line) {
		summarize(line, out);
	}
	fclose(out);
	cr_expect_str_eq(got, expected, "told\n%s\nnot\n%s", got, expected);
	free(got);
	free(text);
}

#define ID "buildkite/acme/web/17"

Test(cdevents, tell_what_happened_once_and_in_order)
{
	expect_told(ID "/1/queued 2026-01-01T00:00:01.000Z - -\n");
	build.state = STATE_RUNNING;
	build.started_at = T1 + 2000;
	jobs[0] = some_job("job-1", T1 + 2500, INT_NULL, RESULT_NULL);
	build.jobs.count = 1;
	expect_told(ID "/1/started 2026-01-01T00:00:02.000Z - -\n" ID
		       "/jobs/job-1/started 2026-01-01T00:00:02.500Z - -\n");
	expect_told("");
	build.state = STATE_BLOCKED;
	jobs[0] = some_job("job-1", T1 + 2500, T1 + 3000, RESULT_FAILURE);
	expect_told(ID "/jobs/job-1/finished 2026-01-01T00:00:03.000Z failure -\n");
	build.state = STATE_FINISHED;
	build.result = RESULT_FAILURE;
	build.finished_at = T1 + 4000;
	expect_told(ID "/1/finished 2026-01-01T00:00:04.000Z failure -\n");
	build.coverage = 0.5; /* a version that tells no event */
	expect_told("");
	build.attempt = 2;
	build.queued_at = T1 + 10000;
	build.started_at = T1 + 11000;
	build.finished_at = T1 + 12000;
	build.result = RESULT_SUCCESS;
	expect_told(ID "/2/queued 2026-01-01T00:00:10.000Z - -\n" ID
		       "/2/started 2026-01-01T00:00:11.000Z - -\n" ID
		       "/2/finished 2026-01-01T00:00:12.000Z success -\n");
}

Test(cdevents, of_a_build_that_was_over_when_it_was_seen_tell_all)
{
	build.state = STATE_FINISHED;
	build.result = RESULT_CANCELLATION;
	build.started_at = T1 + 2000;
	build.finished_at = T1 + 3000;
	expect_told(ID "/1/queued 2026-01-01T00:00:01.000Z - -\n" ID
		       "/1/started 2026-01-01T00:00:02.000Z - -\n" ID
		       "/1/finished 2026-01-01T00:00:03.000Z cancel -\n");
}

Test(cdevents, have_four_outcomes)
{
	static const struct {
		int result;
		const char *told;
	} cases[] = {
		{RESULT_SUCCESS, "success -"},
		{RESULT_FAILURE, "failure -"},
		{RESULT_ERROR, "error -"},
		{RESULT_TIMEOUT, "error timeout"},
		{RESULT_CANCELLATION, "cancel -"},
		{RESULT_SKIP, "cancel skipped"},
		{RESULT_NULL, "- the provider does not know it any more"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char expected[128];

		build.created_at = build.queued_at = INT_NULL;
		build.state = STATE_FINISHED;
		build.attempt = (int64_t)i + 1;
		build.result = cases[i].result;
		build.finished_at = T1;
		snprintf(expected, sizeof expected, ID "/%zu/finished 2026-01-01T00:00:00.000Z %s\n", i + 1,
			 cases[i].told);
		expect_told(expected);
	}
}

Test(cdevents, leave_out_jobs_that_never_ran_and_steps_that_are_no_work)
{
	build.state = STATE_RUNNING;
	jobs[0] = some_job("never", INT_NULL, T1 + 3000, RESULT_SKIP);
	jobs[1] = some_job("approval", T1 + 1, T1 + 2, RESULT_SUCCESS);
	jobs[1].kind = KIND_APPROVAL;
	jobs[2] = some_job(NULL, T1 + 1, T1 + 2, RESULT_SUCCESS);
	jobs[3] = some_job("ran", T1 + 3000, T1 + 4000, RESULT_TIMEOUT);
	build.jobs.count = 4;
	expect_told(ID "/1/queued 2026-01-01T00:00:01.000Z - -\n" ID
		       "/jobs/ran/started 2026-01-01T00:00:03.000Z - -\n" ID
		       "/jobs/ran/finished 2026-01-01T00:00:04.000Z error timeout\n");
}

Test(cdevents, fit_their_schemas_with_hardly_anything_known)
{
	build.url = build.api_url = build.pipeline = (struct text){0};
	build.created_at = build.queued_at = INT_NULL;
	build.started_at = T1 + 1;
	build.state = STATE_FINISHED;
	expect_told(ID "/1/started 2026-01-01T00:00:00.001Z - -\n" ID
		       "/1/finished 2026-01-01T00:01:39.000Z - the provider does not know it any more\n");
}

Test(cdevents, carry_the_record_as_custom_data)
{
	char *text = printed();

	cr_expect(strstr(text, "\"source\":\"/buildkite/acme/web\""), "%s", text);
	cr_expect(strstr(text, "\"chainId\":\"" ID "\""), "%s", text);
	cr_expect(strstr(text, "\"customData\":{\"buildbus\":{\"type\":\"build\",\"id\":\"" ID "\""), "%s",
		  text);
	cr_expect(strstr(text, "\"branch\":\"main\"") && strstr(text, "\"seq\":5,\"epoch\":7"), "%s", text);
	cr_expect_not(strstr(text, "null"));
	free(text);
}

/* Else nothing above says that the schemas are looked at. */
Test(cdevents, that_do_not_fit_are_seen)
{
	static const struct {
		const char *from, *to, *fault;
	} cases[] = {
		{"\"pipelineName\"", "\"pipelineTitle\"", "subject: content: pipelineTitle: : not allowed"},
		{"\"specversion\":\"0.5.1\",", "", "context: specversion: missing"},
		{"\"0.5.1\"", "\"\"", "context: specversion: : too short"},
		{"\"0.5.1\"", "51", "context: specversion: string: wrong type"},
		{"\"customData\":{\"buildbus\"", "\"customData\":7,\"x\":{\"buildbus\"",
		 "customData: oneOf: fits none, or several"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text, *at, *broken = NULL, *fault;
		yyjson_doc *doc;

		told = (struct cdevents){0};
		text = printed();
		at = strstr(text, cases[i].from);
		cr_assert_not_null(at);
		cr_assert_gt(asprintf(&broken, "%.*s%s%s", (int)(at - text), text, cases[i].to,
				      at + strlen(cases[i].from)),
			     0);
		doc = yyjson_read(broken, strlen(broken), 0);
		cr_assert_not_null(doc, "%s", broken);
		fault = fault_of(yyjson_doc_get_root(doc));
		cr_expect_str_eq(fault ? fault : "none", cases[i].fault);
		free(fault);
		free(broken);
		free(text);
		yyjson_doc_free(doc);
	}
}
