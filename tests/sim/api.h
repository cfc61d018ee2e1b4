/* Handlers of the API's routes and of the controls; routes.c is the table. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/sim/sim.h"

sim_handler api_organizations, api_organization, api_pipelines, api_pipeline, api_builds,
	api_organization_builds, api_all_builds, api_build, api_artifacts, api_download, api_outside,
	api_access_token, api_rate_limit;

sim_handler circleci_pipelines, circleci_pipeline, circleci_numbered, circleci_workflows, circleci_jobs,
	circleci_job, circleci_me, circleci_organizations, circleci_followed, circleci_tests,
	circleci_artifacts, circleci_output;

/* The build that the path names; NULL: answered. */
struct build *api_build_of(struct sim *sim, const struct sim_call *call, struct sim_reply *reply);
/* Answers with array; takes doc. */
void api_reply_array(struct sim_reply *reply, yyjson_mut_doc *doc, yyjson_mut_val *array);

/* One page of a list whose items are told one after the other. */
struct api_list {
	struct page page;
	int64_t total; /* so far */
	yyjson_mut_doc *doc;
	yyjson_mut_val *array;
};

/* False: answered. */
bool api_list(struct api_list *list, const struct sim_call *call, struct sim_reply *reply);
/* Whether the next item is on the page: in takes it. */
bool api_list_next(struct api_list *list, struct put *in);
void api_list_reply(struct api_list *list, struct sim *sim, const struct sim_call *call,
		    struct sim_reply *reply);

sim_handler control_advance, control_truth, control_build, control_act, control_artifact, control_stats,
	control_stats_reset, control_burn, control_faults, control_faults_clear, control_clock,
	control_config, control_quit, control_weather, control_weather_report, control_pipeline,
	control_scopes;
