/* Loading a file: its forms, its sections, and a sentence for each thing that can be wrong with its shape. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/config_case.h"

#include "sinks/store/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(config, .init = case_open, .fini = case_close);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct row {
	const char *text, *problem;
};

static void expect_problems(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct loaded loaded;

		load(&loaded, rows[i].text);
		cr_expect(loaded.status == ERR_CONFIG, "accepted: %s", rows[i].text);
		cr_expect_str_eq(loaded.problems, rows[i].problem);
		config_fini(&loaded.config);
	}
}

static const char full[] = "bus:\n"
			   "  state_dir: here\n"
			   "sources:\n"
			   "  - buildkite:\n"
			   "      name: main\n"
			   "      access_token: $BK_TOKEN\n"
			   "      organization_slug: acme\n"
			   "      pipeline_slug: [web, api]\n"
			   "      poll_interval: 5s\n"
			   "  - circleci: {token: $NEVER_SET, project_slug: gh/acme/api}\n"
			   "destinations:\n"
			   "  - store\n"
			   "  - store:\n"
			   "      name: copy\n";

Test(config, finds_the_sections_in_order)
{
	struct loaded loaded;
	static const struct {
		enum section_kind side;
		const char *kind, *name;
		int line;
	} expected[] = {
		{SECTION_SOURCE, "buildkite", "main", 4},
		{SECTION_SOURCE, "circleci", "circleci", 10},
		{SECTION_DESTINATION, "store", "store", 12},
		{SECTION_DESTINATION, "store", "copy", 13},
	};

	load(&loaded, full);
	cr_assert_str_eq(loaded.problems, "");
	cr_assert(loaded.config.section_count == COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++) {
		const struct config_section *section = &loaded.config.sections[i];

		cr_expect(section->side == expected[i].side && section->line == expected[i].line, "%zu", i);
		cr_expect_str_eq(section->kind, expected[i].kind);
		cr_expect_str_eq(section->name, expected[i].name);
	}
	config_fini(&loaded.config);
}

Test(config, reads_a_section_and_leaves_the_credentials_of_others_alone)
{
	struct loaded loaded;
	struct buildkite_config buildkite = {0};

	setenv("BK_TOKEN", "hush", 1);
	load(&loaded, full);
	cr_assert(read_section(&loaded, 0, buildkite_config_rows, &buildkite) == OK, "%s", loaded.problems);
	cr_expect_str_eq(buildkite.access_token, "hush");
	cr_expect_str_eq(buildkite.organization_slug, "acme");
	cr_expect(buildkite.pipeline_slug.count == 2);
	cr_expect_str_eq(buildkite.pipeline_slug.items[1], "api");
	cr_expect(buildkite.since.ago_ms == INT64_C(30) * 86400000);
	cr_expect(buildkite.poll_interval_ms == 5000);
	cr_expect_not(buildkite.coverage);
	cr_expect_str_eq(buildkite.api_url, "https://api.buildkite.com/v2");
	config_free(buildkite_config_rows, &buildkite);
	cr_expect_null(buildkite.access_token);
	config_fini(&loaded.config);
}

Test(config, reads_part_of_a_section_without_the_rest)
{
	static const struct config_row rows[] = {
		{.key = "project_slug", .type = CONFIG_LIST, .required = true}, /* at offset 0 */
		CONFIG_END,
	};
	struct loaded loaded;
	struct config_list slugs = {0};
	struct err err;

	load(&loaded, full);
	cr_expect(config_read_part(&loaded.config, &loaded.config.sections[1], rows, &slugs, &err) == OK);
	cr_assert(slugs.count == 1);
	cr_expect_str_eq(slugs.items[0], "gh/acme/api");
	config_free(rows, &slugs);
	cr_expect(config_read(&loaded.config, &loaded.config.sections[1], rows, &slugs, &err) == ERR_CONFIG);
	cr_expect_str_eq(err.text,
			 "buildbus.yml:10: sources[1].circleci.token: unknown key (has: project_slug, name)");
	config_free(rows, &slugs);
	config_fini(&loaded.config);
}

