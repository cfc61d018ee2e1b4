/* The whole pipeline into BigQuery, with the real hub: what happens to the table or to the hub, `builds` has
 * the newest version of every build that the hub knows. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/bigquery/bigquery.h"
#include "tests/support/command.h"
#include "tests/support/scene.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fake_bigquery fake;
static struct scene *scene;

static void start_sink(void)
{
	char host[64];
	const char *env[] = {host, NULL};

	snprintf(host, sizeof host, "GCE_METADATA_HOST=127.0.0.1:%d", fake.port);
	scene->sink = child_start(&(struct launch){.place = scene->place,
						   .program = "buildbus-sink-bigquery",
						   .args = ARGS("-c", scene->place->config),
						   .env = env});
	child_ready(scene->sink);
}

static void init(void)
{
	unsetenv("GOOGLE_APPLICATION_CREDENTIALS");
	fake_bigquery_start(&fake);
	scene = scene_new("--builds", "60", "--pipelines", "2");
	place_write(
		scene->place, "buildbus.yml",
		"bus: {state_dir: %s, min_free: 1MiB}\nsources:\n  - buildkite: {access_token: %s, "
		"organization_slug: acme, pipeline_slug: \"*\", poll_interval: 1s, since: 1000d, api_url: "
		"\"%s\"}\ndestinations:\n  - bigquery: {project_id: demo, dataset: ci, interval: 1s, "
		"api_url: "
		"\"%s\"}\n",
		scene->place->state, SIM_TOKEN, scene->sim->api, fake.url);
	scene->config_written = true;
	scene_start_hub(scene);
	scene_start_fetcher(scene);
	start_sink();
}

static void fini(void)
{
	scene_free(&scene);
	fake_bigquery_stop(&fake);
}

TestSuite(bigquery_world, .init = init, .fini = fini, .timeout = 120);

static const char newest_rows[] =
	"SELECT count(*) FROM (SELECT body ->> 'id', max(body ->> 'version') FROM row GROUP BY 1)";

/* Waits until the sink has confirmed everything, and there are so many builds at the hub and in the table. */
static void table_holds(int64_t builds)
{
	db_becomes(scene->place, "hub.db", builds, "SELECT count(*) FROM build");
	db_becomes(scene->place, "hub.db", 0,
		   "SELECT (SELECT max(seq) FROM log) > position FROM sink WHERE name = 'bigquery'");
	cr_expect(bq_sql(&fake, newest_rows) == builds, "%lld builds in the table",
		  (long long)bq_sql(&fake, newest_rows));
}

/* Each newest version is the hub's. */
static void versions_are_the_hubs(void)
{
	int64_t ours = bq_sql(
		&fake, "SELECT sum(v) FROM (SELECT max(body ->> 'version') AS v FROM row GROUP BY body "
		       "->> 'id')");
	int64_t hubs = db_int(scene->place, "hub.db", "SELECT sum(version) FROM build");

	cr_expect(ours == hubs, "%lld, the hub has %lld", (long long)ours, (long long)hubs);
}

static void command(const char *const *args)
{
	struct said said = command_run(scene->place, "buildbus", args);

	cr_expect(said.code == 0, "%s: %s%s", args[0], said.out, said.errors);
	said_free(&said);
}

Test(bigquery_world, a_dead_letter_is_retried_once_the_cause_is_gone)
{
	char poison[80];

	table_holds(60);
	snprintf(poison, sizeof poison, "\"id\":\"buildkite/acme/web/%lld\"",
		 1 + (long long)bq_sql(
			     &fake,
			     "SELECT max(body ->> 'number') FROM row WHERE body ->> 'pipeline' = 'web'"));
	bq_lock(&fake);
	fake.poison = poison;
	bq_unlock(&fake);
	simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	simulator_do(scene->sim, "advance", "{'ms': 600000}");
	db_becomes(scene->place, "hub.db", 1, "SELECT count(*) FROM dead WHERE stage = 'sink:bigquery'");
	bq_lock(&fake);
	fake.poison = NULL;
	bq_unlock(&fake);
	command(ARGS("dead", "retry", "--sink", "bigquery", "-c", scene->place->config));
	db_becomes(scene->place, "hub.db", 0, "SELECT count(*) FROM dead");
	table_holds(61);
	versions_are_the_hubs();
}

Test(bigquery_world, a_table_that_was_dropped_is_filled_by_the_hub)
{
	table_holds(60);
	bq_drop(&fake, "ci", "build_events");
	simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	simulator_do(scene->sim, "advance", "{'ms': 600000}");
	child_says(scene->sink, "sink.anew");
	table_holds(61);
	versions_are_the_hubs();
	cr_expect(bq_sql(&fake, "SELECT count(*) FROM row") ==
			  bq_sql(&fake,
				 "SELECT count(DISTINCT (body ->> 'id') || (body ->> 'version')) FROM row"),
		  "no version is there twice");
}

Test(bigquery_world, a_replay_fills_the_table_without_asking_the_provider)
{
	int64_t asked;

	table_holds(60);
	bq_lock(&fake);
	bq_exec(&fake, "DELETE FROM row", NULL);
	bq_unlock(&fake);
	child_kill(scene->fetchers[0]);
	child_free(&scene->fetchers[0]);
	asked = simulator_count(scene->sim, "total");
	command(ARGS("replay", "--sink", "bigquery", "--from", "0", "-c", scene->place->config));
	table_holds(60);
	versions_are_the_hubs();
	cr_expect(simulator_count(scene->sim, "total") == asked);
	cr_expect(bq_sql(&fake, "SELECT count(*) FROM row WHERE body ->> 'origin' = 'replay'") == 60);
}

Test(bigquery_world, a_hub_that_is_away_when_a_job_ends_goes_on)
{
	table_holds(60);
	bq_lock(&fake);
	fake.job_ms = 1500;
	bq_unlock(&fake);
	simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	simulator_do(scene->sim, "advance", "{'ms': 600000}");
	while (bq_asked(&fake, BQ_UPLOAD) < 2) {
		poll(NULL, 0, 20);
	}
	child_kill(scene->hub);
	child_free(&scene->hub);
	child_event(scene->sink, "bigquery.loaded", "rows", "1");
	scene_start_hub(scene);
	simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	simulator_do(scene->sim, "advance", "{'ms': 600000}");
	table_holds(62);
	versions_are_the_hubs();
}

static void lose_hub(const char *copy)
{
	child_kill(scene->hub);
	child_free(&scene->hub);
	unlink(place_path(scene->place, "state/hub.db"));
	unlink(place_path(scene->place, "state/hub.db-wal"));
	unlink(place_path(scene->place, "state/hub.db-shm"));
	cr_assert(!copy || rename(copy, place_path(scene->place, "state/hub.db")) == 0);
	simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	simulator_do(scene->sim, "advance", "{'ms': 600000}");
	scene_start_hub(scene);
}

Test(bigquery_world, a_hub_that_is_lost_leaves_every_build_once)
{
	table_holds(60);
	lose_hub(NULL);
	table_holds(61);
	versions_are_the_hubs();
}

Test(bigquery_world, a_hub_that_is_put_back_leaves_every_build_once)
{
	table_holds(60);
	command(ARGS("backup", "-c", scene->place->config, place_path(scene->place, "copy.db")));
	simulator_do(scene->sim, "build", "{'pipeline': 'api'}");
	simulator_do(scene->sim, "advance", "{'ms': 600000}");
	table_holds(61);
	lose_hub(place_path(scene->place, "copy.db"));
	table_holds(62);
	versions_are_the_hubs();
}
