/* `buildbus sync` into Firestore, as the last step of a team's pipeline: the configuration of the set-up
 * guide, real emulators of Google, everything real but the provider. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/sync_run.h"
#include "tests/support/documents.h"
#include "tests/support/meter.h"
#include "tests/support/simulator.h"
#include "tests/support/web.h"

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

TestSuite(sync_firestore, .timeout = 240);

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

Test(sync_firestore, the_configuration_of_the_guide_works_letter_for_letter, .init = begin, .fini = end)
{
	struct sync_run run = sync_once(&where, 0, PATIENT);

	expect_truth();
	cr_expect(strstr(run.out, "firestore: "), "%s", run.out);
	cr_expect(strstr(run.out, "The data has been synced successfully!\n"), "%s", run.out);
	sync_run_free(&run);
}

/* Names in it are replaced by the shell then: eval "echo \"$(sed 's/"/\\"/g' file)\"" >> integration.yml */
Test(sync_firestore, a_file_that_eval_has_filled_works_as_well, .init = begin, .fini = end)
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

Test(sync_firestore, a_run_with_nothing_new_asks_little_and_writes_nothing, .init = begin, .fini = end)
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

Test(sync_firestore, what_runs_for_too_long_becomes_unknown_and_right_when_it_ends, .init = begin_empty,
     .fini = end)
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

Test(sync_firestore, what_was_given_up_and_ends_sooner_becomes_right, .init = begin_empty, .fini = end)
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

/* Nobody knows whether it still runs: it may not be given up, however old it is. */
Test(sync_firestore, what_the_provider_does_not_tell_stays_in_progress, .init = begin_empty, .fini = end)
{
	struct sync_run run;

	build("'duration_ms': null");
	build("'duration_ms': 1000");
	build("'duration_ms': 1000");
	pass(MINUTE);
	sync_well();
	expect_build(1, "BuildStatus.inProgress", "null");
	simulator_do(sim, "faults",
		     "{'kind': 'error-html', 'status': 503, 'match': '/builds/1', 'count': 100000}");
	run = sync_once(&where, 1, "--initial-sync-limit", "1");
	cr_expect(strstr(run.err, "build 1 of acme/web could not be read: "), "%s", run.err);
	sync_run_free(&run);
	expect_build(1, "BuildStatus.inProgress", "null");
}

Test(sync_firestore, with_a_timeout_of_0_all_that_runs_is_unknown_at_once, .init = begin_empty, .fini = end)
{
	struct sync_run run;

	build("'duration_ms': null");
	pass(MINUTE);
	run = sync_once(&where, 0, "--in-progress-timeout", "0");
	expect_build(1, "BuildStatus.unknown", "\"0\"");
	sync_run_free(&run);
	run = sync_once(&where, 2, "--in-progress-timeout", "soon");
	cr_expect(strstr(run.err, "--in-progress-timeout soon: give it whole minutes"), "%s", run.err);
	sync_run_free(&run);
}

/* With --state the hub knows what runs, and Firestore isn't asked. */
Test(sync_firestore, with_state_too_what_runs_for_too_long_becomes_unknown, .init = begin_empty, .fini = end)
{
	struct sync_run run;

	build("'duration_ms': null");
	for (int i = 0; i < 2; i++) {
		run = sync_once(&where, 0, "--state", where.place->state);
		sync_run_free(&run);
		expect_build(1, "BuildStatus.unknown", "\"7200000\"");
	}
	pass(MINUTE);
	act(1, "finish");
	run = sync_once(&where, 0, "--state", where.place->state);
	sync_run_free(&run);
	expect_build(1, "BuildStatus.successful", "\"60000\"");
}

/* The holes of a sync that asks only for numbers above the newest one it knows. */

static void sync_five(void)
{
	struct sync_run run = sync_once(&where, 0, "--initial-sync-limit", "5", PATIENT);

	sync_run_free(&run);
}

static void ten_builds(void)
{
	for (int i = 0; i < 10; i++) {
		build("'duration_ms': 1000");
		pass(MINUTE);
	}
}

