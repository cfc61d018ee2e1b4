/* Options as rows, and the words of a person who slipped. */
/* SPDX-License-Identifier: MIT */
#include "compose/command.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>

struct options {
	const char *config_file;
	bool json;
	int64_t count;
	struct option_list each;
};

static struct options seen;
static char operand[64];

static int run(const void *options, char *const *operands)
{
	memcpy(&seen, options, sizeof seen);
	snprintf(operand, sizeof operand, "%s", *operands ? *operands : "");
	return 7;
}

static const struct option_row rows[] = {
	OPTION_CONFIG_FILE(struct options, config_file),
	{"json", 0, OPTION_FLAG, offsetof(struct options, json), NULL, "as JSON", 0, 0},
	{"count", 'n', OPTION_INT, offsetof(struct options, count), "N", "so many", 1, 100},
	{"each", 0, OPTION_EACH, offsetof(struct options, each), "X", "one more", 0, 0},
	OPTION_END,
};

static struct command command = {
	.name = "list",
	.summary = "lists",
	.options = rows,
	.options_size = sizeof(struct options),
	.exits = "  0  listed\n",
	.example = "buildbus list",
	.run = run,
};

#define RUN(...) run_with((char *[]){"list", ##__VA_ARGS__, NULL})

static int run_with(char **argv)
{
	int argc = 0;

	while (argv[argc]) {
		argc++;
	}
	cr_redirect_stderr();
	cr_redirect_stdout();
	return command_main(&command, argc, argv);
}

static void expect_complaint(const char *sentence)
{
	fflush(stderr);
	cr_assert_stderr_eq_str(sentence);
}

Test(command, without_options_all_are_zero)
{
	cr_assert_eq(RUN(), 7);
	cr_assert_null(seen.config_file);
	cr_assert_eq(seen.count, 0);
}

Test(command, options_come_long_short_and_joined)
{
	cr_assert_eq(RUN("--config-file=a.yml", "--json", "-n5", "--each", "x", "--each=y"), 7);
	cr_assert_str_eq(seen.config_file, "a.yml");
	cr_assert(seen.json);
	cr_assert_eq(seen.count, 5);
	cr_assert_eq(seen.each.count, 2);
	cr_assert_str_eq(seen.each.items[1], "y");
}

Test(command, an_operand_that_is_taken_arrives)
{
	command.operands = "[WHAT]";
	cr_assert_eq(RUN("-c", "a.yml", "what"), 7);
	cr_assert_str_eq(operand, "what");
}

Test(command, an_operand_too_many_is_refused)
{
	cr_assert_eq(RUN("what"), EXIT_USAGE);
	expect_complaint("buildbus: list: what: takes no arguments (see buildbus list --help)\n");
}

Test(command, a_slip_gets_the_nearest_option)
{
	cr_assert_eq(RUN("--cuont", "5"), EXIT_USAGE);
	expect_complaint("buildbus: list: --cuont: no such option, did you mean --count? (see buildbus list "
			 "--help)\n");
}

Test(command, an_unknown_letter_is_named)
{
	cr_assert_eq(RUN("-x"), EXIT_USAGE);
	expect_complaint("buildbus: list: -x: no such option (see buildbus list --help)\n");
}

Test(command, a_missing_value_is_asked_for)
{
	cr_assert_eq(RUN("-n"), EXIT_USAGE);
	expect_complaint("buildbus: list: --count needs a value: N (see buildbus list --help)\n");
}

Test(command, a_flag_takes_no_value)
{
	cr_assert_eq(RUN("--json=yes"), EXIT_USAGE);
	expect_complaint("buildbus: list: --json=yes: takes no value (see buildbus list --help)\n");
}

Test(command, a_number_out_of_range_is_refused)
{
	cr_assert_eq(RUN("-n", "101"), EXIT_USAGE);
	expect_complaint(
		"buildbus: list: --count 101: give it a number from 1 to 100 (see buildbus list --help)\n");
}

Test(command, a_number_with_a_tail_is_refused)
{
	cr_assert_eq(RUN("-n", "5x"), EXIT_USAGE);
}

Test(command, help_names_every_option_and_the_exit_codes)
{
	cr_assert_eq(RUN("--help"), EXIT_DONE);
	fflush(stdout);
	cr_assert_stdout_eq_str("buildbus list: lists\n\nusage: buildbus list [OPTION…]\n\n"
				"  -c, --config-file FILE      the configuration (default $BUILDBUS_CONFIG, "
				"then ./buildbus.yml)\n"
				"      --json                  as JSON\n"
				"  -n, --count N               so many\n"
				"      --each X                one more\n"
				"      --help                  print this\n"
				"\nexit codes:\n  0  listed\n\nexample:\n  buildbus list\n");
}
