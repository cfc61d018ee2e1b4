/* A sentence for each thing that can be wrong in a `slack` section, and no secret in any. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/config_case.h"
#include "tests/unit/slack_case.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(slack_config, .init = case_open, .fini = case_close);

#define SECRET "1234567890-secret"
#define TOKEN  "    token: xoxb-1\n"
#define BASIC  TOKEN "    channel: \"#b\"\n"

static const struct {
	const char *lines, *problems;
} rows[] = {
	{"", "token is missing: the bot token of a Slack app, or webhook_url of an incoming webhook\n"},
	{TOKEN,
	 "channel is missing, for example channel: \"#builds\" (without the quotes YAML takes it for a "
	 "comment)\n"},
	{TOKEN "    channel: #builds\n",
	 "channel is missing, for example channel: \"#builds\" (without the quotes "
	 "YAML takes it for a comment)\n"},
	{"    token: $NO_SUCH_VARIABLE\n    channel: \"#b\"\n",
	 "token: the variable NO_SUCH_VARIABLE is not set; set it, or write ${NO_SUCH_VARIABLE:-default}\n"},
	/* which secret */
	{"    token: https://hooks.slack.com/services/T0/B0/" SECRET "\n    channel: \"#b\"\n",
	 "token: is a URL; that of an incoming webhook belongs under webhook_url; wanted is the bot token of "
	 "the "
	 "app, xoxb-…\n"},
	{"    token: xoxp-" SECRET "\n    channel: \"#b\"\n",
	 "token: is a user token (xoxp-), which would post as that person; wanted is the bot token of the "
	 "app, "
	 "xoxb-…\n"},
	{"    token: xapp-1-" SECRET "\n    channel: \"#b\"\n",
	 "token: is an app-level token (xapp-), which can't post; wanted is the bot token of the app, "
	 "xoxb-…\n"},
	{"    token: xoxe.xoxb-1-" SECRET "\n    channel: \"#b\"\n",
	 "token: is a token that expires (xoxe): turn token rotation off in the app's settings; wanted is "
	 "the bot "
	 "token of the app, xoxb-…\n"},
	{"    token: Bearer xoxb-" SECRET "\n    channel: \"#b\"\n",
	 "token: starts with \"Bearer \": write the token alone; wanted is the bot token of the app, "
	 "xoxb-…\n"},
	{"    token: " SECRET "\n    channel: \"#b\"\n",
	 "token: is no bot token: it starts with xoxb-, has no spaces, and is found in the app's settings "
	 "under "
	 "OAuth & Permissions\n"},
	{"    webhook_url: xoxb-" SECRET "\n", "webhook_url: is a token, which belongs under token\n"},
	{"    webhook_url: hooks.slack.com/" SECRET "\n",
	 "webhook_url: must be the URL of an incoming webhook, https://hooks.slack.com/services/…\n"},
	{"    webhook_url: https://hooks.slack.com/triggers/" SECRET "\n",
	 "webhook_url: is no incoming webhook but another trigger: its path starts with /services/\n"},
	{BASIC "    webhook_url: https://hooks.slack.com/services/" SECRET "\n",
	 "give either token or webhook_url, not both\n"},
	/* a secret under another key */
	{TOKEN "    channel: xoxb-" SECRET "\n",
	 "channel: holds a secret, which belongs under token; if it was shown to anybody, make a new one\n"},
	{TOKEN "    channel: https://hooks.slack.com/services/" SECRET "\n",
	 "channel: holds a secret, which belongs under webhook_url; if it was shown to anybody, make a new "
	 "one\n"},
	{BASIC "    api_url: https://hooks.slack.com/services/" SECRET "\n",
	 "api_url: holds a secret, which belongs under webhook_url; if it was shown to anybody, make a new "
	 "one\n"},
	{BASIC "    users: {ann: xoxp-" SECRET "}\n", "users: ann: holds a secret, which belongs under "
						      "token; if it was shown to anybody, make a new one\n"},
	{BASIC "    rules:\n    - {mention: xoxb-" SECRET "}\n",
	 "rules[0].mention: holds a secret, which belongs under token; if it was shown to anybody, make a "
	 "new "
	 "one\n"},
	{BASIC "    rules:\n    - {branch: xoxb-" SECRET "}\n",
	 "rules[0].branch: holds a secret, which belongs under token; if it was shown to anybody, make a new "
	 "one\n"},
	{BASIC "    rules:\n    - {remind_every: xoxb-" SECRET "}\n",
	 "rules[0].remind_every: is not a duration (30s, 5m, 1h, 7d, 2w)\n"},
	/* channels */
	{TOKEN "    channel: builds\n",
	 "channel: \"builds\" is no channel: write \"#builds\", with # and quotes, or its id C…\n"},
	{TOKEN "    channel: \"#Build Alerts\"\n", "channel: \"#Build Alerts\" can't be the name of a "
						   "channel: small letters, digits, - and _, at most 80\n"},
	{TOKEN "    channel: \"#\"\n",
	 "channel: \"#\" can't be the name of a channel: small letters, digits, - and _, "
	 "at most 80\n"},
	{TOKEN "    channel: \"@ann\"\n", "channel: \"@ann\" is a person or a group; name a channel\n"},
	{TOKEN "    channel: U0123ABCDEF\n", "channel: \"U0123ABCDEF\" is a person; name a channel\n"},
	{"    webhook_url: https://hooks.slack.com/services/T0/B0/x\n    channel: \"#b\"\n",
	 "channel: a webhook posts where it was made for; remove the channel, or use a token\n"},
	{TOKEN "    rules:\n    - {channel: \"#a\"}\n    - {pipeline: web}\n",
	 "rules[1]: channel is missing, for example channel: \"#builds\" (without the quotes YAML takes it "
	 "for a "
	 "comment)\n"},
	/* people */
	{BASIC "    users: {ann: \"@ann\"}\n", "users: ann: \"@ann\" is no member's id: write U… (Slack: "
					       "profile, Copy member ID), or lookup to ask Slack "
					       "by the e-mail\n"},
	{"    webhook_url: https://hooks.slack.com/services/T0/B0/x\n    users: {ann@acme.com: lookup}\n",
	 "users: ann@acme.com: lookup needs a token, a webhook can't look anybody up\n"},
	{BASIC "    rules:\n    - {mention: [author, ann]}\n",
	 "rules[0].mention: \"ann\" is nobody: write author, here, channel, everyone, none, a member's id U… "
	 "(Slack: profile, Copy member ID) or a group's id S…\n"},
	/* rules: their shape, keys and values */
	{BASIC "    rules: {pipeline: web}\n", "rules: must be a list of maps, `- {key: value}`\n"},
	{BASIC "    rules: web\n", "rules: must be a list of maps, `- {key: value}`\n"},
	{BASIC "    rules:\n    - {}\n    - web\n", "rules[1]: must be a map, {key: value}\n"},
	{BASIC "    rule:\n    - {}\n", "rule: unknown key, did you mean rules?\n"},
	{BASIC "    rules:\n    - {}\n    - {pipelin: web}\n",
	 "rules[1].pipelin: unknown key, did you mean pipeline?\n"},
	{BASIC "    rules:\n    - {branches: x}\n", "rules[0].branches: unknown key, did you mean branch?\n"},
	{BASIC "    rules:\n    - {pipeline: web, pipeline: api}\n",
	 "rules[0].pipeline: repeated, first in line 6\n"},
	{BASIC "    rules:\n    - {slow: {facter: 2}}\n",
	 "rules[0].slow.facter: unknown key, did you mean factor?\n"},
	{BASIC "    rules:\n    - {slow: 2}\n", "rules[0].slow: must be a map, {key: value}\n"},
	{BASIC "    rules:\n    - {slow: {factor: fast}}\n",
	 "rules[0].slow.factor: \"fast\" is not a number\n"},
	{BASIC "    rules:\n    - {slow: {factor: 0.5}}\n",
	 "rules[0].slow.factor: \"0.5\" is out of range: 1 to 100\n"},
	{BASIC "    rules:\n    - {stuck: {queued: 5s}}\n",
	 "rules[0].stuck.queued: \"5s\" is out of range: 1m to 7d\n"},
	{BASIC "    rules:\n    - {after_failures: 0}\n",
	 "rules[0].after_failures: \"0\" is out of range: 1 to 100\n"},
	{BASIC "    rules:\n    - {remind_every: 1m}\n",
	 "rules[0].remind_every: \"1m\" is out of range: 5m to 28d\n"},
	{BASIC "    rules:\n    - {result: failed}\n",
	 "rules[0].result: \"failed\" is not one of failure, error, timeout\n"},
	{BASIC "    rules:\n    - {result: [failure, success]}\n",
	 "rules[0].result: \"success\" is not one of failure, error, timeout\n"},
	{BASIC "    rules:\n    - {trigger: cron}\n",
	 "rules[0].trigger: \"cron\" is not one of push, pull_request, schedule, api, manual, upstream, "
	 "other\n"},
	{BASIC "    rules:\n    - {provider: buildkit}\n",
	 "provider: \"buildkit\" matches no provider (has: buildkite, circleci)\n"},
	/* globs */
	{BASIC "    rules:\n    - {branch: ^main$}\n", "rules[0].branch: \"^main$\" is no glob: * stands for "
						       "any characters, ? for one, ! in front excludes; this "
						       "is neither a regular expression nor a list\n"},
	{BASIC "    rules:\n    - {branch: \"/release.*/\"}\n",
	 "rules[0].branch: \"/release.*/\" is no glob: * stands for any characters, ? for one, ! in front "
	 "excludes; "
	 "this is neither a regular expression nor a list\n"},
	{BASIC "    rules:\n    - {branch: \"main, develop\"}\n",
	 "rules[0].branch: \"main, develop\" is no glob: * stands for any characters, ? for one, ! in front "
	 "excludes; this is neither a regular expression nor a list\n"},
	{BASIC "    rules:\n    - {pipeline: \"!\"}\n",
	 "rules[0].pipeline: \"!\" is no pattern: 1 to 255 characters\n"},
	/* quiet hours */
	{BASIC "    rules:\n    - {quiet_hours: {times: 22-7, time_zone: UTC}}\n",
	 "rules[0].quiet_hours.times: \"22-7\" is no span: write [DAY|DAY-DAY] [HH:MM-HH:MM], as in "
	 "\"22:00-07:00\", "
	 "\"sat-sun\", \"fri 18:00-24:00\"\n"},
	{BASIC "    rules:\n    - {quiet_hours: {times: 22:00-07:00}}\n",
	 "quiet_hours.time_zone is missing: write whose clocks are meant, as in Europe/Berlin, UTC or "
	 "+02:00\n"},
	{BASIC "    rules:\n    - {quiet_hours: {time_zone: UTC}}\n",
	 "quiet_hours.times is missing, as in \"22:00-07:00\"\n"},
	{BASIC "    rules:\n    - {quiet_hours: {times: sun, time_zone: Berlin}}\n",
	 "rules[0].quiet_hours.time_zone: \"Berlin\" is no time zone of this machine: write one such as "
	 "Europe/Berlin "
	 "(the "
	 "package tzdata has them), UTC, or a fixed offset such as +02:00\n"},
	{BASIC
	 "    rules:\n    - {quiet_hours: {times: [mon-sat, 12:00-24:00, 00:00-12:00], time_zone: UTC}}\n",
	 "quiet_hours.times: they leave no time to say anything; to say nothing ever, write channel: none\n"},
	{BASIC "    rules:\n    - {quiet_hours: 22:00-07:00}\n",
	 "rules[0].quiet_hours: must be a map, {key: value}\n"},
	{BASIC "    storm: -1\n", "storm: \"-1\" is out of range: 0 to 1000\n"},
};