Test(sync_firestore, a_build_that_ends_after_many_newer_ones_is_not_lost, .init = begin_empty, .fini = end)
{
	build("'duration_ms': 1000, 'queue_ms': 3600000");
	ten_builds();
	sync_five();
	pass(HOUR);
	sync_five();
	expect_build(1, "BuildStatus.successful", "\"1000\"");
}

Test(sync_firestore, a_build_that_was_running_is_followed_to_its_end, .init = begin_empty, .fini = end)
{
	build("'duration_ms': null");
	pass(MINUTE);
	sync_five();
	expect_build(1, "BuildStatus.inProgress", "null");
	ten_builds();
	act(1, "finish");
	ten_builds();
	sync_five();
	expect_build(1, "BuildStatus.successful", "\"660000\"");
}

Test(sync_firestore, a_build_that_is_run_again_is_read_again, .init = begin_empty, .fini = end)
{
	build("'duration_ms': 1000, 'result': 'failed'");
	pass(MINUTE);
	sync_five();
	expect_build(1, "BuildStatus.failed", "\"1000\"");
	ten_builds();
	sync_five();
	act(1, "retry");
	pass(10 * MINUTE);
	sync_five();
	expect_build(1, "BuildStatus.successful", "\"60000\"");
}

/* A world that goes on. */

enum fate { OVER, FAILED, RUNS, BLOCKED, SKIPPED };
static struct {
	enum fate fates[400];
	int count;
	unsigned random;
} world;

static int draw(int below)
{
	world.random = world.random * 1103515245 + 12345;
	return (int)(world.random >> 16 & 0x7fff) % below;
}

static void begin_build(void)
{
	static const struct {
		enum fate fate;
		const char *how;
	} kinds[] = {
		{OVER, "'duration_ms': 60000, 'queue_ms': 1200000"},
		{OVER, "'duration_ms': 1500000, 'jobs': 2"},
		{FAILED, "'duration_ms': 30000, 'result': 'failed'"},
		{FAILED, "'duration_ms': 90000, 'result': 'canceled'"},
		{RUNS, "'duration_ms': null"},
		{BLOCKED, "'duration_ms': 60000, 'block': true"},
		{SKIPPED, "'result': 'skipped'"},
	};
	int kind = draw(7);

	build(kinds[kind].how);
	world.fates[++world.count] = kinds[kind].fate;
}

/* One of the builds with this fate; 0: there is none. */
static int any(enum fate fate)
{
	int from = draw(world.count) + 1;

	for (int i = 0; i < world.count; i++) {
		int number = (from + i) % world.count + 1;

		if (world.fates[number] == fate) {
			return number;
		}
	}
	return 0;
}

static void do_to_any(enum fate fate, const char *action)
{
	int number = any(fate);

	if (number) {
		act(number, action);
		world.fates[number] = OVER;
	}
}

/* So many builds begin, some end, out of order; hours go by. */
static void go_on(int builds)
{
	for (int i = 0; i < builds; i++) {
		begin_build();
		pass((1 + draw(5)) * MINUTE);
	}
	pass(HOUR);
	do_to_any(RUNS, "finish");
	do_to_any(RUNS, "cancel");
	do_to_any(BLOCKED, "unblock");
	do_to_any(FAILED, "retry");
	pass((1 + draw(3)) * HOUR);
}

static void begin_world(void)
{
	begin_at(30 * 24 * HOUR, "0");
	world.count = 0;
	world.random = 7;
	go_on(12);
}

Test(sync_firestore, ten_runs_over_a_world_that_goes_on_hold_the_truth_after_each, .init = begin_world,
     .fini = end)
{
	for (int i = 0; i < 10; i++) {
		char weather[64];

		snprintf(weather, sizeof weather, "{'permille': %d, 'seed': %d}", i % 2 * 120, i);
		simulator_do(sim, "weather", weather);
		meter_refuse(meter, i % 3);
		sync_well();
		expect_truth();
		go_on(8);
	}
}

Test(sync_firestore, killed_anywhere_and_run_again_is_whole, .init = begin_world, .fini = end)
{
	for (int requests = 1; requests <= 6; requests++) {
		int before = meter_count(meter, "");
		struct child *sync = sync_start(&where, ARGS(PATIENT), "killed");

		meter_served(meter, before + requests);
		child_kill(sync);
		child_free(&sync);
		sync_well();
		expect_truth();
		go_on(6);
	}
}