Test(config, adds_the_store_when_no_destination_is_named)
{
	static const char *const texts[] = {
		"sources: [buildkite: {}]\n",
		"sources: [buildkite: {}]\ndestinations:\n",
		"sources: [buildkite: {}]\ndestinations: []\n",
		"bus: {}\n",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct loaded loaded;
		struct store_config store = {0};
		const struct config_section *last;

		load(&loaded, texts[i]);
		cr_assert(loaded.status == OK, "%s", loaded.problems);
		last = &loaded.config.sections[loaded.config.section_count - 1];
		cr_expect(last->side == SECTION_DESTINATION);
		cr_expect_str_eq(last->name, "store");
		cr_expect(read_section(&loaded, loaded.config.section_count - 1, store_config_rows, &store) ==
			  OK);
		cr_expect_null(store.listen);
		config_free(store_config_rows, &store);
		config_fini(&loaded.config);
	}
}

Test(config, knows_a_slug_from_an_address_and_a_name)
{
	struct loaded loaded;
	struct buildkite_config buildkite = {0};

	load(&loaded, "sources:\n"
		      "  - buildkite:\n"
		      "      access_token: a\n"
		      "      organization_slug: https://buildkite.com/acme\n"
		      "      pipeline_slug: [web, '*', acme/web, Web App]\n");
	cr_expect(read_section(&loaded, 0, buildkite_config_rows, &buildkite) == ERR_CONFIG);
#define NO_SLUG "\" is no slug: write the last part of its address alone, in small letters\n"
	cr_expect_str_eq(
		loaded.problems,
		"buildbus.yml:4: sources[0].buildkite.organization_slug: \"https://buildkite.com/acme" NO_SLUG
		"buildbus.yml:5: sources[0].buildkite.pipeline_slug: \"acme/web" NO_SLUG
		"buildbus.yml:5: sources[0].buildkite.pipeline_slug: \"Web App" NO_SLUG);
	config_free(buildkite_config_rows, &buildkite);
	config_fini(&loaded.config);
}

Test(config, lets_a_source_and_a_destination_have_one_name)
{
	struct loaded loaded;

	load(&loaded, "sources: [buildkite: {name: x}]\ndestinations: [store: {name: x}]\n");
	cr_expect_str_eq(loaded.problems, "");
	cr_expect(loaded.config.section_count == 2);
	config_fini(&loaded.config);
}

Test(config, takes_the_source_and_destination_form)
{
	struct loaded loaded;
	struct buildkite_config buildkite = {0};

	load(&loaded, "destination:\n"
		      "  firestore:\n"
		      "    firebase_web_api_key: k\n"
		      "source:\n"
		      "  buildkite:\n"
		      "    access_token: a\n"
		      "    pipeline_slug: web\n"
		      "    organization_slug: acme\n"
		      "    bad: 1\n");
	cr_assert(loaded.status == OK, "%s", loaded.problems);
	cr_assert(loaded.config.section_count == 2);
	cr_expect_str_eq(loaded.config.sections[0].kind, "buildkite");
	cr_expect_str_eq(loaded.config.sections[1].kind, "firestore");
	cr_expect(read_section(&loaded, 0, buildkite_config_rows, &buildkite) == ERR_CONFIG);
	cr_expect_str_eq(
		loaded.problems,
		"buildbus.yml:9: source.buildkite.bad: unknown key (has: access_token, organization_slug, "
		"pipeline_slug, since, poll_interval, coverage, redact, api_url, name)\n");
	cr_expect_str_eq(buildkite.pipeline_slug.items[0], "web");
	config_free(buildkite_config_rows, &buildkite);
	config_fini(&loaded.config);
}

struct circle {
	char *token;
	struct config_list project_slug;
};

static const struct config_row circle_rows[] = {
	{.key = "token", .type = CONFIG_SECRET, .offset = offsetof(struct circle, token)},
	{.key = "project_slug",
	 .type = CONFIG_LIST,
	 .offset = offsetof(struct circle, project_slug),
	 .required = true},
	CONFIG_END,
};

