/* What the store's page gives to others: badges, cctray.xml, CSV. */
/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/badge.h"
#include "sinks/store/http/cctray.h"
#include "sinks/store/http/csv.h"
#include "sinks/store/http/markup.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void cr_expect_markup(struct text text, const char *wanted)
{
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	markup_put(out, text);
	fclose(out);
	cr_expect_str_eq(got, wanted);
	free(got);
}

Test(markup, escapes_what_means_something)
{
	cr_expect_markup(TEXT("<a href=\"x\" id='y'>&</a>"),
			 "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;&lt;/a&gt;");
	cr_expect_markup(TEXT("a\tb\nc"), "a&#9;b&#10;c");
}

Test(markup, replaces_what_xml_cannot_hold)
{
	cr_expect_markup(TEXT("a\0b\x1b\x7f"), "a\xef\xbf\xbd"
					       "b\xef\xbf\xbd\xef\xbf\xbd");
	cr_expect_markup(TEXT("\xff\xc3"), "\xef\xbf\xbd\xef\xbf\xbd");
	cr_expect_markup(TEXT("\xef\xbf\xbe \xed\xa0\x80"),
			 "\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	cr_expect_markup(TEXT("Zo\xc3\xab \xf0\x9f\x9a\x80"), "Zo\xc3\xab \xf0\x9f\x9a\x80");
}

/* The widest used badge of all, "build passing", is 88 px wide: 27 and 41 with 5 at each side. */
Test(badge, is_as_wide_as_its_words)
{
	cr_expect_eq(badge_width(TEXT("build")), 267);
	cr_expect_eq(badge_width(TEXT("passing")), 417);
	cr_expect_eq(badge_width(TEXT("\xe7\x8e\x8b")), 110);
	cr_expect_eq(badge_width(TEXT("")), 0);
}

Test(badge, says_its_words_twice_and_for_those_who_hear)
{
	size_t size;
	char *svg = badge_svg(TEXT("web"), TEXT("passing"), BADGE_GOOD, &size);

	cr_assert_eq(size, strlen(svg));
	cr_expect(strstr(svg, "aria-label=\"web: passing\""), "%s", svg);
	cr_expect(strstr(svg, "<title>web: passing</title>"));
	cr_expect(strstr(svg, "fill=\"#2a7f2e\""));
	free(svg);
}

Test(badge, of_an_attack_is_a_badge)
{
	size_t size;
	char *svg =
		badge_svg(TEXT("</title><script>alert(1)</script>\" onload=\""), TEXT("x"), BADGE_BAD, &size);

	cr_expect_null(strstr(svg, "<script"));
	cr_expect_null(strstr(svg, "\" onload"));
	free(svg);
}

Test(badge, cuts_long_words_between_characters)
{
	char words[300];
	size_t size;
	char *svg;

	memset(words, 'a', sizeof words);
	memcpy(words + BADGE_TEXT_MAX - 1, "\xc3\xab", 2);
	svg = badge_svg((struct text){words, sizeof words}, TEXT("x"), BADGE_UNSURE, &size);
	cr_expect_null(strstr(svg, "\xef\xbf\xbd"), "%s", svg);
	cr_expect_lt(size, 2000);
	free(svg);
}

static char *cctray_of(const char *json)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	yyjson_mut_doc *copy = yyjson_doc_mut_copy(doc, NULL);
	size_t size;
	char *xml = cctray_xml(yyjson_mut_doc_get_root(copy), &size);

	yyjson_mut_doc_free(copy);
	yyjson_doc_free(doc);
	return xml;
}

Test(cctray, has_the_newest_build_that_says_something_and_what_runs)
{
	char *xml = cctray_of("[{\"id\": \"buildkite/acme/web\", \"last\": {\"url\": "
			      "\"https://x.example/?a=1&b=2\"}, \"bars\": ["
			      "{\"number\": 6, \"state\": \"finished\", \"result\": \"success\", "
			      "\"started_at\": 1, \"duration_ms\": 1},"
			      "{\"number\": 7, \"state\": \"finished\", \"result\": \"timeout\", "
			      "\"started_at\": 1763716800000, \"duration_ms\": 60000},"
			      "{\"number\": 8, \"state\": \"finished\", \"result\": \"cancellation\", "
			      "\"started_at\": 2, \"duration_ms\": 2},"
			      "{\"number\": 9, \"state\": \"running\", \"result\": null, \"started_at\": 2, "
			      "\"duration_ms\": null}]}]");

	cr_expect_str_eq(
		xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Projects>\n"
		     "<Project name=\"buildkite/acme/web\" activity=\"Building\" lastBuildStatus=\"Failure\" "
		     "lastBuildLabel=\"7\" lastBuildTime=\"2025-11-21T09:21:00Z\" "
		     "webUrl=\"https://x.example/?a=1&amp;b=2\"/>\n</Projects>\n");
	free(xml);
}

Test(cctray, says_unknown_of_what_never_ended_and_sleeps_while_a_person_is_awaited)
{
	char *xml = cctray_of(
		"[{\"id\": \"a<b\", \"last\": null, \"bars\": [{\"number\": 1, \"state\": \"blocked\", "
		"\"result\": null}]}]");

	cr_expect(strstr(xml, "<Project name=\"a&lt;b\" activity=\"Sleeping\" lastBuildStatus=\"Unknown\" "
			      "webUrl=\"\"/>"),
		  "%s", xml);
	free(xml);
}

static char *csv_of(const char *json)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	yyjson_mut_doc *copy = yyjson_doc_mut_copy(doc, NULL);
	char *csv = NULL;
	size_t size;
	FILE *out = open_memstream(&csv, &size);

	csv_put_record(out, yyjson_mut_doc_get_root(copy));
	fclose(out);
	yyjson_mut_doc_free(copy);
	yyjson_doc_free(doc);
	return csv;
}

Test(csv, header_has_a_name_for_each_value)
{
	char *header = NULL, *row = csv_of("{}");
	size_t size, commas = 0;
	FILE *out = open_memstream(&header, &size);

	csv_put_header(out);
	fclose(out);
	for (const char *at = header; *at; at++) {
		commas += *at == ',';
	}
	cr_expect(strncmp(header, "type,id,uid,", 12) == 0, "%s", header);
	cr_expect(strstr(header, ",author_name,author_email,author_login,"));
	cr_expect_null(strstr(header, "jobs"));
	cr_expect_eq(strspn(row, ","), commas);
	cr_expect_str_eq(row + commas, "\r\n");
	free(header);
	free(row);
}

Test(csv, quotes_texts_and_disarms_formulas)
{
	char *row =
		csv_of("{\"message\": \"say \\\"hi\\\",\\r\\nthen go\", \"branch\": \"=cmd|' /C calc'!A0\", "
		       "\"tag\": \"-1\", \"commit\": \"\xef\xbc\x9d"
		       "1+1\", \"pull_request\": -5, \"coverage\": 0.25, "
		       "\"author\": {\"name\": \"@SUM(1)\"}}");

	cr_expect(strstr(row, "\"say \"\"hi\"\",\r\nthen go\""), "%s", row);
	cr_expect(strstr(row, ",\"'=cmd|' /C calc'!A0\","), "%s", row);
	cr_expect(strstr(row, ",\"'-1\","));
	cr_expect(strstr(row, ",\"'\xef\xbc\x9d"
			      "1+1\","));
	cr_expect(strstr(row, ",\"'@SUM(1)\","));
	cr_expect(strstr(row, ",-5,"));
	cr_expect(strstr(row, ",0.25,"));
	free(row);
}
