/* `buildbus sync` with several sources and destinations, of which one is refused or down: the others are
 * complete, and a sentence says which it was. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/google/google.h"
#include "tests/pipeline/sync_run.h"
#include "tests/support/truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sync_place where;
static struct simulator *sim;
static struct fake_google google;
static char down[32]; /* an address that nobody listens at */

static void begin(void)
{
	where.place = place_new();
	sim = simulator_new(where.place, "--builds", "40", "--pipelines", "2", "--history", "20d");
	fake_google_start(&google);
	snprintf(down, sizeof down, "http://127.0.0.1:%d", free_port());
}

static void end(void)
{
	fake_google_stop(&google);
	simulator_free(&sim);
	place_free(&where.place);
}

TestSuite(sync_several, .timeout = 120, .init = begin, .fini = end);

/* The simulator and the store, and another one of each. */
static void configure(const char *token, const char *source_url, const char *password, const char *sink_url)
{
	place_write(
		where.place, "buildbus.yml",
		"bus: {state_dir: %s}\n"
		"sources:\n"
		"  - buildkite: {access_token: %s, organization_slug: acme, pipeline_slug: '*', since: 90d,\n"
		"      api_url: '%s'}\n"
		"  - buildkite: {name: other, access_token: %s, organization_slug: globex, pipeline_slug: "
		"app,\n"
		"      poll_interval: 1s, api_url: '%s'}\n"
		"destinations:\n"
		"  - store\n"
		"  - firestore: {name: second, firebase_project_id: demo, firebase_user_email: " FAKE_EMAIL
		",\n"
		"      firebase_user_pass: %s, firebase_public_api_key: " FAKE_KEY ",\n"
		"      projects: {acme/web: web, acme/api: api}, create_project: true,\n"
		"      api_url: '%s/v1', auth_url: '%s'}\n",
		where.place->state, SIM_TOKEN, sim->api, token, source_url, password, sink_url, sink_url);
}

Test(sync_several, a_source_that_is_refused_is_named_and_the_other_one_is_complete)
{
	struct sync_run run;

	configure("bkua_wrong", sim->api, "not-this-one", google.url);
	run = sync_once(&where, 1, NULL);
	expect_store(&where, sim);
	cr_expect(strstr(run.err, "other:globex/app: "), "%s", run.err);
	cr_expect(strstr(run.err, "sink-second: "), "%s", run.err);
	cr_expect(strstr(run.err, "correct firebase_user_email and firebase_user_pass"), "%s", run.err);
	cr_expect(strstr(run.out, "store: 40 new, 0 updated, 0 unchanged, 0 failed\n"), "%s", run.out);
	cr_expect_null(strstr(run.out, "successfully"), "%s", run.out);
	sync_run_free(&run);
}

Test(sync_several, those_that_are_down_are_named_and_the_others_are_complete)
{
	struct sync_run run;

	configure(SIM_TOKEN, down, FAKE_PASSWORD, down);
	run = sync_once(&where, 1, "--timeout", "8s");
	expect_store(&where, sim);
	cr_expect(strstr(run.err, "reading 3 pipelines\n"), "%s", run.err);
	cr_expect(strstr(run.err, "second: it did not say what it has"), "%s", run.err);
	cr_expect(strstr(run.err, "other:globex/app: "), "%s", run.err);
	cr_expect(strstr(run.err, "onnect"), "%s", run.err);
	cr_expect(strstr(run.err, "(--timeout)"), "%s", run.err);
	cr_expect(strstr(run.out, "store: 40 new, 0 updated, 0 unchanged, 0 failed\n"), "%s", run.out);
	sync_run_free(&run);
}
