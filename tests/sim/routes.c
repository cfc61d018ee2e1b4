/* SPDX-License-Identifier: MIT */
#include "tests/sim/api.h"

#define ORGANIZATION "/v2/organizations/:"
#define PIPELINE     ORGANIZATION "/pipelines/:"

const struct sim_route sim_routes[] = {
	{"GET", PIPELINE "/builds", "builds", api_builds},
	{"GET", PIPELINE "/builds/:", "build", api_build},
	{"GET", PIPELINE "/builds/:/artifacts", "artifacts", api_artifacts},
	{"GET", ORGANIZATION "/builds", "organization_builds", api_organization_builds},
	{"GET", "/v2/builds", "all_builds", api_all_builds},
	{"GET", ORGANIZATION "/pipelines", "pipelines", api_pipelines},
	{"GET", PIPELINE, "pipeline", api_pipeline},
	{"GET", "/v2/organizations", "organizations", api_organizations},
	{"GET", ORGANIZATION, "organization", api_organization},
	{"GET", ORGANIZATION "/rate_limit", "rate_limit", api_rate_limit},
	{"GET", "/v2/access-token", "access_token", api_access_token},
	{"POST", "/_sim/advance", "control", control_advance},
	{"GET", "/_sim/clock", "control", control_clock},
	{"GET", "/_sim/truth", "control", control_truth},
	{"POST", "/_sim/build", "control", control_build},
	{"POST", "/_sim/act", "control", control_act},
	{"POST", "/_sim/artifact", "control", control_artifact},
	{"GET", "/_sim/stats", "control", control_stats},
	{"DELETE", "/_sim/stats", "control", control_stats_reset},
	{"POST", "/_sim/faults", "control", control_faults},
	{"DELETE", "/_sim/faults", "control", control_faults_clear},
	{"GET", "/_sim/config", "control", control_config},
	{"POST", "/_sim/quit", "control", control_quit},
	{NULL, NULL, NULL, NULL},
};
