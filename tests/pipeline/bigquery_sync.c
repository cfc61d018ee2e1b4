/* `buildbus sync` into BigQuery: one load job at its end, nothing when nothing is new. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/bigquery/bigquery.h"
#include "tests/support/command.h"
#include "tests/support/simulator.h"

#include <stdlib.h>
#include <string.h>

static struct fake_bigquery fake;
static struct place *place;
static struct simulator *sim;

static void init(void)
{
	char host[64];

	unsetenv("GOOGLE_APPLICATION_CREDENTIALS");
	place = place_new();
	fake_bigquery_start(&fake);
	sim = simulator_new(place, "--builds", "60", "--pipelines", "2");
	snprintf(host, sizeof host, "127.0.0.1:%d", fake.port);
	setenv("GCE_METADATA_HOST", host, 1);
	place_write(
		place, "buildbus.yml",
		"sources:\n  - buildkite: {access_token: %s, organization_slug: acme, pipeline_slug: \"*\", "
		"api_url: "
		"\"%s\"}\ndestinations:\n  - bigquery: {project_id: demo, dataset: ci, api_url: \"%s\"}\n",
		SIM_TOKEN, sim->api, fake.url);
}

static void fini(void)
{
	simulator_free(&sim);
	fake_bigquery_stop(&fake);
	place_free(&place);
}

TestSuite(bigquery_sync, .init = init, .fini = fini, .timeout = 120);

static int64_t rows(void)
{
	return bq_sql(&fake, "SELECT count(*) FROM row");
}

Test(bigquery_sync, loads_once_and_then_nothing)
{
	int jobs;

	sync_again(place);
	cr_expect(rows() >= 60, "%lld rows", (long long)rows());
	cr_expect(bq_sql(&fake, "SELECT count(DISTINCT body ->> 'id') FROM row") == rows());
	jobs = fake.load_count;
	cr_expect(jobs == 1, "%d load jobs", jobs);
	sync_again(place);
	cr_expect(fake.load_count == jobs, "nothing was new");
	cr_expect(bq_asked(&fake, BQ_TABLE_INSERT) == 5);
}

Test(bigquery_sync, without_a_state_it_says_what_is_needed)
{
	struct said said = command_run(place, "buildbus", ARGS("sync", "-c", place->config));

	expect_refusal(&said, 2, "bigquery|--state DIR");
	said_free(&said);
}
