/* Buildkite builds: every word, where each key comes from, and what must be refused. */
/* SPDX-License-Identifier: MIT */
#include "tests/tables/table.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define ENDED "'started_at':'2026-01-01T00:00:10Z','finished_at':'2026-01-01T00:01:10.5Z'"

Test(buildkite, knows_every_state_of_a_build)
{
	static const struct row rows[] = {
		{"creating", "'state':'creating'",
		 "{'state':'queued','result':null,'provider_state':'creating'}", 0},
		{"scheduled", "'state':'scheduled'", "{'state':'queued','result':null}", 0},
		{"waiting", "'state':'waiting'", "{'state':'queued','result':null}", 0},
		{"running", "'state':'running'", "{'state':'running','result':null}", 0},
		{"failing", "'state':'failing'", "{'state':'running','result':null}", 0},
		{"canceling", "'state':'canceling'", "{'state':'running','result':null}", 0},
		{"blocked", "'state':'blocked'", "{'state':'blocked','result':null}", 0},
		{"passed", "'state':'passed'", "{'state':'finished','result':'success'}", 0},
		{"failed", "'state':'failed'", "{'state':'finished','result':'failure'}", 0},
		{"waiting_failed", "'state':'waiting_failed'", "{'state':'finished','result':'failure'}", 0},
		{"canceled", "'state':'canceled'", "{'state':'finished','result':'cancellation'}", 0},
		{"cancelled", "'state':'cancelled'",
		 "{'state':'finished','result':'cancellation','provider_state':'cancelled'}", 0},
		{"skipped", "'state':'skipped'", "{'state':'finished','result':'skip'}", 0},
		{"not_run", "'state':'not_run'", "{'state':'finished','result':'skip'}", 0},
	};

	table_run(rows, COUNT(rows));
}

Test(buildkite, waits_at_a_block_step_whatever_its_last_word)
{
	static const struct row rows[] = {
		{"passed", "'state':'passed','blocked':true," ENDED,
		 "{'state':'blocked','result':null,'provider_state':'passed','finished_at':null,'duration_ms'"
		 ":null}",
		 0},
		{"failed", "'state':'failed','blocked':true", "{'state':'blocked','result':null}", 0},
		{"running", "'state':'running','blocked':true", "{'state':'blocked'}", 0},
		{"scheduled", "'state':'scheduled','blocked':true", "{'state':'blocked'}", 0},
		{"unknown", "'state':'paused','blocked':true," ENDED, "{'state':'blocked','result':null}", 1},
		{"canceled", "'state':'canceled','blocked':true",
		 "{'state':'finished','result':'cancellation'}", 0},
		{"skipped", "'state':'skipped','blocked':true", "{'state':'finished','result':'skip'}", 0},
		{"not_run", "'state':'not_run','blocked':true", "{'state':'finished','result':'skip'}", 0},
		{"not blocked", "'state':'passed','blocked':false", "{'state':'finished'}", 0},
		{"null", "'state':'passed','blocked':null", "{'state':'finished'}", 0},
	};

	table_run(rows, COUNT(rows));
}

Test(buildkite, keeps_a_build_whose_word_nobody_knows)
{
	static const struct row rows[] = {
		{"finished", "'state':'exploded'," ENDED,
		 "{'state':'finished','result':'error','provider_state':'exploded','duration_ms':60500}", 1},
		{"started", "'state':'dreaming','started_at':'2026-01-01T00:00:00Z'",
		 "{'state':'running','result':null,'provider_state':'dreaming'}", 1},
		{"neither", "'state':'PASSED'", "{'state':'queued','result':null}", 1},
		{"no word", "'created_at':'2026-01-01T00:00:00Z'", "{'state':'queued','provider_state':null}",
		 0},
		{"every word unknown", "'state':'a','source':'b','jobs':[{'type':'c','state':'d'}]",
		 "{'trigger':'other','jobs':[{'kind':null,'state':'queued'}]}", 4},
	};

	table_run(rows, COUNT(rows));
}

Test(buildkite, reads_both_forms_of_time)
{
	static const struct row rows[] = {
		{"RFC 3339",
		 "'state':'passed','created_at':'2018-03-25T03:58:14.000Z','started_at':'2018-03-25T05:58:15."
		 "250+02:00',"
		 "'finished_at':'2018-03-25T03:58:16Z'",
		 "{'created_at':1521950294000,'started_at':1521950295250,'finished_at':1521950296000,'"
		 "duration_ms':750}",
		 0},
		{"with UTC",
		 "'state':'passed','created_at':'2018-03-25 03:58:14 UTC','started_at':'2018-03-25 03:58:15 "
		 "UTC',"
		 "'finished_at':'2018-03-25 03:58:16 UTC'",
		 "{'created_at':1521950294000,'started_at':1521950295000,'finished_at':1521950296000,'"
		 "duration_ms':1000}",
		 0},
		{"empty", "'started_at':'','state':''", "{'started_at':null,'state':'queued'}", 0},
	};

	table_run(rows, COUNT(rows));
}

