/* What the command tells somebody who asks it. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"

#include <string.h>

static struct place *place;

static void open_place(void)
{
	place = place_new();
}

static void close_place(void)
{
	place_free(&place);
}

TestSuite(help, .init = open_place, .fini = close_place, .timeout = 60);

static void expect_help(const char *const *args, const char *words)
{
	struct said said = command_run(place, "buildbus", args);

	cr_expect_eq(said.code, 0, "%s", said.errors);
	expect_words(HERE, said.out, words);
	cr_expect_str_empty(said.errors);
	said_free(&said);
}

Test(help, is_there_for_each_command_in_both_ways_to_ask)
{
	static const char *const names[] = {"up",    "builds", "status", "validate", "keys",   "dead",
					    "sinks", "replay", "backup", "tap",      "health", "slack"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		expect_help(ARGS("help"), names[i]);
		expect_help(ARGS(names[i], "--help"), "usage: buildbus|exit codes:|example:");
		expect_help(ARGS("help", names[i]), "usage: buildbus|exit codes:|example:");
	}
	expect_help(ARGS("--help"), "usage: buildbus COMMAND");
}

Test(help, of_a_command_that_is_not_there_names_those_that_are)
{
	struct said said = command_run(place, "buildbus", ARGS("help", "bilds"));

	expect_refusal(&said, 2, "bilds: no such command|builds");
	said_free(&said);
}
