/* Configurations that can't be used, and what each program says to its operator. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/simulator.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct place *place;

static void open_place(void)
{
	children_keep_secret(SIM_TOKEN);
	place = place_new();
}

static void close_place(void)
{
	place_free(&place);
}

TestSuite(config, .init = open_place, .fini = close_place, .timeout = 120);

#define HEAD                                                                                                 \
	"bus: {state_dir: state}\nsources:\n  - buildkite:\n      organization_slug: acme\n"                 \
	"      pipeline_slug: web\n"
#define TOKEN "      access_token: " SIM_TOKEN "\n"

static void refuses(struct spot spot, const char *program, const char *command, int code, const char *words)
{
	const char *const *args = command ? ARGS(command, "-c", place->config) : ARGS("-c", place->config);
	struct said said = command_run_at(spot, place, program, args);

	expect_refusal_at(spot, &said, code, words);
	if (strstr(said.out, SIM_TOKEN)) {
		fail_at(spot, "%s printed the token", program);
	}
	said_free(&said);
}

/* validate tells every problem, a line each, and how many there are. */
static void is_validated(struct spot spot, const char *words)
{
	struct said said = command_run_at(spot, place, "buildbus", ARGS("validate", "-c", place->config));

	expect_words(spot, said.errors, words);
	expect_words(spot, said.errors, " problem");
	cr_assert_eq(said.code, 2);
	cr_assert_not(strstr(said.out, SIM_TOKEN), "validate printed the token");
	said_free(&said);
}

/* Who reads the part with the mistake: the fetcher, and the commands that start it or look at everything. */
static void readers_refuse(struct spot spot, const char *words)
{
	refuses(spot, "buildbus-fetch-buildkite", NULL, 100, words);
	refuses(spot, "buildbus", "up", 2, words);
	is_validated(spot, words);
}

static void everybody_refuses(struct spot spot, const char *words)
{
	readers_refuse(spot, words);
	refuses(spot, "buildbus-normalizer", NULL, 100, words);
	refuses(spot, "buildbus-sink-store", NULL, 100, words);
	refuses(spot, "buildbus", "status", 2, words);
	refuses(spot, "buildbus", "builds", 2, words);
	cr_assert_eq(access(place->state, F_OK), -1, "a state was made");
}

Test(config, a_file_that_is_not_there)
{
	everybody_refuses(HERE, "buildbus.yml|can't be read|No such file|-c FILE");
}

Test(config, a_file_that_may_not_be_read)
{
	mkdir(place->config, 0700);
	everybody_refuses(HERE, "buildbus.yml|can't be read|directory");
}

Test(config, a_file_that_is_no_yaml)
{
	place_write(place, "buildbus.yml", "%s", HEAD TOKEN "destinations: [store\n");
	everybody_refuses(HERE, "buildbus.yml:8|expected ',' or ']'");
}

Test(config, a_tab_for_indentation)
{
	place_write(place, "buildbus.yml", "%s", "bus:\n\tstate_dir: state\n");
	everybody_refuses(HERE, "buildbus.yml:2|indent with spaces, not with a tab");
}

Test(config, a_misspelt_key)
{
	place_write(place, "buildbus.yml", "%s", HEAD "      acces_token: " SIM_TOKEN "\n");
	readers_refuse(HERE, "buildbus.yml:6|acces_token|unknown key|did you mean access_token?");
}

Test(config, a_misspelt_section)
{
	place_write(place, "buildbus.yml", "%s", HEAD TOKEN "destinations:\n  - stor: {}\n");
	everybody_refuses(HERE, "buildbus.yml:8|stor|did you mean store?");
}

Test(config, a_variable_that_is_not_set)
{
	place_write(place, "buildbus.yml", "%s", HEAD "      access_token: $NO_SUCH_TOKEN\n");
	readers_refuse(HERE, "buildbus.yml:6|access_token|NO_SUCH_TOKEN|not set|set it, or write");
}

Test(config, a_token_file_that_is_not_there)
{
	place_write(place, "buildbus.yml", "%s", HEAD "      access_token_file: no-such-file\n");
	readers_refuse(HERE, "buildbus.yml:6|access_token_file|no-such-file|No such file");
}

/* Whoever pastes a header gets told, and the token isn't repeated to him. */
Test(config, a_token_with_a_space_in_it)
{
	place_write(place, "buildbus.yml", "%s", HEAD "      access_token: Bearer " SIM_TOKEN "\n");
	refuses(HERE, "buildbus-fetch-buildkite", NULL, 100, "access_token|paste the token alone");
}

Test(config, the_part_of_another_process_does_not_matter)
{
	struct child *hub;

	place_write(place, "buildbus.yml", "%s", HEAD "      access_token: $NO_SUCH_TOKEN\n");
	hub = child_start(&(struct launch){
		.place = place, .program = "buildbus-normalizer", .args = ARGS("-c", place->config)});
	child_ready(hub);
	child_stop(hub);
	child_free(&hub);
}