#define CREATED "'created_at':'2026-01-01T00:00:00Z',"
#define RUN     "'started_at':'2026-01-01T00:00:30Z','finished_at':'2026-01-01T00:01:00Z'"

Test(buildkite, counts_the_queue_from_when_its_first_job_could_run)
{
	static const struct row rows[] = {
		{"from runnable_at",
		 "'state':'passed'," CREATED RUN
		 ",'jobs':[{'type':'waiter','runnable_at':'2026-01-01T00:00:01Z'},"
		 "{'type':'script','runnable_at':'2026-01-01T00:00:40Z'},"
		 "{'type':'script','runnable_at':'2026-01-01T00:00:10Z'}]",
		 "{'queued_at':1767225610000,'queue_ms':20000,'duration_ms':30000}", 0},
		{"from scheduled_at", CREATED RUN ",'scheduled_at':'2026-01-01T00:00:05Z'",
		 "{'queued_at':1767225605000,'queue_ms':25000}", 0},
		{"scheduled before it was created", CREATED RUN ",'scheduled_at':'2025-12-31T00:00:00Z'",
		 "{'queued_at':1767225600000,'queue_ms':30000}", 0},
		{"from created_at", CREATED RUN, "{'queued_at':1767225600000,'queue_ms':30000}", 0},
		{"first job runnable after the build started",
		 CREATED RUN ",'jobs':[{'type':'script','runnable_at':'2026-01-01T00:00:40Z'}]",
		 "{'queued_at':1767225600000,'queue_ms':30000}", 0},
		{"started before it was created", CREATED "'started_at':'2025-12-31T23:59:59Z'",
		 "{'queue_ms':0}", 0},
		{"not started", CREATED "'state':'scheduled'",
		 "{'queued_at':1767225600000,'queue_ms':null,'duration_ms':null}", 0},
		{"nothing known", "'state':'scheduled'", "{'queued_at':null,'queue_ms':null}", 0},
		{"finished before it started",
		 "'state':'passed','started_at':'2026-01-01T00:00:30Z','finished_at':'2026-01-01T00:00:29Z'",
		 "{'duration_ms':0}", 0},
	};

	table_run(rows, COUNT(rows));
}

Test(buildkite, says_why_a_build_runs)
{
	static const struct row rows[] = {
		{"push", "'source':'webhook'", "{'trigger':'push','pull_request':null}", 0},
		{"push, empty pull request", "'source':'webhook','pull_request':{}", "{'trigger':'push'}", 0},
		{"push, PHP's empty object", "'source':'webhook','pull_request':[]", "{'trigger':'push'}", 0},
		{"pull request", "'source':'webhook','pull_request':{'id':'42','base':'main'}",
		 "{'trigger':'pull_request','pull_request':42}", 0},
		{"pull request as a number", "'pull_request':{'id':42},'source':'webhook'",
		 "{'trigger':'pull_request','pull_request':42}", 0},
		{"no pull request's number", "'source':'webhook','pull_request':{'id':'false'}",
		 "{'trigger':'push','pull_request':null}", 0},
		{"api", "'source':'api','pull_request':{'id':'42'}", "{'trigger':'api','pull_request':42}",
		 0},
		{"ui", "'source':'ui'", "{'trigger':'manual'}", 0},
		{"trigger_job", "'source':'trigger_job'", "{'trigger':'upstream'}", 0},
		{"schedule", "'source':'schedule'", "{'trigger':'schedule'}", 0},
		{"unknown", "'source':'telepathy'", "{'trigger':'other'}", 1},
		{"none", "", "{'trigger':null}", 0},
	};

	table_run(rows, COUNT(rows));
}

Test(buildkite, knows_the_author)
{
	static const struct row rows[] = {
		{"author before creator",
		 "'author':{'name':'Ann','email':'ann@x.org','username':'ann'},'creator':{'name':'Bot'}",
		 "{'author':{'name':'Ann','email':'ann@x.org','login':'ann'}}", 0},
		{"creator", "'author':null,'creator':{'name':'Keith','email':'k@x.org'}",
		 "{'author':{'name':'Keith','email':'k@x.org','login':null}}", 0},
		{"neither", "'creator':null", "{'author':null}", 0},
	};

	table_run(rows, COUNT(rows));
}

