/* What is previewed of past builds: out of their own times, whatever order they come in. */
/* SPDX-License-Identifier: MIT */
#include "compose/slack_print.h"
#include "sinks/slack/preview.h"
#include "tests/unit/slack_talk.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static msgpack_sbuffer packed[64];
static struct text records[64];
static size_t count;

static void close_case(void)
{
	for (size_t i = 0; i < count; i++) {
		msgpack_sbuffer_destroy(&packed[i]);
	}
	talk_fini();
}

TestSuite(slack_preview, .init = talk_init, .fini = close_case);

/* No rule wants it: it is not kept. */
static bool keep(const struct build *build)
{
	bool wanted = preview_reduce(&talk.config, build, &packed[count]);

	if (wanted) {
		records[count] = (struct text){packed[count].data, packed[count].size};
		count++;
	}
	return wanted;
}

static void past(int number, int result, const char *commit)
{
	struct build build = talk_build(number, result, commit);

	build.origin = ORIGIN_BACKFILL; /* as most of the past is */
	cr_assert(keep(&build));
}

/* `minute number.talk: text`, > for a reply, = for an edit. */
static void write_line(void *owner, const struct preview_said *said)
{
	size_t used = strlen(owner);

	snprintf((char *)owner + used, 8192 - used, "%lld %lld%s%lld: %s\n",
		 (long long)((said->at_ms - T0) / MIN), (long long)said->talk,
		 said->operation->edit ? "="
		 : said->thread        ? ">"
				       : ".",
		 (long long)said->number, said->operation->text);
}

static void expect_previewed(int64_t until_minute, const char *lines)
{
	struct preview_builds builds = {records, count};
	char said[8192] = "";
	struct err err;

	cr_assert(preview_run(&talk.config, &builds, T0 + until_minute * MIN, write_line, said, &err) == OK,
		  "%s", err.text);
	cr_expect_str_eq(said, lines, "said:\n%swanted:\n%s", said, lines);
}

Test(slack_preview, goes_by_the_time_of_each_build)
{
	past(30, RESULT_SUCCESS, "d");
	past(18, RESULT_FAILURE, "c");
	past(17, RESULT_FAILURE, "b");
	past(16, RESULT_SUCCESS, "a");
	expect_previewed(1000,
			 "22 1.1: :red_circle: acme/web main is failing: #17\n"
			 "23 1=1: :red_circle: acme/web main is failing: #17 and 1 more\n"
			 "23 1>2: #18 failed too; it may be failing only because of #17\n"
			 "35 1=1: :large_green_circle: acme/web main is fixed by #30 after 13 min\n"
			 "35 1>3: :large_green_circle: acme/web main is passing again: #30 by Ann Lee, after "
			 "13 min\n"
			 "35 1=2: :white_circle: #18 is unknown: hidden behind the break of #17\n");
}

Test(slack_preview, ends_where_it_is_told_to)
{
	past(17, RESULT_FAILURE, "b");
	past(30, RESULT_SUCCESS, "d");
	expect_previewed(21, "");
	expect_previewed(30, "22 1.1: :red_circle: acme/web main is failing: #17\n");
}

/* The newest version is all that the log has; its list of attempts tells of those before. */
Test(slack_preview, sees_the_flake_in_the_attempts_of_a_build)
{
	struct build build = talk_build(17, RESULT_SUCCESS, "a");
	struct attempt attempts[] = {
		{1, STATE_FINISHED, RESULT_FAILURE, T0 + 17 * MIN, T0 + 22 * MIN},
		{2, STATE_FINISHED, RESULT_SUCCESS, T0 + 40 * MIN, T0 + 44 * MIN},
	};

	build.attempt = 2;
	build.attempts = (struct field_list){attempts, 2};
	build.started_at = attempts[1].started_at;
	build.finished_at = attempts[1].finished_at;
	cr_assert(keep(&build));
	expect_previewed(
		1000, "22 1.1: :red_circle: acme/web main is failing: #17\n"
		      "44 1=1: :large_yellow_circle: acme/web main was flaky: #17 passed on the same commit\n"
		      "44 1>2: :large_yellow_circle: #17 passed on the same commit: a flake, not a fix\n");
}

/* The body of the first message. */
static void keep_body(void *owner, const struct preview_said *said)
{
	char *body = owner;

	if (!*body) {
		snprintf(body, 8192, "%s", said->operation->body);
	}
}

static size_t count_of(const char *text, const char *what)
{
	size_t found = 0;

	while ((text = strstr(text, what))) {
		text++;
		found++;
	}
	return found;
}

