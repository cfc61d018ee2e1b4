/* The whole pipeline into Firestore: 2,000 builds of a world that goes on, through bad weather and kills, end
 * as the documents that they are; and nothing is written again without a difference. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/documents.h"
#include "tests/support/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIREBASE "demo-world"
#define KILLS    12

static const struct pipeline_project projects[] = {
	{"web", "web"},      {"api", "api-of-acme"}, {"mobile-app", "mobile.app"},
	{"billing", "4711"}, {"search", "search"},   {NULL, NULL},
};

enum { HUB, FETCHER, SINK, PARTS };
static struct scene *scene;
static char firestore_variable[64], auth_variable[64];

static void write_config(const char *name)
{
	place_write(scene->place, "buildbus.yml",
		    "bus: {state_dir: %s, min_free: 1MiB}\n"
		    "sources:\n"
		    "  - buildkite: {access_token: %s, organization_slug: acme, pipeline_slug: \"*\", since: "
		    "60d,\n"
		    "                poll_interval: 1s, api_url: \"%s\"}\n"
		    "destinations:\n"
		    "  - firestore: {name: %s, firebase_project_id: " FIREBASE ", create_project: true,\n"
		    "                firebase_user_email: " GOOGLE_EMAIL
		    ", firebase_user_pass: " GOOGLE_PASSWORD
		    ",\n                firebase_public_api_key: " GOOGLE_KEY ",\n"
		    "                projects: {acme/web: web, acme/api: api-of-acme, acme/mobile-app: "
		    "mobile.app,\n"
		    "                           acme/billing: \"4711\", acme/search: search}}\n",
		    scene->place->state, SIM_TOKEN, scene->sim->api, name);
	scene->config_written = true;
}

static void init(void)
{
	need_firestore();
	need_auth();
	snprintf(firestore_variable, sizeof firestore_variable, "FIRESTORE_EMULATOR_HOST=%s",
		 firestore_host());
	snprintf(auth_variable, sizeof auth_variable, "FIREBASE_AUTH_EMULATOR_HOST=%s", auth_host());
	scene = scene_new("--builds", "2000", "--pipelines", "5", "--history", "20d", "--weather", "150",
			  "--weather-seed", "7");
	write_config("firestore");
}

static void fini(void)
{
	if (scene) {
		scene_free(&scene);
	}
}

TestSuite(firestore_world, .init = init, .fini = fini, .timeout = 240);

static struct child **part(int which)
{
	return which == HUB ? &scene->hub : which == SINK ? &scene->sink : &scene->fetchers[0];
}

static void start(int which)
{
	static const char *const programs[] = {"buildbus-normalizer", "buildbus-fetch-buildkite",
					       "buildbus-sink-firestore"};
	struct child **child = part(which);

	*child = child_start(&(struct launch){
		.place = scene->place,
		.program = programs[which],
		.args = ARGS("-c", scene->place->config),
		/* A killed worker's target must be free again within the test. */
		.env = ARGS("BUILDBUS_TEST_LEASE_TTL_MS=1500", firestore_variable, auth_variable),
	});
	child_ready(*child);
}

/* Nothing was refused but what the test did itself. */
static void rules_were_kept(void)
{
	cr_expect_not(child_said(scene->sink, "PERMISSION_DENIED"));
	cr_expect_not(child_said(scene->sink, "sink.rejected"));
}

static void kill_one(int which)
{
	if (which == SINK) {
		rules_were_kept();
	}
	child_kill(*part(which));
	child_free(part(which));
	start(which);
}

static void live_through_kills(void)
{
	for (int i = 0; i < KILLS; i++) {
		simulator_served(scene->sim, "total", simulator_count(scene->sim, "total") + 4);
		simulator_do(scene->sim, "advance", "{'ms': 240000}");
		kill_one(i % PARTS);
	}
}

static void settle(void)
{
	char *truth = simulator_truth(scene->sim, NULL);

	be_patient(3);
	documents_hold(FIREBASE, projects, truth);
	free(truth);
}

/* To a new destination the hub sends the newest version of every build. */
static void send_all_again(void)
{
	child_stop(scene->sink);
	child_free(&scene->sink);
	write_config("again");
	start(SINK);
	db_becomes(scene->place, "hub.db", 1,
		   "SELECT position >= (SELECT max(seq) FROM log) FROM sink WHERE name = 'again'");
}

static void replay_all(void)
{
	struct said said = command_run(scene->place, "buildbus",
				       ARGS("replay", "-c", scene->place->config, "--sink", "again", "--from",
					    "0", "--renormalize"));

	cr_expect_eq(said.code, 0, "%s", said.errors);
	expect_words(HERE, said.out, "records sent again, 0 made anew");
	said_free(&said);
}

/* kill -9, and its database is gone. */
static void lose_the_hub(void)
{
	child_kill(scene->hub);
	child_free(&scene->hub);
	unlink(place_path(scene->place, "state/hub.db"));
	unlink(place_path(scene->place, "state/hub.db-wal"));
	unlink(place_path(scene->place, "state/hub.db-shm"));
}

/* Starts it; all builds are there, and at the sink. */
static void hub_has(int64_t builds)
{
	char all_there[160];

	snprintf(all_there, sizeof all_there,
		 "SELECT builds = %lld FROM (SELECT count(*) AS builds FROM build)", (long long)builds);
	start(HUB);
	db_becomes(scene->place, "hub.db", 1, all_there);
	db_becomes(scene->place, "hub.db", 1,
		   "SELECT position >= (SELECT max(seq) FROM log) FROM sink WHERE name = 'again'");
}

static void back_up(void)
{
	struct said said =
		command_run(scene->place, "buildbus",
			    ARGS("backup", "-c", scene->place->config, place_path(scene->place, "copy.db")));

	cr_expect_eq(said.code, 0, "%s", said.errors);
	said_free(&said);
}

static void expect_same(const char *before)
{
	char *after = documents_times(FIREBASE);

	cr_expect_str_eq(before, after, "something was written again");
	free(after);
}

Test(firestore_world, two_thousand_builds_are_their_documents_whatever_dies)
{
	char *before;
	int64_t builds;

	for (int i = 0; i < PARTS; i++) {
		start(i);
	}
	live_through_kills();
	simulator_heal(scene->sim);
	settle();
	cr_expect_eq(db_int(scene->place, "hub.db", "SELECT count(*) FROM dead"), 0);
	before = documents_times(FIREBASE);
	send_all_again();
	expect_same(before);
	replay_all();
	expect_same(before);
	back_up();
	builds = db_int(scene->place, "hub.db", "SELECT count(*) FROM build");
	lose_the_hub();
	hub_has(builds);
	expect_same(before);
	lose_the_hub();
	rename(place_path(scene->place, "copy.db"), place_path(scene->place, "state/hub.db"));
	hub_has(builds);
	child_says(scene->hub, "hub.restored");
	expect_same(before);
	rules_were_kept();
	free(before);
}
