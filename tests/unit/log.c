/* Log lines: a JSON parser reads what was logged, a terminal gets nothing but text, and nobody a
 * secret. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/log_line.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yyjson.h>

static const struct log_head head = {
	.time = "2026-11-20T10:11:12.345Z", .proc = "hub", .event = "test.event", .level = LEVEL_WARN};

/* The value of the field "text" after a trip through the line writer and a JSON parser. */
static const char *trip(const char *text)
{
	static struct log_line line;
	static char out[LOG_LINE_MAX];
	yyjson_doc *doc;

	log_line_json(&line, &head, (struct log_field[]){STR("text", text)}, 1);
	cr_assert_eq(line.bytes[line.used - 1], '\n');
	doc = yyjson_read(line.bytes, line.used - 1, 0);
	cr_assert_not_null(doc, "not JSON: %.*s", (int)line.used, line.bytes);
	snprintf(out, sizeof out, "%s", yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "text")));
	yyjson_doc_free(doc);
	return out;
}

/* Everything that write_lines puts on stderr. */
static const char *captured(void (*write_lines)(void))
{
	static char out[1 << 17];
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t size;

	cr_assert_eq(pipe(ends), 0);
	fcntl(ends[1], F_SETPIPE_SZ, 1 << 17);
	dup2(ends[1], STDERR_FILENO);
	write_lines();
	dup2(saved, STDERR_FILENO);
	close(ends[1]);
	close(saved);
	size = read(ends[0], out, sizeof out - 1);
	close(ends[0]);
	out[size > 0 ? size : 0] = '\0';
	return out;
}

Test(log, a_line_has_time_level_process_event_and_fields_in_order)
{
	struct log_line line;
	const char *want = "{\"ts\":\"2026-11-20T10:11:12.345Z\",\"level\":\"warn\",\"proc\":\"hub\","
			   "\"event\":\"test.event\",\"target\":\"acme/web\",\"n\":-7}\n";

	log_line_json(&line, &head, (struct log_field[]){STR("target", "acme/web"), NUM("n", -7)}, 2);
	cr_assert_eq(line.used, strlen(want));
	cr_assert_arr_eq(line.bytes, want, line.used);
}

Test(log, any_text_comes_back_from_a_json_parser)
{
	cr_assert_str_eq(trip("plain"), "plain");
	cr_assert_str_eq(trip("q\" b\\ n\n t\t c\x01 d\x7f"), "q\" b\\ n\n t\t c\x01 d\x7f");
	cr_assert_str_eq(trip("Grüße 🚌 \xc2\x9b"), "Grüße 🚌 \xc2\x9b");
	cr_assert_str_eq(trip(NULL), "-");
}

