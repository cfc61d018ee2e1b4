/* Who else writes and reads the same documents: a second hub that is behind, and Google's own client. */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "tests/pipeline/firestore_run.h"
#include "tests/support/documents.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUILDS         300
#define RERUN          9000000 /* later than the first start */
#define OWNER          "{firebase_project_id: %s, metrics_project_id: web, create_project: true}"
#define FIREBASE_FAKES SOURCE_DIR "/tests/fakes/firebase"

/* The hub that is behind, with a sink of its own. */
static struct fake_hub *late;
static struct child *late_sink;

static void fini(void)
{
	if (late_sink) {
		child_free(&late_sink);
	}
	if (late) {
		fake_hub_fini(late);
		free(late);
	}
	run_fini();
}

TestSuite(firestore_peers, .init = run_init_emulator, .fini = fini, .timeout = 120);

static void configure(const char *project)
{
	char text[200];

	snprintf(text, sizeof text, OWNER, project);
	run_configure(text);
}

static void open_late(const char *project)
{
	late = malloc(sizeof *late);
	fake_hub_init(late, run.loop);
	fake_hub_bind(late);
	place_write(run.place, "late.yml",
		    "bus: {state_dir: %s, feed: \"%s\"}\ndestinations:\n  - firestore: " OWNER "\n",
		    run.place->state, late->endpoint, project);
}

static void start_late(void)
{
	late_sink = child_start(&(struct launch){.place = run.place,
						 .program = "buildbus-sink-firestore",
						 .args = ARGS("-c", place_path(run.place, "late.yml")),
						 .env = run.env});
	child_ready(late_sink);
}

/* To the hub that is behind, what the other one knew an hour ago. */
static void old_states_come(void)
{
	struct fake_hub *hub = run.hub;

	run.hub = late;
	for (int64_t number = 1; number <= BUILDS; number++) {
		build_comes(.number = number, .state = STATE_RUNNING);
		build_comes(.number = number, .result = RESULT_FAILURE);
	}
	run.hub = hub;
}

static void new_states_come(void)
{
	for (int64_t number = 1; number <= BUILDS; number++) {
		int64_t again = STARTED + number * 60000 + RERUN;

		build_comes(.number = number, .state = STATE_RUNNING);
		build_comes(.number = number, .result = RESULT_FAILURE);
		build_comes(.number = number, .state = STATE_RUNNING, .started_at = again);
		build_comes(.number = number, .started_at = again, .coverage = 0.25);
	}
}

static bool both_acked(void *arg)
{
	(void)arg;
	return run.hub->position == run.hub->head && late->position == late->head;
}

static void all_are_new(const char *project)
{
	for (int number = 1; number <= BUILDS; number++) {
		char path[64], started[32], *document;

		snprintf(path, sizeof path, "build/web_%d", number);
		time_format(STARTED + number * INT64_C(60000) + RERUN, started);
		started[19] = '\0'; /* the emulator shows no zeros behind the point */
		document = firestore_document(project, path);
		cr_expect(document && strstr(document, "BuildStatus.successful") &&
				  strstr(document, "0.25") && strstr(document, started),
			  "%s: %s", path, document ? document : "missing");
		free(document);
	}
}

Test(firestore_peers, a_hub_that_is_behind_never_puts_an_older_state_over_a_newer)
{
	char *before, *after;

	open_late("demo-late");
	configure("demo-late");
	new_states_come();
	old_states_come();
	run_start();
	start_late();
	cr_assert(run_until(run.loop, both_acked, NULL, (int)patience_ms() * 3));
	all_are_new("demo-late");
	before = documents_times("demo-late");
	old_states_come();
	cr_assert(run_until(run.loop, both_acked, NULL, (int)patience_ms() * 3));
	after = documents_times("demo-late");
	cr_expect_str_eq(before, after, "an older state was written");
	free(before);
	free(after);
}

/* What the command prints; fails unless it succeeds. */
static char *output_of(const char *command)
{
	FILE *pipe = popen(command, "re");
	char *text = calloc(1, 65536);
	int status;

	cr_assert(pipe && text);
	text[fread(text, 1, 65535, pipe)] = '\0';
	status = pclose(pipe);
	cr_assert(status == 0, "%s: %d: %s", command, status, text);
	return text;
}

