/* CircleCI's quirks: a pipeline with its workflows, and what must come of it. */
/* SPDX-License-Identifier: MIT */
#include "tests/tables/circleci_records.h"

#include "common/time.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

struct circleci_row {
	const char *name;
	const char *pipeline;  /* members beside id, number, project_slug and created_at */
	const char *workflows; /* of the array */
	const char *want;      /* a list of records, in parts */
	int64_t unknown_words;
};

static void run(const struct circleci_row *row, const char *more, int64_t observed_at)
{
	char *quoted = NULL, *body, *json;
	struct normal_notes notes = {0};
	struct err err = {0};

	cr_assert_geq(
		asprintf(
			&quoted,
			"{'pipeline':{'id':'p-1','number':7,'project_slug':'gh/acme/web'%s%s%s},'workflows':["
			"%s]%s}",
			strstr(row->pipeline, "'created_at'") ? ""
							      : ",'created_at':'2026-01-01T00:00:00.250Z'",
			*row->pipeline ? "," : "", row->pipeline, row->workflows, more),
		0);
	body = table_json(quoted);
	json = circleci_records(text_of(body), observed_at, &notes, &err);
	cr_expect_eq(err.status, OK, "%s: %s", row->name, err.text);
	cr_expect(table_matches(row->name, json, row->want), "%s", row->name);
	cr_expect_eq(notes.unknown_words, row->unknown_words, "%s: %d unknown words", row->name,
		     (int)notes.unknown_words);
	free(json);
	free(body);
	free(quoted);
}

#define WORKFLOW(id, name, status, from, to, jobs)                                                           \
	"{'id':'" id "','name':'" name "','status':'" status "','created_at':'2026-01-01T00:" from           \
	"Z','stopped_at':" to ",'jobs':[" jobs "]}"
#define AT(time) "'2026-01-01T00:" time "Z'"
#define JOB(id, name, status, from, to, more)                                                                \
	"{'job_number':1,'id':'" id "','name':'" name "','status':'" status                                  \
	"','type':'build','started_at':" from ",'stopped_at':" to more "}"
#define DETAILS                                                                                              \
	",'details':{'web_url':'https://circleci.com/gh/acme/web/1','queued_at':'2026-01-01T00:00:58.000Z'," \
	"'started_at':'2026-01-01T00:01:00.500Z','stopped_at':'2026-01-01T00:02:00.900Z','parallelism':4,"   \
	"'executor':{'resource_class':'large','type':'docker'}}"

