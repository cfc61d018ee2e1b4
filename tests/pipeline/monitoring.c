/* What Prometheus' own tool says of the alerts, of their tests and of what each process serves. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/trio.h"
#include "tests/support/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yyjson.h>

#define PROMTOOL   "/usr/bin/promtool"
#define MONITORING SOURCE_DIR "/compose/monitoring/"

static void need_promtool(void)
{
	if (access(PROMTOOL, X_OK) != 0) {
		cr_skip_test("no " PROMTOOL " (Debian: prometheus)");
	}
	be_patient(4);
}

TestSuite(monitoring, .timeout = 300, .init = need_promtool);

static void expect_well(const struct place *place, const char *const *args)
{
	struct said said = command_run(place, PROMTOOL, args);

	cr_expect_eq(said.code, 0, "promtool %s %s: %s%s", args[0], args[1], said.out, said.errors);
	said_free(&said);
}

Test(monitoring, the_rules_are_sound_and_fire_when_they_should)
{
	struct place *place = place_new();

	expect_well(place, ARGS("check", "rules", MONITORING "alerts.yml"));
	expect_well(place, ARGS("test", "rules", MONITORING "alerts_test.yml"));
	expect_well(place, ARGS("check", "config", MONITORING "prometheus.yml"));
	place_free(&place);
}

/* Each query of the dashboard as a rule of its own: promtool says whether it is one. */
Test(monitoring, every_query_of_the_dashboard_is_one)
{
	struct place *place = place_new();
	yyjson_doc *dashboard = yyjson_read_file(MONITORING "dashboard.json", 0, NULL, NULL);
	yyjson_val *panels = yyjson_obj_get(yyjson_doc_get_root(dashboard), "panels"), *panel, *target;
	FILE *rules = fopen(place_path(place, "rules.yml"), "we");
	size_t i, k, max, targets, queries = 0;

	cr_assert(dashboard && rules);
	fputs("groups:\n  - name: dashboard\n    rules:\n", rules);
	yyjson_arr_foreach(panels, i, max, panel)
	{
		yyjson_arr_foreach(yyjson_obj_get(panel, "targets"), k, targets, target)
		{
			fprintf(rules, "      - {record: query_%zu, expr: '%s'}\n", queries++,
				yyjson_get_str(yyjson_obj_get(target, "expr")));
		}
	}
	fclose(rules);
	yyjson_doc_free(dashboard);
	cr_assert_gt(queries, 30);
	expect_well(place, ARGS("check", "rules", place_path(place, "rules.yml")));
	place_free(&place);
}

/* The page of /metrics, heap. */
static char *metrics_of(struct child *child)
{
	char url[128], address[64] = "";
	const char *line = child_event(child, "proc.metrics", NULL, NULL);
	const char *at = strstr(line, "\"address\":\"");

	cr_assert(at && sscanf(at + strlen("\"address\":\""), "%63[^\"]", address) == 1, "%s", line);
	snprintf(url, sizeof url, "http://%s/metrics", address);
	return web_get(HERE, url, NULL);
}

/* Tools read it from their standard input. */
static void check_page(const struct place *place, const char *page)
{
	char command[512];
	struct said said;

	place_write(place, "page", "%s", page);
	snprintf(command, sizeof command, PROMTOOL " check metrics < %s", place_path(place, "page"));
	said = command_run(place, "/bin/sh", ARGS("-c", command));
	cr_expect_eq(said.code, 0, "%s%s\n%s", said.out, said.errors, page);
	said_free(&said);
}

static struct child *start(const struct test_hub *of, const char *program)
{
	struct child *child = child_start(&(struct launch){
		.place = of->place,
		.program = program,
		.args = ARGS("-c", of->place->config, "--metrics", "127.0.0.1:0"),
	});

	child_ready(child);
	return child;
}

Test(monitoring, every_process_serves_what_the_tool_accepts)
{
	static const char *const programs[] = {"buildbus-fetch-buildkite", "buildbus-sink-store"};
	struct child *child;
	char *page;

	hub = hub_new(.idle = true);
	hub->child = start(hub, "buildbus-normalizer");
	trio_connect();
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ $fence ...");
	store_reads();
	with(worker, .number = 1, .state = "passed");
	with(worker, .number = 2, .state = "failed");
	with(worker, .number = 3, .state = "running");
	with(worker, .number = 4, .body = "{\"number\": broken");
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack ...");
	page = metrics_of(hub->child);
	expect_words(HERE, page,
		     "cicd_pipeline_run_active{cicd_pipeline_name=\"acme/"
		     "web\",cicd_pipeline_run_state=\"executing\","
		     "provider=\"buildkite\"} 1|"
		     "cicd_pipeline_run_errors_total{cicd_pipeline_name=\"acme/web\",error_type=\"failure\","
		     "provider=\"buildkite\"} 1|"
		     "cicd_pipeline_run_duration_seconds_count{cicd_pipeline_name=\"acme/web\","
		     "cicd_pipeline_run_state=\"executing\",cicd_pipeline_result=\"success\",provider="
		     "\"buildkite\"} 1|"
		     "buildbus_hub_open 1|buildbus_hub_dead_letters "
		     "1|buildbus_hub_sink_attached{sink=\"store\"} 1|"
		     "buildbus_hub_problems{code=\"dead_letters\"} 1|buildbus_hub_stuck 0");
	check_page(hub->place, page);
	free(page);
	hear(sink, "records ...");
	say(sink, "detach $session"); /* for the real one */
	hear(sink, "bye ...");
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		child = start(hub, programs[i]);
		page = metrics_of(child);
		check_page(hub->place, page);
		free(page);
		child_kill(child);
		child_free(&child);
	}
	trio_close();
}
