/* The fake Slack says what Slack says: words of errors, limits, what its mrkdwn makes of a text. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/slack/slack.h"
#include "tests/support/web.h"

#include <stdlib.h>
#include <string.h>

static struct fake_slack fake;

static void start(void)
{
	fake.gap_ms = 1;
	fake_slack_start(&fake);
}

static void stop(void)
{
	fake_slack_stop(&fake);
}

TestSuite(fake_slack, .init = start, .fini = stop);

/* What is asked for and what must be in the answer; ' stands for ". json NULL: GET. */
static void asks_at(struct spot spot, const char *method, const char *json, long code, const char *part)
{
	char url[300], body[60000], *said, *wanted = strdup(part);
	long status;

	snprintf(url, sizeof url, "%s/%s", fake.url, method);
	snprintf(body, sizeof body, "%s", json ? json : "");
	for (char *at = body; (at = strchr(at, '\'')); *at = '"') {
	}
	for (char *at = wanted; (at = strchr(at, '\'')); *at = '"') {
	}
	said = web_ask(json ? "POST" : "GET", url, SLACK_TOKEN, json ? body : NULL, &status);
	if (status != code || !strstr(said, wanted)) {
		fail_at(spot, "%s %.200s: %ld %s", method, body, status, said);
	}
	free(said);
	free(wanted);
}
#define asks(method, json, part)            asks_at(HERE, method, json, 200, part)
#define asks_code(method, json, code, part) asks_at(HERE, method, json, code, part)

/* The answer has no such part. */
static void asks_not(const char *method, const char *part)
{
	char url[300], *said;
	long status;

	snprintf(url, sizeof url, "%s/%s", fake.url, method);
	said = web_ask("GET", url, SLACK_TOKEN, NULL, &status);
	cr_expect(status == 200 && !strstr(said, part), "%s", said);
	free(said);
}

static void pass_gap(void)
{
	slack_lock(&fake);
	fake.channels[0].next_at = 0;
	slack_unlock(&fake);
}

#define POST(text) "{'channel':'C0BUILDS'," text "}"

Test(fake_slack, refuses_in_slacks_words)
{
	static const struct {
		const char *method, *json, *error;
	} rows[] = {
		{"chat.postMessage", "{'text':'x'}", "invalid_arguments"},
		{"chat.postMessage", "{'channel':'#nowhere','text':'x'}", "channel_not_found"},
		{"chat.postMessage", POST("'text':''"), "no_text"},
		{"chat.postMessage", POST("'text':'x','colour':'red'"), "unknown argument: colour"},
		{"chat.postMessage", POST("'text':'x','thread_ts':'1.000001'"), "cannot_reply_to_message"},
		{"chat.postMessage", POST("'text':'x','metadata':{'event_type':'a'}"),
		 "invalid_metadata_format"},
		{"chat.postMessage", POST("'text':'x','blocks':{}"), "invalid_blocks_format"},
		{"chat.postMessage", POST("'text':'x','blocks':[{'type':'section'}]"), "invalid_blocks"},
		{"chat.postMessage",
		 POST("'text':'x','blocks':[{'type':'divider','block_id':'a'},{'type':'divider','block_id':'"
		      "a'}]"),
		 "must be unique"},
		{"chat.postMessage",
		 POST("'text':'x','blocks':[{'type':'header','text':{'type':'mrkdwn','text':'x'}}]"),
		 "json-pointer:/blocks/0"},
		{"chat.postMessage",
		 POST("'text':'x','blocks':[{'type':'actions','elements':[{'type':'button',"
		      "'text':{'type':'plain_text','text':'x'},'url':'javascript:1'}]}]"),
		 "invalid url"},
		{"chat.postMessage", "{", "invalid_json"},
		{"chat.update", "{'channel':'#builds','ts':'1.2','text':'x'}", "channel_not_found"},
		{"chat.update", "{'channel':'C0BUILDS','ts':'1.2','text':'x'}", "message_not_found"},
		{"conversations.history", "{'channel':'C0BUILDS'}", "takes no JSON body"},
		{"conversations.replies?channel=C0BUILDS&ts=1.2", NULL, "thread_not_found"},
		{"users.lookupByEmail?email=nobody@example.com", NULL, "users_not_found"},
		{"chat.postMassage", "{}", "unknown_method"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		asks(rows[i].method, rows[i].json, rows[i].error);
	}
	cr_expect(slack_posted(&fake) == 0);
}

/* {"channel", "text", "blocks": [count times one]}: heap. */
static char *many(size_t count, const char *block, size_t characters)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs("{'channel':'C0BUILDS','text':'x','blocks':[", out);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, i ? ",%s" : "%s", block);
		for (size_t j = 0; j < characters; j++) {
			fputc('x', out);
		}
		fputs(characters ? "'}}" : "", out);
	}
	fputs("]}", out);
	fclose(out);
	return text;
}