static const char fixture[] = "native:\n"
			      "  slug: StackStorm\n"
			      "data_sources:\n"
			      "- slug: circleci\n"
			      "  projects:\n"
			      "  - name: StackStorm\n"
			      "    endpoints:\n"
			      "    - name: github/StackStorm/stackstorm-ha\n"
			      "    - name: ${CIRCLE_PROJECT}\n"
			      "  - name: Other\n"
			      "    endpoints:\n"
			      "    - name: gh/acme/api\n"
			      "  config:\n"
			      "    - name: Circle-Token\n"
			      "      value: $CIRCLE_TOKEN\n";

Test(config, takes_the_fixture_form)
{
	struct loaded loaded;
	struct circle circle = {0};

	setenv("CIRCLE_TOKEN", "hush", 1);
	setenv("CIRCLE_PROJECT", "gh/a/b", 1);
	load(&loaded, fixture);
	cr_assert(loaded.status == OK, "%s", loaded.problems);
	cr_assert(loaded.config.section_count == 2);
	cr_expect_str_eq(loaded.config.sections[0].kind, "circleci");
	cr_expect(read_section(&loaded, 0, circle_rows, &circle) == OK, "%s", loaded.problems);
	cr_expect_str_eq(circle.token, "hush");
	cr_assert(circle.project_slug.count == 3);
	cr_expect_str_eq(circle.project_slug.items[0], "github/StackStorm/stackstorm-ha");
	cr_expect_str_eq(circle.project_slug.items[1], "gh/a/b");
	cr_expect_str_eq(circle.project_slug.items[2], "gh/acme/api");
	config_free(circle_rows, &circle);
	config_fini(&loaded.config);
}

Test(config, points_into_the_fixture)
{
	struct loaded loaded;
	struct circle circle = {0};

	unsetenv("CIRCLE_TOKEN");
	setenv("CIRCLE_PROJECT", "gh/a/b", 1);
	load(&loaded, fixture);
	cr_expect(read_section(&loaded, 0, circle_rows, &circle) == ERR_CONFIG);
	cr_expect_str_eq(loaded.problems,
			 "buildbus.yml:15: data_sources[0].circleci.token: the variable CIRCLE_TOKEN is "
			 "not set; set it, or write ${CIRCLE_TOKEN:-default}\n");
	config_free(circle_rows, &circle);
	config_fini(&loaded.config);
}

Test(config, says_what_is_wrong_with_a_fixture)
{
	static const struct row rows[] = {
		{"data_sources: {}\n", "buildbus.yml:1: data_sources: must be a list, `- slug: circleci`\n"},
		{"data_sources:\n- word\n",
		 "buildbus.yml:2: data_sources[0]: must be a map with the key slug\n"},
		{"data_sources:\n- projects: []\n", "buildbus.yml:2: data_sources[0]: slug: missing\n"},
		{"data_sources:\n- slug: circleci\n  projects: {}\n",
		 "buildbus.yml:3: data_sources[0]: must be a list\n"},
		{"data_sources:\n- slug: circleci\n  project: []\n",
		 "buildbus.yml:3: data_sources[0].project: unknown key, did you mean projects?\n"},
		{"data_sources:\n- slug: circleci\n  projects:\n  - endpoints:\n    - nam: x\n",
		 "buildbus.yml:5: data_sources[0].nam: unknown key, did you mean name?\n"},
		{"data_sources:\n- slug: circleci\n  projects:\n  - endpoints:\n    - name:\n",
		 "buildbus.yml:5: data_sources[0]: an endpoint without name\n"},
		{"data_sources:\n- slug: circleci\n  config:\n  - name: Circle-Tken\n    value: v\n",
		 "buildbus.yml:4: data_sources[0]: unknown key, did you mean Circle-Token?\n"},
		{"data_sources:\n- slug: circleci\n  config:\n  - name: Circle-Token\n",
		 "buildbus.yml:4: data_sources[0]: Circle-Token without value\n"},
	};

	expect_problems(rows, COUNT(rows));
}

