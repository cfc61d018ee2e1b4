/* A build as one line of `buildbus up --show`. */
/* SPDX-License-Identifier: MIT */
#include "compose/show.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct build some_build(void)
{
	struct build build;

	build_init(&build);
	build.organization = TEXT("acme");
	build.pipeline = TEXT("web");
	build.number = 17;
	build.state = STATE_FINISHED;
	build.result = RESULT_FAILURE;
	build.duration_ms = 65000;
	build.branch = TEXT("main");
	build.message = TEXT("Fix the login\n\nIt was broken.");
	return build;
}

static void expect_line(const struct build *build, size_t width, const char *line)
{
	char *got = show_line(build, width);

	cr_assert_str_eq(got, line);
	free(got);
}

Test(show_line, says_which_build_how_it_ended_where_and_why)
{
	struct build build = some_build();

	expect_line(&build, 0,
		    "acme/web #17                    failure       1m 5s    main                      Fix "
		    "the login");
}

Test(show_line, of_a_running_build_has_its_state_and_no_duration)
{
	struct build build = some_build();

	build.state = STATE_RUNNING;
	build.result = RESULT_NULL;
	build.message = (struct text){0};
	expect_line(&build, 0, "acme/web #17                    running                main");
}

Test(show_line, is_cut_to_the_terminal)
{
	struct build build = some_build();

	expect_line(&build, 51, "acme/web #17                    failure       1m 5…");
}

Test(show_line, keeps_its_columns_when_names_are_long)
{
	struct build build = some_build();

	build.organization = TEXT("a-company-of-a-long-name");
	build.branch = TEXT("jonas/fix-the-permissions-cache");
	expect_line(
		&build, 0,
		"a-company-of-a-long-name/… #17  failure       1m 5s    jonas/fix-the-permissio…  Fix the "
		"login");
}

Test(show_line, lets_nobody_steer_the_terminal)
{
	struct build build = some_build();
	char *line;

	build.branch = TEXT("x\033[2Jy");
	line = show_line(&build, 0);
	cr_assert_null(strchr(line, '\033'));
	free(line);
}