Test(slack_config, each_mistake_has_its_sentence)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slack_case given;

		cr_expect(!slack_case_read(&given, rows[i].lines), "%s", rows[i].lines);
		cr_expect_str_eq(given.problems, rows[i].problems, "%sis: %swanted: %s", rows[i].lines,
				 given.problems, rows[i].problems);
		cr_expect(!strstr(given.problems, SECRET), "%s", given.problems);
		slack_case_free(&given);
	}
}

Test(slack_config, takes_tokens_from_files)
{
	struct slack_case given;

	write_file("token", "xoxb-from-a-file\n");
	cr_expect(slack_case_read(&given, "    token_file: token\n    channel: \"#\xc3\xbc"
					  "ber-uns_2\"\n"),
		  "%s", given.problems);
	cr_expect_str_eq(given.config.token, "xoxb-from-a-file");
	slack_case_free(&given);
	write_file("token", "xoxp-1\n");
	cr_expect(!slack_case_read(&given, "    token_file: token\n    channel: \"#b\"\n"));
	slack_case_free(&given);
}

Test(slack_config, says_every_problem_of_every_rule)
{
	struct slack_case given;

	cr_expect(!slack_case_read(&given,
				   BASIC "    rules:\n    - {after: 1}\n    - {storm: 1, clear_after: x}\n"));
	cr_expect_str_eq(given.problems,
			 "rules[0].after: unknown key (has: provider, organization, pipeline, branch, "
			 "result, trigger, after_failures, clear_after, remind_every, "
			 "broadcast_after, quiet_hours, channel, mention, slow, stuck)\n"
			 "rules[1].storm: unknown key (has: provider, organization, pipeline, branch, "
			 "result, trigger, after_failures, clear_after, remind_every, broadcast_after, "
			 "quiet_hours, channel, mention, slow, stuck)\n"
			 "rules[1].clear_after: \"x\" is not a whole number\n");
	slack_case_free(&given);
}
