/* Buildkite jobs: every word, times, names, runners, retries. */
/* SPDX-License-Identifier: MIT */
#include "tests/tables/table.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define JOB(members, want) "'jobs':[{" members "}]", "{'jobs':[{" want "}]}"

Test(buildkite_jobs, knows_every_state)
{
#define STATE(word, state, result)                                                                           \
	word,                                                                                                \
		JOB("'state':'" word "'",                                                                    \
		    "'state':'" state "','result':" result ",'provider_state':'" word "'"),                  \
		0
	static const struct row rows[] = {
		{STATE("pending", "queued", "null")},
		{STATE("waiting", "queued", "null")},
		{STATE("limiting", "queued", "null")},
		{STATE("limited", "queued", "null")},
		{STATE("platform_limiting", "queued", "null")},
		{STATE("platform_limited", "queued", "null")},
		{STATE("scheduled", "queued", "null")},
		{STATE("reserved", "queued", "null")},
		{STATE("assigned", "queued", "null")},
		{STATE("accepted", "queued", "null")},
		{STATE("running", "running", "null")},
		{STATE("canceling", "running", "null")},
		{STATE("timing_out", "running", "null")},
		{STATE("blocked", "blocked", "null")},
		{STATE("passed", "finished", "'success'")},
		{STATE("unblocked", "finished", "'success'")},
		{STATE("unblocked_failed", "finished", "'success'")},
		{STATE("failed", "finished", "'failure'")},
		{STATE("timed_out", "finished", "'timeout'")},
		{STATE("expired", "finished", "'error'")},
		{STATE("canceled", "finished", "'cancellation'")},
		{STATE("cancelled", "finished", "'cancellation'")},
		{STATE("skipped", "finished", "'skip'")},
		{STATE("broken", "finished", "'skip'")},
		{STATE("waiting_failed", "finished", "'skip'")},
		{STATE("blocked_failed", "finished", "'skip'")},
	};

	table_run(rows, COUNT(rows));
}

Test(buildkite_jobs, tells_how_it_failed)
{
	static const struct row rows[] = {
		{"exit 1",
		 JOB("'state':'failed','exit_status':1",
		     "'result':'failure','exit_status':1,'soft_failed':false"),
		 0},
		{"soft",
		 JOB("'state':'failed','exit_status':1,'soft_failed':true",
		     "'result':'failure','soft_failed':true"),
		 0},
		{"lost agent", JOB("'state':'failed','exit_status':-1", "'result':'error','exit_status':-1"),
		 0},
		{"agent_stop",
		 JOB("'state':'failed','exit_status':1,'signal_reason':'agent_stop'", "'result':'error'"), 0},
		{"process_run_error",
		 JOB("'state':'failed','signal_reason':'process_run_error'", "'result':'error'"), 0},
		{"agent_refused", JOB("'state':'failed','signal_reason':'agent_refused'", "'result':'error'"),
		 0},
		{"signature_rejected",
		 JOB("'state':'failed','signal_reason':'signature_rejected'", "'result':'error'"), 0},
		{"stack_error", JOB("'state':'failed','signal_reason':'stack_error'", "'result':'error'"), 0},
		{"agent_incompatible",
		 JOB("'state':'failed','signal_reason':'agent_incompatible'", "'result':'error'"), 0},
		{"cancel",
		 JOB("'state':'failed','exit_status':-1,'signal_reason':'cancel'", "'result':'cancellation'"),
		 0},
		{"other reason",
		 JOB("'state':'failed','signal':'SIGTERM','signal_reason':'moon'", "'result':'failure'"), 1},
		{"a signal doesn't spoil success",
		 JOB("'state':'passed','signal_reason':'agent_stop'", "'result':'success'"), 0},
		{"finished, 0",
		 JOB("'state':'finished','exit_status':0", "'state':'finished','result':'success'"), 0},
		{"finished, 2",
		 JOB("'state':'finished','exit_status':'2'", "'result':'failure','exit_status':2"), 0},
		{"finished, -1", JOB("'state':'finished','exit_status':-1", "'result':'error'"), 0},
		{"finished, passed",
		 JOB("'state':'finished','passed':true,'exit_status':1", "'result':'success'"), 0},
		{"finished, not passed", JOB("'state':'finished','passed':false", "'result':'failure'"), 0},
		{"finished waiter", JOB("'type':'waiter','state':'finished'", "'result':'success'"), 0},
	};

	table_run(rows, COUNT(rows));
}

