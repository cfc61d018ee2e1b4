/* Values: every type, variables, files, environment, and a sentence for each thing that can be wrong. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/config_case.h"

#include "common/config_expand.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(config_value, .init = case_open, .fini = case_close);

static struct every every;
static char problems[4096];

static void expect_read(const char *options)
{
	cr_assert(read_every(options, &every, problems) == OK, "%s: %s", options, problems);
	cr_expect_str_eq(problems, "");
}

static void done(void)
{
	config_free(every_rows, &every);
}

Test(config_value, has_a_default)
{
	expect_read("");
	cr_expect_str_eq(every.text, "plain");
	cr_expect_null(every.secret);
	cr_expect_null(every.path);
	cr_expect_str_eq(every.api_url, "https://api.example/v1");
	cr_expect(every.choice == 1);
	cr_expect(every.list.count == 0 && every.map.count == 0 && !every.flag && every.number == 0);
	done();
}

Test(config_value, is_absent_when_empty_or_null)
{
	setenv("NOTHING", "", 1);
	expect_read("    text:\n    number: ~\n    list: null\n    secret: $NOTHING\n    api_url: \"\"\n    "
		    "map:\n");
	cr_expect_str_eq(every.text, "plain");
	cr_expect_null(every.secret);
	cr_expect_str_eq(every.api_url, "https://api.example/v1");
	done();
}

Test(config_value, has_a_type)
{
	char path[PATH_MAX + 8], here[PATH_MAX];

	expect_read("    text: \"null\"\n    number: -5\n    duration: 2m\n    size: 1MiB\n    flag: Yes\n"
		    "    choice: load\n    path: ./a/../b//c\n    auth_url: http://localhost:9/x//\n"
		    "    outer: {inner: deep}\n");
	cr_assert_not_null(getcwd(here, sizeof here));
	snprintf(path, sizeof path, "%s/b/c", here);
	cr_expect_str_eq(every.text, "null");
	cr_expect(every.number == -5 && every.duration == 120000 && every.size == 1048576 && every.flag);
	cr_expect(every.choice == 0);
	cr_expect_str_eq(every.path, path);
	cr_expect_str_eq(every.auth_url, "http://localhost:9/x");
	cr_expect_str_eq(every.inner, "deep");
	done();
	expect_read("    path: /abs/./x\n");
	cr_expect_str_eq(every.path, "/abs/x");
	done();
}

Test(config_value, since_is_a_duration_a_date_or_a_number)
{
	expect_read("    since: 7d\n");
	cr_expect(every.since.ago_ms == INT64_C(604800000) && !every.since.date_ms && !every.since.builds);
	done();
	expect_read("    since: 2020-01-01\n");
	cr_expect(every.since.date_ms == INT64_C(1577836800000) && !every.since.ago_ms &&
		  !every.since.builds);
	done();
	expect_read("    since: \"2020-01-01T00:00:00+01:00\"\n");
	cr_expect(every.since.date_ms == INT64_C(1577833200000));
	done();
	expect_read("    since: 28\n");
	cr_expect(every.since.builds == 28 && !every.since.ago_ms && !every.since.date_ms);
	done();
	expect_read("    since: 1970-01-01\n");
	cr_expect(every.since.date_ms == 1);
	done();
}

Test(config_value, is_a_list_or_one_item)
{
	expect_read("    list: one\n");
	cr_expect(every.list.count == 1);
	cr_expect_str_eq(every.list.items[0], "one");
	done();
	setenv("TWO", "2", 1);
	expect_read("    list: [one, \"$TWO\", \"*\"]\n");
	cr_assert(every.list.count == 3);
	cr_expect_str_eq(every.list.items[1], "2");
	cr_expect_str_eq(every.list.items[2], "*");
	done();
}

Test(config_value, is_a_map)
{
	setenv("TWO", "2", 1);
	expect_read("    map: {acme/web: web, gh/acme/api: \"$TWO\"}\n");
	cr_assert(every.map.count == 2);
	cr_expect_str_eq(every.map.keys[1], "gh/acme/api");
	cr_expect_str_eq(every.map.values[1], "2");
	done();
}

Test(config_value, has_an_older_spelling)
{
	expect_read("    old_text: x\n");
	cr_expect_str_eq(every.text, "x");
	done();
}

Test(config_value, comes_from_a_file)
{
	write_file("token", "two $words\r\n");
	write_file("slugs", "a\nb\n\nc\n");
	setenv("NAME", "token", 1);
	expect_read("    secret_file: ./$NAME\n    old_text_file: token\n    list_file: slugs\n    outer: "
		    "{inner_file: token}\n");
	cr_expect_str_eq(every.secret, "two $words");
	cr_expect_str_eq(every.text, "two $words");
	cr_expect_str_eq(every.inner, "two $words");
	cr_assert(every.list.count == 3);
	cr_expect_str_eq(every.list.items[2], "c");
	done();
}

Test(config_value, is_the_row_s_own_where_a_row_ends_in_file)
{
	expect_read("    path_file: /x\n");
	cr_expect_null(every.path);
	cr_expect_str_eq(every.path_file, "/x");
	done();
}

Test(config_value, comes_from_the_environment_where_the_file_names_none)
{
	setenv("BUILDBUS_BUILDKITE_API_URL", "http://127.0.0.1:1/", 1);
	setenv("BUILDBUS_BUILDKITE_AUTH_URL", "http://127.0.0.1:2", 1);
	expect_read("");
	cr_expect_str_eq(every.api_url, "http://127.0.0.1:1");
	cr_expect_str_eq(every.auth_url, "http://127.0.0.1:2");
	done();
	expect_read("    api_url: https://named.example\n");
	cr_expect_str_eq(every.api_url, "https://named.example");
	done();
	setenv("BUILDBUS_BUILDKITE_API_URL", "nonsense", 1);
	cr_expect(read_every("", &every, problems) == ERR_CONFIG);
	cr_expect_str_eq(
		problems,
		"buildbus.yml: BUILDBUS_BUILDKITE_API_URL: must be a URL, http://HOST… or https://HOST…\n");
	done();
}

static const struct {
	const char *options, *problem; /* without `buildbus.yml:N: sources[0].buildkite.` */
} wrong[] = {
	{"sekret: x", "sekret: unknown key, did you mean secret?"},
	{"nmae: x", "nmae: unknown key, did you mean name?"},
	{"outer: {iner: x}", "outer.iner: unknown key, did you mean inner?"},
	{"outer: x", "outer: must be a map, {key: value}"},
	{"number: 11", "number: \"11\" is out of range: -5 to 10"},
	{"number: 99999999999999999999", "number: \"99999999999999999999\" is out of range"},
	{"number: 1.5", "number: \"1.5\" is not a whole number"},
	{"number: 0x1", "number: \"0x1\" is not a whole number"},
	{"number: \" 1\"", "number: \" 1\" is not a whole number"},
	{"number: [1]", "number: must be one value, not a list"},
	{"text: {a: b}", "text: must be one value, not a map"},
	{"duration: 1x", "duration: \"1x\" is not a duration (30s, 5m, 1h, 7d, 2w)"},
	{"duration: 0", "duration: \"0\" is out of range: 1s to 1h"},
	{"duration: 2h", "duration: \"2h\" is out of range: 1s to 1h"},
	{"size: 1G", "size: \"1G\" is not a size (512MiB, 1GB, 1048576)"},
	{"size: 1", "size: \"1\" is out of range: at least 1KiB"},
	{"flag: maybe", "flag: \"maybe\" is neither true nor false"},
	{"since: soon", "since: \"soon\" is neither a duration (30d) nor a date (2026-01-31) nor a number of "
			"builds (100) above 0"},
	{"since: 0",
	 "since: \"0\" is neither a duration (30d) nor a date (2026-01-31) nor a number of builds "
	 "(100) above 0"},
	{"choice: laod", "choice: \"laod\" is not one of load, stream"},
	{"api_url: ftp://user:hush@x", "api_url: must be a URL, http://HOST… or https://HOST…"},
	{"api_url: https://user:hush@x/",
	 "api_url: must not hold a user or a password; there are keys of their "
	 "own for them"},
	{"api_url: https://x/?token=hush", "api_url: must be a URL without spaces, query and fragment"},
	{"api_url: https://", "api_url: must be a URL, http://HOST… or https://HOST…"},
	{"list: [a, \"\"]", "list: item 2 is empty"},
	{"list: [[a]]", "list: must be one value, not a list"},
	{"map: x", "map: must be a map, {key: value}"},
	{"map: {a: x, a: y}", "map: a is repeated"},
	{"map: {a: [x]}", "map: must be one value, not a list"},
	{"map_file: token", "map_file: must be a map, {key: value}"},
	{"secret: [hush]", "secret: must be one value, not a list"},
	{"secret: $UNSET_HERE",
	 "secret: the variable UNSET_HERE is not set; set it, or write ${UNSET_HERE:-default}"},
	{"{text: a, text: b}", "text: repeated, first in line 3"},
	{"{name: a, name: b}", "name: repeated, first in line 3"},
	{"{text: a, old_text: b}", "old_text: is given a second time, line 3 says text; keep one"},
	{"{secret: a, secret_file: b}", "secret_file: is given a second time, line 3 says secret; keep one"},
	{"secret_file: /nowhere/x", "secret_file: /nowhere/x can't be read: No such file or directory"},
	{"secret_file: big", "secret_file: $PWD/big is too long, at most 64 KiB"},
};