Test(config, says_what_is_wrong_with_the_shape)
{
	static const struct row rows[] = {
		{"", "buildbus.yml: is empty; docs/config.md shows what belongs there\n"},
		{"# nothing\n---\n", "buildbus.yml: is empty; docs/config.md shows what belongs there\n"},
		{"word\n", "buildbus.yml:1: must be a map with the keys bus, sources, destinations\n"},
		{"- a\n", "buildbus.yml:1: must be a map with the keys bus, sources, destinations\n"},
		{"soruces: []\n", "buildbus.yml:1: soruces: unknown key, did you mean sources?\n"},
		{"bus: {}\nbus: {}\n", "buildbus.yml:2: bus: repeated\n"},
		{"bus: 5\n", "buildbus.yml:1: bus: must be a map of options\n"},
		{"sources:\n  buildkite: {}\n",
		 "buildbus.yml:2: sources: must be a list, `- buildkite: {…}`\n"},
		{"sources:\n- [a]\n",
		 "buildbus.yml:2: sources[0]: must be a kind with its options, `buildkite: {…}`\n"},
		{"source:\n  - buildkite: {}\n", "buildbus.yml:2: source: must be a kind with its options, "
						 "`buildkite: {…}`; a list belongs under "
						 "sources: or destinations:\n"},
		{"sources:\n- \n",
		 "buildbus.yml:2: sources[0]: must be a kind with its options, `buildkite: {…}`\n"},
		{"sources:\n- buildkite: 5\n",
		 "buildbus.yml:2: sources[0].buildkite: must be a map of options\n"},
		{"sources:\n- buildkite:\n  name: x\n", "buildbus.yml:2: sources[0]: has 2 keys (buildkite, "
							"name…) where one kind belongs; indent the options "
							"deeper than the kind\n"},
		{"sources:\n- bildkite: {}\n",
		 "buildbus.yml:2: sources[0].bildkite: unknown kind of source, did you mean buildkite?\n"},
		{"sources:\n- store\n",
		 "buildbus.yml:2: sources[0].store: unknown kind of source (has: buildkite, circleci)\n"},
		{"destinations:\n- bigquery\n", "buildbus.yml:2: bigquery: this version of buildbus has no "
						"such destination yet (has: store, "
						"firestore)\n"},
		{"sources:\n- buildkite:\n    name: a b\n",
		 "buildbus.yml:3: sources[0].buildkite: name: must be 1 to 64 letters, digits, '-', '_' or "
		 "'.'\n"},
		{"sources:\n- buildkite:\n    name: $NAME\n",
		 "buildbus.yml:3: sources[0].buildkite: name: must be 1 to 64 letters, digits, '-', '_' or "
		 "'.'\n"},
		{"sources:\n- buildkite:\n- circleci: {name: c}\n- buildkite:\n",
		 "buildbus.yml:4: sources[2].buildkite: name: buildkite is the name of sources[0].buildkite "
		 "in line 2 "
		 "too; give each a name of its own\n"},
		{"sources: []\n---\nsources: []\n",
		 "buildbus.yml:2: a second YAML document (---); put everything into one\n"},
		{"? [a]\n: b\n", "buildbus.yml:1: a key must be a word\n"},
		{"sources: [\"a\\0b\"]\n", "buildbus.yml:1: holds a zero byte (\\0)\n"},
	};

	expect_problems(rows, COUNT(rows));
}

Test(config, says_where_the_syntax_breaks)
{
	static const struct row rows[] = {
		{"bus:\n  state_dir: [a\nsources: []\n",
		 "buildbus.yml:3: column 8: did not find expected ',' or ']', while parsing a flow sequence "
		 "(line 2)\n"},
		{"bus:\n\tstate_dir: a\n",
		 "buildbus.yml:2: column 1: found character that cannot start any token, while "
		 "scanning for the next token (line 2); indent with spaces, not with a tab\n"},
		{"sources:\n- buildkite:\n    pipeline_slug: *\n",
		 "buildbus.yml:3: column 21: did not find expected alphabetic or numeric character, while "
		 "scanning an "
		 "alias (line 3); write \"*\" in quotes\n"},
		{"bus: *nowhere\n", "buildbus.yml:1: column 6: found undefined alias\n"},
		{"bus:\n  state_dir: \xff\n",
		 "buildbus.yml:2: is not UTF-8 (invalid leading UTF-8 octet); save it as UTF-8\n"},
		{"bus:\n\n  state_dir: \xc3(\n",
		 "buildbus.yml:3: is not UTF-8 (invalid trailing UTF-8 octet); save it as UTF-8\n"},
		{"bus:\n  state_dir: a\x01\n", "buildbus.yml:2: holds a control character; remove it\n"},
	};

	expect_problems(rows, COUNT(rows));
}