static const struct circleci_row rows[] = {
	{"all of it",
	 "'state':'created','errors':[],'trigger':{'type':'webhook','actor':{'login':'jane'}},"
	 "'vcs':{'revision':'abc','branch':'main','commit':{'subject':'Fix','body':'It was broken'},"
	 "'target_repository_url':'https://github.com/acme/web'}",
	 WORKFLOW("w", "build", "success", "00:10", AT("02:01"),
		  JOB("j", "test", "success", AT("01:00"), AT("02:00"), DETAILS)),
	 "[{'id':'circleci/gh/acme/web/7','uid':'p-1','provider':'circleci','organization':'gh/acme',"
	 "'pipeline':'web','number':7,'attempt':1,'state':'finished','result':'success','provider_state':"
	 "'success','branch':'main','commit':'abc','message':'Fix\\n\\nIt was "
	 "broken','author':{'login':'jane'},"
	 "'trigger':'push','repository':'https://github.com/acme/web','created_at':1767225600250,"
	 "'queued_at':1767225658000,'started_at':1767225660500,'finished_at':1767225721000,'queue_ms':2500,"
	 "'duration_ms':60500,'url':'https://app.circleci.com/pipelines/github/acme/web/7','api_url':'" URL
	 "','workflow':null,'jobs':[{'id':'j','name':'test','kind':'script','group':'build','state':'"
	 "finished',"
	 "'result':'success','attempt':1,'superseded':false,'queue_ms':2500,'duration_ms':60400,"
	 "'runner':{'class':'large'},'parallel':{'total':4},'url':'https://circleci.com/gh/acme/web/1'}]}]",
	 0},
	{"a re-run is an attempt", "'state':'created'",
	 WORKFLOW("w2", "build", "success", "10:00", AT("11:00"),
		  JOB("j1", "lint", "success", AT("00:20"), AT("00:30"),
		      "") "," JOB("j3", "test", "success", AT("10:05"), AT("10:55"),
				  "")) "," WORKFLOW("w1", "build", "failed", "00:10", AT("02:00"),
						    JOB("j1", "lint", "success", AT("00:20"), AT("00:30"),
							"") "," JOB("j2", "test", "failed", AT("01:00"),
								    AT("02:00"), "")),
	 "[{'attempt':2,'state':'finished','result':'success','started_at':1767226205000,'finished_at':"
	 "1767226260000,'attempts':[{'attempt':1,'result':'failure','started_at':1767225620000,'finished_at':"
	 "1767225720000},{'attempt':2,'result':'success'}],'jobs':[{'id':'j1','attempt':1,'superseded':false}"
	 ","
	 "{'id':'j2','attempt':1,'superseded':true},{'id':'j3','attempt':2,'superseded':false}]}]",
	 0},
	{"what waits for approval alone is blocked", "'state':'created'",
	 WORKFLOW("a", "build", "success", "00:10", AT("02:00"),
		  "") "," WORKFLOW("b", "deploy", "on_hold", "00:10", "null",
				   "{'id':'h','name':'ok?','status':'on_hold','type':'approval','started_at':"
				   "'2026-01-01T00:01:00Z'}"),
	 "[{'state':'blocked','result':null,'provider_state':'on_hold','started_at':null,'finished_at':null,"
	 "'jobs':[{'kind':'approval','state':'blocked','started_at':null}]}]",
	 0},
	{"one that runs is running, whatever waits", "'state':'created'",
	 WORKFLOW("a", "build", "running", "00:10", "null", "") "," WORKFLOW("b", "deploy", "on_hold",
									     "00:10", "null", ""),
	 "[{'state':'running','result':null,'provider_state':'running'}]", 0},
	{"failing still runs", "'state':'created'", WORKFLOW("a", "build", "failing", "00:10", "null", ""),
	 "[{'state':'running','result':null}]", 0},
	{"error before failure", "'state':'created'",
	 WORKFLOW("a", "x", "failed", "00:10", AT("00:20"),
		  "") "," WORKFLOW("b", "y", "error", "00:10", AT("00:20"),
				   "") "," WORKFLOW("c", "z", "success", "00:10", AT("00:20"), ""),
	 "[{'state':'finished','result':'error','provider_state':'error'}]", 0},
	{"failure before cancellation", "'state':'created'",
	 WORKFLOW("a", "x", "canceled", "00:10", AT("00:20"), "") "," WORKFLOW("b", "y", "failed", "00:10",
									       AT("00:20"), ""),
	 "[{'result':'failure'}]", 0},
	{"cancellation before success, success before skip", "'state':'created'",
	 WORKFLOW("a", "x", "not_run", "00:10", AT("00:20"), "") "," WORKFLOW("b", "y", "success", "00:10",
									      AT("00:20"), ""),
	 "[{'result':'success'}]", 0},
	{"a broken configuration", "'state':'errored','errors':[{'type':'config','message':'No jobs'}]", "",
	 "[{'state':'finished','result':'error','provider_state':'errored','message':'No jobs',"
	 "'finished_at':1767225600250,'started_at':null}]",
	 0},
	{"nothing yet", "'state':'pending','errors':[]", "", "[{'state':'queued','result':null}]", 0},
	{"a set-up goes on", "'state':'setup'", WORKFLOW("a", "setup", "success", "00:10", AT("00:20"), ""),
	 "[{'state':'running','result':null,'finished_at':null}]", 0},
	{"behind a setup that failed nothing comes", "'state':'setup'",
	 WORKFLOW("a", "setup", "failed", "00:10", AT("00:20"), ""),
	 "[{'state':'finished','result':'failure','finished_at':1767225620000}]", 0},
	{"a setup that continues with a broken configuration",
	 "'state':'errored','errors':[{'type':'config','message':'No "
	 "jobs'}],'vcs':{'commit':{'subject':'Fix'}}",
	 WORKFLOW("a", "setup", "success", "00:10", AT("00:20"), ""),
	 "[{'state':'finished','result':'error','provider_state':'errored','message':'No jobs','attempts':[{"
	 "'state':'finished','result':'error'}],'finished_at':1767225620000}]",
	 0},
	{"errors beside workflows that ran",
	 "'state':'created','errors':[{'type':'other','message':'Odd'}],'vcs':{'commit':{'subject':'Fix'}}",
	 WORKFLOW("a", "x", "success", "00:10", AT("00:20"), ""), "[{'result':'success','message':'Fix'}]",
	 0},
	{"the attempt of a set-up goes on too", "'state':'setup'",
	 WORKFLOW("a", "setup", "success", "00:10", AT("00:20"), ""),
	 "[{'attempts':[{'state':'running','result':null,'finished_at':null}]}]", 0},
	{"what ran for less than the second that its end is cut to", "'state':'created'",
	 WORKFLOW("a", "x", "failed", "01:00", AT("01:00"),
		  JOB("j", "t", "failed", AT("01:00"), AT("01:00"), DETAILS)),
	 "[{'started_at':1767225660500,'finished_at':1767225660500,'duration_ms':0}]", 0},
	{"unknown words keep the record", "'state':'dreaming','trigger':{'type':'moon'}",
	 WORKFLOW("a", "x", "vanished", "00:10", AT("00:20"),
		  "{'id':'j','name':'t','status':'evaporated','type':'ghost','started_at':'2026-01-01T00:00:"
		  "11Z',"
		  "'stopped_at':'2026-01-01T00:00:19Z'}"),
	 "[{'state':'finished','result':'error','provider_state':'vanished','trigger':'other','jobs':[{"
	 "'state':'finished','result':'error','provider_state':'evaporated','kind':null}]}]",
	 5},
	{"retried by CircleCI", "'state':'created'",
	 WORKFLOW("a", "x", "success", "00:10", AT("05:00"),
		  JOB("j1", "t", "retried", AT("01:00"), AT("02:00"),
		      "") "," JOB("j2", "t", "success", AT("03:00"), AT("04:00"), "")),
	 "[{'attempt':1,'result':'success','jobs':[{'superseded':true,'attempt':1},{'superseded':false,"
	 "'attempt':2}]}]",
	 0},
	{"an empty commit subject", "'vcs':{'commit':{'subject':'','body':''}}",
	 WORKFLOW("a", "x", "success", "00:10", AT("00:20"), ""), "[{'message':null}]", 0},
	{"a pull request", "'trigger':{'type':'webhook'},'vcs':{'review_id':'17','branch':'fix'}",
	 WORKFLOW("a", "x", "success", "00:10", AT("00:20"), ""),
	 "[{'trigger':'pull_request','pull_request':17}]", 0},
	{"no vcs",
	 "'trigger':{'type':'Decoupled Ingestion System','received_at':'1970-01-01T00:00:00.000Z'},"
	 "'trigger_parameters':{'git':{'checkout_sha':'abc','branch':'main'}}",
	 WORKFLOW("a", "x", "success", "00:10", AT("00:20"), ""),
	 "[{'trigger':'other','commit':'abc','branch':'main','author':null}]", 0},
	{"what the app says of a commit",
	 "'trigger':{'type':'webhook'},'trigger_parameters':{'git':{'checkout_sha':'abc','tag':'v1','branch':"
	 "'','repo_url':'https://github.com/acme/web'},'github_app':{'commit_message':'Fix','branch':'x',"
	 "'commit_author_name':'Jane'},'gitlab':{'commit_author_email':'j@x.org','default_branch':'main'}}",
	 WORKFLOW("a", "x", "success", "00:10", AT("00:20"), ""),
	 "[{'commit':'abc','branch':null,'tag':'v1','message':'Fix','repository':'https://github.com/acme/"
	 "web'"
	 ",'default_branch':'main','author':{'name':'Jane','email':'j@x.org'}}]",
	 0},
	{"trigger parameters of another shape", "'trigger_parameters':{'git':[7],'github_app':{'branch':{}}}",
	 WORKFLOW("a", "x", "success", "00:10", AT("00:20"), ""), "[{'branch':null,'commit':null}]", 0},
	{"1970 is no time", "'state':'created'",
	 WORKFLOW("a", "x", "running", "00:10", "'1970-01-01T00:00:00Z'",
		  JOB("j", "t", "queued", "'1970-01-01T00:00:00.000Z'", "null", "")),
	 "[{'started_at':null,'finished_at':null,'jobs':[{'started_at':null,'state':'queued'}]}]", 0},
};

