/* `buildbus sync` into Firestore, as the last step of a team's pipeline: the configuration of the set-up
 * guide, real emulators of Google, everything real but the provider. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/sync_run.h"
#include "tests/support/documents.h"
#include "tests/support/meter.h"
#include "tests/support/simulator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yyjson.h>

#define FIREBASE "demo-sync"
#define METRICS  "metrics"
#define HOUR     INT64_C(3600000)
#define MINUTE   INT64_C(60000)

static const struct pipeline_project projects[] = {{"web", METRICS}, {NULL, NULL}};

static struct sync_place where;
static struct simulator *sim;
static struct meter *meter;
static char firebase[64];
static char variables[8][160];
static const char *env[9];
static int64_t clock_ms; /* of the simulator */

/* As it is printed in the guide that users of the earlier tool follow, but for the two values to be replaced.
 */
static const char guide[] = "source:\n"
			    "  buildkite:\n"
			    "    access_token: $BUILDKITE_TOKEN\n"
			    "    pipeline_slug: $PIPELINE_SLUG\n"
			    "    organization_slug: %s\n"
			    "destination:\n"
			    "  firestore:\n"
			    "    firebase_project_id: %s\n"
			    "    firebase_user_email: $WEB_APP_USER_EMAIL\n"
			    "    firebase_user_pass: $WEB_APP_USER_PASSWORD\n"
			    "    firebase_public_api_key: $CI_INTEGRATIONS_FIREBASE_API_KEY\n"
			    "    metrics_project_id: $METRICS_PROJECT_ID\n";

static void set_variables(void)
{
	int count = 0;

	snprintf(variables[count++], sizeof *variables, "BUILDKITE_TOKEN=" SIM_TOKEN);
	snprintf(variables[count++], sizeof *variables, "PIPELINE_SLUG=web");
	snprintf(variables[count++], sizeof *variables, "METRICS_PROJECT_ID=" METRICS);
	snprintf(variables[count++], sizeof *variables, "WEB_APP_USER_EMAIL=" GOOGLE_EMAIL);
	snprintf(variables[count++], sizeof *variables, "WEB_APP_USER_PASSWORD=" GOOGLE_PASSWORD);
	snprintf(variables[count++], sizeof *variables, "CI_INTEGRATIONS_FIREBASE_API_KEY=" GOOGLE_KEY);
	snprintf(variables[count++], sizeof *variables, "BUILDBUS_BUILDKITE_API_URL=%s", sim->api);
	snprintf(variables[count++], sizeof *variables, "TMPDIR=%s", where.place->folder);
	for (int i = 0; i < count; i++) {
		env[i] = variables[i];
	}
	where.env = env;
}

/* The addresses of what stands in for Google; the tests run in processes of their own. */
static void set_addresses(void)
{
	char url[160];

	snprintf(url, sizeof url, "http://127.0.0.1:%d/v1", meter_port(meter));
	setenv("BUILDBUS_FIRESTORE_API_URL", url, 1);
	snprintf(url, sizeof url, "http://%s/identitytoolkit.googleapis.com", auth_host());
	setenv("BUILDBUS_FIRESTORE_AUTH_URL", url, 1);
	unsetenv("FIRESTORE_EMULATOR_HOST");
	unsetenv("FIREBASE_AUTH_EMULATOR_HOST");
	unsetenv("GOOGLE_APPLICATION_CREDENTIALS");
}

static void start_sim(int64_t ago_ms, const char *builds)
{
	char start[32];
	time_t seconds = time(NULL) - ago_ms / 1000;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(start, sizeof start, "%Y-%m-%dT%H:%M:%SZ", &tm);
	clock_ms = (int64_t)seconds * 1000;
	sim = simulator_new(where.place, "--builds", builds, "--pipelines", "1", "--history", "2d", "--start",
			    start);
}

/* A world that ended its history so long ago, and an empty Firestore with the project's document. */
static void begin_at(int64_t ago_ms, const char *builds)
{
	need_firestore();
	need_auth();
	where.place = place_new();
	start_sim(ago_ms, builds);
	meter = meter_new(firestore_host());
	set_variables();
	set_addresses();
	snprintf(firebase, sizeof firebase, FIREBASE "-%d", (int)getpid());
	firestore_put(firebase, "projects/" METRICS, "{\"name\":{\"stringValue\":\"Metrics\"}}");
	place_write(where.place, "buildbus.yml", guide, "acme", firebase);
}

static void begin(void)
{
	begin_at(30 * 24 * HOUR, "20");
}

static void begin_empty(void)
{
	begin_at(3 * HOUR, "0");
}

static void end(void)
{
	if (where.place) {
		simulator_free(&sim);
		meter_free(&meter);
		place_free(&where.place);
	}
}

TestSuite(sync_firestore, .init = begin, .fini = end, .timeout = 240);

/* What runs in the simulator's past may run on. */
#define PATIENT "--in-progress-timeout", "9999999"

static void sync_well(void)
{
	struct sync_run run = sync_once(&where, 0, PATIENT);

	sync_run_free(&run);
}

#define expect_truth() expect_truth_at(HERE)
static void expect_truth_at(struct spot spot)
{
	char *truth = simulator_truth(sim, NULL);
	char *difference = documents_differ(firebase, projects, truth);

	if (difference) {
		fail_at(spot, "%s", difference);
	}
	free(truth);
}

