/* As whom the sink speaks, where, and of which pipelines: the configuration and the customary variables. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/firestore_run.h"
#include "tests/support/key_file.h"
#include "tests/support/simulator.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

TestSuite(firestore_access, .init = run_init, .fini = run_fini, .timeout = 120);

#define ACCOUNT "writer@demo.iam.gserviceaccount.com"

/* configure("firebase_project_id: demo, …") with the fake's addresses and %s: the fake's URL. */
static void configure(const char *members)
{
	char *text;

	cr_assert(asprintf(&text, "{firebase_project_id: demo, api_url: \"%s/v1\", auth_url: \"%s\", %s}",
			   google.url, google.url, members) > 0);
	run_configure(text);
	free(text);
}

#define USER                                                                                                 \
	"firebase_user_email: " FAKE_EMAIL ", firebase_user_pass: " FAKE_PASSWORD                            \
	", firebase_public_api_key: " FAKE_KEY

/* A key file as the console hands it out; the fake knows its public key. */
static void write_account(const char *type, bool known)
{
	static char *public_key;
	char uri[100], *fresh;

	snprintf(uri, sizeof uri, "%s/oauth2/token", google.url);
	fresh = key_file_write(run.place, type, ACCOUNT, uri);
	if (known) {
		free(public_key);
		google.public_key = public_key = fresh;
	} else {
		free(fresh);
	}
}

static void claims_hold(const char *text)
{
	unsigned char bytes[2048] = {0};
	char part[3000] = "";
	const char *dot = strchr(google.assertion, '.');

	cr_assert_not_null(dot);
	snprintf(part, sizeof part, "%.*s", (int)strcspn(dot + 1, "."), dot + 1);
	strncat(part, "===", (4 - strlen(part) % 4) % 4);
	EVP_DecodeBlock(bytes, (unsigned char *)part, (int)strlen(part));
	cr_expect(strstr((char *)bytes, text), "%s not in %s", text, (char *)bytes);
}

Test(firestore_access, a_service_account_signs_its_requests)
{
	write_account("service_account", true);
	configure("metrics_project_id: web, credentials_file: account.json");
	builds_come(1, 50);
	run_start();
	all_acked();
	cr_expect_eq(fake_count(&google, "/build/"), 50);
	cr_expect_eq(fake_asked(&google, FAKE_SIGN_IN), 0);
	claims_hold("\"iss\":\"" ACCOUNT "\"");
	claims_hold("\"scope\":\"https://www.googleapis.com/auth/datastore\"");
}

Test(firestore_access, a_service_account_is_asked_for_again_when_its_token_is_refused)
{
	write_account("service_account", true);
	configure("metrics_project_id: web, credentials_file: account.json");
	builds_come(1, 5);
	run_start();
	all_acked();
	fake_revoke(&google);
	builds_come(6, 10);
	all_acked();
	cr_expect_eq(fake_count(&google, "/build/"), 10);
	cr_expect_eq(fake_asked(&google, FAKE_GRANT), 2);
}

Test(firestore_access, the_customary_variable_names_the_key_file)
{
	char variable[300];

	write_account("service_account", true);
	snprintf(variable, sizeof variable, "GOOGLE_APPLICATION_CREDENTIALS=%s",
		 place_path(run.place, "account.json"));
	run.env[0] = variable;
	configure("metrics_project_id: web");
	builds_come(1, 5);
	run_start();
	all_acked();
	cr_expect_eq(fake_count(&google, "/build/"), 5);
}

Test(firestore_access, on_google_cloud_the_machine_has_an_account)
{
	char variable[100];

	snprintf(variable, sizeof variable, "GCE_METADATA_HOST=127.0.0.1:%d", google.port);
	run.env[0] = variable;
	configure("metrics_project_id: web");
	builds_come(1, 5);
	run_start();
	all_acked();
	cr_expect_eq(fake_count(&google, "/build/"), 5);
	cr_expect_eq(fake_asked(&google, FAKE_GRANT), 1);
}

Test(firestore_access, a_key_that_was_deleted_is_one_sentence)
{
	write_account("service_account", true);
	write_account("service_account", false);
	configure("metrics_project_id: web, credentials_file: account.json");
	run_start();
	refuses("Invalid JWT Signature", "make a new one");
}

Test(firestore_access, a_clock_that_is_wrong_is_named)
{
	write_account("service_account", true);
	google.ahead_ms = 7200000;
	fake_fail(&google, FAKE_GRANT, -1, 400, NULL,
		  "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT: Token must be a "
		  "short-lived "
		  "token (60 minutes) and in a reasonable timeframe.\"}");
	configure("metrics_project_id: web, credentials_file: account.json");
	run_start();
	refuses("this machine's clock is 7", "s behind Google's");
}