Test(buildkite_jobs, keeps_one_whose_word_nobody_knows)
{
	static const struct row rows[] = {
		{"finished",
		 JOB("'state':'melted','started_at':'2026-01-01T00:00:00Z','finished_at':'2026-01-01T00:00:"
		     "01Z'",
		     "'state':'finished','result':'error','provider_state':'melted','duration_ms':1000"),
		 1},
		{"running",
		 JOB("'state':'juggling','started_at':'2026-01-01T00:00:00Z'",
		     "'state':'running','result':null"),
		 1},
		{"queued", JOB("'state':'yawning'", "'state':'queued','result':null"), 1},
		{"waiter without a word", JOB("'type':'waiter'", "'kind':'wait','state':null,'result':null"),
		 0},
		{"times without a word",
		 JOB("'finished_at':'2026-01-01T00:00:00Z'", "'state':'finished','result':'error'"), 0},
	};

	table_run(rows, COUNT(rows));
}

Test(buildkite_jobs, knows_every_type)
{
	static const struct row rows[] = {
		{"script", JOB("'type':'script'", "'kind':'script'"), 0},
		{"waiter", JOB("'type':'waiter'", "'kind':'wait'"), 0},
		{"manual",
		 JOB("'type':'manual','label':'Deploy?','state':'unblocked','web_url':null",
		     "'kind':'approval','name':'Deploy?','state':'finished','url':null"),
		 0},
		{"trigger",
		 JOB("'type':'trigger','name':'Deploy','async':false,'triggered_build':null",
		     "'kind':'trigger','name':'Deploy'"),
		 0},
		{"unknown", JOB("'type':'dance'", "'kind':null"), 1},
		{"none", JOB("'id':'a'", "'kind':null,'id':'a'"), 0},
	};

	table_run(rows, COUNT(rows));
}

#define AT(minute) "'2026-01-01T00:" minute ":00Z'"

Test(buildkite_jobs, queues_from_runnable_on)
{
	static const struct row rows[] = {
		{"all known",
		 JOB("'created_at':" AT("00") ",'scheduled_at':" AT("01") ",'runnable_at':" AT(
			     "02") ",'started_at':" AT("05") ",'finished_at':" AT("09"),
		     "'queued_at':1767225720000,'started_at':1767225900000,'finished_at':1767226140000,'"
		     "queue_ms':180000,"
		     "'duration_ms':240000"),
		 0},
		{"no runnable_at",
		 JOB("'created_at':" AT("00") ",'scheduled_at':" AT("01") ",'started_at':" AT("05"),
		     "'queued_at':1767225660000,'queue_ms':240000,'duration_ms':null"),
		 0},
		{"scheduled before it was there",
		 JOB("'created_at':" AT("02") ",'scheduled_at':" AT("01") ",'started_at':" AT("05"),
		     "'queued_at':null,'queue_ms':null"),
		 0},
		{"started before it could",
		 JOB("'runnable_at':" AT("02") ",'started_at':" AT("01"), "'queue_ms':0"), 0},
		{"finished before it started",
		 JOB("'started_at':" AT("02") ",'finished_at':" AT("01"), "'duration_ms':0"), 0},
		{"not started", JOB("'runnable_at':" AT("02"), "'queued_at':1767225720000,'queue_ms':null"),
		 0},
	};

	table_run(rows, COUNT(rows));
}

Test(buildkite_jobs, has_a_name)
{
	static const struct row rows[] = {
		{"name", JOB("'name':':rspec: Tests','label':'L'", "'name':':rspec: Tests'"), 0},
		{"label", JOB("'name':null,'label':'L','step_key':'k'", "'name':'L'"), 0},
		{"key", JOB("'name':'','step_key':'k','command':'make'", "'name':'k'"), 0},
		{"command", JOB("'command':'make -j2\\nmake install'", "'name':'make -j2'"), 0},
		{"none", JOB("'id':'a'", "'name':null"), 0},
		{"matrix",
		 JOB("'name':'Test','matrix':{'os':'linux','ruby':3.5,'fast':true}",
		     "'name':'Test (linux, 3.5, true)'"),
		 0},
		{"matrix in the name",
		 JOB("'name':'Test linux','matrix':{'os':'linux'}", "'name':'Test linux'"), 0},
		{"matrix partly in the name",
		 JOB("'name':'Test linux','matrix':{'os':'linux','ruby':'3.2'}", "'name':'Test linux (3.2)'"),
		 0},
		{"matrix of one", JOB("'name':'Test','matrix':'linux'", "'name':'Test (linux)'"), 0},
		{"matrix without a name", JOB("'matrix':{'a':'x','b':'y','c':'z'}", "'name':'x (y, z)'"), 0},
		{"group", JOB("'group_key':'tests','group_label':'Tests'", "'group':'tests'"), 0},
		{"group's label", JOB("'group_label':'Tests'", "'group':'Tests'"), 0},
		{"url",
		 JOB("'web_url':'https://buildkite.com/a/b/builds/1#j'",
		     "'url':'https://buildkite.com/a/b/builds/1#j'"),
		 0},
		{"parallel",
		 JOB("'parallel_group_index':0,'parallel_group_total':4", "'parallel':{'index':0,'total':4}"),
		 0},
		{"not parallel",
		 JOB("'parallel_group_index':null,'parallel_group_total':null", "'parallel':null"), 0},
	};

	table_run(rows, COUNT(rows));
}