Test(log, invalid_utf8_becomes_a_replacement_character)
{
	cr_assert_str_eq(trip("a\xff"), "a\xef\xbf\xbd");
	cr_assert_str_eq(trip("\xc3"), "\xef\xbf\xbd");
	cr_assert_str_eq(trip("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd", "overlong");
	cr_assert_str_eq(trip("\xed\xa0\x80x"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx", "surrogate");
	cr_assert_str_eq(trip("\xf4\x90\x80\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
			 "above U+10FFFF");
	cr_assert_str_eq(trip("\xe2\x82g"), "\xef\xbf\xbd\xef\xbf\xbdg");
}

Test(log, control_characters_never_reach_a_terminal)
{
	struct log_line line;

	log_line_human(&line, &head, (struct log_field[]){STR("text", "\033[2J\xc2\x9b\r")}, 1, false);
	cr_assert_null(memchr(line.bytes, '\033', line.used));
	cr_assert_null(memmem(line.bytes, line.used, "\xc2\x9b", 2));
	cr_assert_null(memchr(line.bytes, '\r', line.used));
}

Test(log, a_long_line_is_cut_at_a_character_and_stays_json)
{
	static char text[20000];

	for (size_t shift = 0; shift < 8; shift++) {
		const char *out;
		size_t size;

		memset(text, 'x', shift);
		for (size_t i = shift; i + 4 < sizeof text; i += 4) {
			memcpy(text + i, "🚌", 4);
		}
		out = trip(text);
		size = strlen(out);
		cr_assert_gt(size, 8000);
		cr_assert_str_eq(out + size - 3, "…");
		cr_assert_eq((size - 3 - shift) % 4, 0);
	}
}

Test(log, a_long_text_leaves_room_for_the_fields_after_it)
{
	static char text[20000];
	struct log_line line;

	memset(text, '"', sizeof text - 1);
	log_line_json(&line, &head,
		      (struct log_field[]){STR("body", text), STR("why", "HTTP 500"), NUM("n", 5)}, 3);
	cr_assert_leq(line.used, LOG_LINE_MAX);
	cr_assert_not_null(memmem(line.bytes, line.used, "\"why\":\"HTTP 500\",\"n\":5}\n", 24));
}

Test(log, fields_without_end_still_make_a_valid_line)
{
	static struct log_field fields[2000];
	struct log_line line;
	yyjson_doc *doc;

	for (size_t i = 0; i < 2000; i++) {
		fields[i] = i % 2 ? NUM("a_number_with_a_name", i)
				  : STR("text", "some \"text\" that is long enough");
	}
	log_line_json(&line, &head, fields, 2000);
	doc = yyjson_read(line.bytes, line.used, 0);
	cr_assert_not_null(doc);
	yyjson_doc_free(doc);
}

Test(log, a_secret_is_replaced_in_every_field_also_percent_encoded)
{
	log_secret("hunter2/+ä");
	cr_assert_str_eq(trip("token hunter2/+ä!"), "token ***!");
	cr_assert_str_eq(trip("a?t=hunter2%2F%2B%C3%A4&b"), "a?t=***&b");
	cr_assert_str_eq(trip("a?t=hunter2%2f%2b%c3%a4&b"), "a?t=***&b");
	cr_assert_str_eq(trip("hunter2/+ähunter2/+ä"), "******");
	cr_assert_str_eq(trip("hunter"), "***", "a secret that was cut off is hidden too");
	cr_assert_str_eq(trip("hunt"), "hunt");
}

Test(log, the_longest_secret_wins)
{
	log_secret("abcdef");
	log_secret("abcdefgh");
	log_secret("");
	log_secret(NULL);
	cr_assert_str_eq(trip("abcdefgh abcdef"), "*** ***");
}

/* Masked, `t` would read "lis***en … wri***e i***": the log garbled, and t given away. */
Test(log, a_secret_too_short_to_hide_garbles_nothing)
{
	log_secret("t");
	log_secret("token");
	log_secret("e/e");
	log_secret("tokens");
	cr_assert_str_eq(trip("listen: write it, token e%2Fe"), "listen: write it, token e%2Fe");
	cr_assert_str_eq(trip("no tokens"), "no ***");
}

Test(log, a_secret_does_not_rename_events)
{
	struct log_line line;
	const char *want = "\"event\":\"test.event\",\"why\":\"no ***\"}\n";

	log_secret("test.event");
	log_line_json(&line, &head, (struct log_field[]){STR("why", "no test.event")}, 1);
	cr_assert(line.used > strlen(want) &&
			  memcmp(line.bytes + line.used - strlen(want), want, strlen(want)) == 0,
		  "%.*s", (int)line.used, line.bytes);
}

Test(log, a_person_reads_words_bare_and_texts_quoted)
{
	struct log_line line;
	const char *want =
		"10:11:12.345 WARN  hub test.event target=acme/web why=\"no route\" empty=\"\" n=3\n";

	log_line_human(&line, &head,
		       (struct log_field[]){STR("target", "acme/web"), STR("why", "no route"),
					    STR("empty", ""), NUM("n", 3)},
		       4, false);
	cr_assert_eq(line.used, strlen(want), "%.*s", (int)line.used, line.bytes);
	cr_assert_arr_eq(line.bytes, want, line.used);
}

static void two_lines(void)
{
	log_open("fetch-buildkite", LEVEL_INFO);
	log_debug("not.this", NUM("n", 1));
	log_info("first", NUM("n", 1));
	log_error("second", STR("why", "x"));
}

Test(log, lines_below_the_least_level_are_not_written)
{
	const char *out = captured(two_lines);

	cr_assert_null(strstr(out, "not.this"));
	cr_assert_eq(strncmp(out, "{\"ts\":\"20", 9), 0, "%s", out);
	cr_assert_not_null(strstr(
		out, "\"level\":\"info\",\"proc\":\"fetch-buildkite\",\"event\":\"first\",\"n\":1}\n{"));
	cr_assert_not_null(strstr(out, "\"event\":\"second\",\"why\":\"x\"}\n"));
}

Test(log, the_environment_chooses_the_form)
{
	const char *out;

	setenv("BUILDBUS_LOG", "human", 1);
	out = captured(two_lines);
	cr_assert_not_null(strstr(out, "fetch-buildkite first n=1\n"), "%s", out);
	cr_assert_null(strchr(out, '\033'), "colours belong on a terminal");
}

static void many_lines(void)
{
	log_open("p", LEVEL_INFO);
	for (int i = 0; i < 100; i++) {
		log_info("n", NUM("i", i));
	}
}

Test(log, the_time_is_rfc_3339_with_milliseconds)
{
	const char *out = captured(many_lines);
	int year, month, day, hour, minute, second, ms, end = 0;

	cr_assert_eq(sscanf(out, "{\"ts\":\"%4d-%2d-%2dT%2d:%2d:%2d.%3dZ\"%n", &year, &month, &day, &hour,
			    &minute, &second, &ms, &end),
		     7);
	cr_assert_eq(end, 32);
}

Test(log, text_for_other_eyes_hides_secrets_too)
{
	char *masked;

	log_secret("xyzzy-1");
	masked = log_masked("asked with xyzzy-1, twice xyzzy-1");
	cr_assert_str_eq(masked, "asked with ***, twice ***");
	free(masked);
}
