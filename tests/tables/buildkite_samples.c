/* Buildkite's own documented payloads, in place. */
/* SPDX-License-Identifier: MIT */
#include "tests/tables/table.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

struct sample {
	const char *file, *want;
};

/* NULL: not on this machine. The samples lie beside the project, or where BUILDBUS_SAMPLES says. */
static yyjson_doc *read_sample(const char *file)
{
	const char *const folders[] = {getenv("BUILDBUS_SAMPLES"), SOURCE_DIR "/../shared/samples",
				       SOURCE_DIR "/../../shared/samples"};
	yyjson_doc *doc = NULL;
	char path[4096];

	for (size_t i = 0; i < COUNT(folders) && !doc; i++) {
		if (folders[i]) {
			snprintf(path, sizeof path, "%s/buildkite/docs/%s", folders[i], file);
			doc = yyjson_read_file(path, 0, NULL, NULL);
		}
	}
	return doc;
}

static void normalize_value(const char *file, yyjson_val *value, const char *want)
{
	size_t size;
	char *body = yyjson_val_write(value, 0, &size), *json;
	struct normal_notes notes = {0};
	struct err err = {0};

	cr_assert(table_normalize((struct text){body, size}, NULL, &notes, &json, &err) == OK, "%s: %s", file,
		  err.text);
	cr_expect(notes.unknown_words == 0, "%s: unknown words", file);
	cr_expect(table_matches(file, json, want));
	free(json);
	free(body);
}

Test(samples, pass_through_unharmed)
{
#define COMMON                                                                                               \
	"'organization':'my-great-org','pipeline':'my-pipeline','uid':'f62a1b4d-10f9-4790-bc1c-"             \
	"e2c3a0c80983',"                                                                                     \
	"'branch':'main','author':{'name':'Keith Pitt','email':'keith@buildkite.com','login':null},"         \
	"'repository':'https://github.com/my-great-org/my-pipeline','attempt':1,'created_at':1431205559874," \
	"'message':'Bumping to version 0.2-beta.6','commit':'abcd0b72a1e580e90712cdd9eb26d3fb41cd09c8'"
	static const struct sample samples[] = {
		{"rest_api__builds__00-list-builds-for-a-pipeline.json",
		 "{" COMMON
		 ",'id':'buildkite/my-great-org/my-pipeline/1','state':'finished','result':'success',"
		 "'trigger':'push','pull_request':null,'started_at':1431205559874,'finished_at':"
		 "1431205559874,"
		 "'duration_ms':0,'queue_ms':0,'jobs':[{'name':'RSpec','kind':'script','group':'tests',"
		 "'state':'finished','result':'success','attempt':1,'exit_status':0,'queue_ms':60000,'"
		 "duration_ms':60000,"
		 "'runner':{'name':'my-agent-123'},'parallel':null}]}"},
		{"rest_api__builds__01-get-a-build.json",
		 "{" COMMON
		 ",'id':'buildkite/my-great-org/my-pipeline/2','state':'finished','result':'success',"
		 "'jobs':[{'attempt':2,'runner':{'name':'my-agent'}}]}"},
		{"rest_api__builds__03-cancel-a-build.json",
		 "{" COMMON ",'state':'finished','result':'cancellation','provider_state':'canceled'}"},
		{"rest_api__builds__04-rebuild-a-build.json", "{" COMMON ",'state':'queued','result':null}"},
		{"rest_api__builds__05-retry-failed-jobs-for-a-build.json", "{" COMMON ",'state':'queued'}"},
	};

	for (size_t i = 0; i < COUNT(samples); i++) {
		yyjson_doc *doc = read_sample(samples[i].file);
		yyjson_val *value = yyjson_doc_get_root(doc), *item;
		size_t index, max;

		if (!doc) {
			cr_skip_test("no sample %s beside the project or in $BUILDBUS_SAMPLES",
				     samples[i].file);
		}
		if (yyjson_is_arr(value)) {
			yyjson_arr_foreach(value, index, max, item)
			{
				normalize_value(samples[i].file, item, samples[i].want);
			}
		} else {
			normalize_value(samples[i].file, value, samples[i].want);
		}
		yyjson_doc_free(doc);
	}
}

/* The documented jobs that come alone, put into a build. */
Test(samples, of_single_jobs_pass_too)
{
	static const struct sample samples[] = {
		{"rest_api__builds__02-get-a-build.json",
		 "{'jobs':[{'kind':'trigger','name':'Deploy to "
		 "production','state':'finished','queue_ms':60000}]}"},
		{"rest_api__jobs__03-retry-a-job.json",
		 "{'jobs':[{'kind':'script','name':':package:','state':'queued','attempt':2,'exit_status':0,"
		 "'queued_at':1431205559874,'queue_ms':null}]}"},
		{"rest_api__jobs__05-unblock-a-job.json",
		 "{'jobs':[{'kind':'approval','name':'Deploy','state':'finished','result':'success','url':"
		 "null}]}"},
	};

	for (size_t i = 0; i < COUNT(samples); i++) {
		yyjson_doc *doc = read_sample(samples[i].file), *wrapped;
		char *job, *body = NULL;
		int size;

		if (!doc) {
			cr_skip_test("no sample %s beside the project or in $BUILDBUS_SAMPLES",
				     samples[i].file);
		}
		job = yyjson_write(doc, 0, NULL);
		size = asprintf(&body, "{\"url\":\"/organizations/a/pipelines/b/builds/1\",\"jobs\":[%s]}",
				job);
		wrapped = yyjson_read(body, (size_t)size, 0);
		normalize_value(samples[i].file, yyjson_doc_get_root(wrapped), samples[i].want);
		yyjson_doc_free(wrapped);
		yyjson_doc_free(doc);
		free(body);
		free(job);
	}
}