#define MORNING (INT64_C(1767225600000) + 10 * MINUTE_MS)

Test(circleci, each_quirk_becomes_the_expected_record)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		run(&rows[i], "", MORNING);
	}
}

Test(circleci, each_workflow_is_a_build_where_that_is_wanted)
{
	static const struct circleci_row two = {
		"per workflow", "'state':'created'",
		WORKFLOW("c", "test", "success", "05:00", AT("06:00"),
			 "") "," WORKFLOW("a", "build", "success", "00:10", AT("00:20"),
					  "") "," WORKFLOW("b", "test", "failed", "00:10", AT("00:30"), ""),
		"[{'id':'circleci/gh/acme/web/build/7','workflow':'build','result':'success','attempt':1},"
		"{'id':'circleci/gh/acme/web/test/7','workflow':'test','result':'success','attempt':2}]",
		0};
	static const struct circleci_row none = {"not yet", "'state':'pending'", "", "[]", 0};
	static const struct circleci_row broken = {"broken", "'state':'errored'", "",
						   "[{'id':'circleci/gh/acme/web/7','result':'error'}]", 0};

	static const struct circleci_row continued = {
		"broken behind its setup", "'state':'errored','errors':[{'message':'No jobs'}]",
		WORKFLOW("a", "setup", "success", "00:10", AT("00:20"), ""),
		"[{'id':'circleci/gh/acme/web/setup/7','result':'success','message':null},"
		"{'id':'circleci/gh/acme/web/7','result':'error','message':'No jobs','jobs':[]}]",
		0};

	run(&continued, ",'build_per':'workflow'", MORNING);
	run(&two, ",'build_per':'workflow'", MORNING);
	run(&none, ",'build_per':'workflow'", MORNING);
	run(&broken, ",'build_per':'workflow'", MORNING);
}

