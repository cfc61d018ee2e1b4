/* Which rule a build falls under, by every key; globs; whom a rule means. */
/* SPDX-License-Identifier: MIT */
#include "sinks/slack/glob.h"
#include "sinks/slack/rules.h"
#include "tests/unit/config_case.h"
#include "tests/unit/slack_case.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

TestSuite(slack_rules, .init = case_open, .fini = case_close);

static struct slack_case given;

static void read_lines(const char *lines)
{
	cr_assert(slack_case_read(&given, lines), "%s: %s", lines, given.problems);
}

static void done(void)
{
	slack_case_free(&given);
}

static struct build a_build(void)
{
	struct build build;

	build_init(&build);
	build.provider = TEXT("buildkite");
	build.organization = TEXT("acme");
	build.pipeline = TEXT("web");
	build.branch = TEXT("main");
	build.default_branch = TEXT("main");
	build.state = STATE_FINISHED;
	build.result = RESULT_FAILURE;
	build.trigger = TRIGGER_PUSH;
	return build;
}

/* One rule, as it stands in the braces, against one build that differs from a_build as the columns say. */
static const struct row {
	const char *rule;
	bool matches;
	const char *organization, *pipeline, *branch, *default_branch;
	int result, trigger;
} rows[] = {
	/* nothing said: the default branch */
	{"", .matches = true},
	{"", .matches = false, .branch = "feature"},
	{"", .matches = true, .branch = "trunk", .default_branch = "trunk"},
	{"", .matches = false, .branch = "main", .default_branch = "trunk"},
	{"", .matches = true, .default_branch = "-"}, /* nobody says which: main, master */
	{"", .matches = true, .branch = "master", .default_branch = "-"},
	{"", .matches = false, .branch = "trunk", .default_branch = "-"},
	{"", .matches = false, .branch = "-"},
	{"", .matches = false, .branch = "-", .default_branch = "-"},
	/* branch */
	{"branch: default", .matches = true},
	{"branch: default", .matches = false, .branch = "default"},
	{"branch: \"defaul?\"", .matches = true, .branch = "default"},
	{"branch: \"*\"", .matches = true, .branch = "feature/x"},
	{"branch: \"*\"", .matches = true, .branch = "-"},
	{"branch: \"release/*\"", .matches = true, .branch = "release/1.0/hotfix"},
	{"branch: \"release/*\"", .matches = false, .branch = "release"},
	{"branch: [default, \"release/*\"]", .matches = true},
	{"branch: [default, \"release/*\"]", .matches = true, .branch = "release/2"},
	{"branch: [default, \"release/*\"]", .matches = false, .branch = "x/release/2"},
	{"branch: [\"*\", \"!dependabot/*\"]", .matches = false, .branch = "dependabot/npm"},
	{"branch: [\"!dependabot/*\", \"*\"]", .matches = false, .branch = "dependabot/npm"},
	{"branch: [\"*\", \"!dependabot/*\"]", .matches = true, .branch = "mine"},
	{"branch: \"!wip-*\"", .matches = true, .branch = "mine"},
	{"branch: \"!default\"", .matches = false},
	{"branch: \"!default\"", .matches = true, .branch = "mine"},
	{"branch: Main", .matches = false, .branch = "main"},
	/* provider, organization, pipeline */
	{"provider: buildkite", .matches = true},
	{"provider: circleci", .matches = false},
	{"provider: [circleci, buildkite]", .matches = true},
	{"provider: \"!buildkite\"", .matches = false},
	{"organization: acme", .matches = true},
	{"organization: acm", .matches = false},
	{"organization: gh/*", .matches = true, .organization = "gh/acme"},
	{"pipeline: web", .matches = true},
	{"pipeline: we", .matches = false},
	{"pipeline: w*", .matches = true},
	{"pipeline: acme/web", .matches = true},
	{"pipeline: acme/*", .matches = true},
	{"pipeline: globex/*", .matches = false},
	{"pipeline: gh/acme/web", .matches = true, .organization = "gh/acme"},
	{"pipeline: \"*/web\"", .matches = true, .organization = "gh/acme"},
	{"pipeline: [api, web]", .matches = true},
	{"pipeline: [\"*\", \"!acme/web\"]", .matches = false},
	{"pipeline: [\"*\", \"!acme/web\"]", .matches = true, .pipeline = "api"},
	/* result: only of what is red */
	{"result: failure", .matches = true},
	{"result: failure", .matches = false, .result = RESULT_TIMEOUT},
	{"result: [error, timeout]", .matches = true, .result = RESULT_TIMEOUT},
	{"result: [error, timeout]", .matches = false},
	{"result: timeout", .matches = true, .result = RESULT_SUCCESS},
	{"result: timeout", .matches = true, .result = RESULT_CANCELLATION},
	/* trigger */
	{"trigger: push", .matches = true},
	{"trigger: schedule", .matches = false},
	{"trigger: [schedule, push]", .matches = true},
	{"trigger: other", .matches = true, .trigger = TRIGGER_OTHER},
	{"trigger: push", .matches = false, .trigger = -1},
	{"", .matches = true, .trigger = -1},
	/* all keys of a rule */
	{"provider: buildkite, pipeline: web, branch: main, trigger: push, result: failure", .matches = true},
	{"provider: buildkite, pipeline: api, branch: main, trigger: push, result: failure",
	 .matches = false},
};