static void build(const char *how)
{
	char json[256];

	snprintf(json, sizeof json, "{'pipeline': 'acme/web', %s}", how);
	simulator_do(sim, "build", json);
}

static void act(int number, const char *action)
{
	char json[128];

	snprintf(json, sizeof json, "{'pipeline': 'acme/web', 'number': %d, 'action': '%s'}", number, action);
	simulator_do(sim, "act", json);
}

static void pass(int64_t ms)
{
	char json[64];

	snprintf(json, sizeof json, "{'ms': %lld}", (long long)ms);
	simulator_do(sim, "advance", json);
	clock_ms += ms;
}

/* The value of a field of a build's document as JSON, e.g. {"nullValue":null}; heap. */
static char *field(int number, const char *key)
{
	char path[64], *body, *text;
	yyjson_doc *doc;

	snprintf(path, sizeof path, "build/" METRICS "_%d", number);
	body = firestore_document(firebase, path);
	cr_assert(body, "%s is missing", path);
	doc = yyjson_read(body, strlen(body), 0);
	text = yyjson_val_write(yyjson_obj_get(yyjson_obj_get(yyjson_doc_get_root(doc), "fields"), key), 0,
				NULL);
	yyjson_doc_free(doc);
	free(body);
	return text;
}

#define expect_build(number, status, duration) expect_build_at(HERE, number, status, duration)
static void expect_build_at(struct spot spot, int number, const char *status, const char *duration)
{
	char *has_status = field(number, "buildStatus"), *has_duration = field(number, "duration");

	if (!strstr(has_status, status) || !strstr(has_duration, duration)) {
		fail_at(spot, "#%d is %s for %s instead of %s for %s", number, has_status, has_duration,
			status, duration);
	}
	free(has_status);
	free(has_duration);
}

Test(sync_firestore, the_configuration_of_the_guide_works_letter_for_letter)
{
	struct sync_run run = sync_once(&where, 0, PATIENT);

	expect_truth();
	cr_expect(strstr(run.out, "firestore: "), "%s", run.out);
	cr_expect(strstr(run.out, "The data has been synced successfully!\n"), "%s", run.out);
	sync_run_free(&run);
}

/* Names in it are replaced by the shell then: eval "echo \"$(sed 's/"/\\"/g' file)\"" >> integration.yml */
Test(sync_firestore, a_file_that_eval_has_filled_works_as_well)
{
	static const char script[] = "eval \"echo \\\"$(sed 's/\"/\\\\\"/g' \"$0\")\\\"\" >> \"$1\"";
	char *filled = strdup(place_path(where.place, "integration.yml"));
	struct child *shell =
		child_start(&(struct launch){.place = where.place,
					     .program = "/bin/sh",
					     .args = ARGS("-c", script, where.place->config, filled),
					     .env = env,
					     .no_ready = true});

	cr_assert_eq(child_end(shell), 0);
	child_free(&shell);
	env[1] = "PIPELINE_SLUG=another"; /* it is in the file now */
	free(where.place->config);
	where.place->config = filled;
	sync_well();
	expect_truth();
}

Test(sync_firestore, a_run_with_nothing_new_asks_little_and_writes_nothing)
{
	struct sync_run run;
	char *before, *after;
	int64_t asked;
	int told;

	sync_well();
	before = documents_times(firebase);
	asked = simulator_count(sim, "total");
	told = meter_count(meter, "");
	run = sync_once(&where, 0, "--json", PATIENT);
	cr_expect_eq(sync_told(&run, "new") + sync_told(&run, "updated"), 0, "%s", run.out);
	/* The newest; what finished since. */
	cr_expect_eq(simulator_count(sim, "total") - asked, 2);
	/* The project's document; the newest, those in progress, those given up. */
	cr_expect_eq(meter_count(meter, "") - told, 4);
	after = documents_times(firebase);
	cr_expect_str_eq(before, after, "something was written again");
	free(before);
	free(after);
	sync_run_free(&run);
}

/* Builds that are in progress too long. */

Test(sync_firestore, what_runs_for_too_long_becomes_unknown_and_right_when_it_ends, .init = begin_empty)
{
	struct sync_run run;

	build("'duration_ms': null");
	run = sync_once(&where, 0, "--json");
	sync_run_free(&run);
	expect_build(1, "BuildStatus.unknown", "\"7200000\"");
	run = sync_once(&where, 0, "--json"); /* the provider still says that it runs */
	cr_expect_eq(sync_told(&run, "updated"), 0, "%s", run.out);
	sync_run_free(&run);
	expect_build(1, "BuildStatus.unknown", "\"7200000\"");
	pass(2 * HOUR + 30 * MINUTE);
	act(1, "finish");
	run = sync_once(&where, 0, "--json");
	cr_expect_eq(sync_told(&run, "updated"), 1, "%s", run.out);
	sync_run_free(&run);
	expect_build(1, "BuildStatus.successful", "\"9000000\"");
}

Test(sync_firestore, what_was_given_up_and_ends_sooner_becomes_right, .init = begin_empty)
{
	struct sync_run run;

	build("'duration_ms': null, 'result': 'failed'");
	run = sync_once(&where, 0, "--json");
	sync_run_free(&run);
	expect_build(1, "BuildStatus.unknown", "\"7200000\"");
	pass(MINUTE);
	act(1, "finish");
	run = sync_once(&where, 0, "--json");
	sync_run_free(&run);
	expect_build(1, "BuildStatus.", "\"60000\"");
}
