/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/bigquery_run.h"

#include <string.h>

struct fake_bigquery bigquery;
static char metadata[64]; /* GCE_METADATA_HOST=… */
static const char *const secrets[] = {"ya29.t0ken", NULL};

void run_init(void)
{
	sink_run_init("buildbus-sink-bigquery", secrets);
	fake_bigquery_start(&bigquery);
	snprintf(metadata, sizeof metadata, "GCE_METADATA_HOST=127.0.0.1:%d", bigquery.port);
	run.env[0] = metadata;
	run_configure("");
}

void run_fini(void)
{
	sink_run_fini();
	fake_bigquery_stop(&bigquery);
}

void run_configure(const char *more)
{
	run_destination("bigquery: {project_id: demo, dataset: ci, interval: 1s, api_url: \"%s\"%s}",
			bigquery.url, more);
}

static void add_jobs(struct build *build, struct job jobs[2])
{
	for (int i = 0; i < 2; i++) {
		job_init(&jobs[i]);
		jobs[i].id = text_of(i ? "b" : "a");
		jobs[i].name = text_of(i ? "test" : "lint");
		jobs[i].kind = KIND_SCRIPT;
		jobs[i].state = STATE_FINISHED;
		jobs[i].result = RESULT_SUCCESS;
		jobs[i].started_at = build->started_at;
		jobs[i].finished_at = build->finished_at;
		jobs[i].duration_ms = build->duration_ms;
		jobs[i].runner.name = text_of("agent-1");
	}
	build->jobs = (struct field_list){jobs, 2};
}

void build_comes(int number, int64_t version, const char *message)
{
	struct build build;
	struct job jobs[2];
	char id[80];

	build_init(&build);
	snprintf(id, sizeof id, "buildkite/acme/web/%d", number);
	build.id = text_of(id);
	build.provider = text_of("buildkite");
	build.organization = text_of("acme");
	build.pipeline = text_of("web");
	build.version = version ? version : run.hub->head + 1;
	build.number = number;
	build.state = STATE_FINISHED;
	build.result = RESULT_SUCCESS;
	build.branch = build.default_branch = text_of("main");
	build.message = text_of(message);
	build.created_at = CREATED + (int64_t)number % 100000 * 60000;
	build.started_at = build.created_at + 1000;
	build.finished_at = build.started_at + 60000;
	build.duration_ms = 60000;
	add_jobs(&build, jobs);
	fake_hub_add_build(run.hub, &build);
}

void builds_come(int from, int to)
{
	for (int number = from; number <= to; number++) {
		build_comes(number, 0, "Fix it");
	}
}

int64_t rows(void)
{
	return bq_sql(&bigquery, "SELECT count(*) FROM row WHERE tbl = 'build_events'");
}

int64_t versions(void)
{
	return bq_sql(&bigquery,
		      "SELECT count(DISTINCT body ->> 'id' || '@' || (body ->> 'version')) FROM row "
		      "WHERE tbl = 'build_events'");
}