static struct text or_null(const char *text, struct text otherwise)
{
	return !text ? otherwise : strcmp(text, "-") == 0 ? (struct text){0} : text_of(text);
}

Test(slack_rules, match_by_every_key)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct build build = a_build();
		char lines[512];

		build.organization = or_null(rows[i].organization, build.organization);
		build.pipeline = or_null(rows[i].pipeline, build.pipeline);
		build.branch = or_null(rows[i].branch, build.branch);
		build.default_branch = or_null(rows[i].default_branch, build.default_branch);
		build.result = rows[i].result ? rows[i].result : build.result;
		build.trigger = rows[i].trigger < 0   ? TRIGGER_NULL
				: rows[i].trigger > 0 ? rows[i].trigger
						      : build.trigger;
		snprintf(lines, sizeof lines,
			 "    token: xoxb-1\n    channel: \"#b\"\n    rules:\n    - {%s}\n", rows[i].rule);
		read_lines(lines);
		cr_expect(!rules_find(&given.config, &build) == !rows[i].matches, "row %zu: {%s}", i,
			  rows[i].rule);
		done();
	}
}

Test(slack_rules, the_first_that_matches_counts)
{
	struct build build = a_build();

	read_lines("    token: xoxb-1\n    channel: \"#builds\"\n    rules:\n"
		   "    - {pipeline: api, channel: \"#api\"}\n"
		   "    - {result: timeout, channel: \"#infra\"}\n"
		   "    - {pipeline: sandbox, channel: none}\n"
		   "    - {pipeline: \"*\"}\n"
		   "    - {pipeline: web, channel: \"#never\"}\n");
	cr_expect_str_eq(rule_channel(&given.config, rules_find(&given.config, &build)), "#builds");
	build.result = RESULT_TIMEOUT;
	cr_expect_str_eq(rule_channel(&given.config, rules_find(&given.config, &build)), "#infra");
	build.pipeline = TEXT("api");
	cr_expect_str_eq(rule_channel(&given.config, rules_find(&given.config, &build)), "#api");
	build.pipeline = TEXT("sandbox");
	build.result = RESULT_FAILURE;
	cr_expect_null(rule_channel(&given.config, rules_find(&given.config, &build)));
	done();
}

Test(slack_rules, without_rules_there_is_one_with_all_defaults)
{
	static const char *const nothing[] = {"", "    rules:\n", "    rules: []\n", "    rules: [{}]\n"};

	for (size_t i = 0; i < COUNT(nothing); i++) {
		char lines[128];
		const struct slack_rule *rule;
		struct build build = a_build();

		snprintf(lines, sizeof lines, "    token: xoxb-1\n    channel: \"#b\"\n%s", nothing[i]);
		read_lines(lines);
		rule = rules_find(&given.config, &build);
		cr_assert_not_null(rule);
		cr_expect(given.config.rules.count == 1);
		cr_expect(rule->after_failures == 1 && rule->clear_after == 1);
		cr_expect(rule->remind_every_ms == 0 && rule->broadcast_after_ms == 3600000);
		cr_expect(rule->slow_factor == 0 && rule->slow_at_least_ms == 60000);
		cr_expect(rule->stuck_queued_ms == 0 && rule->quiet_digest && given.config.storm == 10);
		cr_expect(rule->mention.count == 1 && strcmp(rule->mention.items[0], "author") == 0);
		cr_expect(rule_is_red(rule, RESULT_FAILURE) && rule_is_red(rule, RESULT_ERROR));
		cr_expect(rule_is_red(rule, RESULT_TIMEOUT) && !rule_is_red(rule, RESULT_SUCCESS));
		cr_expect(!rule_is_red(rule, RESULT_CANCELLATION) && !rule_is_red(rule, RESULT_SKIP));
		cr_expect(!rule_is_red(rule, RESULT_NULL));
		done();
	}
}

Test(slack_rules, have_every_key)
{
	const struct slack_rule *rule;
	struct build build = a_build();

	read_lines(
		"    token: xoxb-1\n    storm: 3\n    rules:\n"
		"    - channel: C0123ABCDEF\n      after_failures: 2\n      clear_after: 3\n"
		"      remind_every: 1d\n      broadcast_after: 0\n      mention: [\"@here\", U0123ABCDEF]\n"
		"      slow: {factor: 1.5, at_least: 2m}\n      stuck: {queued: 30m}\n"
		"      result: [timeout]\n"
		"      quiet_hours: {times: 22:00-07:00, time_zone: \"+02:00\", digest: no}\n");
	build.result = RESULT_TIMEOUT;
	rule = rules_find(&given.config, &build);
	cr_assert_not_null(rule);
	cr_expect(rule->after_failures == 2 && rule->clear_after == 3 && rule->remind_every_ms == 86400000);
	cr_expect(rule->broadcast_after_ms == 0 && rule->mention.count == 2 && given.config.storm == 3);
	cr_expect(rule->slow_factor == 1.5 && rule->slow_at_least_ms == 120000);
	cr_expect(rule->stuck_queued_ms == 1800000 && !rule->quiet_digest && rule->quiet.times.count == 1);
	cr_expect(!rule_is_red(rule, RESULT_FAILURE) && rule_is_red(rule, RESULT_TIMEOUT));
	cr_expect_str_eq(rule_channel(&given.config, rule), "C0123ABCDEF");
	done();
}