Test(buildkite, turns_a_repository_into_an_address)
{
	static const struct row rows[] = {
		{"scp form", "'pipeline':{'repository':'git@github.com:acme/web.git'}",
		 "{'repository':'https://github.com/acme/web.git'}", 0},
		{"scp form, absolute", "'pipeline':{'repository':'git@git.acme.org:/acme/web'}",
		 "{'repository':'https://git.acme.org/acme/web'}", 0},
		{"ssh", "'pipeline':{'repository':'ssh://git@host.org:2222/a/b'}",
		 "{'repository':'https://host.org/a/b'}", 0},
		{"https with a token", "'pipeline':{'repository':'https://user:t@ken@host.org/a/b'}",
		 "{'repository':'https://host.org/a/b'}", 0},
		{"https", "'pipeline':{'repository':'https://host.org:8443/a/b@c.git'}",
		 "{'repository':'https://host.org:8443/a/b@c.git'}", 0},
		{"git", "'pipeline':{'repository':'git://host.org/a'}", "{'repository':'https://host.org/a'}",
		 0},
		{"path", "'pipeline':{'repository':'/srv/git/a:b'}", "{'repository':'/srv/git/a:b'}", 0},
		{"drive", "'pipeline':{'repository':'C:/git'}", "{'repository':'C:/git'}", 0},
		{"none", "'pipeline':{'repository':'','default_branch':'trunk'}",
		 "{'repository':null,'default_branch':'trunk'}", 0},
	};

	table_run(rows, COUNT(rows));
}

Test(buildkite, keeps_what_is_said)
{
	static const struct row rows[] = {
		{"texts",
		 "'id':'u-1','web_url':'https://"
		 "w','branch':'main','tag':'v1','commit':'abc','message':'a\\u0000b \\u00e9'",
		 "{'type':'build','id':'buildkite/acme/web/"
		 "7','uid':'u-1','provider':'buildkite','organization':'acme',"
		 "'pipeline':'web','number':7,'url':'https://w','branch':'main','tag':'v1','commit':'abc',"
		 "'api_url':'https://api.buildkite.com/v2/organizations/acme/pipelines/web/builds/7',"
		 "'message':'a\\u0000b "
		 "\\u00e9','coverage':null,'tests':null,'workflow':null,'jobs':[],'version':null}",
		 0},
		{"null anywhere",
		 "'id':null,'state':null,'blocked':null,'jobs':null,'creator':null,'author':null,'pipeline':"
		 "null,"
		 "'pull_request':null,'source':null,'created_at':null,'message':null",
		 "{'state':'queued','jobs':[],'attempt':1,'uid':null}", 0},
		{"an empty message, an empty tag", "'message':'','tag':''", "{'message':'','tag':null}", 0},
		{"number as text", "'tag':12,'commit':1.5,'branch':123456789012345678901234567890",
		 "{'tag':'12','commit':'1.5','branch':'123456789012345678901234567890'}", 0},
		{"what nobody knows yet", "'colour':[[[{}]]],'huge':1e999,'jobs':[null]", "{'jobs':[]}", 0},
	};

	table_run(rows, COUNT(rows));
}

struct address {
	const char *body, *url, *want;
};