Test(sync_firestore, two_jobs_at_once_end_right, .init = begin_world, .fini = end)
{
	for (int i = 0; i < 3; i++) {
		struct child *one = sync_start(&where, ARGS(PATIENT), "one");
		struct child *other = sync_start(&where, ARGS(PATIENT), "other");

		cr_expect_eq(child_end(one), 0);
		cr_expect_eq(child_end(other), 0);
		child_free(&one);
		child_free(&other);
		expect_truth();
		go_on(8);
	}
}

/* What goes wrong while Firestore is asked. */

static void set_rules(const char *build_rule)
{
	char url[256], *body;
	long status;

	snprintf(url, sizeof url, "http://%s/emulator/v1/projects/%s:securityRules", firestore_host(),
		 firebase);
	cr_assert(
		asprintf(
			&body,
			"{\"rules\":{\"files\":[{\"name\":\"r\",\"content\":\"service cloud.firestore { "
			"match /databases/{d}/documents { match /projects/{p} { allow read: if true; } match "
			"/build/{b} { %s } } }\"}]}}",
			build_rule) > 0);
	free(web_ask("PUT", url, "owner", body, &status));
	cr_assert_eq(status, 200);
	free(body);
}

Test(sync_firestore, rules_that_forbid_to_ask_are_one_sentence, .init = begin, .fini = end)
{
	struct sync_run run;

	set_rules("allow get, write: if true;");
	run = sync_once(&where, 1, PATIENT);
	cr_expect(strstr(run.err, "let the security rules allow `read` of `build`"), "%s", run.err);
	cr_expect(strstr(run.err, "--state DIR"), "%s", run.err);
	cr_expect_eq(strchr(run.err, '\n'), strrchr(run.err, '\n'), "one line: %s", run.err);
	cr_expect_eq(simulator_count(sim, "builds"), 0, "nothing is fetched then");
	sync_run_free(&run);
}

Test(sync_firestore, an_outage_while_it_is_asked_is_waited_for_until_the_time_is_over, .init = begin,
     .fini = end)
{
	struct sync_run run;

	meter_refuse(meter, 1000000);
	run = sync_once(&where, 1, "--timeout", "3s");
	cr_expect(strstr(run.err, "waiting: firestore: "), "%s", run.err);
	cr_expect(strstr(run.err, "(--timeout): firestore: "), "%s", run.err);
	sync_run_free(&run);
}

/* Coverage is asked for once. */

static void add_coverage(int number)
{
	char json[256];

	snprintf(json, sizeof json,
		 "{'pipeline': 'web', 'number': %d, 'path': 'coverage-summary.json', 'body': '{\\\"pct\\\": "
		 "0.6}'}",
		 number);
	simulator_do(sim, "artifact", json);
}

static int64_t artifacts_asked(void)
{
	int64_t before = simulator_count(sim, "artifacts");
	struct sync_run run = sync_once(&where, 0, "--coverage", PATIENT);

	sync_run_free(&run);
	expect_truth();
	return simulator_count(sim, "artifacts") - before;
}

Test(sync_firestore, coverage_that_is_known_is_not_asked_for_again, .init = begin_empty, .fini = end)
{
	for (int i = 0; i < 3; i++) {
		build("'duration_ms': 1000");
		pass(MINUTE);
	}
	add_coverage(2);
	cr_expect_eq(artifacts_asked(), 3);
	cr_expect_eq(artifacts_asked(), 1, "a later run without coverage may have written the last one");
	build("'duration_ms': 1000");
	pass(MINUTE);
	add_coverage(4);
	cr_expect_eq(artifacts_asked(), 2);
	cr_expect_eq(artifacts_asked(), 0);
	act(4, "retry");
	pass(10 * MINUTE);
	cr_expect_eq(artifacts_asked(), 1, "another end, another coverage");
}

Test(sync_firestore, coverage_of_builds_that_were_written_without_is_read_later, .init = begin_empty,
     .fini = end)
{
	build("'duration_ms': 1000");
	pass(MINUTE);
	add_coverage(1);
	sync_well();
	cr_expect_eq(artifacts_asked(), 1);
	cr_expect_eq(artifacts_asked(), 0);
}
