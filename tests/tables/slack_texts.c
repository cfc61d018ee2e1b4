/* Names and messages that want more than to be read, at each place where a message has words of others. */
/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/slack_story.h"

#include <criterion/criterion.h>

#define E20(x) x x x x x x x x x x x x x x x x x x x x

static const char *const hostile[] = {
	"<!channel>",
	"<!here|here>",
	"<!everyone>",
	"<@U012ABCDEF>",
	"<!subteam^S012ABC|@team>",
	"<#C012ABC|general>",
	"@channel @here @everyone #general",
	"<https://evil.example|https://ci.example.com/login>",
	"https://evil.example/",
	"mailto:x@evil.example",
	"&lt;!channel&gt; &amp;lt;",
	"&lt;https://evil.example|x&gt;",
	"a|b> <!channel> c",
	"> <!channel>",
	"|https://evil.example> <!here",
	"*bold* _italic_ ~strike~ `code`",
	"``` block ```",
	"* unbalanced `",
	"_*~`mixed`~*_",
	":fire: :+1::skin-tone-2: :rotating_light:",
	"> quote\n>>> more\n- list\n1. one",
	"line\none\r\ntwo\ttab",
	"\x1b[31mred\x1b[0m \a\b\x7f",
	"\xe2\x80\xae"
	"gpj.exe \xe2\x81\xa6x\xe2\x81\xa9",        /* turned around */
	"\xe2\x80\x8bze\xe2\x80\x8dro\xef\xbb\xbf", /* not to be seen */
	"\xc2\x85\xe2\x80\xa8\xe2\x80\xa9",         /* lines of Unicode */
	"\xff\xfe broken \xc3 \xf0\x9f\x98",
	"\xed\xa0\x80 half a pair",
	"\xf0\x9f\x98\x80\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80",
	"\\u003c!channel\\u003e",
	"\"}],\"text\":\"<!channel>\",\"x\":[{\"",
	"'; DROP TABLE messages; --",
	"%s%n%s%n${HOME}$(id)",
	"javascript:alert(1)",
	"https://ci.example.com/x|<!channel>",
	"https://ci.example.com/>\n<!channel>",
	"http://user:pass@evil.example/",
	"{date_short} <!date^0^{date}^https://evil.example|x>",
	E20(E20("long ")),
	E20(E20("\xf0\x9f\x98\x80")) "<!channel>",
	E20(E20("&<>")) "<!channel>",
	E20(E20("<!channel>")),
	E20(E20(E20("x"))),
	"",
	" ",
};

static const char *const harmless[] = {
	[STORY_ORGANIZATION] = "acme", [STORY_PIPELINE] = "web",      [STORY_BRANCH] = "main",
	[STORY_MESSAGE] = "Fix it",    [STORY_NAME] = "Ann Lee",      [STORY_LOGIN] = "ann",
	[STORY_EMAIL] = "ann@a.b",     [STORY_COMMIT] = "0123456789", [STORY_WORKFLOW] = "build",
	[STORY_JOB] = "test",          [STORY_JOB_URL] = "https://j", [STORY_URL] = "https://u",
	[STORY_ID] = "acme/web",
};

static void take_all(struct text words[STORY_WORDS])
{
	for (size_t i = 0; i < STORY_WORDS; i++) {
		words[i] = text_of(harmless[i]);
	}
}

Test(slack_texts, do_nothing_but_be_read_wherever_they_stand)
{
	struct text words[STORY_WORDS];
	char why[300];

	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		for (size_t place = 0; place < STORY_WORDS; place++) {
			take_all(words);
			words[place] = text_of(hostile[i]);
			cr_expect(story_is_harmless(words, (enum story_kind)((i + place) % STORY_KINDS), why),
				  "%.60s at %zu: %s", hostile[i], place, why);
		}
	}
}

Test(slack_texts, do_nothing_when_all_are_hostile_at_once)
{
	struct text words[STORY_WORDS];
	char why[300];

	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		for (size_t place = 0; place < STORY_WORDS; place++) {
			words[place] = text_of(hostile[(i + place) % (sizeof hostile / sizeof *hostile)]);
		}
		for (int kind = 0; kind < STORY_KINDS; kind++) {
			cr_expect(story_is_harmless(words, (enum story_kind)kind, why), "%zu: %s", i, why);
		}
	}
}

/* The judge sees what is alive. */
Test(slack_texts, a_message_that_does_more_is_seen)
{
	static const char *const bodies[] = {
		"{\"text\":\"x <!channel>\"}",
		"{\"text\":\"x\",\"blocks\":[{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":\"<"
		"@U1>\"}}]}",
		"{\"text\":\"x\",\"blocks\":[{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":"
		"\"https://evil.example\"}}]}",
		"{\"text\":\"*x*\"}",
		"{\"text\":\"x\\ny\"}",
		"{\"text\":\":fire:\"}",
	};
	const struct judged nothing = {0};
	struct judged judged;
	char why[300];

	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		cr_expect(judge_body(bodies[i], &judged, why), "%s", why);
		cr_expect_not(judge_is_harmless(&judged, &nothing, why), "%s", bodies[i]);
	}
	cr_expect_not(judge_body("{\"text\":\"\\u202e\"}", &judged, why));
	cr_expect_not(judge_body("{\"text\":\"\xff\"}", &judged, why));
}
