/* What a provider said, as one line: rows of JSON in, text out. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/remark.h"

#include "common/log.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const struct {
	const char *body, *out;
} rows[] = {
	{"{\"message\":\"Your access token doesn't have the read_builds scope\"}",
	 "Your access token doesn't have the read_builds scope"},
	{"{\"message\":\"  two\\n\\tlines\\u001b[31m. \"}", "two lines [31m"},
	{"{\"message\":\"C1 \\u0085\\u009b x\"}", "C1 x"},
	{"{\"message\":\"\\u00e9t\\u00e9...\"}", "\xc3\xa9t\xc3\xa9"},
	{"{\"message\":\"with hush-hush in it\"}", "with *** in it"},
	{"{\"message\":\"\\n \\u0000 x\"}", ""},
	{"{\"message\":7}", ""},
	{"{\"error\":\"x\"}", ""},
	{"[\"message\"]", ""},
	{"<html>", ""},
	{"", ""},
};

Test(remark, is_one_line_without_secrets)
{
	log_secret("hush-hush");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char out[REMARK_SIZE];

		remark_read(text_of(rows[i].body), out);
		cr_expect_str_eq(out, rows[i].out, "%s: %s", rows[i].body, out);
	}
}

Test(remark, is_cut_between_characters_and_hides_a_secret_at_the_cut)
{
	char body[1000], out[REMARK_SIZE];

	snprintf(body, sizeof body, "{\"message\":\"%0*d\xc3\xa9\"}", REMARK_SIZE - 2, 0);
	remark_read(text_of(body), out);
	cr_expect(strlen(out) == REMARK_SIZE - 2);
	log_secret("hush-hush");
	snprintf(body, sizeof body, "{\"message\":\"%0*d hush-hush\"}", REMARK_SIZE - 9, 0);
	remark_read(text_of(body), out);
	cr_expect_null(strstr(out, "hush"));
}