static const struct {
	const char *name, *members;
	const char *want;
} wrong[] = {
	{"no project", "metrics_project_id: \"\", " USER, "either metrics_project_id or projects"},
	{"two ways to name projects", "metrics_project_id: a, projects: {acme/web: b}, " USER, "not both"},
	{"two pipelines on one id", "projects: {acme/web: a, acme/api: a}, " USER, "overwrite each other"},
	{"no pipeline", "projects: {web: a}, " USER, "write ORGANIZATION/PIPELINE"},
	{"an id with a slash", "projects: {acme/web: a/b}, " USER, "can't be the id of a document"},
	{"a reserved id", "metrics_project_id: __a__, " USER, "can't be the id of a document"},
	{"no password", "metrics_project_id: web, firebase_user_email: a, firebase_public_api_key: k3y-k3y",
	 "firebase_user_pass is missing"},
	{"no e-mail", "metrics_project_id: web, firebase_user_pass: pass-1, firebase_web_api_key: k3y-k3y",
	 "firebase_user_email is missing"},
	{"no key", "metrics_project_id: web, firebase_user_pass: pass-1, firebase_user_email: e",
	 "firebase_public_api_key is missing"},
	{"two accounts", "metrics_project_id: web, credentials_file: a, " USER, "either a user"},
	{"no key file", "metrics_project_id: web, credentials_file: none.json", "none.json"},
	{"both spellings", "metrics_project_id: web, firebase_web_api_key: k3y-k3y, " USER,
	 "firebase_web_api_key"},
};

Test(firestore_access, a_configuration_that_can_not_be_used_is_one_sentence)
{
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		configure(wrong[i].members);
		run.sink = child_start(&(struct launch){.place = run.place,
							.program = "buildbus-sink-firestore",
							.args = ARGS("-c", run.place->config)});
		cr_expect_eq(child_end(run.sink), 100, "%s", wrong[i].name);
		cr_expect(child_said(run.sink, wrong[i].want), "%s", wrong[i].name);
		no_secret_told(HERE);
		child_free(&run.sink);
	}
}

Test(firestore_access, sources_with_two_pipelines_can_not_share_one_project)
{
	place_write(run.place, "buildbus.yml",
		    "bus: {state_dir: %s, feed: \"%s\"}\nsources:\n"
		    "  - buildkite: {access_token: $NOT_SET, organization_slug: acme, pipeline_slug: [web, "
		    "api]}\n"
		    "destinations:\n  - firestore: %s\n",
		    run.place->state, run.hub->endpoint, destination);
	run.sink = child_start(&(struct launch){.place = run.place,
						.program = "buildbus-sink-firestore",
						.args = ARGS("-c", run.place->config)});
	refuses("the sources name 2 pipelines");
}

Test(firestore_access, a_second_pipeline_that_comes_is_not_written_over_the_first)
{
	builds_come(1, 3);
	run_start();
	all_acked();
	build_comes(.number = 2, .pipeline = "api", .result = RESULT_FAILURE);
	refuses("builds of acme/web and of acme/api came");
	cr_expect(run.hub->position == 3 && fake_writes(&google, "web_2") == 1);
}

Test(firestore_access, pipelines_that_are_not_named_are_not_written)
{
	configure("projects: {acme/web: web}, " USER);
	builds_come(1, 3);
	build_comes(.number = 4, .pipeline = "api");
	run_start();
	all_acked();
	cr_expect_eq(fake_count(&google, "/build/"), 3);
	cr_expect(run.hub->dead_count == 0);
}

Test(firestore_access, a_slug_that_is_encoded_in_ids_is_written_plainly_in_the_configuration)
{
	configure("projects: {acme/web site: web}, " USER);
	build_comes(.number = 1, .pipeline = "web%20site");
	run_start();
	all_acked();
	cr_expect_eq(fake_count(&google, "/build/web_1"), 1);
}

Test(firestore_access, a_project_that_is_missing_ends_up_before_anything_is_fetched)
{
	struct simulator *sim = simulator_new(run.place, "--builds", "50", "--pipelines", "1");

	configure("metrics_project_id: missing, " USER);
	place_write(run.place, "buildbus.yml",
		    "bus: {state_dir: %s, min_free: 1MiB}\nsources:\n"
		    "  - buildkite: {access_token: %s, organization_slug: acme, pipeline_slug: web, api_url: "
		    "\"%s\"}\n"
		    "destinations:\n  - firestore: %s\n",
		    run.place->state, SIM_TOKEN, sim->api, destination);
	run.sink = child_start(&(struct launch){.place = run.place,
						.program = "buildbus",
						.args = ARGS("up", "-c", run.place->config),
						.no_ready = true});
	cr_expect_neq(child_end(run.sink), 0);
	cr_expect(child_said(run.sink, "no document projects/missing"));
	cr_expect_eq(simulator_count(sim, "total"), 0);
	simulator_free(&sim);
}