Test(buildkite, finds_organization_pipeline_and_number)
{
#define A "https://api.buildkite.com/v2/organizations/"
	static const struct address rows[] = {
		{"{'url':'" A "acme/pipelines/web/builds/7'}", NULL,
		 "{'id':'buildkite/acme/web/7','number':7}"},
		{"{'url':'" A "a/pipelines/b/builds/7','number':8}", A "x/pipelines/y/builds/9",
		 "{'id':'buildkite/a/b/8'}"},
		{"{'number':'8'}", A "x/pipelines/y/builds/9?a=b", "{'id':'buildkite/x/y/8'}"},
		{"{}", A "x/pipelines/y/builds/9#c",
		 "{'id':'buildkite/x/y/9','api_url':'" A "x/pipelines/y/builds/9#c'}"},
		{"{'number':3,'pipeline':{'slug':'p'}}", A "x/builds", "{'id':'buildkite/x/p/3'}"},
		{"{'url':'" A "a/pipelines/b/builds/1','pipeline':{'slug':'p'}}", NULL, "{'pipeline':'b'}"},
		{"{'url':'" A "caf%C3%A9%20x/pipelines/a%2Fb/builds/1'}", NULL,
		 "{'organization':'café x','pipeline':'a/b','id':'buildkite/caf%C3%A9%20x/a%2Fb/1'}"},
		{"{'url':'" A "a%ff/pipelines/b%2/builds/1'}", NULL,
		 "{'organization':'a%ff','pipeline':'b%2','id':'buildkite/a%25ff/b%252/1'}"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct normal_notes notes = {0};
		struct err err = {0};
		char *body = table_json(rows[i].body), *json;

		cr_assert(table_normalize(text_of(body), rows[i].url, &notes, &json, &err) == OK, "%s: %s",
			  body, err.text);
		cr_expect(table_matches(body, json, rows[i].want));
		free(json);
		free(body);
	}
}

#define GOOD "'url':'" A "a/pipelines/b/builds/1',"

Test(buildkite, refuses_with_the_place)
{
	static const struct bad_row rows[] = {
		{"empty", "", "$: not JSON: "},
		{"no JSON", "<html>", "$: not JSON: "},
		{"cut", "{'a':", "$: not JSON: "},
		{"list", "[]", "$: not an object"},
		{"text", "'x'", "$: not an object"},
		{"no address", "{'number':7}",
		 "$.url: not the address of a build (…/organizations/O/pipelines/P/builds/N)"},
		{"no number", "{'url':'" A "a/pipelines/b/builds/'}", "$.number: missing"},
		{"negative", "{" GOOD "'number':-1}", "$.number: negative"},
		{"number", "{" GOOD "'number':1.5}", "$.number: not an integer"},
		{"number too big", "{" GOOD "'number':99999999999999999999}", "$.number: not an integer"},
		{"number much too big", "{" GOOD "'number':1e999}", "$.number: not an integer"},
		{"number over 63 bits", "{" GOOD "'number':9223372036854775808}", "$.number: not an integer"},
		{"many digits", "{" GOOD "'number':'9999999999999999999'}", "$.number: not an integer"},
		{"many digits in the address", "{'url':'" A "a/pipelines/b/builds/9999999999999999999'}",
		 "$.number: missing"},
		{"words as number", "{" GOOD "'number':'seven'}", "$.number: not an integer"},
		{"state", "{" GOOD "'state':['passed']}", "$.state: not a text"},
		{"blocked", "{" GOOD "'blocked':'no'}", "$.blocked: neither true nor false"},
		{"time", "{" GOOD "'started_at':'yesterday'}", "$.started_at: not a time"},
		{"time as number", "{" GOOD "'finished_at':1521950294}", "$.finished_at: not a time"},
		{"jobs", "{" GOOD "'jobs':{'0':{}}}", "$.jobs: not an array"},
		{"job", "{" GOOD "'jobs':[{},null,7]}", "$.jobs[2]: not an object"},
		{"time of a job", "{" GOOD "'jobs':[{},{},null,{'started_at':'later'}]}",
		 "$.jobs[3].started_at: not a time"},
		{"the first error", "{" GOOD "'jobs':[{'runnable_at':1},{'started_at':1}],'created_at':2}",
		 "$.jobs[0].runnable_at: not a time"},
		{"agent", "{" GOOD "'jobs':[{'agent':{'name':{}}}]}", "$.jobs[0].agent.name: not a text"},
		{"author", "{" GOOD "'author':'Ann'}", "$.author: not an object"},
		{"pipeline", "{" GOOD "'pipeline':{'repository':true}}", "$.pipeline.repository: not a text"},
	};

	table_run_bad(rows, COUNT(rows));
}

static char *repeat(const char *start, const char *unit, size_t count, const char *end)
{
	size_t unit_size = strlen(unit);
	char *out = malloc(strlen(start) + unit_size * count + strlen(end) + 1), *to = out;

	to = stpcpy(to, start);
	for (size_t i = 0; i < count; i++) {
		to = stpcpy(to, unit);
	}
	stpcpy(to, end);
	return out;
}

Test(buildkite, cuts_a_huge_message_between_characters)
{
	char *message = repeat("{\"url\":\"" A "a/pipelines/b/builds/1\",\"message\":\"x", "é", 10000, "\"}");
	char *wanted = repeat("{'message':'x", "é", 8191, "'}"), *json;
	struct normal_notes notes = {0};
	struct err err;

	cr_assert(table_normalize(text_of(message), NULL, &notes, &json, &err) == OK);
	cr_expect(table_matches("message", json, wanted));
	free(json);
	free(wanted);
	free(message);
}

Test(buildkite, is_safe_with_any_depth)
{
	char *deep = repeat("{\"url\":\"" A "a/pipelines/b/builds/1\",\"env\":", "[", 500000, "");
	struct normal_notes notes = {0};
	char *json;
	struct err err;

	cr_expect(table_normalize(text_of(deep), NULL, &notes, &json, &err) == ERR_DATA);
	free(deep);
}