Test(config, ends_soon_whatever_the_file_holds)
{
	static const struct row rows[] = {
		{"bus: &a [*a]\n", "buildbus.yml:1: nested deeper than 16\n"},
		{"a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
		 "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
		 "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
		 "buildbus.yml:1: more than 20000 values, aliases followed\n"},
	};
	char *deep = calloc(1, 5000), *big = malloc(300000);
	struct row more[2] = {{deep, "buildbus.yml:1: nested deeper than 16\n"},
			      {big, "buildbus.yml: is too long, at most 256 KiB; name the file with -c FILE "
				    "or BUILDBUS_CONFIG\n"}};

	memset(deep, '[', 900);
	memset(deep + 900, ']', 900);
	memcpy(deep, "a: ", 3);
	memset(deep + 900 + 897, 0, 10);
	memset(big, '#', 299999);
	big[299999] = '\0';
	expect_problems(rows, COUNT(rows));
	expect_problems(more, COUNT(more));
	free(deep);
	free(big);
}

Test(config, tells_all_problems_and_keeps_what_is_good)
{
	struct loaded loaded;

	load(&loaded, "bus: {min_free: lots, insecur: true}\nsources:\n- jenkins\n- buildkite\nextra: 1\n");
	cr_expect_str_eq(
		loaded.problems,
		"buildbus.yml:1: bus.insecur: unknown key, did you mean insecure?\n"
		"buildbus.yml:1: bus.min_free: \"lots\" is not a size (512MiB, 1GB, 1048576)\n"
		"buildbus.yml:5: extra: unknown key (has: bus, sources, source, data_sources, native, "
		"destinations, "
		"destination)\n"
		"buildbus.yml:3: sources[0].jenkins: unknown kind of source (has: buildkite, circleci)\n");
	cr_expect(loaded.config.section_count == 2);
	config_fini(&loaded.config);
}

Test(config, knows_which_kinds_have_a_process)
{
	struct config config;
	struct err err;

	write_file("buildbus.yml", "destinations:\n- slack: {token: t}\n");
	cr_expect(config_load(&config, "buildbus.yml", &err) == ERR_CONFIG);
	cr_expect_str_eq(err.text,
			 "buildbus.yml:2: slack: this version of buildbus has no such destination yet (has: "
			 "store, firestore)");
	config_fini(&config);
}

Test(config, is_found_by_flag_then_variable_then_in_the_folder)
{
	struct config config;
	struct err err;

	cr_expect(config_load(&config, NULL, &err) == ERR_CONFIG);
	cr_expect_str_eq(err.text, "buildbus.yml: can't be read: No such file or directory; name the file "
				   "with -c FILE or BUILDBUS_CONFIG");
	config_fini(&config);
	write_file("buildbus.yml", "bus: {min_free: 1B}\n");
	write_file("other.yml", "bus: {min_free: 2B}\n");
	cr_expect(config_load(&config, NULL, &err) == OK && config.bus.min_free_bytes == 1);
	config_fini(&config);
	setenv("BUILDBUS_CONFIG", "other.yml", 1);
	cr_expect(config_load(&config, NULL, &err) == OK && config.bus.min_free_bytes == 2);
	config_fini(&config);
	cr_expect(config_load(&config, "./buildbus.yml", &err) == OK && config.bus.min_free_bytes == 1);
	cr_expect_str_eq(config.path, "./buildbus.yml");
	config_fini(&config);
	config_fini(&config);
	cr_expect(config_load(&config, ".", &err) == ERR_CONFIG);
	cr_expect_str_eq(err.text,
			 ".: can't be read: Is a directory; name the file with -c FILE or BUILDBUS_CONFIG");
	config_fini(&config);
}

Test(config, hides_control_characters_of_the_file)
{
	struct loaded loaded;

	load(&loaded, "\"a\\e[31mb\\n\": 1\n");
	cr_expect(strncmp(loaded.problems, "buildbus.yml:1: a?[31mb?: unknown key", 37) == 0, "%s",
		  loaded.problems);
	config_fini(&loaded.config);
}
