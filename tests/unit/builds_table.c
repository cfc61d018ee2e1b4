/* Text of others on a terminal, and the table that fits it. */
/* SPDX-License-Identifier: MIT */
#include "compose/builds_table.h"
#include "compose/width.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define RED     "\033[31m"
#define REPLACE "\xef\xbf\xbd"

static void expect_clean(const char *in, const char *out)
{
	char *clean = width_clean(in, strlen(in));

	cr_expect_str_eq(clean, out, "'%s' became '%s'", in, clean);
	free(clean);
}

Test(width, neutralises_what_steers_a_terminal)
{
	expect_clean("plain \xc3\xa4 text", "plain \xc3\xa4 text");
	expect_clean("\033]0;owned\a", REPLACE "]0;owned" REPLACE);
	expect_clean("c1 \xc2\x9b"
		     "31m",
		     "c1 " REPLACE "31m");
	expect_clean("a\xe2\x80\xae"
		     "b",
		     "a" REPLACE "b");
	expect_clean("first\nsecond", "first");
	expect_clean("a\tb\x7f", "a b" REPLACE);
	expect_clean("cut \xe4\xb8", "cut " REPLACE REPLACE);
	expect_clean("long form \xc0\x80", "long form " REPLACE REPLACE);
}

Test(width, counts_columns_not_bytes)
{
	cr_expect(width_text("abc") == 3);
	cr_expect(width_text("\xc3\xa4") == 1);
	cr_expect(width_text("\xe6\x97\xa5\xe6\x9c\xac") == 4);
	cr_expect(width_text("e\xcc\x81") == 1);
	cr_expect(width_text("\xf0\x9f\x9a\x80") == 2);
}

static void expect_cut(const char *in, size_t columns, const char *out)
{
	char text[64];

	snprintf(text, sizeof text, "%s", in);
	width_cut(text, columns);
	cr_expect_str_eq(text, out, "'%s' became '%s'", in, text);
}

Test(width, cuts_at_whole_characters)
{
	expect_cut("abcdef", 6, "abcdef");
	expect_cut("abcdef", 4, "abc\xe2\x80\xa6");
	expect_cut("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 4, "\xe6\x97\xa5\xe2\x80\xa6");
	expect_cut("abcdef", 1, "\xe2\x80\xa6");
}

static void fill(struct builds_table *table, int rows)
{
	static const char *const cells[BUILDS_COLUMNS] = {
		"acme/a-long-pipeline-name",
		"1234",
		"success",
		"feature/something-long",
		"0a1b2c3d",
		"Ada Lovelace-Byron",
		"1.0 s",
		"5m 1s",
		"2026-11-21 00:43",
		"Make the engine analytical again",
		"https://buildkite.com/acme/web/builds/1234",
	};

	for (int i = 0; i < rows; i++) {
		struct builds_row *row = builds_table_add(table);
		for (int c = 0; c < BUILDS_COLUMNS; c++) {
			row->cells[c] = width_clean(cells[c], strlen(cells[c]));
		}
	}
}

static char *print(struct builds_table *table, size_t width, bool coloured)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	builds_table_print(table, out, width, coloured);
	fclose(out);
	builds_table_fini(table);
	return text;
}

Test(builds_table, never_writes_a_line_wider_than_the_terminal)
{
	for (size_t width = 55; width < 230; width++) {
		struct builds_table table = {0};
		char *text, *next;

		fill(&table, 2);
		text = print(&table, width, false);
		for (char *line = text; *line; line = next + 1) {
			next = strchr(line, '\n');
			*next = '\0';
			cr_assert(width_text(line) <= width, "%zu columns of %zu: %s", width_text(line),
				  width, line);
		}
		free(text);
	}
}

Test(builds_table, shows_everything_where_there_is_no_terminal)
{
	struct builds_table table = {0};
	char *text;

	fill(&table, 1);
	text = print(&table, 0, false);
	cr_expect(strstr(text, "https://buildkite.com/acme/web/builds/1234"));
	cr_expect(strstr(text, "Make the engine analytical again"));
	cr_expect(!strchr(text, '\033'));
	free(text);
}

Test(builds_table, colours_results_only_when_asked)
{
	struct builds_table table = {0};
	struct builds_row *row = builds_table_add(&table);
	char *text;

	row->cells[BUILDS_NUMBER] = width_clean("1", 1);
	row->cells[BUILDS_RESULT] = width_clean("failure", 7);
	text = print(&table, 0, true);
	cr_expect_str_eq(text, "NUMBER  RESULT\n     1  " RED "failure\033[0m\n", "%s", text);
	free(text);
}
