/* Each word of CircleCI's states, types and triggers, and the record that it must become. */
/* SPDX-License-Identifier: MIT */
#include "tests/tables/circleci_records.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define OBSERVED_AT INT64_C(1767226200000) /* ten minutes after the pipeline's creation */

/* Ours, of one of theirs. result NULL: null. */
struct word_row {
	const char *theirs, *state, *result;
};

static const char *quoted(const char *word, char out[static 32])
{
	snprintf(out, 32, word ? "'%s'" : "null", word);
	return out;
}

/* members: of the pipeline; workflows: of their list. */
static void run(const char *name, const char *members, const char *workflows, const char *want)
{
	struct normal_notes notes = {0};
	struct err err = {0};
	char *quotes = NULL, *body, *json;

	cr_assert_geq(asprintf(&quotes,
			       "{'pipeline':{'id':'p','number':7,'project_slug':'gh/acme/web','created_at':"
			       "'2026-01-01T00:00:00Z',%s},'workflows':[%s]}",
			       members, workflows),
		      0);
	body = table_json(quotes);
	json = circleci_records(text_of(body), OBSERVED_AT, &notes, &err);
	cr_expect_eq(err.status, OK, "%s: %s", name, err.text);
	cr_expect(table_matches(name, json, want), "%s", name);
	cr_expect_eq(notes.unknown_words, 0, "%s is unknown", name);
	free(json);
	free(body);
	free(quotes);
}

Test(circleci_words, of_pipelines_without_workflows)
{
	static const struct word_row rows[] = {
		{"created", "queued", NULL},      {"pending", "queued", NULL},
		{"setup", "queued", NULL},        {"setup-pending", "queued", NULL},
		{"errored", "finished", "error"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char members[128], want[160], result[32];

		snprintf(members, sizeof members, "'state':'%s'", rows[i].theirs);
		snprintf(want, sizeof want, "[{'state':'%s','result':%s,'provider_state':'%s','attempt':1}]",
			 rows[i].state, quoted(rows[i].result, result), rows[i].theirs);
		run(rows[i].theirs, members, "", want);
	}
}

static const struct word_row workflow_rows[] = {
	{"running", "running", NULL},          {"failing", "running", NULL},
	{"on_hold", "blocked", NULL},          {"success", "finished", "success"},
	{"failed", "finished", "failure"},     {"error", "finished", "error"},
	{"unauthorized", "finished", "error"}, {"canceled", "finished", "cancellation"},
	{"not_run", "finished", "skip"},
};

#define WORKFLOW "{'id':'%c','name':'%c','status':'%s','created_at':'2026-01-01T00:00:10Z','stopped_at':%s}"

static const char *end_of(const struct word_row *row)
{
	return row->result ? "'2026-01-01T00:01:00Z'" : "null";
}

Test(circleci_words, of_workflows)
{
	for (size_t i = 0; i < COUNT(workflow_rows); i++) {
		const struct word_row *row = &workflow_rows[i];
		char workflows[256], want[256], result[32];

		snprintf(workflows, sizeof workflows, WORKFLOW, 'a', 'a', row->theirs, end_of(row));
		snprintf(want, sizeof want,
			 "[{'state':'%s','result':%s,'provider_state':'%s','finished_at':%s}]", row->state,
			 quoted(row->result, result), row->theirs, row->result ? "1767225660000" : "null");
		run(row->theirs, "'state':'created'", workflows, want);
	}
}

/* Which decides, of each two. */
static int rank(const struct word_row *row)
{
	static const char *const order[] = {"running", "blocked",      "error",   "failure",
					    "timeout", "cancellation", "success", "skip"};
	const char *word = row->result ? row->result : row->state;
	int at = 0;

	while (strcmp(order[at], word) != 0) {
		at++;
	}
	return at;
}

Test(circleci_words, of_two_workflows_the_more_urgent_decides)
{
	for (size_t i = 0; i < COUNT(workflow_rows) * COUNT(workflow_rows); i++) {
		const struct word_row *a = &workflow_rows[i / COUNT(workflow_rows)],
				      *b = &workflow_rows[i % COUNT(workflow_rows)],
				      *deciding = rank(b) < rank(a) ? b : a;
		char workflows[512], want[160], result[32], name[64];

		snprintf(name, sizeof name, "%s and %s", a->theirs, b->theirs);
		snprintf(workflows, sizeof workflows, WORKFLOW "," WORKFLOW, 'a', 'a', a->theirs, end_of(a),
			 'b', 'b', b->theirs, end_of(b));
		snprintf(want, sizeof want, "[{'state':'%s','result':%s}]", deciding->state,
			 quoted(deciding->result, result));
		run(name, "'state':'created'", workflows, want);
	}
}

Test(circleci_words, of_jobs_of_each_type)
{
	static const struct word_row rows[] = {
		{"not_running", "queued", NULL},
		{"queued", "queued", NULL},
		{"blocked", "queued", NULL},
		{"running", "running", NULL},
		{"on_hold", "blocked", NULL},
		{"success", "finished", "success"},
		{"failed", "finished", "failure"},
		{"retried", "finished", "error"},
		{"infrastructure_fail", "finished", "error"},
		{"terminated-unknown", "finished", "error"},
		{"unauthorized", "finished", "error"},
		{"timedout", "finished", "timeout"},
		{"canceled", "finished", "cancellation"},
		{"not_run", "finished", "skip"},
	};
	static const char *const types[][2] = {{"build", "script"}, {"approval", "approval"}};

	for (size_t i = 0; i < COUNT(rows) * COUNT(types); i++) {
		const struct word_row *row = &rows[i / COUNT(types)];
		const char *const *type = types[i % COUNT(types)];
		char workflows[320], want[256], result[32];

		snprintf(workflows, sizeof workflows,
			 "{'id':'w','name':'w','status':'running','created_at':'2026-01-01T00:00:10Z','jobs':"
			 "[{"
			 "'id':'j','name':'j','type':'%s','status':'%s'}]}",
			 type[0], row->theirs);
		snprintf(want, sizeof want,
			 "[{'jobs':[{'kind':'%s','state':'%s','result':%s,'provider_state':'%s','superseded':"
			 "%s}]}]",
			 type[1], row->state, quoted(row->result, result), row->theirs,
			 strcmp(row->theirs, "retried") == 0 ? "true" : "false");
		run(row->theirs, "'state':'created'", workflows, want);
	}
}

Test(circleci_words, of_triggers_with_and_without_a_review)
{
	static const char *const triggers[][2] = {{"webhook", "push"},
						  {"api", "api"},
						  {"explicit", "manual"},
						  {"scheduled_pipeline", "schedule"},
						  {"Decoupled Ingestion System", "other"}};

	for (size_t i = 0; i < COUNT(triggers); i++) {
		char members[160], want[128];

		snprintf(members, sizeof members, "'trigger':{'type':'%s'},'vcs':{'review_id':'17'}",
			 triggers[i][0]);
		snprintf(want, sizeof want, "[{'trigger':'%s','pull_request':17}]",
			 i == 0 ? "pull_request" : triggers[i][1]);
		run(triggers[i][0], members, "", want);
		snprintf(members, sizeof members, "'trigger':{'type':'%s'}", triggers[i][0]);
		snprintf(want, sizeof want, "[{'trigger':'%s','pull_request':null}]", triggers[i][1]);
		run(triggers[i][0], members, "", want);
	}
}
