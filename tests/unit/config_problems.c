/* A sentence for each thing that can be wrong with the shape of a file. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/config_case.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(config_problem, .init = case_open, .fini = case_close);

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

Test(config_problem, says_what_is_wrong_with_a_fixture)
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

Test(config_problem, says_what_is_wrong_with_the_shape)
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

Test(config_problem, says_where_the_syntax_breaks)
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

Test(config_problem, ends_soon_whatever_the_file_holds)
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

Test(config_problem, tells_all_problems_and_keeps_what_is_good)
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

Test(config_problem, hides_control_characters_of_the_file)
{
	struct loaded loaded;

	load(&loaded, "\"a\\e[31mb\\n\": 1\n");
	cr_expect(strncmp(loaded.problems, "buildbus.yml:1: a?[31mb?: unknown key", 37) == 0, "%s",
		  loaded.problems);
	config_fini(&loaded.config);
}