Test(config_value, says_what_is_wrong)
{
	char *big = malloc(70001), here[PATH_MAX];

	memset(big, 'x', 70000);
	big[70000] = '\0';
	write_file("big", big);
	free(big);
	cr_assert_not_null(getcwd(here, sizeof here));
	for (size_t i = 0; i < COUNT(wrong); i++) {
		char options[256], expected[PATH_MAX + 512];
		const char *rest = strstr(wrong[i].problem, "$PWD");

		snprintf(options, sizeof options, "    %s\n", wrong[i].options);
		snprintf(expected, sizeof expected, "buildbus.yml:3: sources[0].buildkite.%.*s%s%s\n",
			 rest ? (int)(rest - wrong[i].problem) : 400, wrong[i].problem, rest ? here : "",
			 rest ? rest + 4 : "");
		cr_expect(read_every(options, &every, problems) == ERR_CONFIG, "accepted: %s",
			  wrong[i].options);
		cr_expect_str_eq(problems, expected);
		done();
	}
}

Test(config_value, names_what_is_missing)
{
	struct loaded loaded;
	struct buildkite_config buildkite = {0};

	setenv("EMPTY", "", 1);
	load(&loaded, "sources:\n\n- buildkite:\n    access_token: $EMPTY\n    pipeline_slug: []\n    "
		      "acces_token: x\n");
	cr_expect(read_section(&loaded, 0, buildkite_config_rows, &buildkite) == ERR_CONFIG);
	cr_expect_str_eq(
		loaded.problems,
		"buildbus.yml:6: sources[0].buildkite.acces_token: unknown key, did you mean access_token?\n"
		"buildbus.yml:4: sources[0].buildkite.access_token: is empty: API access token with the "
		"scopes "
		"read_builds and read_pipelines (read_artifacts for coverage)\n"
		"buildbus.yml:3: sources[0].buildkite.organization_slug: missing: the slug of the "
		"organization, as in "
		"buildkite.com/SLUG\n"
		"buildbus.yml:5: sources[0].buildkite.pipeline_slug: is empty: one pipeline, a list, or "
		"\"*\" for "
		"every pipeline of the organization\n");
	config_free(buildkite_config_rows, &buildkite);
	config_fini(&loaded.config);
}

