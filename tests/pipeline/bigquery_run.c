/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/bigquery_run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct bq_run run;

void run_init(void)
{
	unsetenv("GOOGLE_APPLICATION_CREDENTIALS");
	unsetenv("HTTPS_PROXY");
	unsetenv("https_proxy");
	run.place = place_new();
	run.loop = zloop_new();
	run.hub = malloc(sizeof *run.hub);
	fake_hub_init(run.hub, run.loop);
	fake_hub_bind(run.hub);
	fake_bigquery_start(&run.bigquery);
	snprintf(run.metadata, sizeof run.metadata, "GCE_METADATA_HOST=127.0.0.1:%d", run.bigquery.port);
	run.env[0] = run.metadata;
	run_configure("");
}

void run_fini(void)
{
	if (run.sink) {
		cr_expect_not(child_said(run.sink, "ya29.t0ken"), "it told a token");
		child_free(&run.sink);
	}
	fake_bigquery_stop(&run.bigquery);
	fake_hub_fini(run.hub);
	free(run.hub);
	zloop_destroy(&run.loop);
	place_free(&run.place);
}

void run_configure(const char *more)
{
	place_write(run.place, "buildbus.yml",
		    "bus: {state_dir: %s, feed: \"%s\"}\ndestinations:\n  - bigquery: {project_id: demo, "
		    "dataset: "
		    "ci, interval: 1s, api_url: \"%s\"%s}\n",
		    run.place->state, run.hub->endpoint, run.bigquery.url, more);
}

void run_start(void)
{
	run.sink = child_start(&(struct launch){.place = run.place,
						.program = "buildbus-sink-bigquery",
						.args = ARGS("-c", run.place->config, "-v"),
						.env = run.env});
}

static bool is_over(void *arg)
{
	(void)arg;
	return child_ended(run.sink);
}

int run_end(void)
{
	cr_assert(run_until(run.loop, is_over, NULL, (int)patience_ms()), "it did not end");
	return child_end(run.sink);
}

void run_restart(void)
{
	child_kill(run.sink);
	child_free(&run.sink);
	fake_hub_forget(run.hub);
	run_start();
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

static bool is_acked(void *arg)
{
	(void)arg;
	return run.hub->position >= run.hub->head || child_ended(run.sink);
}

void all_acked_at(struct spot spot)
{
	run_until(run.loop, is_acked, NULL, (int)patience_ms() * 2);
	if (run.hub->position < run.hub->head) {
		fail_at(spot, "the hub is at %lld, not %lld", (long long)run.hub->position,
			(long long)run.hub->head);
	}
}

static bool is_said(void *arg)
{
	return child_said(run.sink, arg);
}

void said_at(struct spot spot, const char *text)
{
	if (!run_until(run.loop, is_said, (void *)(uintptr_t)text, (int)patience_ms())) {
		fail_at(spot, "it did not say %s", text);
	}
}

void refuses_at(struct spot spot, const char *const *words)
{
	int code = run_end();

	if (code != 100) {
		fail_at(spot, "it ended with %d", code);
	}
	for (; *words; words++) {
		if (!child_said(run.sink, *words)) {
			fail_at(spot, "it did not say: %s", *words);
		}
	}
}

int64_t rows(void)
{
	return bq_sql(&run.bigquery, "SELECT count(*) FROM row WHERE tbl = 'build_events'");
}

int64_t versions(void)
{
	return bq_sql(&run.bigquery,
		      "SELECT count(DISTINCT body ->> 'id' || '@' || (body ->> 'version')) FROM row "
		      "WHERE tbl = 'build_events'");
}