#define SECTION "{'type':'section','text':{'type':'mrkdwn','text':'"
#define HEADER  "{'type':'header','text':{'type':'plain_text','text':'"

Test(fake_slack, takes_blocks_up_to_the_limit_and_not_one_character_more)
{
	static const struct {
		const char *block;
		size_t count, characters;
		const char *answer;
	} rows[] = {
		{SECTION, 1, 3000, "'ok':true"},
		{SECTION, 1, 3001, "must be less than 3001 characters"},
		{HEADER, 1, 150, "'ok':true"},
		{HEADER, 1, 151, "invalid_blocks"},
		{"{'type':'divider'}", 50, 0, "'ok':true"},
		{"{'type':'divider'}", 51, 0, "no more than 50 items"},
		{SECTION, 6, 2200, "'ok':true"},
		{SECTION, 6, 2201, "msg_blocks_too_long"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *json = many(rows[i].count, rows[i].block, rows[i].characters);
		pass_gap();
		asks("chat.postMessage", json, rows[i].answer);
		free(json);
	}
}

Test(fake_slack, asks_for_scopes_membership_and_a_live_token)
{
	fake.scopes = "chat:write";
	asks("conversations.history?channel=C0BUILDS", NULL,
	     "'error':'missing_scope','needed':'channels:history','provided':'chat:write'");
	fake.channels[0].member = false;
	asks("chat.postMessage", POST("'text':'x'"), "not_in_channel");
	fake.channels[0].private = true;
	asks("chat.postMessage", POST("'text':'x'"), "channel_not_found");
	fake.channels[0].archived = fake.channels[0].member = true;
	asks("chat.postMessage", POST("'text':'x'"), "is_archived");
	fake.token_error = "token_revoked";
	asks("auth.test", "{}", "token_revoked");
}

Test(fake_slack, takes_one_message_a_second_in_each_channel)
{
	fake.gap_ms = 60000;
	asks("chat.postMessage", POST("'text':'one'"), "'ok':true");
	asks_code("chat.postMessage", POST("'text':'two'"), 429, "ratelimited");
	asks("chat.postMessage", "{'channel':'#other','text':'three'}", "'ok':true");
	cr_expect(slack_posted(&fake) == 2);
	cr_expect(fake.limited[SLACK_POST] == 1);
}

static char *ts_of(int number)
{
	char *json = slack_message_json(&fake, "C0BUILDS", number), *ts = strstr(json, "\"ts\":\"") + 6;

	ts[17] = '\0';
	ts = strdup(ts);
	free(json);
	return ts;
}

Test(fake_slack, keeps_a_conversation_that_can_be_read_and_searched)
{
	char json[500], url[200], *text, *ts, *reply;

	slack_mark(&fake, "Monday");
	asks("chat.postMessage",
	     POST("'text':'main is red','metadata':{'event_type':'a','event_payload':{'key':'k1'}}"),
	     "'ok':true");
	ts = ts_of(1);
	snprintf(json, sizeof json, POST("'text':'again\nred','thread_ts':'%s'"), ts);
	pass_gap();
	asks("chat.postMessage", json, "invalid_json"); /* a raw line end */
	snprintf(json, sizeof json,
		 POST("'text':'again\\nred <!here>','thread_ts':'%s','reply_broadcast':true"), ts);
	asks("chat.postMessage", json, "'ok':true");
	snprintf(json, sizeof json, "{'channel':'C0BUILDS','ts':'%s','text':'main is green'}", ts);
	asks("chat.update", json, "'metadata':{'event_type':'a'");
	text = slack_conversation(&fake, NULL, false);
	cr_expect_str_eq(text, "[Monday] #builds 1: main is red\n[Monday] #builds 1 >> 2: again | red @here\n"
			       "[Monday] #builds 1 = main is green\n");
	free(text);
	text = slack_standing(&fake, "C0BUILDS");
	cr_expect_str_eq(text, "#builds 1: main is green\n#builds 1 >> 2: again | red @here\n");
	free(text);
	asks("conversations.history?channel=C0BUILDS&include_all_metadata=true&limit=1", NULL,
	     "'has_more':true");
	snprintf(url, sizeof url,
		 "conversations.history?channel=C0BUILDS&oldest=%s&latest=%s&inclusive=1&include_all_"
		 "metadata=1",
		 ts, ts);
	asks(url, NULL, "'key':'k1'");
	snprintf(url, sizeof url, "conversations.replies?channel=C0BUILDS&ts=%s", ts);
	asks(url, NULL, "thread_broadcast");
	reply = ts_of(2);
	snprintf(url, sizeof url,
		 "conversations.replies?channel=C0BUILDS&ts=%s&oldest=%s&latest=%s&inclusive=true", ts, reply,
		 reply);
	asks(url, NULL, "thread_broadcast");
	snprintf(url, sizeof url, "conversations.replies?channel=C0BUILDS&ts=%s&oldest=%s", ts, reply);
	asks_not(url, "thread_broadcast");
	free(reply);
	free(ts);
}

Test(fake_slack, reads_mrkdwn_as_slack_does)
{
	static const struct {
		const char *text, *plain;
		struct slack_live live;
	} rows[] = {
		{"plain 3 * 4 snake_case_name", "plain 3 * 4 snake_case_name", {0}},
		{"<!channel> &lt;!here&gt;", "@channel <!here>", {.specials = 1}},
		{"<@U1|ann> in <#C1>", "@U1 in #C1", {.users = 1, .channels = 1}},
		{"<https://a.example|b> c", "b (https://a.example) c", {.links = 1}},
		{"see http://a.example/x.", "see http://a.example/x.", {.bare = 1}},
		{"<!date^1^{time}|09:00>", "@date^1^{time}", {0}},
		{"*b* _i_ ~s~ `c`", "*b* _i_ ~s~ `c`", {.styles = 4}},
		{":fire: at 10:20:30", ":fire: at 10:20:30", {.emoji = 1}},
		{"a < b > c", "a < b > c", {.links = 1}},
		{"&amp;lt;", "&lt;", {0}},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *plain = slack_plain(rows[i].text, true);
		struct slack_live live;
		slack_parse(rows[i].text, true, &live);
		if (i != 8) { /* Slack takes what stands between angles for a link */
			cr_expect_str_eq(plain, rows[i].plain);
		}
		cr_expect(live.users == rows[i].live.users && live.specials == rows[i].live.specials &&
				  live.channels == rows[i].live.channels &&
				  live.links == rows[i].live.links && live.styles == rows[i].live.styles &&
				  live.emoji == rows[i].live.emoji && live.bare == rows[i].live.bare,
			  "%s", rows[i].text);
		free(plain);
	}
}

Test(fake_slack, loses_answers_and_connections_when_asked)
{
	long status;
	char url[200], *said;

	snprintf(url, sizeof url, "%s/chat.postMessage", fake.url);
	slack_fail(&fake, SLACK_POST, (struct slack_failure){.times = 1, .code = 0, .after = true});
	said = web_ask("POST", url, SLACK_TOKEN, "{\"channel\":\"C0BUILDS\",\"text\":\"x\"}", &status);
	cr_expect(status == 0 && slack_posted(&fake) == 1);
	free(said);
	slack_fail(&fake, SLACK_POST, (struct slack_failure){.times = 1, .code = 502});
	asks_code("chat.postMessage", POST("'text':'y'"), 502, "<html>");
	cr_expect(slack_posted(&fake) == 1);
}

Test(fake_slack, gives_webhooks_their_own_words)
{
	static const struct {
		const char *json;
		long code;
		const char *word;
	} rows[] = {
		{"{\"text\":\"x\"}", 200, "ok"},
		{"{\"text\":\"\"}", 400, "no_text"},
		{"[1]", 400, "invalid_payload"},
		{"{\"text\":\"x\",\"blocks\":[{\"type\":\"x\"}]}", 400, "invalid_blocks"},
	};
	long status;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *said = web_ask("POST", fake.hook_url, NULL, rows[i].json, &status);
		cr_expect(status == rows[i].code && strcmp(said, rows[i].word) == 0, "%s: %ld %s",
			  rows[i].json, status, said);
		free(said);
	}
}
