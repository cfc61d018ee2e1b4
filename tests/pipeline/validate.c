/* `buildbus validate --online`: those who use the credentials ask with them, and change nothing. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/firestore_run.h"
#include "tests/support/command.h"
#include "tests/support/simulator.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct simulator *sim;

static void open_world(void)
{
	run_init();
	sim = simulator_new(run.place, "--builds", "20", "--pipelines", "2");
}

static void close_world(void)
{
	simulator_free(&sim);
	run_fini();
}

TestSuite(validate_online, .init = open_world, .fini = close_world, .timeout = 120);

/* A file as its users have it, letter for letter. */
static const char printed[] = "source:\n"
			      "  buildkite:\n"
			      "    access_token: $BUILDKITE_TOKEN\n"
			      "    pipeline_slug: $PIPELINE_SLUG\n"
			      "    organization_slug: acme\n"
			      "destination:\n"
			      "  firestore:\n"
			      "    firebase_project_id: demo\n"
			      "    firebase_user_email: $WEB_APP_USER_EMAIL\n"
			      "    firebase_user_pass: $WEB_APP_USER_PASSWORD\n"
			      "    firebase_public_api_key: $CI_INTEGRATIONS_FIREBASE_API_KEY\n"
			      "    metrics_project_id: $METRICS_PROJECT_ID\n";

static void set_world(void)
{
	char url[128];

	setenv("BUILDKITE_TOKEN", SIM_TOKEN, 1);
	setenv("PIPELINE_SLUG", "web", 1);
	setenv("WEB_APP_USER_EMAIL", FAKE_EMAIL, 1);
	setenv("WEB_APP_USER_PASSWORD", FAKE_PASSWORD, 1);
	setenv("CI_INTEGRATIONS_FIREBASE_API_KEY", FAKE_KEY, 1);
	setenv("METRICS_PROJECT_ID", "web", 1);
	setenv("BUILDBUS_BUILDKITE_API_URL", sim->api, 1);
	snprintf(url, sizeof url, "%s/v1", google.url);
	setenv("BUILDBUS_FIRESTORE_API_URL", url, 1);
	setenv("BUILDBUS_FIRESTORE_AUTH_URL", google.url, 1);
}

/* Runs it on what is configured: this code, these words; no secret and no document written. */
static void expect_online(struct spot spot, int code, const char *out, const char *errors)
{
	struct said said = command_run_at(spot, run.place, "buildbus",
					  ARGS("validate", "--online", "-c", run.place->config));
	static const char *const secrets[] = {SIM_TOKEN, FAKE_PASSWORD, FAKE_KEY};

	expect_words(spot, said.out, out);
	expect_words(spot, said.errors, errors);
	cr_expect_eq(said.code, code, "exit %d:\n%s%s", said.code, said.out, said.errors);
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
		cr_expect_not(strstr(said.out, secrets[i]) || strstr(said.errors, secrets[i]));
	}
	cr_expect_eq(fake_count(&google, "/build/"), 0);
	said_free(&said);
}

static void configure(void)
{
	set_world();
	place_write(run.place, "buildbus.yml", "%s", printed);
}

Test(validate_online, of_the_printed_configuration_is_good_once_its_variables_are_set)
{
	configure();
	expect_online(
		HERE, 0,
		"access_token: valid|organization_slug: acme exists|builds of web can be read|"
		"firebase_public_api_key: accepted|firebase_user_email: accepted|"
		"firebase_user_pass: accepted|projects/web exists|builds of projects/web can be written",
		"");
}

/* As the pipeline of that text does. */
Test(validate_online, of_a_file_that_a_shell_filled_in_is_good_too)
{
	char command[1200];

	configure();
	snprintf(command, sizeof command,
		 "cd %s && eval \"echo \\\"$(sed 's/\"/\\\\\"/g' buildbus.yml)\\\"\" >filled",
		 run.place->folder);
	cr_assert_eq(system(command), 0);
	snprintf(command, sizeof command, "cd %s && grep -q %s filled && mv filled buildbus.yml",
		 run.place->folder, SIM_TOKEN);
	cr_assert_eq(system(command), 0);
	unsetenv("BUILDKITE_TOKEN");
	expect_online(HERE, 0, "access_token: valid|builds of projects/web can be written", "");
}

Test(validate_online, says_which_token_which_scope_and_which_pipeline)
{
	configure();
	setenv("BUILDKITE_TOKEN", "bkua_another_one", 1);
	expect_online(HERE, 1, "skip source|pipeline_slug: depends on access_token",
		      "access_token|does not accept the token (401)|check access_token");
	setenv("BUILDKITE_TOKEN", SIM_TOKEN, 1);
	setenv("PIPELINE_SLUG", "nope", 1);
	expect_online(HERE, 1, "acme exists", "the organization acme has no pipeline nope|correct the slug");
	setenv("PIPELINE_SLUG", "web", 1);
	simulator_do(sim, "scopes", "{'scopes':'read_user'}");
	expect_online(HERE, 1, "note source|needs the scope read_builds",
		      "lacks the scope read_builds|add it to the token");
}

Test(validate_online, says_which_of_key_address_and_password_is_wrong)
{
	configure();
	setenv("WEB_APP_USER_PASSWORD", "not-the-password", 1);
	expect_online(HERE, 1,
		      "firebase_public_api_key: accepted|skip destination|permission to write: depends",
		      "correct firebase_user_email and firebase_user_pass");
	setenv("WEB_APP_USER_PASSWORD", FAKE_PASSWORD, 1);
	setenv("CI_INTEGRATIONS_FIREBASE_API_KEY", "another-key", 1);
	expect_online(HERE, 1, "skip destination|firebase_user_email: depends",
		      "correct firebase_public_api_key");
}

Test(validate_online, says_that_a_project_is_missing_or_may_not_be_written)
{
	configure();
	setenv("METRICS_PROJECT_ID", "missing", 1);
	expect_online(HERE, 1, "none of the projects exists",
		      "no document projects/missing|create_project: true");
	setenv("METRICS_PROJECT_ID", "web", 1);
	fake_lock(&google);
	google.forbidden = "/build/";
	fake_unlock(&google);
	expect_online(HERE, 1, "projects/web exists", "permission to write|security rules");
}

Test(validate_online, asks_nobody_while_the_file_is_wrong)
{
	configure();
	unsetenv("PIPELINE_SLUG");
	expect_online(HERE, 2, "ok ", "PIPELINE_SLUG is not set");
	cr_expect_eq(simulator_count(sim, "total"), 0);
}

Test(validate_online, of_the_store_makes_no_folder)
{
	set_world();
	place_write(run.place, "buildbus.yml", "bus: {state_dir: %s}\ndestinations: [store]\n",
		    place_path(run.place, "deep/state"));
	expect_online(HERE, 0, "store.db can be made", "");
	cr_expect_eq(access(place_path(run.place, "deep"), F_OK), -1);
}

Test(validate_online, takes_the_older_spelling_of_the_key_but_not_both)
{
	char *text = strdup(printed), *key = strstr(text, "firebase_public");

	set_world();
	memcpy(key, "firebase_web_api_key: $CI_INTEGRATIONS_FIREBASE_API_KEY   ", 58);
	place_write(run.place, "buildbus.yml", "%s", text);
	expect_online(HERE, 0, "firebase_public_api_key: accepted", "");
	place_write(run.place, "buildbus.yml", "%s    firebase_web_api_key: again-again\n", printed);
	expect_online(HERE, 2, "ok ", "firebase_web_api_key");
	free(text);
}