/* A token that was put under the wrong key must not come out in the sentence about that key. */
Test(config_value, never_prints_what_a_variable_held)
{
	static const char *const keys[] = {"number", "duration", "size",    "flag",
					   "since",  "choice",   "api_url", "map"};

	setenv("TOKEN", "hush-hush", 1);
	write_file("token", "hush-hush\n");
	for (size_t i = 0; i < COUNT(keys); i++) {
		char options[64];

		snprintf(options, sizeof options, "    %s: $TOKEN\n", keys[i]);
		cr_expect(read_every(options, &every, problems) == ERR_CONFIG);
		cr_expect_null(strstr(problems, "hush"), "%s", problems);
		done();
		snprintf(options, sizeof options, "    %s_file: token\n", keys[i]);
		cr_expect(read_every(options, &every, problems) == ERR_CONFIG);
		cr_expect_null(strstr(problems, "hush"), "%s", problems);
		done();
	}
}

Test(config_value, expands_variables_once)
{
	static const struct {
		const char *text, *out;
	} rows[] = {
		{"", ""},
		{"plain", "plain"},
		{"$A", "one"},
		{"${A}", "one"},
		{"x${A}y", "xoney"},
		{"$A$A", "oneone"},
		{"$A-b", "one-b"},
		{"$$A", "$A"},
		{"$$$A", "$one"},
		{"$", "$"},
		{"a$", "a$"},
		{"$1", "$1"},
		{"$ A", "$ A"},
		{"${}", "${}"},
		{"${A", "${A"},
		{"${A:-", "${A:-"},
		{"${A-x}", "${A-x}"},
		{"${1}", "${1}"},
		{"${A:-x}", "one"},
		{"${NO:-x y}", "x y"},
		{"${NO:-}", ""},
		{"${EMPTY:-x}", "x"},
		{"$EMPTY", ""},
		{"${NO:-$A}", "$A"},
		{"$B", "$A ${A} $$"},
		{"\xc3\xa4$A\xc3\xa4", "\xc3\xa4one\xc3\xa4"},
	};

	unsetenv("NO");
	setenv("A", "one", 1);
	setenv("B", "$A ${A} $$", 1);
	setenv("EMPTY", "", 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err;
		char *out = NULL;

		cr_assert(config_expand(rows[i].text, &out, &err) == OK, "%s", rows[i].text);
		cr_expect_str_eq(out, rows[i].out, "%s: %s, not %s", rows[i].text, out, rows[i].out);
		free(out);
	}
}

Test(config_value, has_a_limit)
{
	char *big = malloc(CONFIG_VALUE_MAX + 2), *out;
	struct err err;

	memset(big, 'x', CONFIG_VALUE_MAX + 1);
	big[CONFIG_VALUE_MAX] = '\0';
	cr_expect(config_expand(big, &out, &err) == OK);
	free(out);
	big[CONFIG_VALUE_MAX] = 'x';
	big[CONFIG_VALUE_MAX + 1] = '\0';
	cr_expect(config_expand(big, &out, &err) == ERR_CONFIG);
	free(big);
}
