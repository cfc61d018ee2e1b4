/* Handlers of the API's routes and of the controls; routes.c is the table. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/sim/sim.h"

sim_handler api_organizations, api_organization, api_pipelines, api_pipeline, api_builds,
	api_organization_builds, api_all_builds, api_build, api_artifacts, api_access_token, api_rate_limit;

sim_handler control_advance, control_truth, control_build, control_act, control_artifact, control_stats,
	control_stats_reset, control_faults, control_faults_clear, control_clock, control_config,
	control_quit, control_weather, control_weather_report;
