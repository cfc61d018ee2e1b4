/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/sync_google.h"
#include "tests/support/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <yyjson.h>

#define FIREBASE "demo-sync"

static const struct pipeline_project projects[] = {{"web", METRICS}, {NULL, NULL}};

struct sync_place where;
struct simulator *sim;
struct meter *meter;
char firebase[64];
static char variables[8][160];
const char *env[9];

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
	sim = simulator_new(where.place, "--builds", builds, "--pipelines", "1", "--history", "2d", "--start",
			    start);
}

/* A world that ended its history so long ago, and an empty Firestore with the project's document. */
void begin_at(int64_t ago_ms, const char *builds)
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

void begin(void)
{
	begin_at(30 * 24 * HOUR, "20");
}

void begin_empty(void)
{
	begin_at(3 * HOUR, "0");
}

void end(void)
{
	if (where.place) {
		simulator_free(&sim);
		meter_free(&meter);
		place_free(&where.place);
	}
}

void sync_well(void)
{
	struct sync_run run = sync_once(&where, 0, PATIENT);

	sync_run_free(&run);
}

void expect_truth_at(struct spot spot)
{
	char *truth = simulator_truth(sim, NULL);
	char *difference = documents_differ(firebase, projects, truth);

	if (difference) {
		fail_at(spot, "%s", difference);
	}
	free(truth);
}

char *field(int number, const char *key)
{
	char path[64], *body, *text;
	yyjson_doc *doc;

	snprintf(path, sizeof path, "build/" METRICS "_%d", number);
	body = firestore_document(firebase, path);
	if (!body) {
		return NULL;
	}
	doc = yyjson_read(body, strlen(body), 0);
	text = yyjson_val_write(yyjson_obj_get(yyjson_obj_get(yyjson_doc_get_root(doc), "fields"), key), 0,
				NULL);
	yyjson_doc_free(doc);
	free(body);
	return text;
}

void expect_build_at(struct spot spot, int number, const char *status, const char *duration)
{
	char *has_status = field(number, "buildStatus"), *has_duration = field(number, "duration");

	if (!has_status || !has_duration) {
		fail_at(spot, "#%d is missing", number);
	}
	if (!strstr(has_status, status) || !strstr(has_duration, duration)) {
		fail_at(spot, "#%d is %s for %s instead of %s for %s", number, has_status, has_duration,
			status, duration);
	}
	free(has_status);
	free(has_duration);
}

void set_rules(const char *build_rule)
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
