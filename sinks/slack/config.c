/* SPDX-License-Identifier: MIT */
#include "sinks/slack/config.h"

#include "common/time.h"
#include "sinks/slack/config_words.h"
#include "sinks/slack/quiet.h"

#define ROW(word, kind, member)  .key = (word), .type = (kind), .offset = offsetof(struct slack_config, member)
#define RULE(word, kind, member) .key = (word), .type = (kind), .offset = offsetof(struct slack_rule, member)

/* As enum build_result and enum build_trigger, from what is red and from the first that is known. */
static const char *const results[] = {"failure", "error", "timeout", NULL};
static const char *const triggers[] = {"push",   "pull_request", "schedule", "api",
				       "manual", "upstream",     "other",    NULL};

const struct config_row slack_rule_rows[] = {
	{
		RULE("provider", CONFIG_LIST, provider),
		.check = slack_check_glob,
		.help = "globs: `buildkite`, `circleci`; without it any",
	},
	{
		RULE("organization", CONFIG_LIST, organization),
		.check = slack_check_glob,
		.help = "globs; CircleCI's are as `gh/acme`; without it any",
	},
	{
		RULE("pipeline", CONFIG_LIST, pipeline),
		.check = slack_check_glob,
		.help = "globs of PIPELINE, or with a slash of ORGANIZATION/PIPELINE; without it any",
	},
	{
		RULE("branch", CONFIG_LIST, branch),
		.check = slack_check_glob,
		.fallback = "default",
		.help = "globs; the word `default` is the pipeline's default branch (`main` or `master` "
			"where "
			"nobody says which)",
	},
	{
		RULE("result", CONFIG_WORDS, results),
		.choices = results,
		.fallback = "failure, error, timeout",
		.help = "what is red; cancelled and skipped builds say nothing",
	},
	{
		RULE("trigger", CONFIG_WORDS, triggers),
		.choices = triggers,
		.help = "what started the build; without it anything",
	},
	{
		RULE("after_failures", CONFIG_INT, after_failures),
		.fallback = "1",
		.min = 1,
		.max = 100,
		.help = "so many failures in a row are told",
	},
	{
		RULE("clear_after", CONFIG_INT, clear_after),
		.fallback = "1",
		.min = 1,
		.max = 100,
		.help = "so many successes in a row are a fix",
	},
	{
		RULE("remind_every", CONFIG_DURATION, remind_every_ms),
		.min = 5 * MINUTE_MS,
		.max = 4 * WEEK_MS,
		.help = "what is still red is said again, in its thread and in the channel; without it never",
	},
	{
		RULE("broadcast_after", CONFIG_DURATION, broadcast_after_ms),
		.fallback = "1h",
		.help = "the fix of what was red for longer is shown in the channel too, not in the thread "
			"alone",
	},
	{
		RULE("quiet_hours.times", CONFIG_LIST, quiet.times),
		.check = quiet_check_span,
		.help = "spans `[DAY|DAY-DAY] [HH:MM-HH:MM]` in which nothing is posted: `22:00-07:00`, "
			"`sat-sun`",
	},
	{
		RULE("quiet_hours.time_zone", CONFIG_TEXT, quiet.time_zone),
		.check = quiet_check_zone,
		.help = "whose clocks: `Europe/Berlin`, `UTC`, `+02:00`",
	},
	{
		RULE("quiet_hours.digest", CONFIG_BOOL, quiet_digest),
		.fallback = "true",
		.help = "when they end, what is red is one message; false: each is told alone",
	},
	{
		RULE("channel", CONFIG_TEXT, channel),
		.check = slack_check_channel,
		.help = "instead of that of the destination; `none`: say nothing",
	},
	{
		RULE("mention", CONFIG_LIST, mention),
		.check = slack_check_mention,
		.fallback = "author",
		.help = "`author` (who is in `users`), `here`, `channel`, `everyone`, a member's id `U…`, a "
			"group's id `S…`, `none`",
	},
	{
		RULE("slow.factor", CONFIG_REAL, slow_factor),
		.min = 1,
		.max = 100,
		.help = "say when a green build takes longer than this × the p90 of the last 50 green ones",
	},
	{
		RULE("slow.at_least", CONFIG_DURATION, slow_at_least_ms),
		.fallback = "1m",
		.help = "and at least so much longer",
	},
	{
		RULE("stuck.queued", CONFIG_DURATION, stuck_queued_ms),
		.min = MINUTE_MS,
		.max = WEEK_MS,
		.help = "say when a build waits longer than this before it runs",
	},
	CONFIG_END,
};

const struct config_row slack_config_rows[] = {
	{
		ROW("token", CONFIG_SECRET, token),
		.check = slack_check_token,
		.help = "the bot token of a Slack app, `xoxb-…`",
	},
	{
		ROW("webhook_url", CONFIG_SECRET, webhook_url),
		.check = slack_check_webhook,
		.help = "instead of a token: an incoming webhook, which can neither edit nor thread nor look "
			"anything "
			"up",
	},
	{
		ROW("channel", CONFIG_TEXT, channel),
		.check = slack_check_channel,
		.help = "`\"#name\"` (in quotes) or a channel's id, for rules that name none",
	},
	{
		ROW("rules", CONFIG_ITEMS, rules),
		.fallback = "{}",
		.items = slack_rule_rows,
		.item_size = sizeof(struct slack_rule),
		.help = "what is said where; the first that matches a build counts",
	},
	{
		ROW("users", CONFIG_MAP, users),
		.check = slack_check_user,
		.help = "who is mentioned as author: glob of an e-mail or login to a member's id `U…`, or to "
			"`lookup`, which asks Slack by the e-mail",
	},
	{
		ROW("storm", CONFIG_INT, storm),
		.fallback = "10",
		.max = 1000,
		.help = "more breaks than this a minute and channel become one message; 0: never",
	},
	{
		ROW("api_url", CONFIG_URL, api_url),
		.fallback = SLACK_API_URL,
		.check = slack_check_api_url,
		.help = "the Web API",
	},
	CONFIG_END,
};