Test(firestore_peers, googles_own_client_reads_every_type_as_it_must_be)
{
	static const char want[] =
		"web_1\tapiUrl:null\tbuildNumber:integer=1\tbuildStatus:string=BuildStatus.successful\t"
		"coverage:double=0.5\tduration:integer=60000\tprojectId:string=web\t"
		"startedAt:timestamp=2026-01-01T00:01:00.000Z\t"
		"url:string=https://buildkite.com/acme/web/builds/1\tworkflowName:string=web\n"
		"web_2\tapiUrl:null\tbuildNumber:integer=2\tbuildStatus:string=BuildStatus.inProgress\t"
		"coverage:null\tduration:null\tprojectId:string=web\t"
		"startedAt:timestamp=2026-01-01T00:02:00.000Z\t"
		"url:string=https://buildkite.com/acme/web/builds/2\tworkflowName:string=web\n"
		"web_3\tapiUrl:null\tbuildNumber:integer=3\tbuildStatus:string=BuildStatus.failed\t"
		"coverage:double=1\tduration:integer=60000\tprojectId:string=web\t"
		"startedAt:timestamp=2026-01-01T00:03:00.000Z\t"
		"url:string=https://buildkite.com/acme/web/builds/3\tworkflowName:string=web\n";
	char *have, command[1024];

	need_auth(); /* what npm installs comes with it */
	configure("demo-types");
	build_comes(.number = 1, .coverage = 0.5);
	build_comes(.number = 2, .state = STATE_RUNNING);
	build_comes(.number = 3, .result = RESULT_TIMEOUT, .coverage = 1);
	run_start();
	all_acked();
	snprintf(command, sizeof command,
		 "%s METADATA_SERVER_DETECTION=none NODE_PATH=%s node %s/read.js demo-types build",
		 run.env[0], node_modules(), FIREBASE_FAKES);
	have = output_of(command);
	cr_expect_str_eq(have, want, "%s", have);
	free(have);
}

/* The schema of Firestore's API, converted; it is beside the project or in $BUILDBUS_SPECS. */
static const char *find_schema(void)
{
	static const char *const folders[] = {SOURCE_DIR "/../shared/specs",
					      SOURCE_DIR "/../../shared/specs"};
	static char path[PATH_MAX];
	const char *given = getenv("BUILDBUS_SPECS");

	for (int i = given ? -1 : 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/firestore.v1.openapi-converted.json",
			 i < 0 ? given : folders[i]);
		if (access(path, R_OK) == 0) {
			return path;
		}
	}
	return NULL;
}

static char *check(const char *schema, const char *file)
{
	char command[PATH_MAX * 2];

	snprintf(command, sizeof command, "NODE_PATH=%s node %s/check.js %s CommitRequest %s", node_modules(),
		 FIREBASE_FAKES, schema, place_path(run.place, file));
	return output_of(command);
}

/* Against the fake, which keeps what is sent. */
Test(firestore_peers, what_is_committed_is_valid_by_the_schema)
{
	const char *schema = find_schema();
	char *said_of_ours, *said_of_bad;

	need_auth();
	if (!schema) {
		cr_skip_test(
			"no firestore.v1.openapi-converted.json beside the project or in $BUILDBUS_SPECS");
	}
	run.env[0] = NULL;
	google.bodies = fopen(place_path(run.place, "bodies"), "we");
	cr_assert(google.bodies);
	for (int64_t number = 1; number <= 100; number++) {
		build_comes(.number = number, .state = STATE_RUNNING);
	}
	run_start();
	all_acked();
	for (int64_t number = 1; number <= 100; number++) {
		build_comes(.number = number, .coverage = 0.5);
	}
	all_acked();
	run_stop();
	fclose(google.bodies);
	said_of_ours = check(schema, "bodies");
	cr_expect(strstr(said_of_ours, ", 0 invalid") && strtol(said_of_ours, NULL, 10) >= 2, "%s",
		  said_of_ours);
	/* A schema that does not compile accepts everything. */
	place_write(run.place, "bad",
		    "{\"writes\":[{\"update\":{\"name\":\"n\",\"fields\":{\"a\":{\"intValue\":\"1\"}}}}]}\n"
		    "{\"writes\":[{\"update\":{\"name\":17}}]}\n{\"write\":[]}\n");
	said_of_bad = check(schema, "bad");
	cr_expect_str_eq(said_of_bad, "0 valid, 3 invalid\n");
	free(said_of_ours);
	free(said_of_bad);
}