Test(slack_rules, a_webhook_has_one_channel)
{
	struct build build = a_build();

	read_lines("    webhook_url: https://hooks.slack.com/services/T0/B0/abc\n"
		   "    rules:\n    - {pipeline: api, channel: none}\n    - {}\n");
	cr_expect_str_eq(rule_channel(&given.config, rules_find(&given.config, &build)), "webhook");
	build.pipeline = TEXT("api");
	cr_expect_null(rule_channel(&given.config, rules_find(&given.config, &build)));
	done();
}

Test(slack_rules, know_whom_they_mention)
{
	static const struct {
		const char *item, *text;
	} mentions[] = {
		{"here", "<!here>"},
		{"@here", "<!here>"},
		{"channel", "<!channel>"},
		{"everyone", "<!everyone>"},
		{"U0123ABCD", "<@U0123ABCD>"},
		{"W0123ABCD", "<@W0123ABCD>"},
		{"author", NULL},
		{"S0123ABCD", "<!subteam^S0123ABCD>"},
		{"none", NULL},
	};

	for (size_t i = 0; i < COUNT(mentions); i++) {
		char text[64] = "";

		cr_expect(mention_text(mentions[i].item, text) == (mentions[i].text != NULL));
		cr_expect_str_eq(text, mentions[i].text ? mentions[i].text : "");
	}
}

static const char *user(const char *email, const char *login)
{
	return users_find(&given.config, text_of(email), text_of(login));
}

Test(slack_rules, know_who_a_person_is)
{
	read_lines("    token: xoxb-1\n    channel: \"#b\"\n    users:\n"
		   "      ann: U0000ANN0\n      bob@acme.com: U0000BOB0\n      \"renovate[bot]\": W0000BOT0\n"
		   "      \"*@acme.com\": lookup\n      \"*-ci\": U0000TEAM\n");
	cr_expect_str_eq(user(NULL, "ann"), "U0000ANN0");
	cr_expect_str_eq(user("ann@acme.com", "ann"), "U0000ANN0"); /* the first that fits */
	cr_expect_str_eq(user("bob@acme.com", NULL), "U0000BOB0");
	cr_expect_str_eq(user("eve@acme.com", "eve"), "lookup");
	cr_expect_str_eq(user(NULL, "renovate[bot]"), "W0000BOT0");
	cr_expect_str_eq(user("x@else.org", "deploy-ci"), "U0000TEAM");
	cr_expect_null(user("eve@evil.org", "eve@acme.com")); /* a login is nobody's e-mail */
	cr_expect_null(user(NULL, NULL));
	cr_expect_null(user("", ""));
	done();
}

Test(slack_rules, globs_are_what_they_say)
{
	static const struct {
		const char *glob, *text;
		bool hit;
	} globs[] = {
		{"main", "main", true},
		{"main", "mainly", false},
		{"main", "mai", false},
		{"*", "", true},
		{"?", "", false},
		{"a*c", "abc", true},
		{"a*c", "ac", true},
		{"a*c", "acb", false},
		{"a*b*c", "aXbXbYc", true},
		{"**", "x/y", true},
		{"*.*", "a.b", true},
		{"v?.?", "v1.2", true},
		{"v?.?", "v10.2", false},
		{"m?n", "m\xc3\xbcn", true}, /* ü is one character */
		{"[ab]", "a", false},
		{"[ab]", "[ab]", true},
		{"*bot]", "renovate[bot]", true},
		{"x", "X", false},
	};

	for (size_t i = 0; i < COUNT(globs); i++) {
		cr_expect(glob_matches(globs[i].glob, text_of(globs[i].text)) == globs[i].hit, "%s %s",
			  globs[i].glob, globs[i].text);
	}
}

/* What makes recursive matchers run for years takes pattern × text steps. */
/* A pattern ends where it ends, whatever a name has in it. */
Test(slack_rules, a_name_with_a_nul_matches_stars_alone)
{
	cr_expect(glob_matches("*", TEXT("ma\0in")));
	cr_expect_not(glob_matches("ma", TEXT("ma\0in")));
	cr_expect(glob_matches("*", (struct text){0}));
}

Test(slack_rules, no_glob_takes_long)
{
	char text[200], glob[] = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
	clock_t begin = clock();

	memset(text, 'a', sizeof text);
	cr_expect(!glob_matches(glob, (struct text){text, sizeof text}));
	cr_expect(clock() - begin < CLOCKS_PER_SEC);
}
