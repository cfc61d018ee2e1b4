/* `buildbus validate --online` of a slack destination: which token, which scope, which channel, which person;
 * nothing is posted, no secret is printed. One start of the fake for all. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/slack/slack.h"
#include "tests/support/command.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct fake_slack fake;
static struct place *place;

static void open_world(void)
{
	place = place_new();
	fake_slack_start(&fake);
	slack_add_user(&fake, "U0000ANN0", "ann@acme.com");
	slack_add_channel(&fake, "C0000SECRET", "secret");
	setenv("BUILDBUS_SLACK_API_URL", fake.url, 1);
}

static void close_world(void)
{
	cr_expect(slack_posted(&fake) == 0 && slack_edited(&fake) == 0);
	fake_slack_stop(&fake);
	place_free(&place);
}

TestSuite(slack_validate, .init = open_world, .fini = close_world, .timeout = 120);

#define expect_online(code, out, errors, lines) expect_online_at(HERE, code, out, errors, lines)
static void expect_online_at(struct spot spot, int code, const char *out, const char *errors,
			     const char *lines)
{
	struct said said;

	place_write(place, "buildbus.yml", "destinations:\n- slack:\n%s", lines);
	said = command_run_at(spot, place, "buildbus", ARGS("validate", "--online", "-c", place->config));
	expect_words(spot, said.out, out);
	expect_words(spot, said.errors, errors);
	cr_expect(said.code == code, "%s:%d: exit %d:\n%s%s", spot.file, spot.line, said.code, said.out,
		  said.errors);
	cr_expect(!strstr(said.out, "4815162342") && !strstr(said.errors, "4815162342"));
	cr_expect(!strstr(said.out, "c0ffee") && !strstr(said.errors, "c0ffee"));
	said_free(&said);
}

#define TOKEN "    token: " SLACK_TOKEN "\n"
#define BASIC TOKEN "    channel: \"#builds\"\n"

static struct slack_channel *channel(const char *name)
{
	size_t i = 0;

	while (strcmp(fake.channels[i].name, name) != 0) {
		i++;
	}
	return &fake.channels[i];
}

Test(slack_validate, everything_is_there)
{
	expect_online(0,
		      "token: accepted, it is buildbus of the workspace Fake|scope chat:write|scope "
		      "channels:history|"
		      "scope channels:read|scope users:read.email|channel: the bot is in #builds|"
		      "rules[0].channel: the bot is in #other|rules[1].channel: the bot is in C0000SECRET|"
		      "users.ann: U0000ANN0 is a member",
		      "",
		      BASIC
		      "    users: {ann: U0000ANN0, \"*@acme.com\": lookup}\n    rules:\n"
		      "    - {pipeline: a, channel: \"#other\"}\n    - {pipeline: b, channel: C0000SECRET}\n"
		      "    - {pipeline: c, channel: none}\n    - {mention: [U0000ANN0, here]}\n");
	cr_expect(slack_asked(&fake, SLACK_USER) == 1);
}

Test(slack_validate, the_token_is_refused)
{
	static const char *const words[] = {"invalid_auth", "account_inactive", "token_revoked",
					    "token_expired"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		slack_lock(&fake);
		fake.token_error = words[i];
		slack_unlock(&fake);
		expect_online(1, "token ***", words[i], BASIC);
	}
	slack_lock(&fake);
	fake.token_error = NULL;
	slack_unlock(&fake);
	expect_online(1, "", "token: invalid_auth: install the app anew",
		      "    token: xoxb-4815162342-other\n    channel: \"#builds\"\n");
}

Test(slack_validate, a_scope_is_missing)
{
	slack_lock(&fake);
	fake.scopes = "chat:write,users:read";
	channel("secret")->private = true;
	slack_unlock(&fake);
	expect_online(1,
		      "scope chat:write: to post|skip destinations[0] slack: channel: without the scope "
		      "channels:read|users.ann: U0000ANN0 is a member",
		      "lacks the scope channels:history|lacks the scope channels:read|"
		      "lacks the scope users:read.email",
		      BASIC "    users: {ann: U0000ANN0, \"*@acme.com\": lookup}\n");
	slack_lock(&fake);
	fake.scopes = "channels:read,channels:history,groups:read";
	slack_unlock(&fake);
	expect_online(1, "ids are not looked at|channel: the bot is in #builds",
		      "lacks the scope chat:write (|#secret is private, and the token lacks the scope "
		      "groups:history",
		      BASIC "    users: {ann: U0000ANN0}\n    rules:\n"
			    "    - {pipeline: x, channel: \"#secret\"}\n    - {}\n");
}

Test(slack_validate, a_channel_is_missing_archived_or_without_the_bot)
{
	slack_lock(&fake);
	fake.page_max = 1; /* the list comes in pages */
	channel("other")->archived = true;
	channel("secret")->member = false;
	slack_unlock(&fake);
	expect_online(1, "rules[3].channel: the bot is in #builds",
		      "rules[0].channel: the bot sees no channel #biulds, did you mean #builds?|"
		      "rules[1].channel: #other is archived|"
		      "rules[2].channel: the bot is not in #secret: write `/invite @buildbus` there|"
		      "rules[4].channel: the bot sees no channel C0123456789: correct it|"
		      "rules[5].channel: the bot sees no channel #something-else: correct it",
		      TOKEN
		      "    rules:\n    - {pipeline: a, channel: \"#biulds\"}\n"
		      "    - {pipeline: b, channel: \"#other\"}\n    - {pipeline: c, channel: \"#secret\"}\n"
		      "    - {pipeline: d, channel: \"#builds\"}\n    - {pipeline: e, channel: C0123456789}\n"
		      "    - {pipeline: f, channel: \"#something-else\"}\n");
	slack_lock(&fake);
	fake.scopes = "chat:write,chat:write.public,channels:read,channels:history,users:read";
	slack_unlock(&fake);
	expect_online(0, "note destinations[0] slack: channel: the bot is not in #secret: it may post", "",
		      TOKEN "    channel: \"#secret\"\n");
}

