/* Buildkite's words against everything that may stand beside them: build states and `blocked`, job states and
 * types, sources and pull requests. */
/* SPDX-License-Identifier: MIT */
#include "tests/tables/table.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* Ours, of one of theirs. NULL: null. */
struct word_row {
	const char *theirs, *state, *result;
	bool for_good; /* `blocked: true` doesn't open it again */
};

static void run(const char *members, const char *want)
{
	const struct row row = {members, members, want, 0};

	table_run(&row, 1);
}

static const char *quoted(const char *word, char out[static 32])
{
	snprintf(out, 32, word ? "'%s'" : "null", word);
	return out;
}

Test(buildkite_words, of_builds_with_and_without_blocked)
{
	static const struct word_row rows[] = {
		{"creating", "queued", NULL, false},
		{"scheduled", "queued", NULL, false},
		{"waiting", "queued", NULL, false},
		{"running", "running", NULL, false},
		{"failing", "running", NULL, false},
		{"canceling", "running", NULL, false},
		{"blocked", "blocked", NULL, false},
		{"passed", "finished", "success", false},
		{"failed", "finished", "failure", false},
		{"waiting_failed", "finished", "failure", false},
		{"canceled", "finished", "cancellation", true},
		{"cancelled", "finished", "cancellation", true},
		{"skipped", "finished", "skip", true},
		{"not_run", "finished", "skip", true},
	};
	static const char *const flags[] = {"true", "false", "null"};

	for (size_t i = 0; i < COUNT(rows) * COUNT(flags); i++) {
		const struct word_row *row = &rows[i / COUNT(flags)];
		const char *flag = flags[i % COUNT(flags)];
		bool waits = *flag == 't' && !row->for_good;
		char members[256], want[256], result[32];

		snprintf(members, sizeof members,
			 "'state':'%s','blocked':%s,'started_at':'2026-01-01T00:00:10Z',"
			 "'finished_at':'2026-01-01T00:01:00Z'",
			 row->theirs, flag);
		snprintf(want, sizeof want, "{'state':'%s','result':%s,'provider_state':'%s'%s}",
			 waits ? "blocked" : row->state, quoted(waits ? NULL : row->result, result),
			 row->theirs, waits ? ",'finished_at':null,'duration_ms':null" : "");
		run(members, want);
	}
}

Test(buildkite_words, of_jobs_of_every_type)
{
	static const struct word_row rows[] = {
		{"pending", "queued", NULL, false},
		{"waiting", "queued", NULL, false},
		{"waiting_failed", "finished", "skip", false},
		{"blocked", "blocked", NULL, false},
		{"blocked_failed", "finished", "skip", false},
		{"unblocked", "finished", "success", false},
		{"unblocked_failed", "finished", "success", false},
		{"limiting", "queued", NULL, false},
		{"limited", "queued", NULL, false},
		{"platform_limiting", "queued", NULL, false},
		{"platform_limited", "queued", NULL, false},
		{"scheduled", "queued", NULL, false},
		{"reserved", "queued", NULL, false},
		{"assigned", "queued", NULL, false},
		{"accepted", "queued", NULL, false},
		{"running", "running", NULL, false},
		{"canceling", "running", NULL, false},
		{"timing_out", "running", NULL, false},
		{"passed", "finished", "success", false},
		{"failed", "finished", "failure", false},
		{"finished", "finished", "success", false},
		{"timed_out", "finished", "timeout", false},
		{"expired", "finished", "error", false},
		{"canceled", "finished", "cancellation", false},
		{"cancelled", "finished", "cancellation", false},
		{"skipped", "finished", "skip", false},
		{"broken", "finished", "skip", false},
	};
	static const char *const types[][2] = {
		{"script", "script"}, {"waiter", "wait"}, {"manual", "approval"}, {"trigger", "trigger"}};

	for (size_t i = 0; i < COUNT(rows) * COUNT(types); i++) {
		const struct word_row *row = &rows[i / COUNT(types)];
		const char *const *type = types[i % COUNT(types)];
		char members[256], want[256], result[32];

		snprintf(members, sizeof members, "'jobs':[{'type':'%s','state':'%s','exit_status':null}]",
			 type[0], row->theirs);
		snprintf(want, sizeof want,
			 "{'jobs':[{'kind':'%s','state':'%s','result':%s,'provider_state':'%s',"
			 "'exit_status':null}]}",
			 type[1], row->state, quoted(row->result, result), row->theirs);
		run(members, want);
	}
}

Test(buildkite_words, of_sources_with_and_without_a_pull_request)
{
	static const char *const sources[][2] = {{"webhook", "push"},
						 {"api", "api"},
						 {"ui", "manual"},
						 {"trigger_job", "upstream"},
						 {"schedule", "schedule"}};
	static const char *const none[] = {"null",          "{}", "[]", "false", "{'id':null}", "{'id':''}",
					   "{'id':'false'}"};

	for (size_t i = 0; i < COUNT(sources); i++) {
		const char *const *source = sources[i];
		char members[128], want[128];

		snprintf(members, sizeof members, "'source':'%s','pull_request':{'id':'123'}", source[0]);
		snprintf(want, sizeof want, "{'trigger':'%s','pull_request':123}",
			 i == 0 ? "pull_request" : source[1]);
		run(members, want);
		for (size_t j = 0; j < COUNT(none); j++) {
			snprintf(members, sizeof members, "'source':'%s','pull_request':%s", source[0],
				 none[j]);
			snprintf(want, sizeof want, "{'trigger':'%s','pull_request':null}", source[1]);
			run(members, want);
		}
	}
}
