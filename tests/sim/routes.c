/* SPDX-License-Identifier: MIT */
#include "tests/sim/api.h"

#define ORGANIZATION "/v2/organizations/:"
#define PIPELINE     ORGANIZATION "/pipelines/:"
#define PROJECT      "/api/v2/project/:/:/:"

const struct sim_route sim_routes[] = {
	{"GET", PIPELINE "/builds", "builds", api_builds, "read_builds"},
	{"GET", PIPELINE "/builds/:", "build", api_build, "read_builds"},
	{"GET", PIPELINE "/builds/:/artifacts", "artifacts", api_artifacts, "read_artifacts"},
	{"GET", PIPELINE "/builds/:/jobs/:/artifacts/:/download", "download", api_download, "read_artifacts"},
	{"GET", "/outside/:", "outside", api_outside, NULL},
	{"GET", ORGANIZATION "/builds", "organization_builds", api_organization_builds, "read_builds"},
	{"GET", "/v2/builds", "all_builds", api_all_builds, "read_builds"},
	{"GET", ORGANIZATION "/pipelines", "pipelines", api_pipelines, "read_pipelines"},
	{"GET", PIPELINE, "pipeline", api_pipeline, "read_pipelines"},
	{"GET", "/v2/organizations", "organizations", api_organizations, "read_organizations"},
	{"GET", ORGANIZATION, "organization", api_organization, "read_organizations"},
	{"GET", ORGANIZATION "/rate_limit", "rate_limit", api_rate_limit, NULL},
	{"GET", "/v2/access-token", "access_token", api_access_token, NULL},
	{"GET", PROJECT "/pipeline", "cc_pipelines", circleci_pipelines, NULL},
	{"GET", PROJECT "/job/:", "cc_job", circleci_job, NULL},
	{"GET", "/api/v2/pipeline/:", "cc_pipeline", circleci_pipeline, NULL},
	{"GET", "/api/v2/pipeline/:/workflow", "cc_workflows", circleci_workflows, NULL},
	{"GET", "/api/v2/workflow/:/job", "cc_jobs", circleci_jobs, NULL},
	{"GET", "/api/v2/me/collaborations", "cc_organizations", circleci_organizations, NULL},
	{"GET", "/api/v2/pipeline", "cc_followed", circleci_followed, NULL},
	{"POST", "/_sim/advance", "control", control_advance, NULL},
	{"GET", "/_sim/clock", "control", control_clock, NULL},
	{"GET", "/_sim/truth", "control", control_truth, NULL},
	{"POST", "/_sim/build", "control", control_build, NULL},
	{"POST", "/_sim/act", "control", control_act, NULL},
	{"POST", "/_sim/pipeline", "control", control_pipeline, NULL},
	{"POST", "/_sim/scopes", "control", control_scopes, NULL},
	{"POST", "/_sim/artifact", "control", control_artifact, NULL},
	{"GET", "/_sim/stats", "control", control_stats, NULL},
	{"DELETE", "/_sim/stats", "control", control_stats_reset, NULL},
	{"POST", "/_sim/faults", "control", control_faults, NULL},
	{"POST", "/_sim/burn", "control", control_burn, NULL},
	{"DELETE", "/_sim/faults", "control", control_faults_clear, NULL},
	{"POST", "/_sim/weather", "control", control_weather, NULL},
	{"GET", "/_sim/weather", "control", control_weather_report, NULL},
	{"GET", "/_sim/config", "control", control_config, NULL},
	{"POST", "/_sim/quit", "control", control_quit, NULL},
	{NULL, NULL, NULL, NULL, NULL},
};