Test(circleci, a_pipeline_that_never_had_a_workflow_ran_nothing)
{
	static const struct circleci_row row = {"filtered out", "'state':'created','errors':[]", "",
						"[{'state':'finished','result':'skip'}]", 0};

	run(&row, "", MORNING + HOUR_MS);
}

Test(circleci, a_setup_is_not_waited_for_for_ever)
{
	static const struct circleci_row row = {"never continued", "'state':'setup'",
						WORKFLOW("a", "setup", "success", "00:10", AT("00:20"), ""),
						"[{'state':'finished','result':'success'}]", 0};

	static const struct circleci_row ageless = {
		"of no known age", "'state':'setup','created_at':null",
		WORKFLOW("a", "setup", "success", "00:10", AT("00:20"), ""),
		"[{'state':'finished','created_at':null}]", 0};

	run(&row, "", MORNING + 6 * HOUR_MS);
	run(&ageless, "", MORNING);
}

Test(circleci, what_cannot_be_read_says_where)
{
	static const struct bad_row bad[] = {
		{"no pipeline", "{}", "$.pipeline: missing"},
		{"no slug", "{'pipeline':{'number':1}}",
		 "$.pipeline.project_slug: not the slug of a project (gh/acme/api)"},
		{"short slug", "{'pipeline':{'number':1,'project_slug':'gh/acme'}}",
		 "$.pipeline.project_slug: not the slug of a project (gh/acme/api)"},
		{"no number", "{'pipeline':{'project_slug':'gh/a/b'}}", "$.pipeline.number: missing"},
		{"a time",
		 "{'pipeline':{'number':1,'project_slug':'gh/a/b'},'workflows':[{'created_at':'x'}]}",
		 "$.workflows[0].created_at: not a time"},
		{"a job's time",
		 "{'pipeline':{'number':1,'project_slug':'gh/a/"
		 "b'},'workflows':[{'jobs':[{},{'started_at':'x'}]}]}",
		 "$.workflows[0].jobs[1].started_at: not a time"},
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct normal_notes notes = {0};
		struct err err = {0};
		char *body = table_json(bad[i].body),
		     *json = circleci_records(text_of(body), MORNING, &notes, &err);

		cr_expect_eq(err.status, ERR_DATA, "%s: accepted", bad[i].name);
		cr_expect_str_eq(err.text, bad[i].error);
		free(json);
		free(body);
	}
}
