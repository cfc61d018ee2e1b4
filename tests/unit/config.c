/* Loading a file: its forms and its sections. */
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

Test(config, knows_which_kinds_have_a_process)
{
	struct loaded loaded;

	load(&loaded, "destinations:\n- bigquery: {dataset: d}\n");
	cr_expect(loaded.status == ERR_CONFIG);
	cr_expect_str_eq(
		loaded.problems,
		"buildbus.yml:2: bigquery: this version of buildbus has no such destination yet (has: "
		"store, firestore)\n");
	config_fini(&loaded.config);
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