Test(slack_validate, a_person_is_unknown_or_gone)
{
	slack_add_user(&fake, "U0000BOB0", "bob@acme.com");
	slack_lock(&fake);
	fake.users[1].deleted = true;
	slack_unlock(&fake);
	expect_online(
		1, "users.ann: U0000ANN0 is a member",
		"users.bob: U0000BOB0 has left the workspace: remove the line|"
		"rules[0].mention: nobody in the workspace is W0000NOBODY",
		BASIC
		"    users: {ann: U0000ANN0, bob: U0000BOB0}\n    rules:\n    - {mention: W0000NOBODY}\n");
}

Test(slack_validate, a_webhook_is_asked_without_a_message)
{
	char lines[256];

	snprintf(lines, sizeof lines, "    webhook_url: %s\n", fake.hook_url);
	expect_online(0, "webhook_url: the webhook is there|a webhook only posts", "", lines);
	snprintf(lines, sizeof lines, "    webhook_url: http://127.0.0.1:%d/services/T0/B0/c0ffee\n",
		 fake.port);
	expect_online(1, "", "webhook_url: no_service: the webhook was removed", lines);
}

Test(slack_validate, slack_cannot_be_asked)
{
	slack_fail(&fake, SLACK_AUTH, (struct slack_failure){.times = 1, .code = 503});
	expect_online(1, "", "token: HTTP status 503: try again", BASIC);
	slack_fail(&fake, SLACK_LIST, (struct slack_failure){.times = 1, .code = 429, .retry_after_s = 30});
	expect_online(1, "token: accepted", "the list of channels: ratelimited: try again in a minute",
		      BASIC);
	setenv("BUILDBUS_SLACK_API_URL", "http://127.0.0.1:1", 1);
	expect_online(1, "", "token: |try again; check api_url, the network and the proxy", BASIC);
}