Test(buildkite_jobs, knows_its_runner)
{
	static const struct row rows[] = {
		{"agent",
		 JOB("'agent':{'name':'a-1','meta_data':['os=linux','queue=big']},'agent_query_rules':['"
		     "queue=asked']",
		     "'runner':{'name':'a-1','queue':'big','class':null}"),
		 0},
		{"no queue on the agent",
		 JOB("'agent_query_rules':['os=linux','queue=asked'],'agent':{'name':'a-1','meta_data':[]}",
		     "'runner':{'name':'a-1','queue':'asked'}"),
		 0},
		{"no agent yet",
		 JOB("'agent':null,'agent_query_rules':['queue=asked']",
		     "'runner':{'name':null,'queue':'asked'}"),
		 0},
		{"any agent", JOB("'agent_query_rules':['*']", "'runner':null"), 0},
		{"no words", JOB("'agent_query_rules':[1,null,'queue=','queue'],'agent':{}", "'runner':null"),
		 0},
	};

	table_run(rows, COUNT(rows));
}

Test(buildkite_jobs, numbers_attempts_along_the_chain)
{
	static const struct row rows[] = {
		{"three, in any order",
		 "'jobs':[{'id':'c'},{'id':'a','retried':true,'retried_in_job_id':'b'},"
		 "{'id':'b','retried':true,'retried_in_job_id':'c'},{'id':'z'}]",
		 "{'jobs':[{'attempt':3,'superseded':false},{'attempt':1,'superseded':true},"
		 "{'attempt':2,'superseded':true},{'attempt':1,'superseded':false}]}",
		 0},
		{"only the newest is listed",
		 JOB("'id':'c','retried':false,'retries_count':2", "'attempt':3,'superseded':false"), 0},
		{"linked backwards",
		 "'jobs':[{'id':'a','retried':true},{'id':'b','retry_source':{'job_id':'a','retry_type':'"
		 "manual'}}]",
		 "{'jobs':[{'attempt':1,'superseded':true},{'attempt':2}]}", 0},
		{"linked to nothing",
		 JOB("'id':'a','retried_in_job_id':'gone'", "'attempt':1,'superseded':true"), 0},
		{"to itself", JOB("'id':'a','retried_in_job_id':'a'", "'attempt':1"), 0},
		{"in a circle",
		 "'jobs':[{'id':'a','retried_in_job_id':'b'},{'id':'b','retried_in_job_id':'a'}]",
		 "{'jobs':[{'attempt':1},{'attempt':1}]}", 0},
		{"into a circle",
		 "'jobs':[{'id':'a','retried_in_job_id':'b'},{'id':'b','retried_in_job_id':'c'},"
		 "{'id':'c','retried_in_job_id':'b'}]",
		 "{'jobs':[{'attempt':1},{'attempt':2},{'attempt':3}]}", 0},
		{"the count of one that was retried is nobody's number",
		 JOB("'retried':true,'retries_count':2", "'attempt':1"), 0},
		{"two into one",
		 "'jobs':[{'id':'a','retried_in_job_id':'c'},{'id':'b','retried_in_job_id':'c'},{'id':'c'}]",
		 "{'jobs':[{'attempt':1},{'attempt':1},{'attempt':2}]}", 0},
		{"absurd count", JOB("'retries_count':9007199254740993", "'attempt':1"), 0},
	};

	table_run(rows, COUNT(rows));
}

Test(buildkite_jobs, may_be_many)
{
	enum { JOBS = 20000 };
	char *body = NULL, *json;
	size_t size;
	FILE *out = open_memstream(&body, &size);
	struct normal_notes notes = {0};
	struct err err;

	fprintf(out, "{\"url\":\"/organizations/a/pipelines/b/builds/1\",\"jobs\":[{}");
	for (int i = 0; i < JOBS; i++) {
		fprintf(out,
			",{\"id\":\"job-%d\",\"type\":\"script\",\"state\":\"passed\",\"retried_in_job_id\":"
			"\"job-%d\"}",
			i, i + 1);
	}
	fprintf(out, "]}");
	fclose(out);
	cr_assert(table_normalize((struct text){body, size}, NULL, &notes, &json, &err) == OK, "%s",
		  err.text);
	cr_expect(strstr(json, "\"attempt\":20000,"));
	cr_expect(!strstr(json, "\"attempt\":20001,"));
	free(json);
	free(body);
}
