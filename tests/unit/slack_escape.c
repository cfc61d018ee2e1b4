/* What people wrote does nothing but to be read. */
/* SPDX-License-Identifier: MIT */
#include "sinks/slack/phrase.h"

#include <criterion/criterion.h>

static char memory[4096];

static const char *escaped(const char *text, size_t most)
{
	struct words words;

	words_init(&words, memory, sizeof memory, 3000);
	words_add_text(&words, text_of(text), most);
	return memory;
}

Test(slack_escape, markup_is_only_text)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		{"plain", "plain"},
		{"a & b", "a &amp; b"},
		{"<!channel>", "&lt;!channel&gt;"},
		{"<@U123>", "&lt;@U123&gt;"},
		{"<https://evil|https://good>", "&lt;https://evil|https://good&gt;"},
		{"&lt;", "&amp;lt;"},
		{"my_job_name", "my_job_name"},
		{"_x_", "\uFF3Fx\uFF3F"},
		{"*bold*", "\u2217bold\u2217"},
		{"~gone~", "\u223Cgone\u223C"},
		{"`code`", "\u02CBcode\u02CB"},
		{":fire:", "\uA789fire:"},
		{":fi\u200Bre:", "\uA789fire:"},
		{":\u2060fire\uFEFF:", "\uA789fire:"},
		{":\u706B:", "\uA789\u706B:"},
		{"at 10:30", "at 10:30"},
		{"\u200B_x_\u200B", "\uFF3Fx\uFF3F"},
		{"\u200B*x*\u200B", "\u2217x\u2217"},
		{"a\u200B_x_\u200Bb", "a\uFF3Fx\uFF3Fb"},
		{"a\nb\tc\x01", "a b c "},
		{"\u202Eevil\u2066", "evil"},
		{"\u200Bx\uFEFF", "x"},
		{"caf\u00E9 \U0001F600", "caf\u00E9 \U0001F600"},
		{"bad \xff byte", "bad \uFFFD byte"},
		{"cut \xe2\x82", "cut \uFFFD\uFFFD"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		cr_expect_str_eq(escaped(rows[i].from, 200), rows[i].to, "%s gives %s", rows[i].from, memory);
	}
}

Test(slack_escape, a_text_is_cut_between_characters)
{
	cr_expect_str_eq(escaped("abcdef", 4), "abc\u2026");
	cr_expect_str_eq(escaped("ab&&", 4), "ab\u2026", "never inside of an entity");
	cr_expect_str_eq(escaped("\U0001F600\U0001F600\U0001F600", 5), "\U0001F600\U0001F600\u2026");
	cr_expect_str_eq(escaped("", 4), "");
}

static const char *linked(const char *url, const char *label)
{
	struct words words;

	words_init(&words, memory, sizeof memory, 3000);
	words_add_link(&words, text_of(url), text_of(label), 80);
	return memory;
}

Test(slack_escape, a_link_leads_where_it_says_or_nowhere)
{
	cr_expect_str_eq(linked("https://x.test/a?b=1&c=2", "job"), "<https://x.test/a?b=1&amp;c=2|job>");
	cr_expect_str_eq(linked("https://x.test/a|b>c", "job"), "job");
	cr_expect_str_eq(linked("javascript:alert(1)", "job"), "job");
	cr_expect_str_eq(linked("https://x.test/\nhttps://evil", "job"), "job");
	cr_expect_str_eq(linked("https://x.test/", "a>b|c"), "<https://x.test/|a&gt;b|c>");
}

Test(slack_escape, durations_are_short)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{0, "0 s"},
		{-5, "0 s"},
		{45000, "45 s"},
		{119000, "1 min"},
		{12 * 60000, "12 min"},
		{3600000, "1 h"},
		{130 * 60000, "2 h 10 min"},
		{INT64_C(76) * 3600000, "3 d 4 h"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct words words;

		words_init(&words, memory, sizeof memory, 3000);
		phrase_duration(&words, rows[i].ms);
		cr_expect_str_eq(memory, rows[i].text);
	}
}