Test(slack_preview, of_an_earlier_attempt_names_no_job_that_was_tried_again_by_then)
{
	struct build build = talk_build(17, RESULT_SUCCESS, "a");
	struct attempt attempts[] = {
		{1, STATE_FINISHED, RESULT_FAILURE, T0 + 17 * MIN, T0 + 22 * MIN},
		{2, STATE_FINISHED, RESULT_SUCCESS, T0 + 40 * MIN, T0 + 44 * MIN},
	};
	struct job jobs[5];
	struct preview_builds builds = {records, 1};
	char body[8192] = "";
	struct err err;

	for (size_t i = 0; i < 5; i++) {
		job_init(&jobs[i]);
		jobs[i].name = i < 3 ? TEXT("browser") : TEXT("unit");
		jobs[i].attempt = i < 3 ? (int64_t)i + 1 : 1;
		jobs[i].superseded = i != 2;
		jobs[i].result = i == 2 ? RESULT_SUCCESS : RESULT_FAILURE;
		jobs[i].finished_at = T0 + (i == 2 ? 43 : 20 + (int64_t)i / 2) * MIN;
		jobs[i].parallel.index = i < 3 ? INT_NULL : (int64_t)i - 3;
		jobs[i].parallel.total = i < 3 ? INT_NULL : 2;
	}
	build.jobs = (struct field_list){jobs, 5};
	build.attempt = 2;
	build.attempts = (struct field_list){attempts, 2};
	build.started_at = attempts[1].started_at;
	build.finished_at = attempts[1].finished_at;
	cr_assert(keep(&build));
	cr_assert(preview_run(&talk.config, &builds, T0 + 1000 * MIN, keep_body, body, &err) == OK, "%s",
		  err.text);
	cr_expect_eq(count_of(body, "browser"), 1, "%s", body);
	cr_expect_eq(count_of(body, "unit (1 of 2)"), 1, "%s", body);
	cr_expect_eq(count_of(body, "unit (2 of 2)"), 1, "%s", body);
}

Test(slack_preview, sees_what_was_stuck_in_the_times_of_a_build)
{
	struct build build = talk_build(17, RESULT_SUCCESS, "a");

	talk.rule.stuck_queued_ms = 30 * MIN;
	build.started_at = T0 + 57 * MIN;
	build.finished_at = T0 + 60 * MIN;
	cr_assert(keep(&build));
	expect_previewed(1000, "47 1.1: :hourglass: acme/web main #17 waits for 30 min\n"
			       "57 1=1: :white_circle: acme/web main #17 started after 40 min\n");
}

Test(slack_preview, lets_time_pass_between_builds)
{
	talk.rule.remind_every_ms = 60 * MIN;
	past(17, RESULT_FAILURE, "b");
	past(200, RESULT_SUCCESS, "d");
	expect_previewed(
		1000, "22 1.1: :red_circle: acme/web main is failing: #17\n"
		      "82 1>2: :alarm_clock: acme/web main is failing for 1 h, since #17\n"
		      "142 1>3: :alarm_clock: acme/web main is failing for 2 h, since #17\n"
		      "202 1>4: :alarm_clock: acme/web main is failing for 3 h, since #17\n"
		      "205 1=1: :large_green_circle: acme/web main is fixed by #200 after 3 h 3 min\n"
		      "205 1>5: :large_green_circle: acme/web main is passing again: #200 by Ann Lee, after "
		      "3 h 3 min\n");
}

Test(slack_preview, asks_nobody_who_an_author_is)
{
	char key[] = "*", value[] = "lookup", *keys[] = {key}, *values[] = {value};

	talk.config.users = (struct config_map){keys, values, 1};
	past(17, RESULT_FAILURE, "b");
	expect_previewed(1000, "22 1.1: :red_circle: acme/web main is failing: #17\n");
	talk.config.users = (struct config_map){0};
}

Test(slack_preview, leaves_out_what_no_rule_wants)
{
	struct build build = talk_build(17, RESULT_FAILURE, "a");

	build.branch = TEXT("feature");
	cr_expect(!keep(&build));
	build.branch = TEXT("main");
	build.result = RESULT_SUCCESS; /* it may have failed before */
	cr_expect(keep(&build));
}

Test(slack_preview, of_nothing_is_nothing)
{
	expect_previewed(1000, "");
}

Test(slack_preview, plain_text_is_what_people_see)
{
	static const struct {
		const char *mrkdwn, *text;
	} rows[] = {
		{"<https://x/1|#17> failed", "#17 failed"},
		{"by <@U0123ABCD> <!here> <!subteam^S0123ABCD>", "by @U0123ABCD @here @S0123ABCD"},
		{"since <!date^1767225600^{date}|2026-01-01 00:00Z>", "since 2026-01-01 00:00Z"},
		{"<https://x/1>", "https://x/1"},
		{"a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"},
		{"&lt;!channel&gt;", "<!channel>"},
		{":red_circle: x :snail:", "\xf0\x9f\x94\xb4 x \xf0\x9f\x90\x8c"},
		{"one\ntwo\n", "one\ntwo\n"},
		{"esc \x1b[31m\a", "esc \xef\xbf\xbd[31m\xef\xbf\xbd"},
		{"open < end", "open < end"},
		{"<", "<"},
		{"", ""},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *text = slack_plain_text(rows[i].mrkdwn);

		cr_expect_str_eq(text, rows[i].text, "%s: %s", rows[i].mrkdwn, text);
		free(text);
	}
}
